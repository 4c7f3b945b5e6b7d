"""Derived tables: the contract computes them from other published tables by SQL (`gongshi:query`).

A release keeps the query in its datapackage.json, so that when a record is withdrawn years later
these tables can be rebuilt without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.base import sql
from pipeline.base.errors import UsageError
from pipeline.base.model import Column, Dataset
from pipeline.base.sql import Sql, quoted
from pipeline.base.words import language, say
from pipeline.contract.catalog import published_columns
from pipeline.release.package import working

_TYPES = {"date": "date", "integer": "bigint", "number": "decimal(38, 6)"}


def tables(
    datasets: Iterable[Dataset], relations: Mapping[str, Sql], today: date, temporary: Path
) -> dict[str, pa.Table]:
    """Run the queries; gives dataset → Arrow table of text, in the order of its columns.

    `relations`: dataset → SQL table function of its published rows as text; a dataset without one
    is empty. A query sees dates as DATE, integers as BIGINT, other numbers as DECIMAL(38, 6),
    blanks as NULL, and the day as `$today`. `temporary`: the folder for DuckDB's temporary tables.
    Raises UsageError where a query does not run.
    """
    datasets = list(datasets)
    derived = [d for d in datasets if d.query]
    if not derived:
        return {}
    with sql.connect(temporary) as con:
        for dataset in datasets:
            if not dataset.query:
                con.execute(_view(dataset, relations.get(dataset.name)))
        return {d.name: _table(con, d, today) for d in derived}


def _view(dataset: Dataset, relation: Sql | None) -> Sql:
    columns = published_columns(dataset)
    if relation is None:
        blank = ", ".join(f"cast(null as varchar) as {quoted(c.name)}" for c in columns)
        relation = f"(select {blank} where false)"
    cells = ", ".join(map(_typed, columns))
    return f"create view {quoted(dataset.name)} as select {cells} from {relation}"


def _typed(column: Column) -> Sql:
    name = quoted(column.name)
    if column.type not in _TYPES:
        return name
    return f"try_cast({name} as {_TYPES[column.type]}) as {name}"


def _table(con: duckdb.DuckDBPyConnection, dataset: Dataset, today: date) -> pa.Table:
    given = {"today": today} if "$today" in dataset.query else {}
    try:
        rows = con.execute(dataset.query, given).fetchall()
        columns = published_columns(dataset)
        return working.table(
            dataset, [[_as_text(v, c) for v, c in zip(row, columns, strict=True)] for row in rows]
        )
    except (duckdb.Error, ValueError) as error:
        problem = str(error).splitlines()[0]
        said = say(
            "contract-broken-query", language(), file=dataset.file or dataset.name, problem=problem
        )
        raise UsageError(said) from error


def _as_text(value: object, column: Column) -> object:
    """A value as it is written in its column: money with two decimals, all else as `_plain`."""
    if isinstance(value, Decimal) and column.kind == "money":
        return f"{value:.2f}"
    return _plain(value)


def _plain(value: object) -> object:
    """A decimal without the zeros that its column's scale adds."""
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else int(value)
    return value
