"""A value is found in whatever public file it is."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from pipeline.privacy_test import public_bytes
from pipeline.privacy_test.folding import folded
from pipeline.privacy_test.judging import read
from pipeline.privacy_test.needles import Needles
from pipeline.privacy_test.plants import Plant
from pipeline.privacy_test.spots import Spot
from pipeline.privacy_test.values import Value, made
from pipeline.release.database.full_text import segment_column

pytestmark = pytest.mark.once
NUMBER = made("mobile", "plain", "电话{}", "13800004567", "13800004567")
ILLNESS = made(
    "health", "plain", "其母患有{}", "肺结核", "肺结核"
)  # ordinary words: found by the mark


def planted(value: Value, number: int = 7) -> Plant:
    return Plant(number, 1, value, Spot("text", "a.csv", row=2, written="经营过期食品"))


PLANT = planted(NUMBER)
TEXT = PLANT.text


def csv_file(folder: Path) -> None:
    (folder / "a.csv").write_text(f"x\n{TEXT}\n", "utf-8")


def gzip_file(folder: Path) -> None:
    (folder / "a.csv.gz").write_bytes(gzip.compress(TEXT.encode()))


def escaped_json(folder: Path) -> None:
    (folder / "a.json").write_text(json.dumps({"x": TEXT}, ensure_ascii=True), "ascii")


def workbook(folder: Path) -> None:
    with xlsxwriter.Workbook(folder / "a.xlsx") as book:
        book.add_worksheet().write(0, 0, TEXT)


def sheet_name(folder: Path) -> None:
    with xlsxwriter.Workbook(folder / "a.xlsx") as book:
        book.add_worksheet(NUMBER.shown)


def parquet(folder: Path) -> None:
    pq.write_table(pa.table({"x": [TEXT]}), folder / "a.parquet", compression="zstd")


def archive_in_archive(folder: Path) -> None:
    workbook(folder)
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / "a.xlsx", "downloads/a.xlsx")
    (folder / "a.xlsx").unlink()


def database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "a.db")) as made, made:
        made.execute("create table t (x)")
        made.execute("insert into t values (?)", [TEXT])


def deleted_row(folder: Path) -> None:
    database(folder)
    with closing(sqlite3.connect(folder / "a.db")) as made, made:
        made.execute("pragma secure_delete = off")
        made.execute("delete from t")


def search_index(folder: Path) -> None:
    """Only the index has it: the table's text was masked afterwards."""
    with closing(sqlite3.connect(folder / "a.db")) as made, made:
        made.execute("create table t (x)")
        made.execute("create virtual table t_fts using fts5(x, content=t, tokenize=ascii)")
        made.execute("insert into t_fts (rowid, x) values (1, ?)", segment_column([TEXT]))


def file_name(folder: Path) -> None:
    (folder / f"{NUMBER.shown}.csv").touch()


@pytest.mark.parametrize(
    "write",
    [csv_file, gzip_file, escaped_json, workbook, sheet_name, parquet, archive_in_archive, database, deleted_row, search_index, file_name],
)  # fmt: skip
def test_a_number_is_found_in_each_kind_of_file(write: Callable[[Path], None], tmp_path: Path) -> None:  # fmt: skip
    write(tmp_path)
    assert [*read(tmp_path, [PLANT]).needles] == [NUMBER.shown]


def test_ordinary_words_are_a_leak_only_behind_their_own_mark(tmp_path: Path) -> None:
    mine, other = planted(ILLNESS, 1), planted(ILLNESS, 2)
    masked = other.text.replace(ILLNESS.shown, "****")
    (tmp_path / "a.csv").write_text(
        f"{mine.text}\n{masked}\n经营超过保质期的食品，宣传治疗肺结核\n", "utf-8"
    )
    seen = read(tmp_path, [mine, other])
    assert seen.leaked == {1: ("a.csv", ILLNESS.shown)}
    assert seen.marked == {1, 2}


def test_a_harmless_text_is_whole_only_where_nothing_of_it_is_masked(tmp_path: Path) -> None:
    text = made("amount", "plain", "{}", "罚款人民币5000元整")
    whole, masked = planted(text, 1), planted(text, 2)
    lines = (whole.text, masked.text.replace("5000", "****"))
    (tmp_path / "a.csv").write_text("\n".join(lines), "utf-8")
    assert read(tmp_path, [whole, masked]).whole == {1}


def test_a_value_is_found_across_two_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(public_bytes, "BLOCK", 100)
    (tmp_path / "a.csv").write_text("字" * 30 + TEXT + "字" * 30, "utf-8")
    assert [*read(tmp_path, [PLANT]).needles] == [NUMBER.shown]


def test_words_are_found_as_a_plain_search_finds_them() -> None:
    words = ["张建国", "建国华", "13812345678", "3812345", "qzxwkmab", "不在文中", "abcdefgh9"]
    text = folded("由张建国华负责，138-1234-5678，QZXWKMAB。abcdefgh")
    assert Needles(words).in_text(text) == {word for word in words if word in text}
