"""Workbooks (XLSX, XLS, ODS) to rows of text, sheet by sheet, by calamine."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import python_calamine as calamine

UNPACKED_MOST = 1 << 30  # bytes that a workbook may unpack to before it is taken for a zip bomb
RATIO_MOST = 400


class Unreadable(Exception):
    """A workbook that cannot be opened; `rule` names the finding."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: rows of text, the first being row 1; `skipped` names why it was not read."""

    name: str
    rows: tuple[tuple[str, ...], ...] = ()
    skipped: str = ""  # "", hidden, empty


def sheets(path: Path) -> Iterator[Sheet]:
    """Every sheet of the workbook. Raises Unreadable where it cannot be opened."""
    _no_bomb(path)
    try:
        book = calamine.load_workbook(path)
    except calamine.PasswordError as error:
        raise Unreadable("file-password") from error
    except Exception as error:  # calamine raises many kinds, all of them meaning this
        raise Unreadable("file-broken") from error
    with book:
        for meta in book.sheets_metadata:
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            if meta.visible != calamine.SheetVisibleEnum.Visible:
                yield Sheet(meta.name, skipped="hidden")
                continue
            rows = _rows(book, meta.name)
            yield Sheet(meta.name, rows) if rows else Sheet(meta.name, skipped="empty")


def _rows(book: calamine.CalamineWorkbook, name: str) -> tuple[tuple[str, ...], ...]:
    try:
        read = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except Exception as error:
        raise Unreadable("file-broken") from error
    rows = [tuple(as_text(cell) for cell in row) for row in read]
    while rows and not any(rows[-1]):
        rows.pop()
    return tuple(rows)


def _no_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(info.file_size for info in packed.infolist())
    except (zipfile.BadZipFile, OSError):
        return  # not a ZIP: XLS, or broken, which calamine tells
    if unpacked > UNPACKED_MOST or unpacked > RATIO_MOST * max(path.stat().st_size, 1 << 16):
        raise Unreadable("file-bomb")


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
    if abs(cell) >= 1e15:
        return f"{cell:.5E}"
    if cell == int(cell):
        return str(int(cell))
    return f"{cell:.15g}" if abs(cell) >= 1e-4 else f"{cell:.15f}".rstrip("0")
