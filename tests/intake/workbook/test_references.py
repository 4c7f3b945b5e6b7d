"""Cells and rows of an XLSX without references lose nothing, and are where calamine puts them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import python_calamine as calamine
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.workbook import archive, limits, references, workbooks
from pipeline.intake.workbook.facts import SheetFacts
from pipeline.intake.workbook.sheet import Sheet
from tests.support.examples import tries
from tests.support.hostile_files import patched, zipped

PART = "xl/worksheets/sheet1.xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINK = '<Relationships><Relationship Id="a" Type="{}/{}" Target="{}"/></Relationships>'


def full() -> bytes:
    """A workbook with all that is told of cells beside their values; between them none is left out."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        zeros = book.add_format({"num_format": "000000000"})
        around = book.add_format({"num_format": '"QZ-"000000'})
        struck = book.add_format({"font_strikeout": True})
        page = book.add_worksheet()
        page.write_row(0, 0, ["码", "号", "式", "误"])
        for row in range(1, 6):
            page.write(row, 0, 5678912, zeros)
            page.write(row, 1, row, around)
            page.write_formula(row, 2, f"=A{row}&B{row}", None, "")
            page.write_formula(row, 3, "=NA()", None, "#N/A")
        page.write(6, 0, "划去", struck)
        page.write_row(6, 1, [1, 2, 3])
        page.set_row(3, None, None, {"hidden": True})
        page.set_row(6, None, None, {"hidden": True})
    return made.getvalue()


FULL = full()


def changed(change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(FULL)) as book:
        part = book.read(PART)
    return patched(FULL, PART, part, change(part))


def without(tags: bytes, part: bytes) -> bytes:
    part = re.sub(rb"<(%b)( [^>]*?)? r=\"[A-Z]*\d+\"" % tags, rb"<\1\2", part)
    return re.sub(rb' spans="[^"]*"', b"", part)


def prefixed(part: bytes) -> bytes:
    return re.sub(rb"<(/?)(c|row|v|f|sheetData)(?=[ />])", rb"<\1x:\2", part).replace(
        b"<worksheet", b'<worksheet xmlns:x="%b"' % MAIN.encode(), 1
    )


def read(folder: Path, data: bytes) -> Sheet:
    path = folder / "book.xlsx"
    path.write_bytes(data)
    (sheet,) = workbooks.sheets(path)
    return sheet


