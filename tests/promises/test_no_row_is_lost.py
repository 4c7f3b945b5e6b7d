"""A row changed, dropped, doubled or split anywhere between file and database: the run notices."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline.base import row_checksums
from pipeline.base.errors import GateRefused, Unaccounted
from pipeline.base.model import TALLY_PARTS, Checked, Chunk, Tally
from pipeline.flow import read_inbox
from pipeline.intake.text import blocks
from pipeline.release import build
from pipeline.release.database import database
from pipeline.release.package import package
from tests.support.shop import DOCUMENTS as TABLE
from tests.support.shop import SmallShop, documents

# What a run finds and publishes does not depend on what computes.
pytestmark = pytest.mark.usefixtures("every_engine")

ROWS = 84  # so that each of seven pieces has rows enough to tamper with


@pytest.fixture
def publish(tmp_path: Path) -> Callable[[], str]:
    """Publishes a small inbox of one file; gives the release's folder."""
    shop = SmallShop(tmp_path)
    shop.send(documents(ROWS), "文件.csv")
    return lambda: str(shop.publish(downloads=True))


def change(table: pa.Table) -> pa.Table:
    """One digit of one cell becomes another; nothing else, not even a length."""
    name = "title" if "title" in table.column_names else "1"
    cells = table[name].to_pylist()
    cells[3] = cells[3][:-1] + ("7" if cells[3][-1] != "7" else "8")
    return table.set_column(table.column_names.index(name), name, pa.array(cells, pa.string()))


def drop(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table.slice(0, 5), table.slice(6)])


def double(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.slice(7, 1)])


def split(table: pa.Table) -> pa.Table:
    """One row becomes two, each with a part of its cells."""
    row = table.slice(2, 1)
    blank = pa.array([""], pa.string())
    first = row.column_names[0]
    return pa.concat_tables([drop_row(table, 2), row.set_column(0, first, blank), row])


def drop_row(table: pa.Table, at: int) -> pa.Table:
    return pa.concat_tables([table.slice(0, at), table.slice(at + 1)])


MUTATIONS = [change, drop, double, split]
each_mutation = pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda m: m.__name__)
Mutation = Callable[[pa.Table], pa.Table]


def test_untouched_rows_reach_the_database(publish: Callable[[], str]) -> None:
    with sqlite3.connect(f"{publish()}/disclosure.db") as con:
        assert con.execute(f"select count(*) from {TABLE}").fetchone() == (ROWS,)
    con.close()


@each_mutation
def test_a_row_tampered_with_by_the_text_reader_is_noticed(
    publish: Callable[[], str], monkeypatch: pytest.MonkeyPatch, mutate: Mutation
) -> None:
    honest = blocks.pa_csv.read_csv

    def tampered(*args: Any, **options: Any) -> pa.Table:
        return mutate(honest(*args, **options))

    monkeypatch.setattr(blocks.pa_csv, "read_csv", tampered)
    with pytest.raises(Unaccounted):
        publish()


@each_mutation
def test_a_row_tampered_with_between_intake_and_checks_is_noticed(
    publish: Callable[[], str], monkeypatch: pytest.MonkeyPatch, mutate: Mutation
) -> None:
    honest = read_inbox.check_chunk

    def tampered(chunk: Chunk, *rest: Any, **options: Any) -> Checked:
        import dataclasses

        return honest(dataclasses.replace(chunk, table=mutate(chunk.table)), *rest, **options)

    monkeypatch.setattr(read_inbox, "check_chunk", tampered)
    with pytest.raises(Unaccounted):
        publish()


@each_mutation
def test_a_row_tampered_with_on_its_way_to_disk_is_noticed(
    publish: Callable[[], str], monkeypatch: pytest.MonkeyPatch, mutate: Mutation
) -> None:
    honest = read_inbox.laid_down

    def tampered(checked: Checked, *rest: Any) -> Checked:
        rows = checked.accepted
        return honest(replace(checked, accepted=mutate(rows) if len(rows) > 7 else rows), *rest)

    monkeypatch.setattr(read_inbox, "laid_down", tampered)
    with pytest.raises(Unaccounted):
        publish()


@each_mutation
def test_a_row_tampered_with_while_rows_are_sorted_is_noticed(
    publish: Callable[[], str], monkeypatch: pytest.MonkeyPatch, mutate: Mutation
) -> None:
    honest = package.sorted_rows

    def tampered(con: Any, source: str, dataset: Any, path: Path, *keys: Any) -> None:
        honest(con, source, dataset, path, *keys)
        if dataset.name == TABLE:
            pq.write_table(mutate(pq.read_table(path)), path)

    monkeypatch.setattr(package, "sorted_rows", tampered)
    with pytest.raises(Unaccounted):
        publish()


#: A row that is changed is taken out and the rest tried again: here another is changed each time.
NOTICED = {"change": GateRefused, "drop": Unaccounted, "double": Unaccounted, "split": Unaccounted}


