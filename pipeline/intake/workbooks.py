"""Workbooks (XLSX, XLS, ODS) to rows of text, sheet by sheet, by calamine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import python_calamine as calamine

from pipeline.intake import packed
from pipeline.intake.layout import Merged
from pipeline.intake.packed import BookFacts, SheetFacts, Unreadable

__all__ = ["Sheet", "Unreadable", "as_text", "sheets"]

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: rows of text, the first being row 1; `skipped` names why it was not read."""

    name: str
    rows: Sequence[Sequence[str]] = ()
    skipped: str = ""  # "", hidden, empty, vast, broken, chart
    merged: tuple[Merged, ...] = ()
    errors: dict[tuple[int, int], str] = field(default_factory=dict)  # (row, column): #N/A
    is_1904: bool = False


def sheets(path: Path) -> Iterator[Sheet]:
    """Every sheet of the workbook. Raises Unreadable where it cannot be opened."""
    with path.open("rb") as file:
        start = file.read(4)
    facts = packed.inspect(path) if start == _ZIP else BookFacts()
    if start == _OLE and _ENCRYPTED in path.read_bytes():
        raise Unreadable("file-password")
    with _opened(path) as book:
        for meta in book.sheets_metadata:
            about = facts.sheets.get(meta.name, SheetFacts())
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                yield Sheet(meta.name, skipped="chart")
            elif meta.visible != calamine.SheetVisibleEnum.Visible:
                yield Sheet(meta.name, skipped="hidden")
            elif about.is_vast:
                yield Sheet(meta.name, skipped="vast")
            else:
                yield _sheet(book, meta.name, about, facts.is_1904)


def _opened(path: Path) -> Any:
    """By content, not by name: an .xls is often an XLSX."""
    try:
        with path.open("rb") as file:
            return calamine.load_workbook(file)
    except calamine.PasswordError as error:
        raise Unreadable("file-password") from error
    except Exception as error:  # calamine raises many kinds, all of them meaning this
        raise Unreadable("file-broken") from error


def _sheet(book: Any, name: str, facts: SheetFacts, is_1904: bool) -> Sheet:
    try:
        sheet = book.get_sheet_by_name(name)
        read = sheet.to_python(skip_empty_area=False)
        ranges = sheet.merged_cell_ranges or ()
    except Exception:
        return Sheet(name, skipped="broken")
    rows = [[c if c.__class__ is str else as_text(c) for c in row] for row in read]
    for (row, column), error in facts.errors.items():
        _put(rows, row, column, error)
    while rows and not any(rows[-1]):
        rows.pop()
    merged = tuple(Merged(a + 1, b, c + 1, d) for (a, b), (c, d) in ranges) or facts.merged
    return Sheet(name, rows, "" if rows else "empty", merged, facts.errors, is_1904)


def _put(rows: list[list[str]], row: int, column: int, text: str) -> None:
    """An error value in its cell, as long as that is near the rows that were read."""
    if row <= len(rows):
        cells = rows[row - 1]
        cells += [""] * (column + 1 - len(cells)) if column < 16384 else []
        if column < len(cells):
            cells[column] = text


def as_text(cell: object) -> str:
    """A cell as a person would have typed it: whole numbers without `.0`, dates as ISO 8601.

    A whole number of more than 15 digits is shown as Excel shows it (9.14115E+17), since its last
    digits are not those that were typed.
    """
    if cell is None or cell == "":
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def _number(cell: float) -> str:
    if abs(cell) >= 1e15 or not math.isfinite(cell):
        return f"{cell:.5E}"
    if cell == int(cell):
        return str(int(cell))
    return f"{cell:.15g}" if abs(cell) >= 1e-4 else f"{cell:.15f}".rstrip("0")
