"""Rows come into SQLite by whole columns just as they would one by one, and a full disk is said so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.base.errors import Unaccounted
from pipeline.base.model import Column, Dataset
from pipeline.contract import catalog
from pipeline.contract.catalog import published_columns
from pipeline.release.database import database, schema
from tests.support.examples import tries
from tests.support.shop import PENALTIES, ROOT

Cells = list[str | None]

MONEY = st.decimals(-(10**10), 10**10, places=2).map(str)
NUMBERS = st.sampled_from(["0", "-0", "0012", "1e5", "0x10", "1.50", "10000000000.10", "inf", " 7"])
CELLS = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"])), MONEY, NUMBERS)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return catalog.load(ROOT / "datapackage").datasets[PENALTIES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("database")


def parquet(folder: Path, dataset: Dataset, rows: list[Cells]) -> Path:
    """Rows of a dataset, each of its key and of the same cell in every other column."""
    path, names = folder / "rows.parquet", [c.name for c in published_columns(dataset)]
    columns = {
        name: pa.array([row[n] for row in rows], pa.string()) for n, name in enumerate(names)
    }
    pq.write_table(pa.table(columns), path)
    return path


def stored(con: sqlite3.Connection, dataset: Dataset) -> list[Any]:
    """Every cell of the table with its type."""
    con.text_factory = bytes
    cells = [f'"{c.name}", typeof("{c.name}")' for c in published_columns(dataset)]
    return con.execute(f"select {', '.join(cells)} from {dataset.name} order by rowid").fetchall()


@settings(max_examples=tries(40))
@given(cells=st.lists(CELLS, min_size=1, max_size=8))
def test_a_row_loaded_with_its_column_is_as_if_inserted_alone(folder: Path, dataset: Dataset, cells: Cells) -> None:  # fmt: skip
    width = len(published_columns(dataset)) - 1
    rows: list[Cells] = [[str(n), *[cell] * width] for n, cell in enumerate(cells)]
    path, made = parquet(folder, dataset, rows), folder / "made.db"
    made.unlink(missing_ok=True)
    with closing(sqlite3.connect(made)) as con:
        con.execute(schema.create_table(dataset, set()))
        con.commit()
        with database.loading(made) as cursor:
            database.load(cursor, dataset, path)
        by_columns = stored(con, dataset)
    with closing(sqlite3.connect(":memory:")) as con:
        con.execute(schema.create_table(dataset, set()))
        marks = ", ".join("?" * (width + 1))
        con.executemany(f"insert into {dataset.name} values ({marks})", rows)
        assert by_columns == stored(con, dataset)


def test_more_rows_than_are_loaded_at_once_keep_their_order(folder: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(database, "LOAD_ROWS", 7)
    rows: list[Cells] = [[f"{n:03}", *["示例"] * (len(published_columns(dataset)) - 1)] for n in range(100)]  # fmt: skip
    path, made = parquet(folder, dataset, rows), folder / "many.db"
    database.build(made, [dataset], {dataset.name: path})
    with closing(sqlite3.connect(made)) as con:
        keys = con.execute(f"select record_id from {dataset.name} order by rowid").fetchall()
    assert keys == [(row[0],) for row in rows]


def test_a_disk_that_is_full_while_rows_are_loaded_is_told_with_the_database(folder: Path, dataset: Dataset) -> None:  # fmt: skip
    rows: list[Cells] = [[f"{n:05}", *["示例" * 20] * (len(published_columns(dataset)) - 1)] for n in range(500)]  # fmt: skip
    path, made = parquet(folder, dataset, rows), folder / "full.db"
    with closing(sqlite3.connect(made)) as con:
        con.execute(schema.create_table(dataset, set()))
        con.commit()
    with pytest.raises(OSError, match=r"full.*full\.db"), database.loading(made) as cursor:
        cursor.execute("pragma max_page_count = 20")
        cursor.fetchall()
        database.load(cursor, dataset, path)


def test_two_rows_of_one_key_are_no_fault_of_the_disk(folder: Path, dataset: Dataset) -> None:
    rows: list[Cells] = [["same", *["x"] * (len(published_columns(dataset)) - 1)] for _ in range(2)]
    path, made = parquet(folder, dataset, rows), folder / "twice.db"
    with pytest.raises(Unaccounted, match=dataset.name):
        database.build(made, [dataset], {dataset.name: path})


def test_a_key_of_whole_numbers_is_not_the_place_of_its_row(folder: Path) -> None:
    key = Column("number", "号", "No.", type="integer", kind="integer")
    numbered = Dataset("numbered", "表", "Table", "", "", (key,), primary_key=("number",))
    width = len(published_columns(numbered)) - 1
    rows: list[Cells] = [[n, *["1"] * width] for n in ("10", "2", "9")]
    made = folder / "numbered.db"
    database.build(made, [numbered], {"numbered": parquet(folder, numbered, rows)})
    with closing(sqlite3.connect(made)) as con:
        found = con.execute("select rowid, number from numbered order by rowid").fetchall()
    assert found == [(1, 10), (2, 2), (3, 9)]
