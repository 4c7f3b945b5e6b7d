"""Table pages: the important columns, filters, facets, stable paging.

The rows come from Datasette's view, so that HTML, JSON and CSV agree; this module adds the rest of
the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pipeline.base.sql import quoted
from pipeline.site.datasette import facets, paging
from pipeline.site.datasette.database import tie_breaker
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.language import N_
from pipeline.site.datasette.upstream import Request, Response, TableView
from pipeline.site.datasette.values import Field
from pipeline.site.pages import downloads
from pipeline.site.pages.queries import query_context

_OPERATORS = {
    "exact": N_("is"),
    "not": N_("is not"),
    "contains": N_("contains"),
    "notcontains": N_("does not contain"),
    "startswith": N_("begins with"),
    "endswith": N_("ends with"),
    "gt": N_("over"),
    "gte": N_("from"),
    "lt": N_("under"),
    "lte": N_("to"),
    "like": N_("like"),
    "notlike": N_("not like"),
    "glob": N_("matches"),
    "in": N_("one of"),
    "notin": N_("none of"),
    "date": N_("on"),
    "isnull": N_("is blank"),
    "isblank": N_("is blank"),
    "notnull": N_("is given"),
    "notblank": N_("is given"),
}
_LONGEST_LINK = 4_000
_NO_VALUE = {"isnull", "isblank", "notnull", "notblank"}


class Table(TableView):
    """A table or a saved query, which have the same form of address in Datasette."""

    ds: Edition

    async def columns_to_select(self, table_columns: Any, pks: Any, request: Request) -> Any:
        """In HTML the important columns only, unless the request asks for others."""
        table = request.url_vars["table"]
        asked = {"_col", "_nocol", "_all"} & set(request.args)
        if request.url_vars["format"] is None and not asked and table in self.ds.tables:
            shown = self.ds.tables[table]["plugins"]["gongshi"].get("show", [])
            names = [name for name in shown if name in table_columns]
            if names:
                return [*names, *(pk for pk in pks if pk not in names)]
        return await super().columns_to_select(table_columns, pks, request)

    async def get(self, request: Request) -> Response:
        if empty := _without_empty(request):
            return Response.redirect(self.ds.link(empty))
        if request.url_vars["format"] == "csv" and request.args.get("_stream"):
            streamed: Response = await downloads.stream(self, request)
            return streamed
        if request.url_vars["format"] == "xlsx":
            return await downloads.workbook(self, request)
        made: Response = await super().get(request)
        return made

    async def data(self, request: Request, default_labels: bool = False, **given: Any) -> Any:
        table = request.url_vars["table"]
        key = await self.ds.db.primary_keys(table) or ["rowid"]
        is_query = table in self.ds.release.queries(self.ds.lang)
        token = tie_breaker.set(() if is_query else tuple(key))
        try:
            full = _with_defaults(self.ds, request, table)
            if request.url_vars["format"] is None:  # a page counts rows and facets itself
                full = downloads.with_arguments(full, "_nocount=1&_nofacet=1")
            if not is_query:
                given["_next"] = await paging.full_token(self.ds, request, table)
            made = await super().data(full, False, **given)
        finally:
            tie_breaker.reset(token)
        if not isinstance(made, Response):
            paging.shorten_token(made[0])
        if isinstance(made, Response) or request.url_vars["format"] is not None:
            return made
        if len(made) == 4:
            data, _, _, status = made
            return data, partial(query_context, self.ds, request, data, table), [], status
        data, more, _ = made
        return data, partial(self._context, request, data, more), []

    async def render(self, _templates: Any, request: Request, context: Any = None) -> Response:
        template = "table.html" if context.get("shown") else "query.html"
        page: Response = self.ds.page(request, template, context)
        return page

    async def _context(self, request: Request, data: Any, more: Any) -> dict[str, Any]:
        table: str = data["table"]
        edition = self.ds
        metadata = edition.tables.get(table, {"plugins": {"gongshi": {}}, "title": table})
        extras = metadata["plugins"]["gongshi"]
        # The key is selected for the row's link, and shown only if it is asked for.
        names = [n for n in data["columns"] if n in extras.get("show", ())] or data["columns"]
        if {"_col", "_nocol", "_all"} & set(request.args):
            names = data["columns"]
        fields = edition.fields(table, names)
        address = _Address(edition, request)
        filters = await self._filters(request, table, extras)
        found = await facets.count_facets(edition, request, table)
        return {
            "shown": metadata,
            "name": table,
            "without_search": address.having(_search=None),
            "description": metadata.get("description", ""),
            "held": edition.held_back(table),
            "total": found.count,
            "search": request.args.get("_search", ""),
            "searchable": bool(extras.get("search")),
            "chips": _chips(edition, request, table, address),
            "filters": filters,
            "kept": _kept(request, {f["field"].name for f in filters}),
            "facets": _facets(edition, table, found.facets, address, request),
            "heads": [_head(field, request, extras, metadata, address) for field in fields],
            "rows": [self._row(table, row, fields, data["primary_keys"]) for row in data["rows"]],
            "next": address.having(_next=data["next"]) if data["next"] else "",
            "first": address.having(_next=None) if "_next" in request.args else "",
            "all_columns": ""
            if len(names) == len(await edition.db.table_columns(table))
            else address.having(_all="on"),
            "fewer_columns": address.having(_all=None) if "_all" in request.args else "",
            "downloads": downloads.download_links(edition, request, table),
            "sql": data["query"]["sql"],
            "sql_link": _sql_link(edition, data["query"]),
            "has_more": more is not None,
        }

    def _row(self, table: str, row: Any, fields: list[Field], key: list[str]) -> dict[str, Any]:
        link = self.ds.record_link(table, *(row[name] for name in key)) if key else ""
        cells = [(field, self.ds.values.cell(field, row[field.name])) for field in fields]
        return {"link": link, "cells": cells}

    async def _filters(
        self, request: Request, table: str, extras: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """The filter form: a range for dates, amounts and numbers, a choice for other kinds."""
        made = []
        for field in self.ds.fields(table, list(extras.get("filters", ()))):
            if field.kind in ("date", "money", "number", "integer"):
                low, high = f"{field.name}__gte", f"{field.name}__lte"
                ends = (low, request.args.get(low, "")), (high, request.args.get(high, ""))
                kind = "date" if field.kind == "date" else "number"
                made.append({"field": field, "kind": kind, "ends": ends})
            else:
                chosen = request.args.get(field.name, "")
                values = await self._choices(table, field)
                made.append({"field": field, "kind": "choice", "choices": values, "chosen": chosen})
        return made

    async def _choices(self, table: str, field: Field) -> list[tuple[str, str]]:
        """Up to 200 values of a column with their labels, the most frequent first."""
        sql = (
            f"select {quoted(field.name)} from {quoted(table)} "
            f"where {quoted(field.name)} is not null "
            "group by 1 order by count(*) desc, 1 limit 200"
        )
        rows = await self.ds.db.cached_rows(sql)
        return [(str(row[0]), self.ds.values.label(field, row[0])) for row in rows]


def _sql_link(edition: Edition, query: Mapping[str, Any]) -> str:
    """The address to edit a page's SQL; "" where it would be too long."""
    link = edition.link("/disclosure?") + urlencode({"sql": query["sql"], **query["params"]})
    return link if len(link) <= _LONGEST_LINK else ""


