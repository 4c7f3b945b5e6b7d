"""A department's side of the exchange: files as it writes them, workbooks as it opens them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.base.model import Catalog
from pipeline.checks.rules import RULES
from pipeline.contract import catalog as contracts
from pipeline.flow import check as checking
from pipeline.flow.read_inbox import Run

ROOT = Path(__file__).parents[2]
TODAY = date(2025, 3, 31)
CATALOG: Catalog = contracts.load(ROOT / "datapackage", RULES)
RED, YELLOW = "FFFFC7CE", "FFFFEB9C"
ORGAN = "示例区市场监督管理局"

#: A record of each column that must be filled, as a department writes it, and right.
CERTIFICATE = {
    "证件编号": "16110300001",
    "姓名": "李示例",
    "执法单位": ORGAN,
    "发证日期": "2024-01-15",
    "有效期至": "2029-01-14",
    "证件状态": "有效",
}


def check(inbox: Path, private: Path) -> Run:
    """Intake and checks of an inbox, in this process."""
    return checking.check(inbox, private, CATALOG, TODAY)


def findings(private: Path) -> list[dict[str, str]]:
    with (private / "findings.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def errors(private: Path) -> list[tuple[str, str, str]]:
    """(rule, row, column) of every error."""
    found = findings(private)
    return [(f["rule"], f["row"], f["column"]) for f in found if f["severity"] == "error"]


def write_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        header = list(dict.fromkeys(name for row in rows for name in row))
        writer = csv.DictWriter(file, header, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_book(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """A workbook with these rows on its sheets; text stays text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for r, row in enumerate(rows, 1):
            for c, value in enumerate(row, 1):
                put(sheet, r, c, value)
    book.save(path)
    return path


def put(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    """Type `value` into a cell; what begins with = is typed as text."""
    cell = sheet.cell(row, column, value)
    if isinstance(value, str):
        cell.data_type = "s"


def opened(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path)


def values(sheet: Worksheet) -> list[tuple[Any, ...]]:
    return [tuple("" if v is None else v for v in row) for row in sheet.iter_rows(values_only=True)]


def painted(sheet: Worksheet) -> dict[str, str]:
    """Cell → colour of every cell that is painted as an error or a warning."""
    return {
        cell.coordinate: str(cell.fill.start_color.rgb)
        for row in sheet.iter_rows()
        for cell in row
        if cell.fill.start_color.rgb in (RED, YELLOW)
    }


def header_at(sheet: Worksheet, title: str) -> tuple[int, int]:
    """(row, column) of the header that says `title`, star, unit and line breaks aside."""
    for row in sheet.iter_rows(max_row=20):
        for cell in row:
            if str(cell.value or "").lstrip("*").split("（万元）")[0] == title:
                return cell.row, cell.column
    raise AssertionError(f"no column {title}")


def listed(book: openpyxl.Workbook) -> list[dict[str, Any]]:
    """The lines of 问题清单, by its own headers."""
    rows = values(book["问题清单"])
    return [dict(zip(rows[2], row, strict=True)) for row in rows[3:]]
