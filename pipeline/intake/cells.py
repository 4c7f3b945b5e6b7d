"""A file's sheets cell by cell, as they were written, for whoever sends them back.

Rows have the numbers that findings give them. What `read` makes of the cells is no matter here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import python_calamine as calamine

from pipeline.clerk import Cell, Grid, is_added
from pipeline.intake import json_files, text_files
from pipeline.intake.sources import InboxFile
from pipeline.intake.text_files import Block, Parsed, TextFormat

Numbered = tuple[int, Sequence[Cell]]


def grids(file: InboxFile) -> list[Grid]:
    """Every sheet of `file` but those that we added ourselves; none where it cannot be opened."""
    suffix = file.suffix
    if suffix == ".json":
        return _json(file.path)
    if suffix in (".csv", ".tsv", ".txt"):
        return [_text(file)]
    return _workbook(file.path)


# ---------------------------------------------------------------- text and JSON: one sheet


def _text(file: InboxFile) -> Grid:
    fmt = text_files.examine(file.path, file.hint.encoding, file.hint.delimiter)
    lines, width = 0, 1
    for piece in text_files.text_blocks(file.path, fmt):
        lines += piece.count(b"\n")
        width = max(width, piece.partition(b"\n")[0].count(fmt.delimiter.encode()) + 1)
    return Grid("", lambda: _records(file.path, fmt, width), (lines + 1) * width)


def _records(path: Path, fmt: TextFormat, width: int) -> Iterator[Numbered]:
    for piece in text_files.records(path, fmt, width):
        parsed = (
            text_files.parse(piece, fmt.delimiter, width) if isinstance(piece, Block) else piece
        )
        yield from _in_order(parsed)


def _in_order(parsed: Parsed) -> Iterator[Numbered]:
    """Records that fit and records that do not, as they stood in the file."""
    names = [name for name in parsed.table.column_names if name != "_row"]
    numbers = parsed.table["_row"].to_pylist()
    rows = list(
        zip(
            numbers,
            zip(*(parsed.table[n].to_pylist() for n in names), strict=True),
            strict=True,
        )
    )
    rows += [(ragged.row, ragged.cells) for ragged in parsed.ragged]
    yield from sorted(rows, key=lambda row: row[0])


def _json(path: Path) -> list[Grid]:
    rows = json_files.rows(path)
    if isinstance(rows, str):
        return []
    cells = len(rows) * len(rows[0])
    return [Grid("", lambda: iter(enumerate(rows, 1)), cells)]


# ---------------------------------------------------------------- workbooks


def _workbook(path: Path) -> list[Grid]:
    try:
        with path.open("rb") as opened:
            book = calamine.load_workbook(opened)
        return list(_sheets(book))
    except Exception:  # calamine raises many kinds; that it cannot be read is a finding of `read`
        return []


def _sheets(book: calamine.CalamineWorkbook) -> Iterator[Grid]:
    for meta in book.sheets_metadata:
        if meta.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        first = next(iter(sheet.iter_rows()), [""])
        if first and is_added(first[0]):
            continue
        merged = tuple((*a, *b) for a, b in sheet.merged_cell_ranges or ())
        hidden = meta.visible != calamine.SheetVisibleEnum.Visible
        cells = sheet.total_height * sheet.total_width
        yield Grid(meta.name, partial(_rows, sheet), cells, hidden, merged)


def _rows(sheet: calamine.CalamineSheet) -> Iterator[Numbered]:
    """The sheet's rows from its first on, each from column A on."""
    top, left = sheet.start or (0, 0)
    for number, row in enumerate(sheet.to_python(skip_empty_area=True), top + 1):
        yield number, [""] * left + row
