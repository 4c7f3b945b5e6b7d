"""Styles of the sheets that go to a department: fonts, colours and formats in one place."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format

FONT = "微软雅黑"  # what Excel and WPS have on a Chinese system
BASE: Mapping[str, Any] = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
LINES: Mapping[str, Any] = {"border": 1, "border_color": "#D0D5DD"}

#: What each style adds to BASE, as xlsxwriter's `add_format` takes it.
STYLES: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "cell": LINES,
    "header": {"bold": True, "bg_color": "#E8EDF4", "text_wrap": True, **LINES},
    "error": {"bg_color": "#FFC7CE", "font_color": "#9C0006", "border": 1, "border_color": "#C00000"},
    "warning": {"bg_color": "#FFEB9C", "font_color": "#7F5000", "border": 1, "border_color": "#BF8F00"},
    "error-row": {"bg_color": "#FDECEE", **LINES},
    "warning-row": {"bg_color": "#FFF8E1", **LINES},
    "required": {"bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "text_wrap": True, "align": "center", **LINES},
    "optional": {"bold": True, "bg_color": "#D9E2F0", "font_color": "#1F3864", "text_wrap": True, "align": "center", **LINES},
    "note": {"font_size": 9, "font_color": "#475467", "bg_color": "#F5F7FA", "text_wrap": True, "valign": "top", **LINES},
    "title": {"bold": True, "font_size": 16, "font_color": "#1F3864"},
    "subtitle": {"bold": True, "font_size": 12, "font_color": "#1F3864"},
    "hint": {"font_color": "#475467", "text_wrap": True, "valign": "top"},
    "head": {"bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "text_wrap": True, "align": "center", **LINES},
    "text": {"text_wrap": True, "valign": "top", **LINES},
    "number": {"align": "center", "valign": "top", **LINES},
    "link": {"align": "center", "valign": "top", "font_color": "#0563C1", "underline": 1, **LINES},
    "badge-error": {"align": "center", "valign": "top", "bold": True, "bg_color": "#FFC7CE", "font_color": "#9C0006", **LINES},
    "badge-warning": {"align": "center", "valign": "top", "bold": True, "bg_color": "#FFEB9C", "font_color": "#7F5000", **LINES},
    "label": {"bold": True, "valign": "top", "font_color": "#475467"},
    "value": {"text_wrap": True, "valign": "top"},
}  # fmt: skip


class Formats:
    """A workbook's formats, each made once: xlsxwriter writes every one to the file."""

    def __init__(self, book: Workbook) -> None:
        self._book, self._made = book, dict[tuple[str, str], Format]()

    def get(self, style: str, number: str = "General") -> Format:
        """The format of a style (a key of STYLES) with a number format: `@` for text."""
        if (style, number) not in self._made:
            format_ = self._book.add_format({**BASE, **STYLES[style], "num_format": number})
            self._made[style, number] = format_
        return self._made[style, number]


def number_format(value: object) -> str:
    """The number format in which a value shows as it was written."""
    if isinstance(value, str):
        return "@"
    if isinstance(value, datetime):
        return "yyyy-mm-dd" if value.time() == time() else "yyyy-mm-dd hh:mm:ss"
    if isinstance(value, date):
        return "yyyy-mm-dd"
    return "hh:mm:ss" if isinstance(value, time | timedelta) else "General"


def width(text: str) -> int:
    """How many half-width characters the widest line of `text` takes."""
    return max((sum(_width(c) for c in line) for line in text.split("\n")), default=0)


def lines(text: str, columns: int) -> int:
    """How many lines `text` takes in a cell of so many half-width characters."""
    return sum(max(1, -(-width(line) // max(columns, 1))) for line in text.split("\n"))


def _width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WFA" else 1
