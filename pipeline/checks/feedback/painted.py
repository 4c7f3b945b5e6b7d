"""A copy of a department's sheet, with its bad cells painted and commented."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import cast

from xlsxwriter.exceptions import OverlappingRange
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipeline.base.sheet_cells import Cell, Grid
from pipeline.base.sheet_styles import FONT, Formats, lines, number_format, width

LONGEST = 32_000  # characters; a spreadsheet's cell holds 32,767
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384  # of a sheet
MOST_COMMENTS = 3_000  # on a sheet; more make spreadsheets slow, and the list has them all
MOST_MERGED = 10_000  # cells of a merged area that is worth keeping
MEASURED = 300  # rows that decide the width of columns
NARROW, HEADER, WIDE = 9, 20, 42  # columns' widths, in characters
PAGE = 260  # characters across that can still be read on a page
FROZEN = 12  # a header further down than this is not kept in sight

At = tuple[int, int]  # row from 1, column's position from 0


@dataclass(slots=True)
class Paint:
    """The problems of one sheet: the severity of cells and of whole rows, and their comments."""

    cells: dict[At, str] = field(default_factory=dict)
    rows: dict[int, str] = field(default_factory=dict)
    comments: dict[At, list[str]] = field(default_factory=dict)

    def mark(self, row: int, position: int | None, severity: str, comment: str) -> None:
        """Paint a cell, or where `position` is None the row, and say why in a comment."""
        at = row, position or 0
        if position is None:
            self.rows[row] = _worse(severity, self.rows.get(row, ""))
        else:
            self.cells[at] = _worse(severity, self.cells.get(at, ""))
        comments = self.comments.setdefault(at, [])
        if comment not in comments:
            comments.append(comment)

    def moved(self, places: Mapping[At, At]) -> Paint:
        """A copy in which the problems of a merged area's cells are on its visible cell."""
        moved = Paint(rows=self.rows)
        for at, severity in self.cells.items():
            to = places.get(at, at)
            moved.cells[to] = _worse(severity, moved.cells.get(to, ""))
        for at, comments in self.comments.items():
            held = moved.comments.setdefault(places.get(at, at), [])
            held += [text for text in comments if text not in held]
        return moved


def _worse(one: str, other: str) -> str:
    return "error" if "error" in (one, other) else one or other


