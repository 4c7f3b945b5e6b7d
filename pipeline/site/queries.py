"""The list of all data, saved queries and visitors' own SQL."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pipeline.release.metadata import DATABASE
from pipeline.site.edition import Edition
from pipeline.site.upstream import DatabaseView, Request, Response
from pipeline.site.values import Field

_PICTURE_ROWS = 15


class Data(DatabaseView):
    """`/disclosure`: every table and saved query; with `?sql=` the answer to a visitor's SQL."""

    ds: Edition

    async def data(self, request: Request, default_labels: bool = False, **given: Any) -> Any:
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


async def _contents(edition: Edition) -> dict[str, Any]:
    """Datasets first, then what the pipeline tells of its own working, then saved queries."""
    tables = [await _entry(edition, name, told) for name, told in edition.tables.items()]
    return {
        "datasets": [entry for entry in tables if not entry["produced"]],
        "working": [entry for entry in tables if entry["produced"]],
        "saved": [
            {"name": name, "title": query["title"], "description": query["description"]}
            for name, query in edition.release.queries(edition.lang).items()
        ],
        "sql_characters": edition.own["limits"]["sql_characters"],
    }


async def _entry(edition: Edition, name: str, told: Any) -> dict[str, Any]:
    count = await edition.db.figures(f"select count(*) from [{name}]")  # noqa: S608
    return {
        "name": name,
        "title": told["title"],
        "description": told.get("description", ""),
        "produced": told["plugins"]["gongshi"]["produced"],
        "count": count[0][0],
    }


async def query_context(
    edition: Edition, request: Request, data: Any, saved: str
) -> dict[str, Any]:
    """What the page of a query shows: its parameters, its picture, its rows."""
    query = edition.release.queries(edition.lang).get(saved)
    sql = data["query"]["sql"]
    fields = edition.fields_of_query(sql, list(data["columns"]))
    rows = [[row[field.name] for field in fields] for row in data["rows"]]
    own = query["plugins"]["gongshi"] if query else {"chart": None, "defaults": {}}
    given = [(k, v) for k, v in parse_qsl(request.query_string) if k != "_hide_sql"]
    suffix = f"?{urlencode(given)}" if given else ""
    path = edition.link(f"/{DATABASE}/{saved}" if saved else f"/{DATABASE}")
    array = "?" + urlencode([*given, ("_shape", "array")])
    return {
        "fields": fields,
        "cells": [
            [edition.values.cell(f, v) for f, v in zip(fields, row, strict=True)] for row in rows
        ],
        "saved": query,
        "name": saved,
        "sql": sql,
        "error": data["error"] or "",
        "cut": data["truncated"],
        "most": edition.own["limits"]["result_rows"],
        **_drawn(edition, fields, rows, own["chart"]),
        "asked": [name for name in data["query"]["params"] if not name.startswith("_")],
        "given": data["query"]["params"],
        "parameters": [
            (field, data["query"]["params"].get(field.name) or "", _kind(field.name))
            for field in edition.fields("", list(own["defaults"]))
        ],
        "sql_link": edition.link(f"/{DATABASE}?") + urlencode({"sql": sql}),
        "action": path,
        "as_csv": f"{path}.csv{suffix}",
        "as_json": f"{path}.json{array}",
    }


def _drawn(
    edition: Edition, fields: list[Field], rows: list[list[Any]], chart: dict[str, str] | None
) -> dict[str, Any]:
    titles = {field.name: field.title for field in fields}
    drawn = picture(edition, fields, rows, chart)
    told = {"picture": drawn, "label": "", "value": "", "along_time": False}
    if chart and drawn:
        told |= {"label": titles[chart["label"]], "value": titles[chart["value"]]}
        told["along_time"] = chart["label"] == "month"
    return told


def _kind(parameter: str) -> str:
    return "date" if parameter == "today" else "number" if parameter == "days" else "text"


def picture(
    edition: Edition, fields: list[Field], rows: list[list[Any]], chart: dict[str, str] | None
) -> list[tuple[str, float, str]]:
    """The rows of a query's picture: sums by label where a label comes in several rows."""
    names = [field.name for field in fields]
    if not chart or not rows or not {chart["label"], chart["value"]} <= set(names):
        return []
    label, value = names.index(chart["label"]), names.index(chart["value"])
    sums: dict[str, float] = {}
    for row in rows:
        name = edition.values.plain(fields[label], row[label]) or "–"
        sums[name] = sums.get(name, 0) + float(row[value] or 0)
    if chart["label"] != "month":
        sums = dict(sorted(sums.items(), key=lambda item: -item[1])[:_PICTURE_ROWS])
    return [(name, total, edition.language.money(round(total, 2))) for name, total in sums.items()]
