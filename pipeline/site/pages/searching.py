"""`/search`: full-text search in every table, with counts and the words in context."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pipeline.base.sql import quoted
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import QueryInterrupted, Request, Response
from pipeline.site.datasette.values import Field, mark_hits
from pipeline.site.pages.pages import title_of
from pipeline.site.pages.views import guarded

_MIXED = re.compile(
    r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003347f]+|[^\W_\u3400-\u9fff]+"
)


@guarded
async def search(edition: Edition, request: Request) -> Response:
    """`/search?q=`: search hits of each table with counts and context, as HTML or JSON.

    A table whose search takes too long is marked `slow`.
    """
    query = (request.args.get("q") or "").strip()[:200]
    words = _MIXED.findall(unicodedata.normalize("NFKC", query))
    found = []
    if words:
        for table, metadata in edition.tables.items():
            if metadata["plugins"]["gongshi"].get("search"):
                found.append(await _hits(edition, table, metadata, query, words))
    found = [group for group in found if group["hits"] or group["slow"]]
    if request.url_vars["format"]:
        return Response.json(_as_json(edition, request, query, found))
    total = sum(group["count"] or 0 for group in found)
    context = {"query": query, "groups": found, "total": total}
    return edition.page(request, "search.html", context)


async def _hits(
    edition: Edition, table: str, metadata: Mapping[str, Any], query: str, words: list[str]
) -> dict[str, Any]:
    extras = metadata["plugins"]["gongshi"]
    most = edition.words["limits"]["search_hits"]
    names = list(dict.fromkeys([*extras["key"], *extras["title"], *extras["search"]]))
    group: dict[str, Any] = {
        "table": table,
        "title": metadata["title"],
        "count": None,
        "slow": False,
    }
    group |= {"hits": [], "all": edition.table_link(table, urlencode({"_search": query}))}
    try:
        hits = await edition.db.hits(f"{table}_fts", query)
        found = hits.first[:most]
        rows = await edition.db.rows(
            f"select {', '.join(map(quoted, names))} from {quoted(table)} "
            f"where rowid in ({', '.join('?' * len(found))})",
            found,
        )
    except QueryInterrupted:
        return group | {"slow": True}
    fields = {field.name: field for field in edition.fields(table, names)}
    group["count"] = hits.count
    group["hits"] = [
        {
            "link": edition.record_link(table, *(row[part] for part in extras["key"])),
            "title": title_of(edition, fields, extras, row),
            "context": _context(extras, fields, row, words),
        }
        for row in rows
    ]
    return group


def _context(
    extras: Mapping[str, Any], fields: Mapping[str, Field], row: Any, words: list[str]
) -> list[tuple[str, Any]]:
    """Up to two columns with the words: each one's title, and the text around them as HTML."""
    found = []
    for name in extras["search"]:
        text = str(row[name] or "")
        if not any(word.lower() in text.lower() for word in words):
            text = unicodedata.normalize("NFKC", text)
        if any(word.lower() in text.lower() for word in words):
            found.append((fields[name].title, mark_hits(text, words)))
    return found[:2]


def _as_json(
    edition: Edition, request: Request, query: str, found: list[dict[str, Any]]
) -> dict[str, Any]:
    address = edition.address(request)
    return {
        "ok": True,
        "query": query,
        "tables": [
            {
                "table": group["table"],
                "count": group["count"],
                "hits": [{"title": h["title"], "url": address + h["link"]} for h in group["hits"]],
                "url": address + group["all"],
            }
            for group in found
        ],
    }
