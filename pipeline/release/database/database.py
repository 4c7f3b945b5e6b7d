"""disclosure.db: one SQLite table for each dataset, its search index, the indexes of its facets.

The same rows give the same file, byte for byte: it is always written from scratch, in one order, by
the pinned SQLite. Blank cells are NULL. Money has the type DECIMAL(18,2): SQLite keeps whole yuan
as integers and others as doubles, which are exact for two decimals below 90 billion.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from adbc_driver_sqlite import dbapi

from pipeline.base.engine import one_process, ordered_map
from pipeline.base.errors import Unaccounted
from pipeline.base.files import naming
from pipeline.base.model import Dataset
from pipeline.base.sql import address, literal, quoted, writing
from pipeline.contract.catalog import published_columns
from pipeline.release.database.full_text import segment_column
from pipeline.release.database.schema import create_table, indexes, sql_type
from pipeline.release.package.package import parquet_batches

BATCH = 2_500  # rows of a batch of Python objects
LOAD_ROWS = 20_000  # rows of an Arrow batch
CACHE_KB = 8_000  # SQLite's page cache, and what a sort keeps in memory before it uses disk
HASH_BYTES = 64 << 20  # bytes of words that FTS5 keeps in memory before it writes them
ASIDE_FROM = 50_000  # rows of a table from which on another process writes its search index


@dataclass(frozen=True, slots=True)
class Previous:
    """The database of the release before, written by `build`, and the names of its tables that do
    not change.
    """

    path: Path
    tables: frozenset[str]


def build(
    path: Path,
    datasets: Sequence[Dataset],
    rows: Mapping[str, Path],
    meanwhile: Callable[[], None] | None = None,
    alone: bool = False,
    before: Previous | None = None,
) -> None:
    """Write the database at `path`; `rows`: dataset → its Parquet file of text, sorted by key.

    The search index of a large table is written aside by another process, then copied; `meanwhile`
    is called while that process works, or else at the end. `alone`: a thread of this process does
    that work. Large tables that do not change are copied from `before`. The file is the same to the
    byte in each case. Raises OSError where the disk refuses, else sqlite3.OperationalError.
    """
    large = {d.name for d in datasets if _rows_in(rows[d.name]) >= ASIDE_FROM}
    same = before.tables & large if before else frozenset()
    indexed_aside = {d.name for d in datasets if d.search and d.name in large - same}
    with _helper(bool(indexed_aside), alone) as pool, _open(path) as con:
        aside = {
            d.name: pool.submit(index_aside, path.with_name(f".{d.name}.fts"), d, rows[d.name])
            for d in datasets
            if pool and d.name in indexed_aside
        }
        _tables(con, path, datasets, rows, Previous(before.path, same) if before else None)
        with _attached(con, before.path if same and before else None, "before"):
            for statement in (each for dataset in datasets for each in indexes(dataset)):
                con.execute(statement)
            if meanwhile and aside:
                meanwhile()
            for dataset in (d for d in datasets if d.search):
                if dataset.name in aside:
                    _move_index(con, dataset, aside[dataset.name].result())
                elif dataset.name in same:
                    _copy_index(con, dataset, "before")
                else:
                    index_text(con, dataset, rows[dataset.name])
        con.execute("analyze")
        if meanwhile and not aside:  # last, since it may wait for another process
            meanwhile()


def _tables(
    con: sqlite3.Connection,
    path: Path,
    datasets: Sequence[Dataset],
    rows: Mapping[str, Path],
    before: Previous | None,
) -> None:
    """Create and fill all tables; those of `before` are copied from there."""
    for dataset in datasets:
        con.execute(create_table(dataset, {d.name for d in datasets}))
    with loading(path) as cursor:
        if before and before.tables:
            cursor.execute("attach ? as before", (address(before.path, immutable=True),))
        for dataset in datasets:
            if before and dataset.name in before.tables:
                _copy_rows(cursor, dataset)
            else:
                load(cursor, dataset, rows[dataset.name])


@contextmanager
def _attached(con: sqlite3.Connection, path: Path | None, name: str) -> Iterator[None]:
    """Attach a database that nobody writes, as `name`; does nothing where `path` is None."""
    if path:
        con.execute(f"attach ? as {quoted(name)}", (address(path, immutable=True),))
    yield
    if path:
        con.execute(f"detach {quoted(name)}")


_PRAGMAS = (
    "page_size = 8192",  # rows of long texts: a tenth less time and size than with 4096
    "journal_mode = OFF",
    "synchronous = OFF",
    f"cache_size = -{CACHE_KB}",
    "temp_store = FILE",
    "threads = 2",  # sort while reading: indexes of 2,000,000 rows in two thirds of the time
)


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    with (
        naming(path),
        closing(writing(path)) as con,
        _sorting_on_disk(con, path),
    ):
        for pragma in _PRAGMAS:
            con.execute(f"pragma {pragma}")
        yield con


@contextmanager
def _sorting_on_disk(con: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Sort indexes in temporary files beside the database: the space they need grows with the rows.

    SQLite has one such folder for the whole process, and it must not change while any database is
    written (https://www.sqlite.org/pragma.html#pragma_temp_store_directory): the first of several
    databases sets it.
    """
    folder = str(path.parent.absolute())
    with _SORTING.lock:
        if not _SORTING.open:
            con.execute(f"pragma temp_store_directory = {literal(folder)}")
        _SORTING.open += 1
    try:
        yield
    finally:
        with _SORTING.lock:
            _SORTING.open -= 1


@dataclass(slots=True)
class _Sorting:
    lock: threading.Lock = field(default_factory=threading.Lock)
    open: int = 0  # databases that are being written


_SORTING = _Sorting()


