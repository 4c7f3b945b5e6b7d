"""The databases of a release that loses records, written page for page anew:
no free page keeps what left.
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
from pipeline.release.database.readback import prove
from pipeline.release.package import parts
from pipeline.release.package.package import parquet_batches
from pipeline.release.removal.holdings import key_sql
from pipeline.release.removal.loss import Loss


def write_parts(loss: Loss, touched: Collection[str]) -> None:
    """The databases of the years or divisions `touched`; one whose last record left is gone."""
    keys = loss.keys_of_parts
    for folder in touched:
        label = folder.partition("=")[0]
        names = [name for name in keys if part_databases.outermost(keys[name]) == label]
        if any((loss.target / "data" / name / folder).is_dir() for name in names):
            rows = {
                name: part_databases.rows_of(
                    loss.con,
                    loss.datasets[name],
                    part_databases.files_of(loss.target, name, folder),
                    loss.work,
                )
                for name in names
                if name in loss.leavers
            }
            file = f"downloads/{parts.DATABASE.format(part=folder)}"
            write(loss, file, rows)


def write(loss: Loss, file: str, rows: Mapping[str, Path]) -> None:
    """The database `file` of the release,
    whose changed tables are to hold `rows` (Parquet of text).

    The work is done on a copy in PRIVATE. Merging the search index to one segment drops the words
    that only a taken record had. Raises Unaccounted where a table holds other rows in the end.
    """
    copy, made = loss.work / Path(file).name, loss.target / file
    if not (loss.release / file).exists():
        return  # too large for one of all tables
    files.copy(loss.release / file, copy)
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
            if name in loss.leavers:
                _delete(con, loss.datasets[name], set(loss.keys(name)))
            else:
                _refill(con, loss.datasets[name], path)
        con.execute("commit")
        for name in rows:
            if loss.datasets[name].search:
                index = quoted(f"{name}_fts")
                con.execute(f"insert into {index}({index}) values ('optimize')")
        con.execute("analyze")
        with files.naming(made):
            con.execute("vacuum into ?", (str(made.absolute()),))
    copy.unlink()
    with duckdb.connect() as proof:
        for name, path in rows.items():
            prove(proof, made, loss.datasets[name], path)


def _delete(con: sqlite3.Connection, dataset: Dataset, keys: Collection[str]) -> None:
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
            cut = segment_column([None if v is None else str(v) for v in values])
            marks = ", ".join("?" * len(cut))
            con.execute(
                f"insert into {index}({index}, rowid, {columns}) values ('delete', ?, {marks})",
                (rowid, *cut),
            )
    con.execute(f"delete from {table} where {where}")


def _refill(con: sqlite3.Connection, dataset: Dataset, rows: Path) -> None:
    """A table written again whole."""
    con.execute(f"delete from {quoted(dataset.name)}")
    names = [column.name for column in dataset.columns]
    insert = f"insert into {quoted(dataset.name)} values ({', '.join('?' * len(names))})"
    for batch in parquet_batches(rows, database.BATCH, names):
        con.executemany(insert, zip(*(cells.to_pylist() for cells in batch.columns), strict=True))
    if dataset.search:
        index = quoted(f"{dataset.name}_fts")
        con.execute(f"insert into {index}({index}) values ('delete-all')")
        database.fill_index(con, dataset, rows)
