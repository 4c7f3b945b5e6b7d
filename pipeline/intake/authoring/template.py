"""The blank workbook that a department fills in, made from a dataset's contract.

Its notes are above the header row and its other sheets are marked as no data, so that a filled-in
workbook is read like any other file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from pipeline.base.errors import UsageError
from pipeline.base.model import Catalog, Code, Column, Dataset
from pipeline.base.sheet_cells import NOT_DATA, example_of, expected, written_unit
from pipeline.base.sheet_styles import FONT, Formats, lines, width
from pipeline.base.spreadsheet_safety import WORKBOOK
from pipeline.base.words import Lang, language, say

NOTES, HEADER = 2, 3  # rows, from 0; records begin below
FILLED = 5_000  # rows that have drop-downs
FIRST_DAY, LAST_DAY = date(1949, 10, 1), date(2099, 12, 31)
MADE = datetime(2020, 1, 1)  # in every workbook, so that the same contract gives the same bytes

FORMATS = {
    "date": "yyyy-mm-dd",
    "money": "0.00####",
    "integer": "0",
    "year": "0",
    "number": "General",
}
WIDTHS = {
    "text": 32,
    "name": 20,
    "organisation": 28,
    "document-number": 24,
    "url": 32,
    "choices": 26,
    "choice": 16,
    "date": 13,
    "money": 14,
    "integer": 10,
    "year": 10,
    "number": 12,
}


def columns_to_fill(dataset: Dataset) -> list[Column]:
    """The columns that a department fills in: published ones, except those the pipeline computes."""
    ours = dataset.primary_key if dataset.identity else ()
    return [c for c in dataset.published if c.name not in ours and not c.heaviest_of]


def write(name: str, catalog: Catalog, path: Path, lang: Lang = "zh") -> Dataset:
    """The blank workbook of the dataset `name` at `path`; gives the dataset.

    Raises UsageError where there is no such dataset for departments, or `path` cannot be written.
    """
    inputs = {d.name: d for d in catalog.datasets.values() if not d.produced}
    if name not in inputs:
        known = "、".join(f"{d.name}（{d.title}）" for d in inputs.values())
        raise UsageError(say("template-unknown", language(), name=name, known=known))
    if path.suffix.lower() != ".xlsx":
        raise UsageError(say("template-not-xlsx", language(), path=path))
    try:
        _Blank(inputs[name], catalog, lang).write(path)
    except (FileCreateError, OSError) as error:
        why = getattr(error.args[0] if error.args else error, "strerror", "") or str(error)
        raise UsageError(say("template-cannot-write", language(), path=path, why=why)) from error
    return inputs[name]


def header_of(column: Column) -> str:
    """The column's header: its title with the unit of amounts, a star where it is required."""
    unit = f"（{written_unit(column)}）" if column.kind == "money" else ""
    return ("*" if column.constraints.get("required") else "") + column.title + unit


