"""The list of all data, saved queries and visitors' own SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup

from pipeline.base.sql import quoted
from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette import sqlwords
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import BadRequest, DatabaseView, Request, Response
from pipeline.site.datasette.values import Field

_PICTURE_ROWS = 15
_BLANKS = re.compile(r"\s{200}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}(-\d{2})?")


class Data(DatabaseView):
    """`/disclosure`: every table and saved query; with `?sql=` the answer to a visitor's SQL."""

    ds: Edition

    async def data(self, request: Request, default_labels: bool = False, **given: Any) -> Any:
        _check_length(self.ds, request.args.get("sql") or "")
        made = await super().data(request, default_labels, **given)
        if isinstance(made, Response) or request.url_vars["format"] is not None:
            return made
        if len(made) == 4:
            data, _, _, status = made
            return data, partial(query_context, self.ds, request, data, ""), [], status
        data, _, _ = made
        return data, partial(_contents, self.ds), []

    async def render(self, _templates: Any, request: Request, context: Any = None) -> Response:
        template = "query.html" if "fields" in context else "data.html"
        page: Response = self.ds.page(request, template, context)
        return page


def _check_length(edition: Edition, sql: str) -> None:
    """Raise BadRequest for SQL that Datasette's own check would take long over.

    Its pattern for comments backtracks over every way to divide the blanks after one.
    """
    if len(sql) > edition.words["limits"]["sql_characters"]:
        raise BadRequest("sql-too-long")
    if _BLANKS.search(sql):
        raise BadRequest("blanks")


async def _contents(edition: Edition) -> dict[str, Any]:
    """The datasets, then the tables that the pipeline makes, then saved queries."""
    tables = [await _entry(edition, name, metadata) for name, metadata in edition.tables.items()]
    return {
        "datasets": [entry for entry in tables if not entry["produced"]],
        "working": [entry for entry in tables if entry["produced"]],
        "saved": [
            {"name": name, "title": query["title"], "description": query["description"]}
            for name, query in edition.release.queries(edition.lang).items()
        ],
        "sql_characters": edition.words["limits"]["sql_characters"],
    }


async def _entry(edition: Edition, name: str, metadata: Any) -> dict[str, Any]:
    count = await edition.db.cached_rows(f"select count(*) from {quoted(name)}")
    return {
        "name": name,
        "title": metadata["title"],
        "description": metadata.get("description", ""),
        "produced": metadata["plugins"]["gongshi"]["produced"],
        "count": count[0][0],
        "held": edition.held_back(name),
    }


async def query_context(
    edition: Edition, request: Request, data: Any, saved: str
) -> dict[str, Any]:
    """The template context of the page of a query called `saved`; "" for a visitor's SQL."""
    query = edition.release.queries(edition.lang).get(saved)
    sql = data["query"]["sql"]
    fields = edition.fields_of_query(sql, list(data["columns"]))
    rows = [[row[field.name] for field in fields] for row in data["rows"]]
    named = [name for name in edition.tables if re.search(rf"\b{name}\b", sql)]
    extras = query["plugins"]["gongshi"] if query else {"chart": None, "defaults": {}}
    given = [(k, v) for k, v in parse_qsl(request.query_string) if k != "_hide_sql"]
    suffix = f"?{urlencode(given)}" if given else ""
    path = edition.link(f"/{DATABASE}/{saved}" if saved else f"/{DATABASE}")
    array = "?" + urlencode([*given, ("_shape", "array")])
    return {
        "fields": fields,
        "cells": [_cells(edition, fields, row, named) for row in rows],
        "saved": query,
        "name": saved,
        "sql": sql,
        "error": data["error"] or "",
        "plainly": sqlwords.plain(edition.language, data["error"] or ""),
        "cut": data["truncated"],
        "most": edition.words["limits"]["result_rows"],
        "picture": chart_of(edition, fields, rows, extras["chart"]),
        "asked": [name for name in data["query"]["params"] if not name.startswith("_")],
        "given": data["query"]["params"],
        "parameters": [
            (field, data["query"]["params"].get(field.name) or "", _kind(default))
            for field, default in zip(
                edition.fields("", list(extras["defaults"])),
                extras["defaults"].values(),
                strict=True,
            )
        ],
        "sql_link": edition.link(f"/{DATABASE}?") + urlencode({"sql": sql}),
        "action": path,
        "as_csv": f"{path}.csv{suffix}",
        "as_json": f"{path}.json{array}",
    }


def _cells(
    edition: Edition, fields: list[Field], row: list[Any], tables: list[str]
) -> list[tuple[Markup, str]]:
    """A row's cells as HTML, each with the address of the record that it names.

    The first cell links to the row's own record where its key is among the columns.
    """
    links = [edition.refers_to(f, v, tables) for f, v in zip(fields, row, strict=True)]
    are_keys = [f.name in edition.keys_of(tables) for f in fields]
    whole = next(
        (link for link, is_key in zip(links, are_keys, strict=True) if is_key and link), ""
    )
    links[0] = links[0] or whole
    return [(edition.values.cell(f, v), to) for f, v, to in zip(fields, row, links, strict=True)]


def _kind(default: str) -> str:
    """The type of the input field for a parameter with this default."""
    if _DAY.fullmatch(default):
        return "date"
    return "number" if default.isdecimal() else "text"


def chart_of(
    edition: Edition, fields: list[Field], rows: list[list[Any]], chart: Mapping[str, str] | None
) -> dict[str, Any] | None:
    """The data of a query's chart; rows with the same label are summed.

    `chart`: the columns of label and value. None where a column or all rows are missing.
    """
    by_name = {field.name: number for number, field in enumerate(fields)}
    if not chart or not rows or not {chart["label"], chart["value"]} <= set(by_name):
        return None
    label, value = by_name[chart["label"]], by_name[chart["value"]]
    sums: dict[Any, float] = {}
    for row in rows:
        sums[row[label]] = sums.get(row[label], 0) + float(row[value] or 0)
    along_time = all(_TIME.fullmatch(str(at)) for at in sums)
    if not along_time:
        sums = dict(sorted(sums.items(), key=lambda item: -item[1])[:_PICTURE_ROWS])
    return {
        "rows": [
            (
                edition.values.plain(fields[label], at) or "–",
                total,
                edition.language.money(round(total, 2)),
            )
            for at, total in (sorted(sums.items()) if along_time else sums.items())
        ],
        "label": fields[label].title,
        "value": fields[value].label,
        "unit": fields[value].unit,
        "along_time": along_time,
    }
