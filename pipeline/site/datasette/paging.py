"""Short addresses of next pages, whatever column a table is sorted by.

Datasette writes the last value of a page into the address of the next page. Sorted by a column of
long text, that address is longer than servers and proxies accept. Such an address has only the key
of the last record instead, and the value is looked up when the next page is requested.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote_plus

from pipeline.base.sql import quoted
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import BadRequest, Request, tilde_decode, tilde_encode

_BY_KEY = "$key"  # Datasette encodes every $ of a value, so that no value can look like this
_LONGEST = 400


def shorten_token(data: MutableMapping[str, Any]) -> None:
    """Replace a long value by the last record's key, in `next` and `next_url` of a page's data."""
    token = str(data.get("next") or "")
    if len(token) <= _LONGEST:
        return
    _value, _, key = token.partition(",")
    data["next"] = f"{_BY_KEY},{key}"
    if data.get("next_url"):
        data["next_url"] = str(data["next_url"]).replace(
            quote_plus(token, "~"), quote_plus(data["next"], "~")
        )


async def full_token(edition: Edition, request: Request, table: str) -> str | None:
    """The page token in Datasette's form; None where the request has no short token.

    Raises BadRequest where the key is malformed or its record no longer exists.
    """
    token = request.args.get("_next") or ""
    if not token.startswith(f"{_BY_KEY},"):
        return None
    column = _sorted_by(edition, request, table)
    if column not in await edition.db.table_columns(table):
        return None
    names = await edition.db.primary_keys(table) or ["rowid"]
    key = [tilde_decode(part) for part in token.split(",")[1:]]
    if len(key) != len(names):
        raise BadRequest("_next")
    where = " and ".join(f"{quoted(name)} = ?" for name in names)
    rows = await edition.db.rows(f"select {quoted(column)} from {quoted(table)} where {where}", key)
    if not rows:
        raise BadRequest("page-removed")
    value = rows[0][0]
    prefix = "$null" if value is None else tilde_encode(str(value))
    return ",".join([prefix, *token.split(",")[1:]])


def _sorted_by(edition: Edition, request: Request, table: str) -> str | None:
    metadata = edition.tables.get(table, {})
    asked = request.args.get("_sort") or request.args.get("_sort_desc")
    return asked or metadata.get("sort") or metadata.get("sort_desc")
