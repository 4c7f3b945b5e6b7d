"""disclosure.db: one SQLite table a dataset, its search index, the indexes of its facets.

The same rows give the same file, byte for byte: it is made anew, in one order, by the pinned
SQLite. Blank cells are NULL. Money has the type DECIMAL(18,2): SQLite keeps whole yuan as integers
and others as doubles, which two decimals below 90 billion survive exactly.
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
from pipeline.base.files import naming
from pipeline.base.model import Dataset
from pipeline.base.sql import address, literal, quoted, writing
from pipeline.contract.catalog import published_columns
from pipeline.release.database.full_text import segment_column
from pipeline.release.database.schema import create_table, indexes
from pipeline.release.package.package import parquet_batches

BATCH = 2_500  # rows of Python objects at a time
LOADED = 20_000  # rows of columns at a time
CACHE_KB = 8_000  # SQLite's own, and what a sort of it holds before it goes to disk
HASHED = 64 << 20  # bytes of words that FTS5 gathers before it writes them down
ASIDE_FROM = 50_000  # rows of a table whose search index another process makes


@dataclass(frozen=True, slots=True)
class Before:
    """A database that `build` made, and the names of its tables that are the same in the one to
    make.
    """

    path: Path
    tables: frozenset[str]


def build(
    path: Path,
    datasets: Sequence[Dataset],
    rows: Mapping[str, Path],
    meanwhile: Callable[[], None] | None = None,
    alone: bool = False,
    before: Before | None = None,
) -> None:
    """Make the database at `path`; `rows` gives each dataset's Parquet file, sorted by key.

    Search indexes of large tables are made beside the tables, by another process in a file of their
    own, and then copied; `meanwhile` is done while that one is still at it, or else last. `alone`:
    by this process too, where others are made beside this one. Large tables are copied from
    `before` where they are the same there. The file is the same in each case.
    """
    large = {d.name for d in datasets if _rows_in(rows[d.name]) >= ASIDE_FROM}
    same = before.tables & large if before else frozenset()
    dear = {d.name for d in datasets if d.search and d.name in large - same}
    with _helper(bool(dear), alone) as pool, _open(path) as con:
        aside = {
            d.name: pool.submit(index_aside, path.with_name(f".{d.name}.fts"), d, rows[d.name])
            for d in datasets
            if pool and d.name in dear
        }
        _tables(con, path, datasets, rows, Before(before.path, same) if before else None)
        with _attached(con, before.path if same and before else None, "before"):
            for statement in (each for dataset in datasets for each in indexes(dataset)):
                con.execute(statement)
            if meanwhile and aside:
                meanwhile()
            for dataset in (d for d in datasets if d.search):
                if dataset.name in aside:
                    _take_index(con, dataset, aside[dataset.name].result())
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
    before: Before | None,
) -> None:
    """All tables with their rows; those that `before` has the same are copied from there."""
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
    """A database that nobody writes, to be read as `name`; nothing where there is none."""
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
    "threads = 2",  # sort beside the reading: indexes of 2,000,000 rows in two thirds of the time
)


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    with (
        naming(path),
        closing(writing(path)) as con,
        _sorting_beside(con, path),
    ):
        for pragma in _PRAGMAS:
            con.execute(f"pragma {pragma}")
        yield con


@contextmanager
def _sorting_beside(con: sqlite3.Connection, path: Path) -> Iterator[None]:
    """What an index is sorted in grows with the rows: it lies on disk, beside the database.

    The folder is one for all of the process, and must not change while any database is written
    (https://www.sqlite.org/pragma.html#pragma_temp_store_directory): the first of several decides.
    """
    beside = str(path.parent.absolute())
    with _SORTING.lock:
        if not _SORTING.open:
            con.execute(f"pragma temp_store_directory = {literal(beside)}")
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
    """Another process, or None."""
    if not wanted:
        yield None
        return
    if alone:  # a thread: a worker of Dask is allowed no processes of its own
        with ThreadPoolExecutor(1) as thread:
            yield thread
        return
    with one_process() as pool:
        yield pool


def index_aside(path: Path, dataset: Dataset, rows: Path) -> Path:
    """The search index of one table in a database of its own at `path`."""
    path.unlink(missing_ok=True)
    with _open(path) as con:
        con.execute(create_table(dataset, set()))
        index_text(con, dataset, rows)
    return path


def _copy_rows(cursor: dbapi.Cursor, dataset: Dataset) -> None:
    """A table's rows from the database before, one by one and in their order: to copy whole pages
    would lay the file out otherwise (https://www.sqlite.org/lang_insert.html, xfer optimization).
    """
    table = quoted(dataset.name)
    cursor.execute(f"insert into main.{table} select * from before.{table} order by rowid")


def _take_index(con: sqlite3.Connection, dataset: Dataset, made: Path) -> None:
    """Take over the index in the database `made` aside, and remove that."""
    with _attached(con, made, "aside"):
        _copy_index(con, dataset, "aside")
    made.unlink()


def _copy_index(con: sqlite3.Connection, dataset: Dataset, source: str) -> None:
    """Take over an index of another database: FTS5 keeps all of it in four ordinary tables."""
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
    """A way to fill the database at `path` with whole columns,
    by Arrow's own driver and its SQLite.

    Whoever has the database open besides must not have read of it what is written here. What the
    disk refuses is an OSError, what else goes wrong an sqlite3.OperationalError,
    as it is everywhere else.
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
            con.adbc_connection.set_autocommit(False)  # or a full disk is told as "no transaction"
            yield cursor
            con.adbc_connection.commit()
    except dbapi.Error as error:
        raise sqlite3.OperationalError(str(error)) from error


def load(cursor: dbapi.Cursor, dataset: Dataset, path: Path) -> None:
    """The rows of a Parquet file into their table."""
    names = [c.name for c in published_columns(dataset)]
    schema = pa.schema([(name, pa.string()) for name in names])
    rows = pa.RecordBatchReader.from_batches(schema, parquet_batches(path, LOADED, names))
    cursor.adbc_ingest(dataset.name, rows, mode="append")


def _create_index(con: sqlite3.Connection, dataset: Dataset) -> None:
    """The empty index.

    Its tokenizer only parts words at spaces: `search` has folded and cut them.
    """
    table, index = quoted(dataset.name), quoted(f"{dataset.name}_fts")
    columns = ", ".join(map(quoted, dataset.search))
    con.execute(
        f"create virtual table {index} using fts5({columns}, content={table}, tokenize=ascii)"
    )
    con.execute(f"insert into {index}({index}, rank) values ('automerge', 0)")
    con.execute(f"insert into {index}({index}, rank) values ('hashsize', {HASHED})")


def index_text(con: sqlite3.Connection, dataset: Dataset, path: Path) -> None:
    """The search index of a table: made, filled, and merged to one segment."""
    index = quoted(f"{dataset.name}_fts")
    _create_index(con, dataset)
    con.execute("begin")
    fill_index(con, dataset, path)
    con.execute("commit")
    con.execute(f"insert into {index}({index}) values ('optimize')")


def fill_index(con: sqlite3.Connection, dataset: Dataset, path: Path) -> None:
    """External content, rowid by rowid in the order in which the rows were loaded."""
    index, columns = quoted(f"{dataset.name}_fts"), ", ".join(map(quoted, dataset.search))
    marks = ", ".join("?" * (len(dataset.search) + 1))
    insert = f"insert into {index}(rowid, {columns}) values ({marks})"
    first = 1
    for cut in ordered_map(
        partial(_cut, names=dataset.search), parquet_batches(path, BATCH, dataset.search)
    ):
        con.executemany(insert, zip(range(first, first + len(cut[0])), *cut, strict=True))
        first += len(cut[0])


def _cut(batch: pa.RecordBatch, names: Sequence[str]) -> list[list[str]]:
    return [segment_column(batch[name].to_pylist()) for name in names]
