"""What an XLSX says of cells beside their values: leading zeros, formulas, strike-through, hiding.

calamine gives values alone. Read from the sheet's part by regular expressions, piece by piece, so
that memory stays bounded. Source: ECMA-376 part 1, 18.3.1 (worksheets) and 18.8 (styles).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from pipeline.intake.workbook import shown_numbers
from pipeline.intake.workbook.archive import Archive
from pipeline.intake.workbook.references import REFERENCE, place
from pipeline.intake.workbook.shown_numbers import Runs

_STYLES_MOST = 32 << 20  # bytes
_CELL = rb"<(?:\w+:)?c\b([^>]*[^>/])>"
_STYLE = re.compile(rb"""\bs\s*=\s*["'](\d{1,6})["']""")
_NUMBER = re.compile(_CELL + rb"\s*<(?:\w+:)?v>(\d{1,15})</(?:\w+:)?v>")
_ANY = re.compile(_CELL)
_FORMULA = re.compile(
    _CELL
    + rb"\s*<(?:\w+:)?f\b[^>]*?(?:/>|>([^<]*)</(?:\w+:)?f>)\s*(<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_MAY_BE_FORMULA = re.compile(rb"f[ />]")  # ten times as fast as a tag with any prefix
_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_COLUMNS = re.compile(rb"<(?:\w+:)?col\b([^>]*)>")
_HIDDEN = re.compile(rb"""\bhidden\s*=\s*["'](?:1|true)["']""")
_ROW_NUMBER = re.compile(rb"""\br\s*=\s*["'](\d{1,7})["']""")


@dataclass(frozen=True, slots=True)
class Styles:
    """By index of a cell's style: the digits that its number format shows at least, and the text
    that it shows around them; and those whose font is struck through.
    """

    zeros: dict[int, int] = field(default_factory=dict)
    patterns: dict[int, str] = field(default_factory=dict)
    struck: frozenset[int] = frozenset()


@dataclass(slots=True)
class CellFacts:
    """(row from 1, column from 0) → the text that a cell shows or holds in place of its value; the
    rows and columns that are hidden, and the rows with text struck through.
    """

    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)  # from 0
    struck: set[int] = field(default_factory=set)
    shown: Runs = field(default_factory=Runs)

    def add(self, piece: bytes, styles: Styles) -> None:
        """The facts of one more piece of the sheet's part, in which no cell is cut."""
        if b"hidden" in piece:
            self._add_hidden(piece)
        if _MAY_BE_FORMULA.search(piece):
            self._add_formulas(piece)
        if styles.zeros or styles.patterns:
            self._add_shown(piece, styles)
        if styles.struck:
            for attributes in _ANY.findall(piece):
                reference, style = REFERENCE.search(attributes), _STYLE.search(attributes)
                if reference and style and int(style[1]) in styles.struck:
                    self.struck.add(place(reference)[0])

    def _add_hidden(self, piece: bytes) -> None:
        for attributes in _ROW.findall(piece):
            number = _ROW_NUMBER.search(attributes)
            if number and _HIDDEN.search(attributes):
                self.hidden.add(int(number[1]))

        for attributes in _COLUMNS.findall(piece):
            span = [
                re.search(rb"\b" + name + rb"\s*=\s*[\"'](\d{1,5})", attributes)
                for name in (b"min", b"max")
            ]
            if _HIDDEN.search(attributes) and span[0] and span[1]:
                self.hidden_columns.update(range(int(span[0][1]) - 1, int(span[1][1])))

    def _add_formulas(self, piece: bytes) -> None:
        """Formulas without a result; an empty text is one."""
        for attributes, formula, _ in _FORMULA.findall(piece):
            reference = REFERENCE.search(attributes)
            if reference and b't="str"' not in attributes:
                text = html.unescape(formula.decode("utf-8", "replace"))
                self.texts[place(reference)] = f"={text.lstrip('=') or '…'}"

    def _add_shown(self, piece: bytes, styles: Styles) -> None:
        """Whole numbers that are shown with zeros in front, or with text around them."""
        for attributes, digits in _NUMBER.findall(piece):
            reference, style = REFERENCE.search(attributes), _STYLE.search(attributes)
            if not reference or not style or b't="s"' in attributes:
                continue
            if styles.zeros.get(int(style[1]), 0) > len(digits):
                self.texts[place(reference)] = digits.decode().zfill(styles.zeros[int(style[1])])
            elif text := styles.patterns.get(int(style[1])):
                self.shown.add(*place(reference), text)


def styles(archive: Archive, links: Mapping[str, tuple[str, str]]) -> Styles:
    """The styles of a workbook that change what a cell means; none where they cannot be read.

    `links`: what the workbook refers to.
    """
    part = next((part for kind, part in links.values() if kind == "styles"), "")
    root = archive.parsed(part) if archive.size(part) <= _STYLES_MOST else None
    if root is None:
        return Styles()
    formats = {str(e.get("numFmtId")): str(e.get("formatCode", "")) for e in root.iter("{*}numFmt")}
    fonts = root.findall("{*}fonts/{*}font")
    struck = {i for i, font in enumerate(fonts) if _is_on(font.find("{*}strike"))}
    zeros, patterns, crossed = dict[int, int](), dict[int, str](), set[int]()
    for index, style in enumerate(root.iterfind("{*}cellXfs/{*}xf")):
        code = formats.get(str(style.get("numFmtId")), "")
        if count := shown_numbers.zeros(code):
            zeros[index] = count
        elif text := shown_numbers.pattern(code):
            patterns[index] = text
        if str(style.get("fontId", "")).isdecimal() and int(str(style.get("fontId"))) in struck:
            crossed.add(index)
    return Styles(zeros, patterns, frozenset(crossed))


def _is_on(element: etree._Element | None) -> bool:
    return element is not None and element.get("val", "1") not in ("0", "false")