class _Blank:
    """A blank workbook while it is being written."""

    def __init__(self, dataset: Dataset, catalog: Catalog, lang: Lang) -> None:
        self.dataset, self.catalog, self.lang = dataset, catalog, lang
        self.columns = columns_to_fill(dataset)
        self.ranges: dict[str, str] = {}  # code list → the range of its entries

    def write(self, path: Path) -> None:
        book = xlsxwriter.Workbook(str(path), {**WORKBOOK})
        book.set_properties({"created": MADE})
        self.formats = Formats(book)
        form = book.add_worksheet(self.dataset.title[:31])
        example = book.add_worksheet(self._say("example-sheet"))
        values = book.add_worksheet(self._say("values-sheet"))
        self._values(values)
        self._form(form)
        self._example(example)
        book.close()

    def _say(self, key: str, **params: Any) -> str:
        return say(f"template-{key}", self.lang, **params)

    # ------------------------------------------------------------ the sheet to fill in

    def _form(self, sheet: Worksheet) -> None:
        self._head(sheet, self._say("title", title=self.dataset.title), HEADER)
        hint = self._say("hint", row=HEADER + 2)
        sheet.write_string(1, 0, hint, self.formats.get("label"))
        tall = 1
        for position, column in enumerate(self.columns):
            note = self._note(column)
            sheet.write_string(NOTES, position, note, self.formats.get("note"))
            tall = max(tall, lines(note, _width(column) - 1))
            sheet.write_comment(HEADER, position, *self._comment(column))
            self._guard(sheet, position, column)
        sheet.set_row(NOTES, min(13 * tall + 6, 96))
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    def _head(self, sheet: Worksheet, title: str, header: int) -> None:
        """What both sheets with columns have: title, headers, widths and formats."""
        sheet.set_row(0, 30)
        sheet.write_string(0, 0, title, self.formats.get("title"))
        tall = 1
        for position, column in enumerate(self.columns):
            look = "required" if column.constraints.get("required") else "optional"
            sheet.write_string(header, position, header_of(column), self.formats.get(look))
            number = FORMATS.get(column.kind, "@")
            sheet.set_column(position, position, _width(column), self.formats.get("plain", number))
            tall = max(tall, lines(header_of(column), _width(column) - 2))
        sheet.set_row(header, 17 * tall + 4)
        sheet.freeze_panes(header + 1, 1)
        sheet.set_landscape()
        sheet.set_paper(8)  # A3

    def _note(self, column: Column) -> str:
        required = say("expected-required", self.lang) if column.constraints.get("required") else ""
        return required + expected(column, self.catalog.codes.get(column.codes), self.lang)

    def _comment(self, column: Column) -> tuple[str, dict[str, Any]]:
        about = column.description if self.lang == "zh" else column.description_en
        text = "\n".join(part for part in (about, self._note(column)) if part)
        tall = 18 * lines(text, 40) + 16
        return text, {"width": 300, "height": tall, "font_name": FONT, "font_size": 9}

    def _guard(self, sheet: Worksheet, position: int, column: Column) -> None:
        """The drop-down or limit of a column, with its note as the prompt of each cell."""
        note = self._note(column)
        rule = {
            "input_title": column.title[:32],
            "input_message": note if len(note) <= 255 else note[:254] + "…",
            "error_title": self._say("check"),
            "error_message": note if len(note) <= 255 else note[:254] + "…",
            "ignore_blank": True,
            **self._limit(column),
        }
        sheet.data_validation(HEADER + 1, position, HEADER + FILLED, position, rule)

    def _limit(self, column: Column) -> dict[str, Any]:
        """What a spreadsheet itself can hold a cell to."""
        limits = column.constraints
        if column.codes:
            stop = "stop" if column.kind == "choice" else "information"  # several may be joined
            said = {"error_message": self._say("not-listed")} if stop == "stop" else {}
            return {
                "validate": "list",
                "source": self.ranges[column.codes],
                "error_type": stop,
                **said,
            }
        if "enum" in limits and len(",".join(map(str, limits["enum"]))) < 255:
            return {"validate": "list", "source": list(limits["enum"])}
        if column.kind == "date":
            first = date.fromisoformat(str(limits.get("minimum", FIRST_DAY)))
            between = {"criteria": "between", "minimum": first, "maximum": LAST_DAY}
            return {"validate": "date", **between, "error_type": "warning"}  # 长期 is allowed too
        if column.kind in ("money", "number", "integer", "year"):
            return {"validate": "decimal", **_between(limits)}
        if "maxLength" in limits:
            return {"validate": "length", "criteria": "<=", "value": limits["maxLength"]}
        return {"validate": "any"}

    # ------------------------------------------------------------ examples and values

    def _example(self, sheet: Worksheet) -> None:
        self._head(sheet, self._say("example-title") + NOT_DATA, 1)
        for position, column in enumerate(self.columns):
            look = self.formats.get("plain", FORMATS.get(column.kind, "@"))
            shown = self._shown_example(column)
            if column.kind == "money" and shown:
                sheet.write_number(2, position, float(shown), look)
            elif column.kind == "date" and shown:
                sheet.write_datetime(2, position, datetime.fromisoformat(shown), look)
            else:
                sheet.write_string(2, position, shown, look)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    def _shown_example(self, column: Column) -> str:
        if column.kind == "choice" and column.codes:
            entries = self.catalog.codes[column.codes].codes
            return next((c.label for c in entries if c.code == column.example), "")
        return example_of(column)

    def _values(self, sheet: Worksheet) -> None:
        """Every code list that a column draws on: what to write, and where it differs its code."""
        sheet.set_row(0, 30)
        sheet.write_string(0, 0, self._say("values-title") + NOT_DATA, self.formats.get("title"))
        position = 0
        for name in dict.fromkeys(c.codes for c in self.columns if c.codes):
            users = [c.title for c in self.columns if c.codes == name]
            position = self._list(sheet, position, name, "、".join(users))
        sheet.freeze_panes(2, 0)

    def _list(self, sheet: Worksheet, position: int, name: str, title: str) -> int:
        entries: Sequence[Code] = self.catalog.codes[name].codes
        coded = any(entry.code != entry.label for entry in entries)
        sheet.write_string(1, position, title, self.formats.get("optional"))
        for row, entry in enumerate(entries, 2):
            sheet.write_string(row, position, entry.label, self.formats.get("cell", "@"))
            if coded:
                sheet.write_string(row, position + 1, entry.code, self.formats.get("cell", "@"))
        widest = max(width(entry.label) for entry in entries)
        sheet.set_column(position, position, max(min(widest, 40), width(title)) + 2)
        letter = xl_col_to_name(position, col_abs=True)
        sheet_name = self._say("values-sheet")
        self.ranges[name] = f"='{sheet_name}'!{letter}$3:{letter}${len(entries) + 2}"
        return position + 1 + coded


def _width(column: Column) -> int:
    return WIDTHS.get(column.kind, 22)


def _between(limits: Any) -> dict[str, Any]:
    """The limits of a number as a spreadsheet has them."""
    least, most = limits.get("minimum"), limits.get("maximum")
    if least is not None and most is not None:
        return {"criteria": "between", "minimum": float(least), "maximum": float(most)}
    if most is not None:
        return {"criteria": "<=", "value": float(most)}
    return {"criteria": ">=", "value": float(least if least is not None else -1e15)}
