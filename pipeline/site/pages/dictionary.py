"""The data dictionary: what each table and column means, and how many values are filled."""

from __future__ import annotations

from typing import Any

from pipeline.base.sql import Sql, quoted
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import NotFound, Request, Response
from pipeline.site.pages.quality import rules_known
from pipeline.site.pages.records import indexed
from pipeline.site.pages.views import guarded

_BLANK = dict.fromkeys(
    ("description", "unit", "codes", "privacy", "constraints", "refers", "rules", "example"), ""
)


@guarded
async def dictionary(edition: Edition, request: Request) -> Response:
    """`/dictionary`: each table with its description, row count and column count."""
    tables = [
        {
            "name": name,
            "title": metadata["title"],
            "description": metadata.get("description", ""),
            "columns": len(metadata["plugins"]["gongshi"]["columns"]),
            "count": (await edition.db.cached_rows(f"select count(*) from {quoted(name)}"))[0][0],
        }
        for name, metadata in edition.tables.items()
    ]
    return edition.page(request, "dictionary.html", {"tables": tables})


@guarded
async def table(edition: Edition, request: Request) -> Response:
    """`/dictionary/TABLE`: its columns with meaning, type, unit, codes, share filled, range.

    Raises NotFound for a table that does not exist.
    """
    name = request.url_vars["table"]
    if name not in edition.tables:
        raise NotFound("")
    metadata = edition.tables[name]
    columns = metadata["plugins"]["gongshi"]["columns"]
    filled, count = await _filled(edition, name, columns)
    context = {
        "table": name,
        "metadata": metadata,
        "count": count,
        "columns": [{**_BLANK, **column, "filled": filled[column["name"]]} for column in columns],
        "codes": edition.words["codes"],
        "key": metadata["plugins"]["gongshi"]["key"],
        "rule_titles": {row["rule"]: row["title"] for row in await rules_known(edition)},
    }
    return edition.page(request, "dictionary_table.html", context)


async def _filled(
    edition: Edition, table: str, columns: list[dict[str, Any]]
) -> tuple[dict[str, dict[str, Any]], int]:
    """For each column the share filled, the distinct values and the range; and the row count."""
    stored = set(await edition.db.table_columns(table))
    known = [column for column in columns if column["name"] in stored]
    sums = ", ".join(["count(*)", *(_summed(column) for column in known)])
    # One pass over the table for all its columns. It gives three values for each.
    (count, *summary), *_ = await edition.db.cached_rows(f"select {sums} from {quoted(table)}")
    filled: dict[str, dict[str, Any]] = {column["name"]: {} for column in columns}
    quick = await indexed(edition, table)  # distinct values of other columns take too long
    for number, column in enumerate(known):
        given, low, high = summary[number * 3 : number * 3 + 3]
        (field,) = edition.fields(table, [column["name"]])
        filled[field.name] = {
            "share": given / count if count else 0,
            "distinct": await _distinct(edition, table, field.name)
            if field.name in quick
            else None,
            "low": edition.values.plain(field, low),
            "high": edition.values.plain(field, high),
        }
    return filled, count


def _summed(column: dict[str, Any]) -> Sql:
    """SQL for the count of values, the least and the largest; null for kinds without order."""
    name = quoted(column["name"])
    ranged = column["type"] in ("date", "number", "integer", "year")
    return f"count({name}), " + (f"min({name}), max({name})" if ranged else "null, null")


async def _distinct(edition: Edition, table: str, column: str) -> int:
    rows = await edition.db.cached_rows(
        f"select count(distinct {quoted(column)}) from {quoted(table)}"
    )
    found: int = rows[0][0]
    return found
