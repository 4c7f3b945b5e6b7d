"""A file's sheets cell by cell as written, for the workbooks that departments get back.

Rows have the same numbers as in findings. Cells are not normalised here; `read` does that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from pipeline.base.model import Catalog
from pipeline.base.sheet_cells import Cell, Grid, is_added
from pipeline.intake import sheet_tables
from pipeline.intake.inbox import kinds
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.text import blocks, text_files
from pipeline.intake.text.blocks import Block, Parsed
from pipeline.intake.text.text_files import TextFormat
from pipeline.intake.workbook import workbooks
from pipeline.intake.workbook.sheet import Sheet, Unreadable

_MISSING = frozenset(("vast", "too-large", "broken"))
Numbered = tuple[int, Sequence[Cell]]


def grids(file: InboxFile, catalog: Catalog) -> list[Grid]:
    """Every sheet of `file` except those that the pipeline added; [] where it cannot be opened."""
    try:
        return list(_grids(file, catalog))
    except Exception:  # many kinds; that it cannot be read is a finding of `read`
        return []


def _grids(file: InboxFile, catalog: Catalog) -> Iterator[Grid]:
    kind = kinds.kind_of(file.path, kinds.KINDS.get(file.suffix, kinds.WORKBOOK))
    if kind == kinds.JSON:
        yield from _json(file, catalog)
    elif kind == kinds.TEXT:
        yield _text(file)
    else:
        yield from _sheets(workbooks.sheets(file.path, kind == kinds.MARKUP, is_typed=True))


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


def _json(file: InboxFile, catalog: Catalog) -> Iterator[Grid]:
    tables = sheet_tables.json_tables(file, catalog)
    for name, rows in tables if isinstance(tables, list) else ():
        yield Grid(name, partial(enumerate, rows, 1), len(rows) * len(rows[0]))


# ---------------------------------------------------------------- workbooks


def _sheets(sheets: Iterator[Sheet]) -> Iterator[Grid]:
    """Nothing where a sheet is missing: who sends the feedback in again would lose its rows."""
    for sheet in sheets:
        if sheet.skipped in _MISSING:
            raise Unreadable(f"sheet-{sheet.skipped}")
        if sheet.skipped == "chart":
            continue
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
