"""A text file cut into ranges holds the rows of the whole file, however it is written and cut."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.base.engine import Unseen
from pipeline.base.errors import StoreError
from pipeline.intake.text import blocks, checksums, encodings, ranges, text_files
from pipeline.intake.text.blocks import Block, Parsed
from pipeline.intake.text.checksums import Checksum
from pipeline.intake.text.ranges import Range
from pipeline.intake.text.text_files import TextFormat

ROWS = [("文号", "名称"), *((f"示政发〔2024〕{n}号", f"示例办法之{n}") for n in range(1, 90))]
CELL = st.text(alphabet="示例a ;\n\"',，", max_size=5)
Numbered = list[tuple[int, tuple[str, ...]]]


def written(rows: list[tuple[str, ...]], ends: str = "\n") -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator=ends).writerows(rows)
    return out.getvalue()


def cut(path: Path, partitions: int) -> tuple[TextFormat, list[Range | Block | Parsed]]:
    fmt = text_files.examine(path, delimiter=",")
    return fmt, list(ranges.pieces(path, fmt, 2, partitions))


def rows_of(pieces: list[Range | Block | Parsed]) -> Numbered:
    """(row number, cells) of each record of all pieces."""
    found: Numbered = []
    for piece in pieces:
        block = piece.block() if isinstance(piece, Range) else piece
        parsed = block if isinstance(block, Parsed) else blocks.parse(block, ",", 2)
        for record in parsed.table.to_pylist():
            number = record.pop("_row")
            found.append((number, tuple(record.values())))
        found += [(ragged.row, ragged.cells) for ragged in parsed.ragged]
    return sorted(found)


@pytest.mark.parametrize("partitions", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_every_row_comes_once_under_its_number(
    tmp_path: Path, partitions: int, encoding: str, ends: str
) -> None:
    path = tmp_path / "示例.csv"
    path.write_bytes(written(ROWS, ends).encode(encoding))
    _, pieces = cut(path, partitions)
    assert all(isinstance(piece, Range) for piece in pieces)
    assert len(pieces) >= max(partitions, 1)
    assert rows_of(pieces) == list(enumerate(ROWS, 1))


@pytest.mark.parametrize("partitions", [1, 2, 3, 7])
def test_a_line_break_inside_a_cell_is_no_border(tmp_path: Path, partitions: int) -> None:
    rows = [(number, f"{name}\n第二行，“示例”") for number, name in ROWS]
    path = tmp_path / "示例.csv"
    path.write_text(written(rows), "utf-8")
    _, pieces = cut(path, partitions)
    assert all(isinstance(piece, Range) for piece in pieces)
    assert rows_of(pieces) == list(enumerate(rows, 1))


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_where_quotes_are_broken_the_cut_does_not_matter(tmp_path: Path, partitions: int) -> None:
    text = written(ROWS).replace("示例办法之9\n", '"示例办法之9\n').replace("之50\n", '"之50\n')
    path = tmp_path / "示例.csv"
    path.write_text(text, "utf-8")
    fmt, pieces = cut(path, partitions)
    assert rows_of(pieces) == rows_of(list(text_files.records(path, fmt, 2)))


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=20), st.integers(1, 9), st.booleans())
def test_any_table_is_the_same_cut_or_whole(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    partitions: int,
    is_wide: bool,
) -> None:
    path = tmp_path_factory.mktemp("any") / "示例.csv"
    path.write_text(written([*rows]), "utf-16" if is_wide else "utf-8", newline="")
    fmt, pieces = cut(path, partitions)
    assert rows_of(pieces) == rows_of(list(text_files.records(path, fmt, 2)))


def test_stray_bytes_are_told_with_their_place_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "示例.csv"
    lines = written(ROWS).encode().split(b"\n")
    lines[60] += b"\xff"
    path.write_bytes(b"\n".join(lines))
    _, pieces = cut(path, 7)
    lost = [byte for p in pieces if isinstance(p, Range) for byte in p.block().lost]
    assert [(byte.offset, byte.hex) for byte in lost] == [(path.read_bytes().index(b"\xff"), "ff")]


def test_an_encoding_in_which_borders_hide_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "示例.csv"
    path.write_bytes(written(ROWS).encode("utf-16"))
    _, pieces = cut(path, 7)
    assert not any(isinstance(piece, Range) for piece in pieces)
    assert rows_of(pieces) == list(enumerate(ROWS, 1))


def test_another_file_in_its_place_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    path = tmp_path / "示例.csv"
    path.write_text(written(ROWS), "utf-8")
    _, [piece] = cut(path, 1)
    assert isinstance(piece, Range)
    path.write_text(written(ROWS).replace("之7", "之8"), "utf-8")
    with pytest.raises(Unseen):
        piece.block()
    path.unlink()
    with pytest.raises(Unseen):
        piece.block()
    with pytest.raises(StoreError, match="损坏"):
        piece.carried()


# ---------------------------------------------------------------- borders told by the first look


@pytest.fixture(params=[5, 16, 61, 1000])
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Blocks of so few bytes."""
    for module in (encodings, ranges, text_files):
        monkeypatch.setattr(module, "BLOCK", request.param)
    return int(request.param)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("is_ended", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_file_without_quotes_is_cut_by_what_the_first_look_told(
    tmp_path: Path, encoding: str, ends: str, is_ended: bool
) -> None:
    path, rows = (
        tmp_path / "示例.csv",
        [("n", "a"), *((str(n), "示例"[: n % 3]) for n in range(60))],
    )
    text = written(rows, ends)
    path.write_bytes((text if is_ended else text.removesuffix(ends)).encode(encoding))
    _, pieces = cut(path, 0)
    assert rows_of(pieces) == list(enumerate(rows, 1))


def test_what_the_first_look_told_is_what_counting_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (encodings, ranges, text_files):
        monkeypatch.setattr(module, "BLOCK", 300)
    path = tmp_path / "示例.csv"
    path.write_text("\ufeff" + written(ROWS), "utf-8")
    fmt, at_once = cut(path, 0)
    counted = ranges.borders(path, replace(fmt, stretches=()), 2, 1 << 20)
    assert counted is not None and len(counted) == 1 < len(at_once)
    assert all(isinstance(piece, Range) for piece in at_once)
    assert (
        sum((p.checksum for p in at_once if isinstance(p, Range)), Checksum())
        == counted[0].checksum
    )
    assert sum(p.lines for p in at_once if isinstance(p, Range)) == counted[0].lines


@pytest.mark.parametrize("block", range(1, 9))
@pytest.mark.parametrize(
    ("data", "is_utf8"),
    [
        ("a示例\U00020bb7".encode() * 3, True),
        ("示例".encode()[:-1], False),
        ("示例".encode()[1:], False),
        (b"a" * 7 + b"\xe7\xa4" + b"b" * 7, False),
        (b"a" * 7 + b"\xba" * 4 + b"b" * 7, False),
        (b"a" * 7 + b"\xff" + b"b" * 7, False),
        (b"", True),
    ],
)
def test_a_file_is_utf8_wherever_it_is_cut_to_look_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, data: bytes, is_utf8: bool
) -> None:
    monkeypatch.setattr(encodings, "BLOCK", block)
    path = tmp_path / "示例.csv"
    path.write_bytes(data)
    assert encodings.scan(path).is_utf8 is is_utf8


@given(st.binary(max_size=40), st.integers(0, 39), st.integers(1, 255))
def test_a_measure_tells_any_one_byte_changed_and_adds_up(data: bytes, at: int, by: int) -> None:
    parts = checksums.of(data[:at]) + checksums.of(data[at:])
    assert parts == checksums.of(data) and parts - checksums.of(data[at:]) == checksums.of(
        data[:at]
    )
    if at < len(data):
        changed = bytes([*data[:at], data[at] ^ by, *data[at + 1 :]])
        assert checksums.of(changed) != checksums.of(data)
