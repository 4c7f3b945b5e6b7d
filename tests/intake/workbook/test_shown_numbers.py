"""A number that a spreadsheet shows inside a text is that text in a column of texts, and a number elsewhere."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.intake import read
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.read import Opened
from pipeline.intake.table.sources_yaml import Hint
from pipeline.intake.workbook import shown_numbers, workbooks
from tests.support import clerks
from tests.support.filekinds import labels, record, xls_of
from tests.support.hostile_files import ods, patched, xlsx
from tests.support.shop import ROOT

CATALOG = catalog.load(ROOT / "datapackage", RULES)
HEADER = ("职权编码", "职权名称", "职权类型", "设定依据", "实施主体", "行使层级", "法定时限")
POWER = ("", "示例事项", "行政许可", "《示例法》第三条", "示例局", "县级", "20")


@pytest.mark.parametrize(
    ("code", "shows"),
    [
        ('"QZ-"000000', "QZ-000042"),
        ('0000"号"', "0042号"),
        ('"A"00-000', "A00-042"),
        (r"00\-000", "00-042"),
        ("00-000", "00-042"),
        ('"2024-"0000;@', "2024-0042"),
        ("第0000号", "第0042号"),
        ('General"号"', "42号"),
        ('0"元"', "42元"),
        ('[$-804]"第"0"号"', "第42号"),
        ("000000", ""),  # zeros alone are read elsewhere
        ("0", ""),
        ("General", ""),
        ("#,##0", ""),
        ('#,##0.00"元"', ""),
        ("0%", ""),
        ("0.00E+00", ""),
        ('yyyy"年"m"月"', ""),
        ('_ "¥"* #,##0_ ', ""),
        ('"¥"0', ""),
        ("-0", ""),
        ("@", ""),
        ('"never closed', ""),
    ],
)
def test_a_format_with_words_around_its_digits_shows_them(code: str, shows: str) -> None:
    text = shown_numbers.pattern(code)
    assert (shown_numbers.shown("42", text) if text else "") == shows


@pytest.mark.parametrize(
    ("code", "digits"), [("00", 2), ("000000000", 9), ("0000;@", 4), ("0", 0), ("#00", 0), ("00.0", 0), ("", 0)]
)  # fmt: skip
def test_a_format_of_zeros_alone_shows_as_many_digits(code: str, digits: int) -> None:
    assert shown_numbers.zeros(code) == digits


def test_digits_beyond_the_places_of_a_format_are_in_front() -> None:
    assert shown_numbers.shown("1234567", shown_numbers.pattern('"A"00-000')) == "A1234-567"


@pytest.mark.parametrize(
    ("text", "digits", "other"),
    [
        ("QZ-000042", "42", "QZ-000043"),
        ("A00-042", "42", "A00-043"),
        ("2024-0042", "42", "2024-0043"),
        ("42号", "42", "43号"),
        ("42", "42", ""),
        ("00042", "42", ""),
        ("1,042", "1042", ""),
        ("42%", "42", ""),
        ("9号", "42", ""),
    ],
)
def test_the_pattern_of_a_text_shows_another_number_in_the_same_way(
    text: str, digits: str, other: str
) -> None:
    found = shown_numbers.pattern_of(text, digits)
    assert (shown_numbers.shown("43", found) if found else "") == other
    assert not found or shown_numbers.shown(digits, found) == text


def test_cells_below_each_other_are_one_run() -> None:
    runs = shown_numbers.Runs()
    for row, text in ((2, "a\0"), (3, "a\0"), (5, "a\0"), (6, "b\0")):
        runs.add(row, 0, text)
    assert sorted(runs) == [(0, 2, 3, "a\0"), (0, 5, 5, "a\0"), (0, 6, 6, "b\0")]


def formatted(formats: Sequence[str], days: str = "0") -> bytes:
    """A workbook of powers whose numbers from 42 on have these formats."""

    def change(book: Any, pages: dict[str, Any]) -> None:
        page = pages["Sheet1"]
        for row, code in enumerate(formats, 1):
            page.write(row, 0, 41 + row, book.add_format({"num_format": code}))
            page.write(row, 6, 20, book.add_format({"num_format": days}))

    return xlsx([HEADER, *([POWER] * len(formats))], change)


def table(tmp_path: Path, data: bytes) -> list[dict[str, str]]:
    """The records of the only table."""
    path = tmp_path / "权力.xlsx"
    path.write_bytes(data)
    (opened,) = read.open_file(InboxFile(path, path.name, False, Hint()), CATALOG)
    assert isinstance(opened, Opened) and opened.dataset
    return [row for piece in opened.pieces() for row in opened.chunk(piece).table.to_pylist()]


def test_codes_are_as_shown_and_numbers_are_numbers(tmp_path: Path) -> None:
    data = formatted(['"QZ-"000000', '0000"号"', '"A"00-000', r"00\-000", "00000", "0"], '000"天"')
    rows = table(tmp_path, data)
    assert [r["power_no"] for r in rows] == ["QZ-000042", "0043号", "A00-044", "00-045", "00046", "47"]  # fmt: skip
    assert {r["legal_days"] for r in rows} == {"20"}


def shown_in(tmp_path: Path, data: bytes) -> list[str]:
    """What the runs of the only sheet make of its first column."""
    path = tmp_path / "file"
    path.write_bytes(data)
    (sheet,) = workbooks.sheets(path)
    return [
        shown_numbers.shown(sheet.rows[row - 1][column], text)
        for column, first, last, text in sheet.shown
        for row in range(first, last + 1)
    ]


def test_an_xls_and_an_ods_show_them_too(tmp_path: Path) -> None:
    code = '"QZ-"000000'.encode("utf-16-le")
    styles = record(0x041E, struct.pack("<HHB", 164, 11, 1) + code) + b"".join(
        record(0x00E0, struct.pack("<HHH", 0, n, 0) + bytes(14)) for n in (0, 164)
    )
    numbers = b"".join(record(0x0203, struct.pack("<HHHd", row, 0, 1, 41 + row)) for row in (1, 2))
    assert shown_in(tmp_path, xls_of(labels([["码"]]) + numbers, styles)) == ["QZ-000042", "QZ-000043"]  # fmt: skip
    cell = '<table:table-row><table:table-cell office:value-type="float" office:value="42"><text:p>{}</text:p></table:table-cell></table:table-row>'
    rows = "".join(map(cell.format, ("QZ-000042", "42号", "42", "00042")))
    assert shown_in(tmp_path, ods([], rows)) == ["QZ-000042", "42号"]


@pytest.mark.usefixtures("every_engine")
def test_a_department_gets_its_codes_back_as_they_are_shown(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    wrong = patched(formatted(['"QZ-"000000', "00000"]), "xl/sharedStrings.xml", "县级".encode(), "某级".encode())  # fmt: skip
    (tmp_path / "inbox" / "权力.xlsx").write_bytes(wrong)
    clerks.check(tmp_path / "inbox", tmp_path / "private")
    back = clerks.opened(tmp_path / "private" / "feedback" / "权力.xlsx").worksheets[0]
    assert [row[0] for row in clerks.values(back)] == ["职权编码", "QZ-000042", "00043"]
