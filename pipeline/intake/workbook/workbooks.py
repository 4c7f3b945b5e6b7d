"""Workbooks (XLSX, XLS, ODS) to rows of text, sheet by sheet, by calamine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import python_calamine as calamine

from pipeline.intake.table.find_headers import Merged
from pipeline.intake.workbook import limits, xls_process
from pipeline.intake.workbook.celltext import as_text
from pipeline.intake.workbook.limits import SheetFacts
from pipeline.intake.workbook.sheet import Sheet, Unreadable

_ZIP = b"PK\x03\x04"
NOTHING_KNOWN = SheetFacts()
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def sheets(path: Path) -> Iterator[Sheet]:
    """Every sheet of the workbook. Raises Unreadable where it cannot be opened."""
    if is_old(path):
        yield from _old_sheets(path)
        return
    facts = limits.inspect(path)
    with _opened(path) as book:
        for meta in book.sheets_metadata:
            about = facts.sheets.get(meta.name, NOTHING_KNOWN)
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                yield Sheet(meta.name, skipped="chart")
            elif meta.visible != calamine.SheetVisibleEnum.Visible:
                yield Sheet(meta.name, skipped="hidden")
            elif about.is_vast:
                yield Sheet(meta.name, skipped="vast")
            else:
                yield _sheet(book, meta.name, about, facts.is_1904)


def is_old(path: Path) -> bool:
    """Whether the file is no ZIP archive: an XLS, or an encrypted workbook."""
    with path.open("rb") as file:
        return file.read(4) != _ZIP


def _old_sheets(path: Path) -> Iterator[Sheet]:
    if _ENCRYPTED in path.read_bytes():
        raise Unreadable("file-password")
    read = xls_process.sheets(path)
    if isinstance(read, str):
        raise Unreadable(read)
    for sheet in read:
        if not sheet["is_table"]:
            yield Sheet(sheet["name"], skipped="chart")
        elif not sheet["is_visible"]:
            yield Sheet(sheet["name"], skipped="hidden")
        elif sheet["rows"] is None:
            yield Sheet(sheet["name"], skipped="broken")
        else:
            yield _sheet_of(sheet["name"], sheet["rows"], sheet["merged"])


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
    except Exception:  # of one sheet; that it was not read is a finding, and the others are read
        return Sheet(name, skipped="broken")
    return _sheet_of(name, list(map(_as_texts, read)), ranges, facts, is_1904)


def _as_texts(row: list[Any]) -> list[str]:
    """A row's cells as text; most rows hold nothing else."""
    if {*map(type, row)} == {str}:
        return row
    return [c if c.__class__ is str else as_text(c) for c in row]


def _sheet_of(
    name: str,
    rows: list[list[str]],
    ranges: Any,
    facts: SheetFacts = NOTHING_KNOWN,
    is_1904: bool = False,
) -> Sheet:
    for (row, column), error in facts.errors.items():
        _put(rows, row, column, error)
    while rows and not any(rows[-1]):
        rows.pop()
    merged = tuple(Merged(a + 1, b, c + 1, d) for (a, b), (c, d) in ranges) or facts.merged
    skipped = "" if rows else "empty"
    unseen = facts.hidden, facts.struck, facts.hidden_columns
    return Sheet(name, rows, skipped, merged, facts.errors, is_1904, *unseen)


def _put(rows: list[list[str]], row: int, column: int, text: str) -> None:
    """An error value in its cell, as long as that is near the rows that were read."""
    if row <= len(rows):
        cells = rows[row - 1]
        cells += [""] * (column + 1 - len(cells)) if column < 16384 else []
        if column < len(cells):
            cells[column] = text
