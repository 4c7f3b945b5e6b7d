"""The workbook of one file in which a department must correct something."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import xlsxwriter

from pipeline.base.files import naming
from pipeline.base.model import Catalog
from pipeline.base.sheet_cells import Grid, expected
from pipeline.base.sheet_styles import Formats
from pipeline.base.spreadsheet_safety import WORKBOOK
from pipeline.base.words import say
from pipeline.checks.feedback import lists
from pipeline.checks.feedback.folder import Table
from pipeline.checks.feedback.lists import Problem, Summary, z
from pipeline.checks.feedback.painted import Paint, Painter
from pipeline.checks.results import findings
from pipeline.checks.results.notes import Note, Notes

LARGE = 500_000  # cells; of a larger file only the rows with problems are written
MOST_PART = 20_000  # rows of such a part, at most
MADE = datetime(2020, 1, 1)  # in every workbook, so that the same findings give the same bytes


class _Content(io.BytesIO):
    """Stays open until it is freed: where writing failed, xlsxwriter's ZipFile writes its end late."""

    def close(self) -> None:
        pass


class Book:
    """One file's workbook while it is being written."""

    def __init__(
        self, path: Path, file: str, notes: Notes, tables: Sequence[Table], catalog: Catalog
    ) -> None:
        self.path, self.file, self.catalog = path, file, catalog
        self.counts, self.notes = notes.counts[file], notes.of(file)
        self.tables = tables
        self.values: dict[tuple[str, int, int], str] = {}
        self.shortened = 0

    def write(self, grids: Sequence[Grid]) -> None:
        """Write the workbook: the department's sheets in their order, the list and the summary.

        xlsxwriter's temporary files are in the folder of the workbook, so that a full disk is
        reported with the right folder. Raises OSError with the path of the workbook.
        """
        part = sum(grid.cells for grid in grids) > LARGE
        content = _Content()
        options = {"constant_memory": part, "tmpdir": str(self.path.parent), **WORKBOOK}
        with naming(self.path):
            self._write(xlsxwriter.Workbook(content, options), grids, part)
            self.path.write_bytes(content.getbuffer())

    def _write(self, book: xlsxwriter.Workbook, grids: Sequence[Grid], part: bool) -> None:
        book.set_properties({"created": MADE})
        formats = Formats(book)
        names = _sheet_names([grid.name for grid in grids])
        for grid, name in zip(grids, names, strict=True):
            only = self._part(grid) if part else None
            painter = Painter(
                book.add_worksheet(name), formats, self._paint(grid), self._headers(grid)
            )
            painter.write(grid, only)
            self.shortened += painter.shortened
            self.values |= {(grid.name, *at): value for at, value in painter.values.items()}
        called = dict(zip((grid.name for grid in grids), names, strict=True))
        problems = [self._problem(note, called.get(note.sheet, "")) for note in self.notes]
        listed, summed = _sheet_names([z("list"), z("summary")], names)
        lists.write_list(book.add_worksheet(listed), formats, problems)
        lists.write_summary(
            book.add_worksheet(summed), formats, self._summary(grids, part), problems
        )
        book.close()

    # ------------------------------------------------------------ what is wrong where

    def _on(self, grid: Grid) -> list[Note]:
        return [n for n in self.notes if n.sheet == grid.name and n.row is not None]

    def _headers(self, grid: Grid) -> list[int]:
        return [t.source.header_row for t in self.tables if t.source.sheet == grid.name]

    def _part(self, grid: Grid) -> frozenset[int]:
        """The rows of a large sheet that are shown: the head, those with problems,
        their neighbours.

        Where there are too many, those with errors go before those with warnings.
        """
        ranked = sorted({(n.severity != "error", n.row or 0) for n in self._on(grid)})
        rows = list(dict.fromkeys(row for _, row in ranked))[: MOST_PART // 3]
        head = range(1, max(self._headers(grid), default=0) + 1)
        return frozenset([*head, *(near for row in rows for near in (row - 1, row, row + 1))])

    def _paint(self, grid: Grid) -> Paint:
        paint = Paint()
        for note in self._on(grid):
            assert note.row is not None
            problem = self._problem(note, grid.name)
            label = say(f"severity-{problem.severity}", "zh")
            said = [f"【{label}】{problem.wrong}", problem.fix]
            said += [f"{z('expected')}：{problem.expected}"] if problem.expected else []
            in_header = note.row in self._headers(grid)
            position = 0 if note.position is None and in_header else note.position
            paint.mark(note.row, position, note.severity, "\n".join(said))
        return paint

    # ------------------------------------------------------------ in words

    def _problem(self, note: Note, sheet: str) -> Problem:
        return Problem(
            kind=note.kind,
            sheet=sheet,
            row=note.row,
            position=note.position,
            title=self._title(note),
            value=self._value(note),
            wrong=findings.message(note.rule, note.params, "zh", self.file),
            expected=self._expected(note),
            fix=findings.fix(note.rule, note.params, "zh", self.file),
        )

    def _title(self, note: Note) -> str:
        """The column as the department calls it, else as the contract does."""
        if header := self._header(note):
            return header.replace("\n", "")
        if "title" in note.params:
            return str(note.params["title"])
        return z("whole-file") if note.row is None else z("whole-row")

    def _header(self, note: Note) -> str:
        """The header over the note's cell, of the nearest table above it that has its column."""
        position, row = note.position, note.row or 0
        if position is None:
            return ""
        above = [
            (s.header_row, s.header[position])
            for s in (table.source for table in self.tables)
            if s.sheet == note.sheet and position < len(s.header) and s.header[position]
        ]
        nearest = [one for one in above if one[0] <= row] or above
        return max(nearest, default=(0, ""))[1]

    def _value(self, note: Note) -> str:
        if note.row is None or note.position is None:
            return ""
        value = self.values.get((note.sheet, note.row, note.position), "")
        return (value if len(value) <= 200 else value[:200] + "…") or z("blank")

    def _expected(self, note: Note) -> str:
        """What the cell should hold; "" for a warning, whose value may be right."""
        if note.rule.startswith("header-"):
            return str(note.params.get("title", note.params.get("suggestion", "")))
        if note.severity != "error" or not note.column or not note.dataset:
            return ""
        column = self.catalog.datasets[note.dataset].column(note.column)
        return expected(column, self.catalog.codes.get(column.codes))

    def _summary(self, grids: Sequence[Grid], part: bool) -> Summary:
        tally = None
        for table in self.tables:
            tally = tally + table.tally if tally else table.tally
        titles = list(dict.fromkeys(table.dataset.title for table in self.tables))
        read = tally if grids else None
        return Summary(self.file, titles, read, self.counts, part, self.shortened)


def _sheet_names(wanted: Sequence[str], used_names: Sequence[str] = ()) -> list[str]:
    """Names that a workbook can have: at most 31 characters, no reserved characters, none twice."""
    used, names = {name.casefold() for name in used_names}, list[str]()
    for name in wanted:
        plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name).strip("' ")[:31] or z("text-sheet")
        number, unique = 2, plain
        while unique.casefold() in used or unique.casefold() == "history":
            unique, number = f"{plain[:27]}({number})", number + 1
        used.add(unique.casefold())
        names.append(unique)
    return names
