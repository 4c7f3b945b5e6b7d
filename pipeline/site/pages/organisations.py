"""Pages of one organisation: a party by its social credit code, an authority by its name.

The release's metadata names the columns: `party` (code and name) and `authority` of each table. A
natural person has no page: records with a masked name are left out. Queries that depend on the
address run within the time limit and are not cached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlencode

from markupsafe import Markup

from pipeline.base.sql import quoted
from pipeline.site.datasette.edition import PARTY_CODE, Edition
from pipeline.site.datasette.upstream import NotFound, Request, Response
from pipeline.site.datasette.values import Field
from pipeline.site.pages.records import feedback, indexed
from pipeline.site.pages.views import guarded

_EVENTS = 200  # of one table on a party's page
_ROWS = 30  # of one table on an authority's page
_REGISTER = "authorities"
Extras = Mapping[str, Any]


def _tables(edition: Edition, part: str, produced: bool) -> Iterator[tuple[str, Extras]]:
    """The tables with a `part` (`party` or `authority`), each with its metadata.

    `produced`: whether to list tables that the pipeline makes, else the datasets.
    """
    for name, metadata in edition.tables.items():
        extras = metadata["plugins"]["gongshi"]
        if extras.get(part) and extras["produced"] == produced:
            yield name, extras


# ---------------------------------------------------------------- a party


@guarded
async def party(edition: Edition, request: Request) -> Response:
    """`/party/CODE`: all records about one organisation, the newest first.

    The code follows GB 32100-2015. The code of an authority without records as a party redirects to
    its page. Raises NotFound for any other.
    """
    code = unquote(request.url_vars["code"]).upper()
    if not PARTY_CODE.fullmatch(code):
        raise NotFound("")
    found = [
        await _about(edition, name, extras, code)
        for name, extras in _tables(edition, "party", False)
    ]
    found = [group for group in found if group["events"]]
    if not found:
        return await _redirect_to_authority(edition, code)
    events = sorted(
        (e for group in found for e in group["events"]),
        key=lambda e: str(e["day"] or ""),
        reverse=True,
    )
    names = list(dict.fromkeys(e["name"] for e in events if e["name"]))
    address = edition.address(request) + edition.link(f"/party/{code}")
    context = {
        "code": code,
        "name": names[0] if names else code,
        "other_names": names[1:],
        "groups": found,
        "events": events,
        "address": address,
        "feedback": feedback(edition, names[0] if names else code, address),
    }
    return edition.page(request, "party.html", context)


async def _redirect_to_authority(edition: Edition, code: str) -> Response:
    """A redirect from an authority's code to its page. Raises NotFound for other codes."""
    extras = edition.tables.get(_REGISTER, {}).get("plugins", {}).get("gongshi", {})
    column = next(
        (c["name"] for c in extras.get("columns", ()) if c["kind"] == "social-credit-code"), ""
    )
    if column:
        sql = (
            f"select {quoted(extras['key'][0])} from {quoted(_REGISTER)} where {quoted(column)} = ?"
        )
        if rows := await edition.db.rows(sql, [code]):
            return Response.redirect(edition.authority_link(rows[0][0]))
    raise NotFound("")


async def _about(edition: Edition, table: str, extras: Extras, code: str) -> dict[str, Any]:
    """The records of one table about a party, their count, and the sums of their amounts."""
    by, name = extras["party"]
    group: dict[str, Any] = {"table": table, "events": [], "count": 0, "sums": []}
    if by not in await indexed(edition, table):
        return group
    named = quoted(name)
    unmasked = f"{named} not like '%某' and {named} not like '%*%'"
    where = f"{quoted(by)} = ? and ({named} is null or ({unmasked}))"
    money = [
        f
        for f in edition.fields(table, [c["name"] for c in extras["columns"]])
        if f.kind == "money"
    ]
    sums = ", ".join(["count(*)", *(f"sum({quoted(field.name)})" for field in money)])
    ((count, *totals),) = await edition.db.rows(
        f"select {sums} from {quoted(table)} where {where}",
        [code],
    )
    if not count:
        return group
    about = filter(None, [extras["day"], extras["authority"]])
    wanted = [*extras["key"], *extras["title"], name, *about, *(f.name for f in money[:1])]
    order = f"{quoted(extras['day'])} desc" if extras["day"] else "rowid desc"
    columns = ", ".join(map(quoted, dict.fromkeys(wanted)))
    sql = f"select {columns} from {quoted(table)} where {where} order by {order} limit {_EVENTS}"
    rows = await edition.db.rows(sql, [code])
    events = [_event(edition, table, extras, money[:1], dict(row)) for row in rows]
    return group | {
        "events": events,
        "count": count,
        "sums": [(f, edition.values.cell(f, v)) for f, v in zip(money, totals, strict=True) if v],
        "all": edition.table_link(table, urlencode({by: code})),
    }


