"""The row count and the facets of a table page, counted in one pass.

Datasette runs one query for the count and one for each facet, and each reads all columns of all
rows. Here the rows that meet the page's conditions are read once, only in the columns counted.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.base.sql import Sql, quoted, trusted
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.search_hits import SEARCH, SearchHits
from pipeline.site.datasette.upstream import (
    Filters,
    QueryInterrupted,
    Request,
    await_me_maybe,
    pm,
)

_VALUES = 12  # of a facet
_FACETS = 12  # on a page
_AGAIN_S = 600
# What 0.2 s is enough for: to look up so many search hits one by one, or to read so many rows of a
# narrow index, which is so many times as fast a row.
_LOOKED_UP, _READ, _TIMES = 50_000, 500_000, 10


@dataclass(frozen=True, slots=True)
class Facet:
    """A column's values with how many rows have each, the most frequent first."""

    column: str
    values: Sequence[tuple[Any, int]]
    cut: bool


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """The count of rows and the facets; None and empty where counting took too long."""

    count: int | None
    facets: Sequence[Facet]


async def count_facets(edition: Edition, request: Request, table: str) -> FacetCounts:
    """Count the rows that meet a table page's conditions, in all and by facet.

    The facets are the table's own and those that the request asks for.
    """
    columns = await _facet_columns(edition, request, table)
    where, params = await _conditions(edition, request, table)
    if not where:
        return await _whole(edition, table, columns)
    found = await _hits(edition, where, params)
    hits = found.count if found else None
    if found:
        ((held,),) = await edition.db.cached_rows(f"select max(rowid) from {quoted(table)}")
        if found.rowids is None or (found.count > _LOOKED_UP and held > _READ):
            return FacetCounts(hits, [])
        if found.count * _TIMES > held:
            where = f"+{where}"  # "+" stops SQLite using rowid: the narrow index is read whole
    rows = await _rows_within_limit(edition, _one_pass(table, columns, where), params)
    if rows is None:
        return FacetCounts(hits, [])
    count = next(row[2] for row in rows if row[0] < 0)
    return FacetCounts(
        count, [_facet(c, [r for r in rows if r[0] == n]) for n, c in enumerate(columns)]
    )


async def _rows_within_limit(
    edition: Edition, sql: Sql, params: Mapping[str, Any]
) -> list[Any] | None:
    """The rows of `sql`; None where it takes too long, which is cached too, for a while."""
    limit_ms = edition.words["limits"]["facet_ms"]

    async def ask() -> list[Any] | None:
        try:
            return (await edition.db.execute(sql, params, custom_time_limit=limit_ms)).rows
        except QueryInterrupted:
            return None

    question = (sql, tuple(sorted(params.items())), time.monotonic() // _AGAIN_S)
    found: list[Any] | None = await edition.query_cache.get(question, ask)
    return found


async def _hits(edition: Edition, where: str, params: Mapping[str, Any]) -> SearchHits | None:
    """The search hits where a search is the only condition; None else, and if it takes too long."""
    if not (words := SEARCH.fullmatch(where)):
        return None
    try:
        return await edition.db.hits(
            words["index"], params["search"], edition.words["limits"]["facet_ms"]
        )
    except QueryInterrupted:
        return None


async def _whole(edition: Edition, table: str, columns: Sequence[str]) -> FacetCounts:
    """Count a whole table: each facet is read from its own index, once for a release."""
    ((count,),) = await edition.db.cached_rows(f"select count(*) from {quoted(table)}")
    facets = []
    for column in columns:
        name = quoted(column)
        sql = f"select 0, {name}, count(*) from {quoted(table)} where {name} is not null"
        order = f"group by 2 order by 3 desc, 2 limit {_VALUES + 1}"
        facets.append(_facet(column, await edition.db.cached_rows(f"{sql} {order}")))
    return FacetCounts(count, facets)


def _one_pass(table: str, columns: Sequence[str], where: Sql) -> Sql:
    """SQL for the count (first column -1) and all facets (first column: number of the facet).

    Rows are first grouped by all of `columns`, which makes few groups of many rows. Where an index
    begins with the facets (`<table>_narrow`, which also has the columns that most conditions use),
    SQLite reads only that index, already in the order of the groups.
    """
    narrow = ", ".join(map(quoted, columns))
    head = (
        f"with narrowed as materialized (select {narrow or 'null'}, count(*) as n "
        f"from {quoted(table)} where {where}{f' group by {narrow}' if narrow else ''}) "
    )
    parts = ["select -1, null, coalesce(sum(n), 0) from narrowed"]
    parts += [
        f"select * from (select {number}, {quoted(column)}, sum(n) from narrowed "
        f"where {quoted(column)} is not null group by 2 order by 3 desc, 2 limit {_VALUES + 1})"
        for number, column in enumerate(columns)
    ]
    return head + " union all ".join(parts)


def _facet(column: str, rows: Sequence[Any]) -> Facet:
    return Facet(column, [(row[1], row[2]) for row in rows[:_VALUES]], len(rows) > _VALUES)


async def _facet_columns(edition: Edition, request: Request, table: str) -> list[str]:
    """The table's own facets, then those that the request asks for, that are columns of it."""
    configured = edition.tables.get(table, {}).get("facets", [])
    columns = set(await edition.db.table_columns(table))
    requested = request.args.getlist("_facet") if "_facet" in request.args else []
    return [name for name in dict.fromkeys([*configured, *requested]) if name in columns][:_FACETS]


async def _conditions(
    edition: Edition, request: Request, table: str
) -> tuple[Sql, Mapping[str, Any]]:
    """The page's conditions as Datasette makes them: filters, search, and a visitor's `_where`."""
    pairs = [
        (key, value)
        for key in request.args
        if not (key.startswith("_") and "__" not in key)
        for value in request.args.getlist(key)
    ]
    clauses, params = Filters(sorted(pairs)).build_where_clauses(table)
    for hook in pm.hook.filters_from_request(
        request=request, table=table, database=edition.db.name, datasette=edition
    ):
        if more := await await_me_maybe(hook):
            clauses.extend(more.where_clauses)
            params.update(more.params)
    return trusted(" and ".join(clauses)), params