def tampered_lines(text: str, how: str) -> str:
    lines = text.split("\n")
    if how == "change":
        lines[3] = lines[3].replace("示例办法", "示范办法")
    elif how == "drop":
        del lines[3]
    elif how == "double":
        lines.insert(3, lines[3])
    else:
        cells = lines[3].split(",")
        blanks = [""] * (len(cells) - 2)
        lines[3:4] = [",".join([*cells[:2], *blanks]), ",".join([*cells[:1], "", *cells[2:]])]
    return "\n".join(lines)


@pytest.mark.parametrize("how", ["change", "drop", "double", "split"])
def test_a_row_tampered_with_in_the_packaged_csv_is_noticed(
    publish: Callable[[], str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    honest = package.write_csv

    def tampered(con: Any, rows: Path, path: Path) -> None:
        honest(con, rows, path)
        if path.name == f"{TABLE}.csv":
            path.write_text(tampered_lines(path.read_text("utf-8"), how), "utf-8")

    monkeypatch.setattr(package, "write_csv", tampered)
    with pytest.raises(NOTICED[how]):
        publish()


CHANGES_IN_SQL = {
    "change": f"update {TABLE} set title = '别的' where rowid = 3",
    "drop": f"delete from {TABLE} where rowid = 3",
    "double": f"insert into {TABLE} select document_no || 'x', {{rest}} from {TABLE} where rowid = 3",
    "split": f"insert into {TABLE} (document_no, title) select document_no || 'x', title from {TABLE} where rowid = 3",
}


@pytest.mark.parametrize("how", list(CHANGES_IN_SQL))
def test_a_row_tampered_with_in_the_database_is_noticed(
    publish: Callable[[], str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    honest = database.build

    def tampered(path: Path, *rest: Any, **options: Any) -> None:
        honest(path, *rest, **options)
        con = sqlite3.connect(path)
        names = [row[1] for row in con.execute(f"pragma table_info({TABLE})")]
        con.execute(CHANGES_IN_SQL[how].format(rest=", ".join(names[1:])))
        con.commit()
        con.close()

    monkeypatch.setattr(build.database, "build", tampered)
    with pytest.raises(NOTICED[how]):
        publish()


def test_no_release_is_left_behind_when_a_row_is_lost(
    publish: Callable[[], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    honest = package.write_csv

    def tampered(con: Any, rows: Path, path: Path) -> None:
        honest(con, rows, path)
        if path.name == f"{TABLE}.csv":
            path.write_text(tampered_lines(path.read_text("utf-8"), "drop"), "utf-8")

    monkeypatch.setattr(package, "write_csv", tampered)
    with pytest.raises((Unaccounted, GateRefused)):
        publish()
    assert not (tmp_path / "site" / "current").exists()
    assert list((tmp_path / "site" / "releases").iterdir()) == []


@pytest.mark.parametrize("part", TALLY_PARTS)
def test_a_tally_that_does_not_balance_cannot_exist(part: str) -> None:
    with pytest.raises(Unaccounted):
        Tally(read=3, **{part: 2})


def parts_of_ten() -> Iterator[pa.Table]:
    table = pa.table({"a": [str(n) for n in range(10)], "b": ["", *"abcdefghi"]})
    yield from (table.slice(0, 4), table.slice(4))


def test_a_seal_does_not_depend_on_how_rows_are_cut_or_ordered() -> None:
    whole = pa.concat_tables(parts_of_ten())
    apart = sum(
        (row_checksums.of_rows(part) for part in parts_of_ten()), row_checksums.RowChecksum()
    )
    turned = whole.take(pa.array(range(9, -1, -1)))
    assert row_checksums.of_rows(whole) == apart == row_checksums.of_rows(turned)


def test_a_seal_tells_a_cell_moved_to_the_next_column() -> None:
    table = pa.table({"a": ["x", ""], "b": ["", "y"]})
    moved = pa.table({"a": ["", ""], "b": ["x", "y"]})
    assert row_checksums.of_rows(table) != row_checksums.of_rows(moved)


@pytest.mark.parametrize("rows", [3, 3000])
def test_a_seal_in_memory_tells_each_cell_changed_and_each_pair_of_rows_swapped(rows: int) -> None:
    numbers = np.arange(rows) + 10_000_000
    checksums = {row_checksums.in_memory(pa.table({"a": numbers}))}
    for at in range(0, rows, 7):
        changed, swapped = numbers.copy(), numbers.copy()
        changed[at] += 1
        swapped[[at, -1]] = swapped[[-1, at]]
        checksums |= {
            row_checksums.in_memory(pa.table({"a": column})) for column in (changed, swapped)
        }
    assert len(checksums) == 1 + 2 * len(range(0, rows, 7))


def test_a_seal_counts_blank_and_missing_cells_as_the_same() -> None:
    blank, missing = pa.table({"a": [""]}), pa.table({"a": pa.array([None], pa.string())})
    assert row_checksums.of_rows(blank) == row_checksums.of_rows(missing)
    assert pc.any(pc.is_null(missing["a"])).as_py()
