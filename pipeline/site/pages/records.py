"""A record's page: fields under headings, related records, source and history."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote, unquote, urlencode

from pipeline.base.model import PACKAGE
from pipeline.base.sql import quoted
from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import NotFound, Request, Response, RowView, tilde_decode
from pipeline.site.datasette.values import Field
from pipeline.site.pages import history
from pipeline.site.pages.views import Withdrawn

_RELATED_ROWS = 5
_SMALL = 20_000  # rows that are scanned quickly without an index
_ORIGIN = ("source_id", "source_row")


class Record(RowView):
    """One row at its permanent address; 410 with a tombstone where it was withdrawn."""

    ds: Edition

    async def data(self, request: Request, default_labels: bool = False) -> Any:
        table = tilde_decode(request.url_vars["table"])
        key = [tilde_decode(part) for part in request.url_vars["pks"].split(",")]
        if table not in self.ds.tables:
            raise NotFound("")
        try:
            made = await super().data(request, default_labels)
        except NotFound:
            if tombstone := await _tombstone(self.ds, table, key):
                raise Withdrawn(tombstone) from None
            raise
        if request.url_vars["format"] is not None:
            return made
        data, _, _ = made
        return data, partial(self._context, request, data, key), []

    async def get(self, request: Request) -> Response:
        if "%" in request.path:  # percent-encoded Chinese; Datasette encodes with ~
            tilde = request.path.replace("~", "~7E").replace("%", "~")
            return Response.redirect(self.ds.link(tilde), status=301)
        try:
            return await super().get(request)
        except Withdrawn as withdrawn:
            return self._withdrawn_page(request, withdrawn.args[0])

    async def render(self, _templates: Any, request: Request, context: Any = None) -> Response:
        page: Response = self.ds.page(request, "record.html", context)
        return page

    async def _context(self, request: Request, data: Any, key: list[str]) -> dict[str, Any]:
        edition, table, row = self.ds, str(data["table"]), data["rows"][0]
        metadata = edition.tables[table]
        extras = metadata["plugins"]["gongshi"]
        fields = {field.name: field for field in edition.fields(table, list(data["columns"]))}
        title = " · ".join(
            edition.values.plain(fields[name], row[name]) for name in extras["title"] if row[name]
        )
        address = edition.address(request) + edition.record_link(table, *key)
        return {
            "table": table,
            "key": key,
            "title": title or " · ".join(key),
            "held": edition.held_back(table),
            "groups": _groups(edition, table, row, fields, extras),
            "related": await _related(edition, table, row),
            "origin": await _origin(edition, row, edition.record_link(table, *key)),
            "history": await history.of_record(edition, table, key),
            "address": address,
            "address_shown": unquote(address.replace("~", "%")),
            "feedback": feedback(edition, title or key[0], address),
            "structured": _structured(edition, title, address, row, fields, extras),
            "as_json": edition.record_link(table, *key) + ".json?_shape=objects",
        }

    def _withdrawn_page(self, request: Request, tombstone: Mapping[str, Any]) -> Response:
        if request.url_vars["format"] is not None:
            info = {"ok": False, "status": 410, "withdrawn": dict(tombstone)}
            return Response.json(info, status=410)
        return self.ds.page(request, "gone.html", {"tombstone": tombstone}, status=410)


async def _tombstone(edition: Edition, table: str, key: list[str]) -> dict[str, Any] | None:
    if "withdrawals" not in edition.tables:
        return None
    rows = await edition.db.rows(
        "select * from withdrawals where record_id = ? and dataset = ?", [",".join(key), table]
    )
    return dict(rows[0]) if rows else None


def _groups(
    edition: Edition, table: str, row: Any, fields: Mapping[str, Field], extras: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The record's fields under their headings; blank fields by title only, empty groups last."""
    named = extras["groups"]
    grouped = {name for names in named.values() for name in names}
    rest = [name for name in fields if name not in grouped and name not in _ORIGIN]
    made = []
    for group, heading in edition.words["groups"].items():
        names = rest if group == "more" else named.get(group, [])
        filled = [fields[n] for n in names if n in fields and row[n] not in (None, "")]
        blank = [fields[n].title for n in names if n in fields and row[n] in (None, "")]
        if filled or blank:
            shown = [(field, _value(edition, table, row, field)) for field in filled]
            only = not named and group == "more"
            made.append({"heading": "" if only else heading, "fields": shown, "blank": blank})
    return [group for group in made if group["fields"]] + [g for g in made if not g["fields"]]


def _value(edition: Edition, table: str, row: Any, field: Field) -> tuple[Any, str]:
    """A value as HTML, and the address of the organisation or record that it names."""
    value = row[field.name]
    link = edition.organisation_link(table, row, field.name) or edition.refers_to(field, value)
    return edition.values.full(field, value), link


