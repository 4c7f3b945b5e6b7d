"""Delimited text: every byte and line is told, whatever the encoding, the quotes and the blocks."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.base.errors import Unaccounted
from pipeline.intake.text import blocks, broken_quotes, encodings, text_files
from pipeline.intake.text.blocks import Block, Parsed
from tests.support.examples import tries

CELL = st.text(alphabet="示例ab 1;\n\"',，", max_size=6)


def made(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def parsed(path: Path, width: int) -> list[Parsed]:
    fmt = text_files.examine(path, delimiter=",")
    return [
        blocks.parse(p, fmt.delimiter, width) if isinstance(p, Block) else p
        for p in text_files.records(path, fmt, width)
    ]


def rows_of(pieces: list[Parsed]) -> list[tuple[str, ...]]:
    return [
        tuple(row.values())[:-1] for piece in pieces for row in piece.table.to_pylist()
    ]  # the last column is _row


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("文号,名称\n".encode(), "utf-8"),
        (b"a,b\n", "utf-8"),
        ("文号\n".encode("utf-8-sig"), "utf-8-sig"),
        ("文号\n".encode("utf-16"), "utf-16"),
        ("Number,文号\nNumber,文号\n".encode("utf-16-le"), "utf-16-le"),
        ("文号,名称\n".encode("gb18030"), "gb18030"),
        (b"a,b\n" * 100_000 + "文号\n".encode("gb18030"), "gb18030"),
        ("文号,名称\n".encode() * 50 + b"\xb9\n", "utf-8"),
    ],
)
def test_the_encoding_is_decided_on_the_whole_file(
    tmp_path: Path, data: bytes, encoding: str
) -> None:
    assert text_files.examine(made(tmp_path / "f", data)).encoding == encoding


def test_a_character_cut_by_a_block_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (encodings, text_files):
        monkeypatch.setattr(module, "BLOCK", 7)
    path = made(tmp_path / "f", ("示例示例,例\n" * 9).encode())
    fmt = text_files.examine(path)
    assert fmt.is_clean
    assert b"".join(text_files.text_blocks(path, fmt)).decode() == "示例示例,例\n" * 9


def test_each_stray_byte_is_told_with_its_place(tmp_path: Path) -> None:
    data = b"a,b\n1,\xff2\n" + "示例,3\n".encode() * 9 + b"x\xfey,4\n"
    pieces = parsed(made(tmp_path / "f", data), 2)
    told = [(n.row, n.position, n.byte) for p in pieces for n in p.notes]
    assert [(row, at, byte.offset, byte.hex) for row, at, byte in told if byte] == [
        (2, 1, 6, "ff"),
        (12, 0, data.index(b"\xfe"), "fe"),
    ]


# ---------------------------------------------------------------- lines and quotes


@settings(max_examples=tries(150))
@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=30), st.sampled_from([32, 100, 4 << 20]))
def test_what_a_well_formed_file_holds_is_read_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], block: int
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path = made(tmp_path_factory.mktemp("t") / "f.csv", text.getvalue().encode())
    with pytest.MonkeyPatch.context() as patch:
        for module in (encodings, text_files):
            patch.setattr(module, "BLOCK", block)
        pieces = parsed(path, 3)
    # A cell that looks like lines of the table cannot be told from an open quote.
    if not any("\n" in c and c.count(",") >= 2 for row in rows for c in row):
        assert rows_of(pieces) == rows
    assert sum(p.lines for p in pieces) == blocks.count_lines(text.getvalue().encode())


def test_after_a_quote_that_never_closes_the_table_resumes(tmp_path: Path) -> None:
    good = "".join(f"{n},b,c\n" for n in range(500))
    pieces = parsed(made(tmp_path / "f", ("1,2,3\n" + 'x,"y,z\n' + good).encode()), 3)
    assert len(rows_of(pieces)) == 502
    assert [(n.row, n.rule) for p in pieces for n in p.notes] == [(2, "unclosed-quote")]


@pytest.mark.parametrize("block", [30, 1 << 20])
@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (r'"a \"b\", c",x,"y"', ('a "b", c', "x", "y")),
        (r'"5\" long","x","y"', ('5" long', "x", "y")),
        (r'"a\\",x,"\"y"', ("a\\", "x", '"y')),
        ('"a \\"b\\"\n c",x,y', ('a "b"\n c', "x", "y")),
        (r'"c:\dir\",x,y', ("c:\\dir\\", "x", "y")),  # a backslash that ends a cell is itself
        ('"a ""b""",x,y', ('a "b"', "x", "y")),
    ],
)
def test_quotes_behind_a_backslash_are_part_of_a_cell_only_where_nothing_else_fits(
    tmp_path: Path, line: str, cells: tuple[str, ...], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (encodings, text_files):
        monkeypatch.setattr(module, "BLOCK", block)
    pieces = parsed(made(tmp_path / "f", f"1,2,3\n{line}\n4,5,6\n{line}\n7,8,9\n".encode()), 3)
    assert rows_of(pieces) == [("1", "2", "3"), cells, ("4", "5", "6"), cells, ("7", "8", "9")]
    assert sorted(n for p in pieces for n in p.table["_row"].to_pylist()) == [1, 2, 3, 4, 5]


def test_rows_behind_a_broken_quote_keep_their_numbers_across_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (encodings, text_files):
        monkeypatch.setattr(module, "BLOCK", 200)
    monkeypatch.setattr(text_files, "RESUME", 100)
    lines = [f'{n},"b\nb",c\n' if n % 3 else f'{n},"b,c\n' for n in range(200)]
    pieces = parsed(made(tmp_path / "f", "".join(lines).encode()), 3)
    firsts = [(r["_row"], r["0"]) for p in pieces for r in p.table.to_pylist()]
    numbers = [row for row, _ in firsts] + [r.row for p in pieces for r in p.ragged]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    apart = {r.cells[0] for p in pieces for r in p.ragged}  # cut where a block ends: told, not lost
    assert {first for _, first in firsts} | apart >= {str(n) for n in range(200)}


def test_ragged_rows_keep_their_numbers_and_their_cells(tmp_path: Path) -> None:
    (piece,) = parsed(made(tmp_path / "f", b"1,2\n3\n4,5\n6,7,8\n3\n9,9,,\n"), 2)
    assert [(r.row, r.cells) for r in piece.ragged] == [(2, ("3",)), (4, ("6", "7", "8")), (5, ("3",))]  # fmt: skip
    assert piece.table["_row"].to_pylist() == [1, 3, 6]


@pytest.mark.parametrize("instead", [b"1,2\n3,5\n", b"2,2\n3,3\n", b"1,2\n34,\n\n", b"1,2\n3,04\n"])
def test_a_byte_that_arrow_would_drop_or_change_is_noticed(
    instead: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = blocks.pa_csv.read_csv

    def careless(source: object, *rest: object) -> object:
        return honest(blocks.pa.BufferReader(instead), *rest)

    monkeypatch.setattr(blocks.pa_csv, "read_csv", careless)
    with pytest.raises(Unaccounted):
        blocks.parse(Block(1, b"1,2\n3,4\n"), ",", 2)


@pytest.mark.parametrize("delimiter", list(text_files.DELIMITERS))
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [["文号", "名称", "日期"], ["a", '"x,y|z;"', "1"], ["b", "说，明", "2"]]
    assert text_files.likely_delimiter("\n".join(delimiter.join(r) for r in rows)) == delimiter


# ---------------------------------------------------------------- tolerance

LINES = st.lists(st.text(alphabet='a,"', max_size=8), max_size=12)


@given(LINES, st.integers(0, 4))
def test_every_line_is_in_just_one_record(lines: list[str], columns: int) -> None:
    text = "".join(line + "\n" for line in lines)
    assert sum(r.lines for r in broken_quotes.read(text, ",", columns)) == len(lines)


def test_a_quoted_cell_of_several_lines_is_believed() -> None:
    (record,) = broken_quotes.read('1,"a\nb\nc",2\n', ",", 3)
    assert record == broken_quotes.Record(("1", "a\nb\nc", "2"), 3)


def test_a_quote_that_would_swallow_a_record_is_a_slip() -> None:
    read = list(broken_quotes.read('1,"a,2\n3,b,4\n5,c",6\n', ",", 3))
    assert [r.cells for r in read] == [("1", "a", "2"), ("3", "b", "4"), ("5", "c", "6")]


@pytest.mark.parametrize(
    ("record", "strict"),
    [('a,"b",c', True), ('"a""b",c', True), ('"a\nb"', True), ('a"b",c', False), ('"a"b,c', False)],
)
def test_strict_is_what_rfc_4180_says(record: str, strict: bool) -> None:
    assert broken_quotes.is_strict(record, ",") == strict