def _event(
    edition: Edition, table: str, extras: Extras, money: list[Field], row: Mapping[str, Any]
) -> dict[str, Any]:
    """One record of a timeline, as its template shows it."""
    named = [n for n in extras["title"] if n != extras["party"][1]] or extras["key"]
    fields = edition.fields(table, named)
    return {
        "table": table,
        "day": row[extras["day"]] if extras["day"] else None,
        "name": row[extras["party"][1]],
        "title": " · ".join(edition.values.plain(f, row[f.name]) for f in fields if row[f.name]),
        "link": edition.record_link(table, *(row[part] for part in extras["key"])),
        "authority": row.get(extras["authority"]) if extras["authority"] else None,
        "amount": [edition.values.cell(f, row[f.name]) for f in money if row[f.name]],
    }


# ---------------------------------------------------------------- an authority


@guarded
async def authority(edition: Edition, request: Request) -> Response:
    """`/authority/NAME`: counts and dates of its records by dataset, and its timeliness.

    Raises NotFound for a name that neither the register nor any record has.
    """
    name = unquote(request.url_vars["name"])
    published = [
        await _published(edition, t, extras, name)
        for t, extras in _tables(edition, "authority", False)
    ]
    facts = await _facts(edition, name)
    if not facts and not any(row["count"] for row in published):
        raise NotFound("")
    kept = [
        await _kept(edition, t, extras, name) for t, extras in _tables(edition, "authority", True)
    ]
    context = {
        "name": name,
        "facts": facts,
        "published": [row for row in published if row["table"] != _REGISTER],
        "kept": [table for table in kept if table["rows"]],
        "address": edition.address(request) + edition.authority_link(name),
    }
    return edition.page(request, "authority.html", context)


async def _facts(edition: Edition, name: str) -> list[tuple[Field, Markup]]:
    """The fields and values of an authority in the register of authorities."""
    if _REGISTER not in edition.tables:
        return []
    extras = edition.tables[_REGISTER]["plugins"]["gongshi"]
    rows = await edition.db.rows(
        f"select * from {quoted(_REGISTER)} where {quoted(extras['key'][0])} = ?", [name]
    )
    fields = edition.fields(_REGISTER, [c["name"] for c in extras["columns"]])
    shown = [f for f in fields if f.name not in ("source_id", "source_row", extras["key"][0])]
    return [(f, edition.values.full(f, rows[0][f.name])) for f in shown if rows and rows[0][f.name]]


async def _published(edition: Edition, table: str, extras: Extras, name: str) -> dict[str, Any]:
    """The count of an authority's records in a dataset, with the first and the last date."""
    by, day = extras["authority"], extras["day"]
    span = f"min({quoted(day)}), max({quoted(day)})" if day else "null, null"
    sql = f"select count(*), {span} from {quoted(table)} where {quoted(by)} = ?"
    ((count, first, last),) = await edition.db.rows(sql, [name])
    every = await edition.db.cached_rows(f"select count(*) from {quoted(table)}")
    return {
        "table": table,
        "count": count,
        "all": every[0][0],
        "first": first,
        "last": last,
        "link": edition.table_link(table, urlencode({by: name})),
    }


async def _kept(edition: Edition, table: str, extras: Extras, name: str) -> dict[str, Any]:
    """An authority's rows in a table that the pipeline makes: timeliness, overdue reviews."""
    shown = [n for n in extras["show"] if n != extras["authority"]]
    sql = f"select * from {quoted(table)} where {quoted(extras['authority'])} = ? limit {_ROWS}"
    rows = await edition.db.rows(sql, [name])
    fields = edition.fields(table, shown)
    metadata = edition.tables[table]
    return {
        "name": table,
        "title": metadata["title"],
        "description": metadata["description"],
        "fields": fields,
        "rows": [[(f, edition.values.cell(f, row[f.name])) for f in fields] for row in rows],
        "link": edition.table_link(table, urlencode({extras["authority"]: name})),
    }
