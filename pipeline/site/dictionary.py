"""The data dictionary: what every table and column means, and how it is filled."""

from __future__ import annotations

from typing import Any

from pipeline.site.edition import Edition
from pipeline.site.upstream import NotFound, Request, Response
from pipeline.site.views import guarded

_DISTINCT_UP_TO = 300_000  # rows; beyond, counting distinct texts would take too long
_BLANK = dict.fromkeys(
    ("description", "unit", "codes", "privacy", "constraints", "refers", "rules", "example"), ""
)


@guarded
async def dictionary(edition: Edition, request: Request) -> Response:
    """Every table: what a row is, how many there are, how many columns."""
    tables = [
        {
            "name": name,
            "title": told["title"],
            "description": told.get("description", ""),
            "columns": len(told["plugins"]["gongshi"]["columns"]),
            "count": (await edition.db.figures(f"select count(*) from [{name}]"))[0][0],  # noqa: S608
        }
        for name, told in edition.tables.items()
    ]
    return edition.page(request, "dictionary.html", {"tables": tables})


@guarded
async def table(edition: Edition, request: Request) -> Response:
    """One table's columns: meaning, type, unit, codes, and how they are filled."""
    name = request.url_vars["table"]
    if name not in edition.tables:
        raise NotFound("")
    told = edition.tables[name]
    columns = told["plugins"]["gongshi"]["columns"]
    filled, count = await _filled(edition, name, columns)
    context = {
        "table": name,
        "told": told,
        "count": count,
        "columns": [{**_BLANK, **column, "filled": filled[column["name"]]} for column in columns],
        "codes": edition.own["codes"],
        "key": told["plugins"]["gongshi"]["key"],
    }
    return edition.page(request, "dictionary_table.html", context)


async def _filled(
    edition: Edition, table: str, columns: list[dict[str, Any]]
) -> tuple[dict[str, dict[str, Any]], int]:
    """For each column the share that is filled, how many distinct values, and its range."""
    stored = set(await edition.db.table_columns(table))
    count = (await edition.db.figures(f"select count(*) from [{table}]"))[0][0]  # noqa: S608
    filled: dict[str, dict[str, Any]] = {}
    for column in columns:
        name = column["name"]
        if name not in stored:
            filled[name] = {}
            continue
        distinct = f"count(distinct [{name}])" if count <= _DISTINCT_UP_TO else "null"
        ranged = column["type"] in ("date", "number", "integer", "year")
        ends = f"min([{name}]), max([{name}])" if ranged else "null, null"
        sql = f"select count([{name}]), {distinct}, {ends} from [{table}]"  # noqa: S608
        given, different, low, high = (await edition.db.figures(sql))[0]
        (field,) = edition.fields(table, [name])
        filled[name] = {
            "share": given / count if count else 0,
            "distinct": different,
            "low": edition.values.plain(field, low),
            "high": edition.values.plain(field, high),
        }
    return filled, count