#: Ways to leave out references of which nobody can doubt where each cell is.
WAYS: dict[str, Callable[[bytes], bytes]] = {
    "none": lambda part: without(b"c|row", part),
    "of rows alone": lambda part: without(b"c", part),
    "of cells alone": lambda part: without(b"row", part),
    "none and prefixes": lambda part: prefixed(without(b"c|row", part)),
    "of the first cells alone": lambda part: re.sub(rb' r="[B-D]\d"', b"", part),
    "of the last cells alone": lambda part: re.sub(rb' r="[A-C]\d"', b"", part),
    "in small letters": lambda part: re.sub(
        rb' r="[A-D](?=\d")', lambda m: m[0].lower().replace(b" r", b"\nr"), part
    ),
    "none and a comment": lambda part: without(b"c|row", part).replace(
        b"</c>", b"</c><!-- <c><v>9</v></c> -->", 1
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("piece", [archive.PIECE, 900])
def test_nothing_that_is_told_of_cells_is_lost_without_their_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, piece: int
) -> None:
    data = changed(WAYS[way])
    if piece != archive.PIECE:
        monkeypatch.setattr(archive, "PIECE", piece)
        assert facts_of(tmp_path, data) == facts_of(tmp_path, FULL)
        return
    sheet = read(tmp_path, data)
    assert sheet == read(tmp_path, FULL)
    assert sheet.rows[1] == ["005678912", "1", "=A1&B1", "#N/A"]
    assert (sheet.hidden, sheet.struck) == ({4, 7}, {7})
    assert sheet.shown == ((1, 2, 6, "QZ-\0\0\0\0\0\0"),)


def facts_of(folder: Path, data: bytes) -> SheetFacts:
    path = folder / "facts.xlsx"
    path.write_bytes(data)
    (facts,) = limits.inspect(path).sheets.values()
    return facts


UNCLEAR = {
    "a counted cell after one in another row": '<row><c r="A3"><v>1</v></c><c><v>2</v></c></row>',
    "a counted row after a reference": '<row><c r="A3"><v>1</v></c></row><row><c><v>2</v></c></row>',
    "a reference in another row than its own": '<row r="3"><c><v>1</v></c><c r="B7"><v>2</v></c></row>',
    "cells that go back": '<row><c r="C1"><v>1</v></c><c r="A1"/><c/><c><v>2</v></c></row>',
    "rows that go back": '<row r="2"><c><v>1</v></c></row><row r="1"><c><v>1</v></c></row><row><c><v>2</v></c></row>',
    "cells without a row": "<c><v>1</v></c><c><v>2</v></c>",
    "a row in a row": '<row><c><v>1</v></c><row><c><v>2</v></c></row></row>',
}  # fmt: skip


@pytest.mark.parametrize("how", UNCLEAR)
def test_a_sheet_of_which_nobody_knows_where_its_cells_are_is_a_finding(
    tmp_path: Path, how: str
) -> None:
    assert read(tmp_path, book_of(UNCLEAR[how])).skipped == "broken"


def test_references_alone_may_go_back_and_stand_in_rows_without_numbers(tmp_path: Path) -> None:
    cells = '<row><c r="B3"><v>1</v></c><c r="A3" t="e"><v>#N/A</v></c></row><row hidden="1"><c r="A1"><v>2</v></c></row>'
    sheet = read(tmp_path, book_of(cells))
    assert (sheet.skipped, sheet.rows) == ("", [["2", ""], ["", ""], ["#N/A", "1"]])
    assert sheet.hidden == {1}


def book_of(cells: str) -> bytes:
    return zipped(
        {
            "_rels/.rels": LINK.format(OFFICE, "officeDocument", "xl/workbook.xml").encode(),
            "xl/_rels/workbook.xml.rels": LINK.format(OFFICE, "worksheet", "worksheets/sheet1.xml").encode(),
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="s" sheetId="1" r:id="a"/></sheets></workbook>'.encode(),
            PART: f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'.encode(),
        }
    )  # fmt: skip


Row = tuple[int, list[tuple[bool, int, int]]]
#: Rows: the number, 0 for none; of each cell whether it is blank, and the row, 0 where it has no
#: reference, and the column that it refers to.
ROWS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1, 2, 4, 9]),
        st.lists(
            st.tuples(st.booleans(), st.sampled_from([0, 0, 0, 1, 2, 5, 9]), st.integers(0, 4)),
            max_size=4,
        ),
    ),
    max_size=5,
)  # fmt: skip


def written(rows: list[Row], value: str) -> bytes:
    out, count = list[str](), 0
    for number, cells in rows:
        out.append(f'<row r="{number}">' if number else "<row>")
        for is_blank, row, column in cells:
            count += 1
            reference = f' r="{"ABCDE"[column]}{row}"' if row else ""
            out.append(f"<c{reference}/>" if is_blank else f"<c{reference} {value.format(count)}</c>")  # fmt: skip
        out.append("</row>")
    return book_of("".join(out))


@given(ROWS)
@settings(max_examples=tries(150))
def test_counted_cells_are_where_calamine_puts_them_or_the_sheet_is_not_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row]
) -> None:
    folder = tmp_path_factory.mktemp("counted")
    facts = facts_of(folder, written(rows, 't="e"><v>#{}</v>'))
    if facts.is_unclear:
        return
    book = calamine.load_workbook(io.BytesIO(written(rows, "><v>{}</v>")))
    grid = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    there = {
        (r, c): f"#{cell:.0f}"
        for r, row in enumerate(grid, 1)
        for c, cell in enumerate(row)
        if cell != ""
    }
    assert facts.texts == there
    if any(not row for _, cells in rows for _, row, _ in cells):
        assert len(there) == sum(not blank for _, cells in rows for blank, _, _ in cells)


def test_a_part_with_all_its_references_is_not_counted() -> None:
    with zipfile.ZipFile(io.BytesIO(FULL)) as book:
        part = book.read(PART)
    assert not references.are_missing(part)
    assert not references.are_missing(prefixed(part))
    assert b"".join(references.Counter().completed([part])) == part