class _Address:
    """The page's address with some arguments changed, always back to the first page."""

    def __init__(self, edition: Edition, request: Request) -> None:
        self._edition = edition
        self._path = request.path
        self._pairs = parse_qsl(request.query_string, keep_blank_values=True)

    def having(self, **changed: str | None) -> str:
        """With these arguments replaced; None removes one."""
        pairs = [(k, v) for k, v in self._pairs if k not in changed and k != "_next"]
        pairs += [(k, v) for k, v in changed.items() if v is not None]
        return self._made(pairs)

    def without(self, key: str, value: str) -> str:
        """Without this argument with this value."""
        return self._made([p for p in self._pairs if p != (key, value) and p[0] != "_next"])

    def _made(self, pairs: list[tuple[str, str]]) -> str:
        query = urlencode(pairs)
        return self._edition.link(self._path) + (f"?{query}" if query else "")


def _with_defaults(edition: Edition, request: Request, table: str) -> Request:
    """The request with defaults for a saved query's missing parameters."""
    query = edition.release.queries(edition.lang).get(table)
    defaults = query["plugins"]["gongshi"]["defaults"] if query else {}
    missing = [(k, v) for k, v in defaults.items() if not request.args.get(k)]
    if not missing:
        return request
    given = [(k, v) for k, v in parse_qsl(request.query_string) if k not in dict(missing)]
    query_string = urlencode(given + missing).encode()
    return Request({**request.scope, "query_string": query_string}, request.receive)