class Painter:
    """Writes one sheet; afterwards `values` has the text of each painted cell."""

    def __init__(
        self, sheet: Worksheet, formats: Formats, paint: Paint, header_rows: Collection[int]
    ) -> None:
        self.sheet, self.formats, self.header_rows = sheet, formats, header_rows
        self.paint, self.written_paint = paint, paint
        self.values: dict[At, str] = {}
        self.shortened = 0  # cells too long for a spreadsheet
        self._widths: dict[int, int] = {}
        self._wanted: set[At] = set(paint.cells)

    def write(self, grid: Grid, only: Collection[int] | None = None) -> None:
        """Write `grid`; `only`: the rows to write of a sheet that is too large for all of them."""
        areas = [] if only is not None else [a for a in grid.merged if _worth_keeping(a)]
        self.written_paint = self.paint.moved(_shown_cells(areas))
        last_painted = self._last_painted()
        corners: dict[At, Cell] = {(r + 1, c): "" for r, c, _, _ in areas}
        for number, cells in grid.rows():
            if number > MOST_ROWS or (only is not None and number not in only):
                continue
            padded = [*cells[:MOST_COLUMNS]]
            padded += [""] * (last_painted.get(number, -1) + 1 - len(padded))
            self._row(number, padded)
            corners.update({at: padded[at[1]] for at in corners.keys() & _ats(number, padded)})
            if number <= MEASURED or only is not None:
                self._measure(number, padded)
        for area in areas:
            self._merge(area, corners[area[0] + 1, area[1]])
        self._set_up(grid, only is not None)
        self._comment()

    def _last_painted(self) -> dict[int, int]:
        last: dict[int, int] = {}
        for row, position in self.written_paint.cells:
            last[row] = max(position, last.get(row, -1))
        return last

    # ------------------------------------------------------------ cells

    def _row(self, number: int, cells: Sequence[Cell]) -> None:
        paint = self.written_paint
        plain = "header" if number in self.header_rows else "plain"
        if severity := paint.rows.get(number):
            plain = f"{severity}-row"
        if plain == "header":
            tall = max((lines(shown(value), HEADER - 2) for value in cells), default=1)
            self.sheet.set_row(number - 1, 17 * min(tall, 5))
        for position, value in enumerate(cells):
            at = number, position
            if at in self._wanted:
                self.values[at] = shown(value)
            look = paint.cells.get(at, plain)
            if value != "" or look not in ("plain", "header"):
                self._cell(at, value, look)

    def _cell(self, at: At, value: Cell, look: str) -> None:
        """Write a cell. Text is never a formula, and a correction typed over a bad number is text."""
        painted = look in ("error", "warning")
        as_text = isinstance(value, str) or (painted and not isinstance(value, date))
        style = self.formats.get(look, "@" if as_text else number_format(value))
        row, column = at[0] - 1, at[1]
        if isinstance(value, str):
            self._text(row, column, value, style)
        elif isinstance(value, bool):
            self.sheet.write_boolean(row, column, value, style)
        elif isinstance(value, int | float) and math.isfinite(value):
            self.sheet.write_number(row, column, value, style)
        elif isinstance(value, date | time | timedelta) and _datable(value):
            # xlsxwriter takes any of these; its types name only one.
            self.sheet.write_datetime(row, column, cast(datetime, value), style)
        else:
            self._text(row, column, shown(value), style)

    def _text(self, row: int, column: int, text: str, style: Format) -> None:
        self.shortened += len(text) > LONGEST
        clean = text[:LONGEST].encode("utf-8", "replace").decode()
        if clean:
            self.sheet.write_string(row, column, clean, style)
        else:
            self.sheet.write_blank(row, column, None, style)

    def _merge(self, area: tuple[int, int, int, int], value: Cell) -> None:
        number, position = area[0] + 1, area[1]
        plain = "header" if number in self.header_rows else "plain"
        look = self.written_paint.cells.get((number, position), plain)
        try:
            self.sheet.merge_range(*area, "", self.formats.get(look, number_format(value)))
        except OverlappingRange:
            return
        self._cell((number, position), value, look)

    # ------------------------------------------------------------ the sheet around them

    def _measure(self, number: int, cells: Sequence[Cell]) -> None:
        if number < max(self.header_rows, default=0):
            return
        most = HEADER if number in self.header_rows else WIDE
        for position, value in enumerate(cells):
            wide = min(width(shown(value)[:200]) + 2, most)
            self._widths[position] = max(wide, self._widths.get(position, NARROW))

    def _set_up(self, grid: Grid, part: bool) -> None:
        for position, wide in self._widths.items():
            self.sheet.set_column(position, position, wide)
        header = max(self.header_rows, default=0)
        if 0 < header <= FROZEN:
            self.sheet.freeze_panes(header, 0)
        if part:
            self.sheet.set_default_row(hide_unused_rows=True)
        if grid.hidden:
            self.sheet.hide()
        self.sheet.set_landscape()
        self.sheet.set_paper(8)  # A3
        if sum(self._widths.values()) <= PAGE:
            self.sheet.fit_to_pages(1, 0)
        self.sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{MOST_ROWS}"})

    def _comment(self) -> None:
        for (row, position), comments in sorted(self.written_paint.comments.items())[
            :MOST_COMMENTS
        ]:
            text = "\n\n".join(comments)[:LONGEST]
            tall = 18 * lines(text, 44) + 16
            look = {"width": 330, "height": tall, "font_name": FONT, "font_size": 9}
            if row <= MOST_ROWS and position < MOST_COLUMNS:
                self.sheet.write_comment(row - 1, position, text, {**look, "color": "#FFFFE1"})


def _worth_keeping(area: tuple[int, int, int, int]) -> bool:
    """A merged area of more than one cell, and not half the sheet."""
    return 1 < (area[2] - area[0] + 1) * (area[3] - area[1] + 1) <= MOST_MERGED


def _shown_cells(areas: Sequence[tuple[int, int, int, int]]) -> dict[At, At]:
    """Each cell of a merged area → its visible cell."""
    return {
        (row + 1, column): (top + 1, left)
        for top, left, bottom, right in areas
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    }


def _ats(number: int, cells: Sequence[Cell]) -> set[At]:
    return {(number, position) for position in range(len(cells))}


def _datable(value: date | time | timedelta) -> bool:
    """Whether a spreadsheet can hold `value` as a date or a time."""
    if isinstance(value, date):
        return value.year >= 1900
    return isinstance(value, time) or value >= timedelta(0)


def shown(value: Cell) -> str:
    """A cell as a person sees it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value:.5E}" if abs(value) >= 1e15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)