async def _related(edition: Edition, table: str, row: Any) -> list[dict[str, Any]]:
    """Records of other tables that refer to this one, and of its table with the same party."""
    found = []
    for other, metadata in edition.tables.items():
        for column in metadata["plugins"]["gongshi"]["columns"]:
            refers = column.get("refers")
            if refers and refers["table"] == table and row[refers["column"]]:
                value = row[refers["column"]]
                if column["name"] not in await indexed(edition, other):
                    continue
                found.append(await _matching(edition, other, column["name"], value, {}))
    extras = edition.tables[table]["plugins"]["gongshi"]
    key = extras["key"]
    quick = await indexed(edition, table)
    for name in extras.get("same", ()):
        if name in quick and row[name] and name not in key:
            excluded_key = {part: row[part] for part in key}
            found.append(await _matching(edition, table, name, row[name], excluded_key))
    return [group for group in found if group["rows"]]


async def _matching(
    edition: Edition, table: str, column: str, value: object, excluded_key: Mapping[str, object]
) -> dict[str, Any]:
    """The first records of `table` where `column` is `value`, and the address of all.

    `excluded_key`: columns and values of a record's key to leave out; empty for none.
    """
    extras = edition.tables[table]["plugins"]["gongshi"]
    names = list(dict.fromkeys([*extras["show"], *extras["key"]]))
    but = "".join(f" and {quoted(name)} is not ?" for name in excluded_key)
    # In the index's order: sorting all rows that match would take long.
    sql = (
        f"select {', '.join(map(quoted, names))} from {quoted(table)} "
        f"where {quoted(column)} = ?{but} limit {_RELATED_ROWS + 1}"
    )
    rows = await edition.db.rows(sql, [value, *excluded_key.values()])
    fields = edition.fields(table, extras["show"][:5])
    (by,) = edition.fields(table, [column])
    return {
        "table": table,
        "by": by,
        "value": edition.values.plain(by, value),
        "same": bool(excluded_key),
        "fields": fields,
        "rows": [
            {
                "link": edition.record_link(table, *(row[part] for part in extras["key"])),
                "cells": [(f, edition.values.cell(f, row[f.name])) for f in fields],
            }
            for row in rows[:_RELATED_ROWS]
        ],
        "more": len(rows) > _RELATED_ROWS,
        "all": edition.table_link(table, urlencode({column: str(value)})),
    }


async def indexed(edition: Edition, table: str) -> set[str]:
    """The columns by which a table is searched quickly: indexed ones; all of a small table."""
    ((count,),) = await edition.db.cached_rows(f"select count(*) from {quoted(table)}")
    if count <= _SMALL:
        return set(await edition.db.table_columns(table))
    rows = await edition.db.cached_rows(
        "select c.name from pragma_index_list(?) i, pragma_index_info(i.name) c where c.seqno = 0",
        [table],
    )
    return {row[0] for row in rows}


async def _origin(edition: Edition, row: Any, page: str) -> dict[str, Any] | None:
    """The file, sheet and row that the record was read from; None where not published."""
    if "source_id" not in row.keys() or "sources" not in edition.tables:  # noqa: SIM118
        return None
    rows = await edition.db.rows(
        "select file, sheet, matched_by from sources where source_id = ?", [row["source_id"]]
    )
    if not rows or "source_row" not in row.keys():  # noqa: SIM118
        return None
    link = edition.record_link("sources", row["source_id"])
    original = await _publisher_page(edition, rows[0], page)
    return {**dict(rows[0]), "row": row["source_row"], "link": link, "there": original}


async def _publisher_page(edition: Edition, source: Any, page: str) -> str:
    """The record's page on the site of the publisher of its package; "" where unknown."""
    if source["matched_by"] != PACKAGE or "publishers" not in edition.tables:
        return ""
    publisher = source["file"].split("/", 1)[0]
    rows = await edition.db.rows("select address from publishers where publisher = ?", [publisher])
    address = rows[0]["address"] if rows else ""
    return f"{address.rstrip('/')}{page}" if address else ""


def feedback(edition: Edition, subject: str, page: str) -> str:
    """The address for reports of errors, with the record's title and address filled in.

    "" where the settings have no mailto: or http(s) address.
    """
    pattern = str(edition.words["contact"].get("feedback") or "")
    if not pattern.startswith(("mailto:", "https://", "http://")):
        return ""
    return pattern.replace("{subject}", quote(subject, "")).replace("{page}", quote(page, ""))


def _structured(
    edition: Edition,
    title: str,
    address: str,
    row: Any,
    fields: Mapping[str, Field],
    extras: Mapping[str, Any],
) -> dict[str, Any]:
    """The record in terms of schema.org, for search engines."""
    given = [(field, row[name]) for name, field in fields.items() if row[name] not in (None, "")]
    return {
        "@context": "https://schema.org",
        "@type": extras.get("schema_type", "CreativeWork"),
        "name": title,
        "url": address,
        "inLanguage": edition.language.html,
        "isPartOf": {"@type": "Dataset", "url": address.rpartition(f"/{DATABASE}/")[0] + "/"},
        "license": edition.release.metadata[edition.lang]["license_url"],
        "additionalProperty": [
            {"@type": "PropertyValue", "name": field.title, "value": str(value)}
            for field, value in given[:40]
        ],
    }