def _without_empty(request: Request) -> str:
    """The address without the form's empty fields; "" where it has none."""
    pairs = parse_qsl(request.query_string, keep_blank_values=True)
    full = [(k, v) for k, v in pairs if v or (k.startswith("_") and k != "_search")]
    if len(full) == len(pairs):
        return ""
    return request.path + ("?" + urlencode(full) if full else "")


def _kept(request: Request, formed: set[str]) -> list[tuple[str, str]]:
    """The arguments that the filter form passes on as hidden fields: it has no field for them."""
    in_form = (
        {"_search", "_next"} | formed | {f"{n}__{end}" for n in formed for end in ("gte", "lte")}
    )
    pairs = parse_qsl(request.query_string, keep_blank_values=True)
    return [(key, value) for key, value in pairs if key not in in_form]


def _chips(
    edition: Edition, request: Request, table: str, address: _Address
) -> list[dict[str, str]]:
    """The page's filters as text, each with the address that removes it."""
    made = []
    for key, value in parse_qsl(request.query_string, keep_blank_values=True):
        if key.startswith("_") and "__" not in key:
            if key != "_where":
                continue
            made.append({"text": value, "without": address.without(key, value)})
            continue
        name, _, operator = key.rpartition("__") if "__" in key else (key, "", "exact")
        (field,) = edition.fields(table, [name])
        operator_text = edition.language.phrase(_OPERATORS.get(operator, "is"))
        text = f"{field.title} {operator_text}"
        if operator not in _NO_VALUE:
            text += f" {edition.values.plain(field, value)}"
        made.append({"text": text, "without": address.without(key, value)})
    return made


def _facets(
    edition: Edition,
    table: str,
    found: Sequence[facets.Facet],
    address: _Address,
    request: Request,
) -> list[dict[str, Any]]:
    made = []
    for facet in found:
        (field,) = edition.fields(table, [facet.column])
        chosen = request.args.getlist(field.name) if field.name in request.args else []
        values = [
            {
                "label": edition.values.foreign(edition.values.label(field, value)),
                "count": count,
                "selected": str(value) in chosen,
                "link": address.without(field.name, str(value))
                if str(value) in chosen
                else address.having(**{field.name: str(value)}),
            }
            for value, count in facet.values
        ]
        if values:
            made.append({"field": field, "values": values, "cut": facet.cut})
    return made


def _head(
    field: Field,
    request: Request,
    extras: Mapping[str, Any],
    metadata: Mapping[str, Any],
    address: _Address,
) -> dict[str, Any]:
    """A column's head: its field, its sort state (as in aria-sort), the link that sorts by it."""
    up, down = request.args.get("_sort"), request.args.get("_sort_desc")
    if not up and not down:
        up, down = metadata.get("sort"), metadata.get("sort_desc")
    state = "ascending" if up == field.name else "descending" if down == field.name else "none"
    if state == "descending":
        link = address.having(_sort=field.name, _sort_desc=None)
    elif state == "ascending" or field.kind in ("money", "date", "number", "integer"):
        link = address.having(_sort_desc=field.name, _sort=None)
    else:
        link = address.having(_sort=field.name, _sort_desc=None)
    return {
        "field": field,
        "state": state,
        "link": link,
        "is_key": field.name in extras.get("key", ()),
    }
