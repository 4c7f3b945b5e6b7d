"""The check that a table of a database holds exactly the rows it was filled from."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import duckdb

from pipeline.base.model import Column, Dataset
from pipeline.base.sql import Sql, quoted, reading
from pipeline.contract.catalog import published_columns
from pipeline.release.data import differing_rows
from pipeline.release.database.schema import sql_type
from pipeline.release.downloads.zip_gzip import texts_of
from pipeline.release.package.package import parquet_rows


def verify_rows(con: duckdb.DuckDBPyConnection, path: Path, dataset: Dataset, rows: Path) -> None:
    """Compare the table of `dataset` in the database at `path` with the Parquet file `rows`.

    Raises RowsRefused where it holds rows otherwise than they were given, Unaccounted where it
    holds another number of them, or the table is not made of rows that were read. DuckDB and SQLite
    each write every row as one text, with control characters that no cell holds between cells and
    rows, and the BLAKE2b digests of all texts are compared.
    """
    if _digest_of_rows(con, dataset, rows) != _digest_of_table(path, dataset):
        given = _rows_given(con, dataset, rows)
        with (
            closing(_reading(path)) as db,
            closing(_rows_held(db, dataset)) as held,  # before the database
        ):
            differing_rows.refuse(dataset, path.name, given, held)


def _rows_given(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, rows: Path
) -> Iterator[tuple[str, ...]]:
    cells = ", ".join(map(_expected, published_columns(dataset)))
    cursor = con.execute(f"select {cells} from {parquet_rows(rows)}")
    while some := cursor.fetchmany(2_000):
        yield from some


def _rows_held(db: sqlite3.Connection, dataset: Dataset) -> Generator[tuple[str, ...]]:
    cells = ", ".join(f"printf('%s', {_cell(c)})" for c in published_columns(dataset))
    yield from db.execute(f"select {cells} from {quoted(dataset.name)} order by rowid")


def _digest_of_rows(con: duckdb.DuckDBPyConnection, dataset: Dataset, rows: Path) -> str:
    cells = ", ".join(map(_expected, published_columns(dataset)))
    digest = hashlib.blake2b()
    for text in texts_of(
        con, f"select concat_ws(chr(31), {cells}) || chr(30) from {parquet_rows(rows)}"
    ):
        digest.update(text)
    return digest.hexdigest()


def _expected(column: Column) -> Sql:
    """The SQL of a cell's text as `_cell` prints it: a number as its double's shortest text."""
    name = quoted(column.name)
    if sql_type(column) == "NUMERIC":
        return f"coalesce(cast(try_cast({name} as double) as varchar), '')"
    return f"coalesce({name}, '')"


def _digest_of_table(path: Path, dataset: Dataset) -> str:
    """Uses SQLite's printf, which joins many cells several times faster than `||`."""
    columns = published_columns(dataset)
    parts = [columns[at : at + _ARGUMENTS] for at in range(0, len(columns), _ARGUMENTS)]
    line = " || char(31) || ".join(map(_printed, parts))
    digest = hashlib.blake2b()
    with closing(_reading(path)) as con:
        con.text_factory = bytes
        cursor = con.execute(
            f"select {line} || char(30) from {quoted(dataset.name)} order by rowid"
        )
        while texts := cursor.fetchmany(2_000):
            digest.update(b"".join([text for (text,) in texts]))
    return digest.hexdigest()


def _reading(path: Path) -> sqlite3.Connection:
    con = reading(path, immutable=True)
    con.create_function("shortest", 1, _shortest, deterministic=True)
    return con


_ARGUMENTS = 90  # SQLite takes no more than 127 in a call


def _printed(columns: Sequence[Column]) -> Sql:
    cells = ", ".join(map(_cell, columns))
    return f"printf('{chr(31).join(['%s'] * len(columns))}', {cells})"


def _cell(column: Column) -> Sql:
    """The SQL of a cell's text as the pipeline writes it; a blank one prints as nothing."""
    name, kind = quoted(column.name), sql_type(column)
    if kind == "NUMERIC":
        return f"shortest({name})"
    if kind == "DECIMAL(18,2)":
        return f"case when {name} is not null then printf('%.2f', {name}) end"
    return name


def _shortest(number: float | None) -> str | None:
    """The shortest text that is read as the same double; DuckDB writes just the same.

    SQLite's own printf is not exact beyond 15 digits.
    """
    return None if number is None else repr(float(number))
