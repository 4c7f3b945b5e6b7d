"""The databases of a release that loses records, rewritten page by page, so that no free page keeps
a removed record.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path

import duckdb

from pipeline.base import files
from pipeline.base.model import Dataset
from pipeline.base.sql import quoted, writing
from pipeline.release.database import database, part_databases
from pipeline.release.database.full_text import segment_column
from pipeline.release.database.readback import verify_rows
from pipeline.release.package import parts
from pipeline.release.package.package import parquet_batches
from pipeline.release.removal.holdings import key_sql
from pipeline.release.removal.plan import RemovalPlan


def write_parts(plan: RemovalPlan, folders: Collection[str]) -> None:
    """Write the databases of the years or divisions `folders`, such as `year=2024`.

    One that has no record left is not written.
    """
    keys = plan.keys_of_parts
    for folder in folders:
        label = folder.partition("=")[0]
        names = [name for name in keys if part_databases.outermost(keys[name]) == label]
        if any((plan.target / "data" / name / folder).is_dir() for name in names):
            rows = {
                name: part_databases.rows_of(
                    plan.con,
                    plan.datasets[name],
                    part_databases.files_of(plan.target, name, folder),
                    plan.work,
                )
                for name in names
                if name in plan.removed
            }
            file = f"downloads/{parts.DATABASE.format(part=folder)}"
            write(plan, file, rows)


def write(plan: RemovalPlan, file: str, rows: Mapping[str, Path]) -> None:
    """Write the database `file` (its name in the release) without the removed records.

    `rows`: changed table → the Parquet file of text that it must hold. The work is done on a copy
    in PRIVATE. Merging the search index to one segment deletes words that only a removed record
    had; "vacuum into" leaves out free pages. Raises Unaccounted where a table holds other rows.
    """
    copy, made = plan.work / Path(file).name, plan.target / file
    if not (plan.release / file).exists():
        return  # a large release has no database of all tables
    files.copy(plan.release / file, copy)
    with files.naming(copy), closing(writing(copy)) as con:
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "locking_mode = EXCLUSIVE",
            "cache_size = -200000",
        ):
            con.execute(f"pragma {pragma}")
        con.execute("begin")
        for name, path in rows.items():
            if name in plan.removed:
                _delete(con, plan.datasets[name], set(plan.keys(name)))
            else:
                _refill(con, plan.datasets[name], path)
        con.execute("commit")
        for name in rows:
            if plan.datasets[name].search:
                index = quoted(f"{name}_fts")
                con.execute(f"insert into {index}({index}) values ('optimize')")
        con.execute("analyze")
        with files.naming(made):
            con.execute("vacuum into ?", (str(made.absolute()),))
    copy.unlink()
    with duckdb.connect() as check:
        for name, path in rows.items():
            verify_rows(check, made, plan.datasets[name], path)


def _delete(con: sqlite3.Connection, dataset: Dataset, keys: Collection[str]) -> None:
    """Delete the records with `keys` from a table and its search index.

    An index with external content needs the old words to delete a row
    (https://www.sqlite.org/fts5.html, the command "delete").
    """
    table, index = quoted(dataset.name), quoted(f"{dataset.name}_fts")
    con.execute("create temp table if not exists leaving (key text primary key)")
    con.execute("delete from leaving")
    con.executemany("insert into leaving values (?)", [(key,) for key in keys])
    where = f"{key_sql(dataset)} in (select key from leaving)"
    columns = ", ".join(map(quoted, dataset.search))
    if dataset.search:
        for rowid, *values in con.execute(
            f"select rowid, {columns} from {table} where {where}"
        ).fetchall():
            words = segment_column([None if v is None else str(v) for v in values])
            marks = ", ".join("?" * len(words))
            con.execute(
                f"insert into {index}({index}, rowid, {columns}) values ('delete', ?, {marks})",
                (rowid, *words),
            )
    con.execute(f"delete from {table} where {where}")


def _refill(con: sqlite3.Connection, dataset: Dataset, rows: Path) -> None:
    """Replace all rows of a table, and its search index, by those of the Parquet file `rows`."""
    con.execute(f"delete from {quoted(dataset.name)}")
    names = [column.name for column in dataset.columns]
    insert = f"insert into {quoted(dataset.name)} values ({', '.join('?' * len(names))})"
    for batch in parquet_batches(rows, database.BATCH, names):
        con.executemany(insert, zip(*(cells.to_pylist() for cells in batch.columns), strict=True))
    if dataset.search:
        index = quoted(f"{dataset.name}_fts")
        con.execute(f"insert into {index}({index}) values ('delete-all')")
        database.fill_index(con, dataset, rows)
