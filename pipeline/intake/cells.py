"""A file's sheets cell by cell as written, for the workbooks that departments get back.

Rows have the same numbers as in findings. Cells are not normalised here; `read` does that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import python_calamine as calamine

from pipeline.base.sheet_cells import Cell, Grid, is_added
from pipeline.intake import read
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.text import blocks, json_files, text_files
from pipeline.intake.text.blocks import Block, Parsed
from pipeline.intake.text.text_files import TextFormat
from pipeline.intake.workbook import limits, markup, workbooks
from pipeline.intake.workbook.sheet import Sheet

Numbered = tuple[int, Sequence[Cell]]


def grids(file: InboxFile) -> list[Grid]:
    """Every sheet of `file` except those that the pipeline added; [] where it cannot be opened."""
    try:
        return list(_grids(file))
    except Exception:  # many kinds; that it cannot be read is a finding of `read`
        return []


def _grids(file: InboxFile) -> Iterator[Grid]:
    kind = read.kind_of(file.path, read.KINDS.get(file.suffix, read.WORKBOOK))
    if kind == read.JSON:
        yield from _json(file.path)
    elif kind == read.TEXT:
        yield _text(file)
    elif kind == read.MARKUP:
        yield from _as_text(markup.sheets(file.path))
    elif workbooks.is_old(file.path):
        yield from _as_text(workbooks.sheets(file.path))
    else:
        yield from _workbook(file.path)


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
        parsed = blocks.parse(piece, fmt.delimiter, width) if isinstance(piece, Block) else piece
        yield from _in_order(parsed)


def _in_order(parsed: Parsed) -> Iterator[Numbered]:
    """Records that fit and records that do not, as written in the file."""
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


def _json(path: Path) -> Iterator[Grid]:
    tables = json_files.tables(path)
    for name, rows in tables if isinstance(tables, list) else ():
        yield Grid(name, partial(enumerate, rows, 1), len(rows) * len(rows[0]))


# ---------------------------------------------------------------- workbooks


def _as_text(sheets: Iterator[Sheet]) -> Iterator[Grid]:
    """Sheets whose cells are known as text alone."""
    for sheet in sheets:
        width = max(map(len, sheet.rows), default=0)
        merged = tuple((m.top - 1, m.left, m.bottom - 1, m.right) for m in sheet.merged)
        hidden = sheet.skipped == "hidden"
        if not (width and is_added(next(iter(sheet.rows[0]), ""))):
            yield Grid(
                sheet.name,
                partial(enumerate, sheet.rows, 1),
                len(sheet.rows) * width,
                hidden,
                merged,
            )


def _workbook(path: Path) -> Iterator[Grid]:
    facts = limits.inspect(path)
    if any(sheet.is_vast for sheet in facts.sheets.values()):
        return
    with path.open("rb") as opened:
        yield from _sheets(calamine.load_workbook(opened))


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