@contextmanager
def _helper(wanted: bool, alone: bool) -> Iterator[Any]:
    """An executor that runs in another process (`alone`: in a thread); None if not `wanted`."""
    if not wanted:
        yield None
        return
    if alone:  # a Dask worker may not start processes
        with ThreadPoolExecutor(1) as thread:
            yield thread
        return
    with one_process() as pool:
        yield pool


def index_aside(path: Path, dataset: Dataset, rows: Path) -> Path:
    """Write the search index of one table into a database of its own at `path`; gives `path`.

    `rows`: the table's Parquet file.
    """
    path.unlink(missing_ok=True)
    with _open(path) as con:
        con.execute(create_table(dataset, set()))
        index_text(con, dataset, rows)
    return path


def _copy_rows(cursor: dbapi.Cursor, dataset: Dataset) -> None:
    """Copy a table's rows from the database before, one by one and in their order.

    "order by" prevents SQLite from copying whole pages (xfer optimization,
    https://www.sqlite.org/lang_insert.html), which would give other bytes.
    """
    table = quoted(dataset.name)
    cursor.execute(f"insert into main.{table} select * from before.{table} order by rowid")


def _move_index(con: sqlite3.Connection, dataset: Dataset, made: Path) -> None:
    """Copy the index from the database at `made`, and delete that file."""
    with _attached(con, made, "aside"):
        _copy_index(con, dataset, "aside")
    made.unlink()


def _copy_index(con: sqlite3.Connection, dataset: Dataset, source: str) -> None:
    """Copy an index from the attached database `source`.

    FTS5 keeps all of it in four ordinary tables
    (https://www.sqlite.org/fts5.html, FTS5 Data Structures).
    """
    _create_index(con, dataset)
    con.execute("begin")
    for part in ("data", "idx", "docsize", "config"):
        table = quoted(f"{dataset.name}_fts_{part}")
        con.execute(f"delete from main.{table}")
        con.execute(f"insert into main.{table} select * from {quoted(source)}.{table}")
    con.execute("commit")


def _rows_in(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)


@contextmanager
def loading(path: Path) -> Iterator[dbapi.Cursor]:
    """A cursor that fills the database at `path` with Arrow columns, by the ADBC driver.

    A connection that is open at the same time must not have read what is written here, since the
    driver brings its own SQLite. An error of the disk becomes an OSError, any other an
    sqlite3.OperationalError.
    """
    try:
        with (
            naming(path),
            dbapi.connect(address(path, "rwc"), autocommit=True) as con,
            con.cursor() as cursor,
        ):
            for pragma in _PRAGMAS:
                cursor.execute(f"pragma {pragma}")
                cursor.fetchall()
            # Without this the error of a full disk is "no transaction".
            con.adbc_connection.set_autocommit(False)
            yield cursor
            con.adbc_connection.commit()
    except dbapi.Error as error:
        raise sqlite3.OperationalError(str(error)) from error


def load(cursor: dbapi.Cursor, dataset: Dataset, path: Path) -> None:
    """Insert the rows of the Parquet file at `path` into the table of `dataset`, in their order.

    Numbers come as doubles: SQLite's own reading of a text of 17 digits may miss the nearest one.
    """
    columns = published_columns(dataset)
    types = (pa.float64() if sql_type(c) == "NUMERIC" else pa.string() for c in columns)
    schema = pa.schema([(c.name, kind) for c, kind in zip(columns, types, strict=True)])
    texts = parquet_batches(path, LOAD_ROWS, schema.names)
    rows = pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in texts))
    try:
        cursor.adbc_ingest(dataset.name, rows, mode="append")
    except dbapi.Error as error:
        said = str(error).partition("\n")[0]
        if "constraint failed" not in said:
            raise
        raise Unaccounted(f"{path.name} {dataset.name}: {said}") from error  # no disk's fault


def _create_index(con: sqlite3.Connection, dataset: Dataset) -> None:
    """Create the empty index. Its tokenizer only splits at spaces: `full_text` segments the text.

    Merging is switched off while it is filled: `optimize` merges once, at the end.
    """
    table, index = quoted(dataset.name), quoted(f"{dataset.name}_fts")
    columns = ", ".join(map(quoted, dataset.search))
    con.execute(
        f"create virtual table {index} using fts5({columns}, content={table}, tokenize=ascii)"
    )
    con.execute(f"insert into {index}({index}, rank) values ('automerge', 0)")
    con.execute(f"insert into {index}({index}, rank) values ('hashsize', {HASH_BYTES})")


def index_text(con: sqlite3.Connection, dataset: Dataset, path: Path) -> None:
    """Create the search index of a table, fill it, and merge it to one segment."""
    index = quoted(f"{dataset.name}_fts")
    _create_index(con, dataset)
    con.execute("begin")
    fill_index(con, dataset, path)
    con.execute("commit")
    con.execute(f"insert into {index}({index}) values ('optimize')")


def fill_index(con: sqlite3.Connection, dataset: Dataset, path: Path) -> None:
    """Fill the search index with the rows of the Parquet file at `path`.

    The index has external content: its rowids are those of the table, 1, 2, … in the file's order.
    """
    index, columns = quoted(f"{dataset.name}_fts"), ", ".join(map(quoted, dataset.search))
    marks = ", ".join("?" * (len(dataset.search) + 1))
    insert = f"insert into {index}(rowid, {columns}) values ({marks})"
    first = 1
    for segmented in ordered_map(
        partial(_segmented, names=dataset.search), parquet_batches(path, BATCH, dataset.search)
    ):
        con.executemany(
            insert, zip(range(first, first + len(segmented[0])), *segmented, strict=True)
        )
        first += len(segmented[0])


def _segmented(batch: pa.RecordBatch, names: Sequence[str]) -> list[list[str]]:
    return [segment_column(batch[name].to_pylist()) for name in names]
