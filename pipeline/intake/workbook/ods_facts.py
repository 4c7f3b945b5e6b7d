"""Limits and facts of an ODS, read row by row from its content.

calamine gives an error value as a number, a duration as in the file (PT26H30M00S), and no leading
zeros, hiding or strike-through.
Source: OpenDocument 1.3 part 3, 9.1 (tables) and 19.385 (values).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from pipeline.intake.workbook.archive import Archive
from pipeline.intake.workbook.facts import CELLS_MOST, BookFacts, SheetFacts
from pipeline.intake.workbook.sheet import Unreadable
from pipeline.intake.workbook.shown_numbers import Runs, pattern_of

CONTENT, MANIFEST = "content.xml", "meta-inf/manifest.xml"
REPEATED_MOST = 1000  # copies of a repeated cell or row whose text is put in place
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
# What a spreadsheet shows for a formula that failed; LibreOffice has numbers for some.
_ERROR = re.compile(r"#[A-Z0/]+[!?]?|(?:Err|错误|錯誤):\d{3}")
_SPACES = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}


def is_one(archive: Archive) -> bool:
    """Whether the archive is an ODS. Raises Unreadable for one with a password, and for another
    kind of OpenDocument.
    """
    if "encrypted-package" in archive:
        raise Unreadable("file-password")
    if CONTENT not in archive:
        return False
    if MANIFEST in archive and b"encryption-data" in archive.read(MANIFEST):
        raise Unreadable("file-password")
    kind = archive.read("mimetype").decode("latin-1").strip() if "mimetype" in archive else ""
    if kind and "spreadsheet" not in kind:
        raise Unreadable("file-other-kind", {"kind": kind[:80]})
    return True


def inspect(archive: Archive) -> BookFacts:
    """The facts of each sheet. Raises Unreadable if any is too large: calamine allocates all sheets
    of an ODS when it opens it.
    """
    sheets = dict[str | int, SheetFacts](_sheets(archive))
    if any(sheet.is_vast for sheet in sheets.values()):
        raise Unreadable("sheet-vast")
    return BookFacts(sheets)


@dataclass(slots=True)
class _Extent:
    row: int = 0
    last: int = 0
    width: int = 0
    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    struck: set[int] = field(default_factory=set)
    shown: Runs = field(default_factory=Runs)

    def facts(self, table: etree._Element) -> SheetFacts:
        return SheetFacts(
            self.texts,
            merged=tuple(self.merged),
            is_vast=self.last * self.width > CELLS_MOST,
            hidden=frozenset(self.hidden),
            struck=frozenset(self.struck),
            hidden_columns=frozenset(_hidden_columns(table, self.width)),
            shown=tuple(self.shown),
        )


def _sheets(archive: Archive) -> Iterator[tuple[str, SheetFacts]]:
    """(name, facts) of each sheet.

    Rows and cells may be repeated a million times by an attribute, so they are counted and not
    expanded.
    """
    extent, crossed = _Extent(), set[str]()
    with archive.open(CONTENT) as part:
        for _, element in etree.iterparse(
            part,
            tag=(f"{_TABLE}table-row", f"{_TABLE}table", f"{_STYLE}style"),
            resolve_entities=False,
            no_network=True,
            huge_tree=True,
        ):
            if element.tag == f"{_STYLE}style":
                if _is_crossed(element):
                    crossed.add(str(element.get(f"{_STYLE}name")))
                continue
            if element.tag == f"{_TABLE}table":
                yield str(element.get(f"{_TABLE}name")), extent.facts(element)
                extent = _Extent()
            else:
                _row(element, extent, crossed)
            element.clear()


def _is_crossed(style: etree._Element) -> bool:
    """Whether text of this style is struck through."""
    name = f"{_STYLE}text-line-through-style"
    return any(p.get(name, "none") != "none" for p in style.iterchildren())


def _is_hidden(element: etree._Element) -> bool:
    return element.get(f"{_TABLE}visibility") in ("collapse", "filter")


def _hidden_columns(table: etree._Element, width: int) -> Iterator[int]:
    at = 0
    for column in table.iter(f"{_TABLE}table-column"):
        repeated = _count(column, "number-columns-repeated")
        if _is_hidden(column):
            yield from range(at, min(at + repeated, width))
        at += repeated


def _row(row: etree._Element, extent: _Extent, crossed: set[str]) -> None:
    column = width = 0
    down = _count(row, "number-rows-repeated")
    for cell in row:
        attributes = cell.attrib
        repeated = _count(cell, "number-columns-repeated") if attributes else 1
        if len(cell) or f"{_OFFICE}value-type" in attributes:
            width = column + repeated
            if crossed and cell.get(f"{_TABLE}style-name") in crossed:
                extent.struck.add(extent.row + 1)
            _add_shown(cell, extent, column, down, repeated)
        if f"{_TABLE}number-rows-spanned" in attributes or (
            f"{_TABLE}number-columns-spanned" in attributes
        ):
            _span(cell, extent, column)
        column += repeated
    if width and _is_hidden(row):
        extent.hidden.update(range(extent.row + 1, extent.row + 1 + min(down, REPEATED_MOST)))
    extent.row += down
    if width:
        extent.last, extent.width = extent.row, max(extent.width, width)


def _add_shown(
    cell: etree._Element, extent: _Extent, column: int, down: int, repeated: int
) -> None:
    """What a cell shows in place of its value, in each of the cells that it stands for."""
    text = _shown(cell)
    around = _around(cell) if text is None else ""
    if text is None and not around:
        return
    for row in range(extent.row + 1, extent.row + 1 + min(down, REPEATED_MOST)):
        for at in range(column, column + min(repeated, REPEATED_MOST)):
            if text is None:
                extent.shown.add(row, at, around)
            else:
                extent.texts[row, at] = text


def _span(cell: etree._Element, extent: _Extent, column: int) -> None:
    down, right = _count(cell, "number-rows-spanned"), _count(cell, "number-columns-spanned")
    if down > 1 or right > 1:
        extent.merged.append((extent.row + 1, column, extent.row + down, column + right - 1))


def _shown(cell: etree._Element) -> str | None:
    """The text that a cell shows, where calamine gives another; None where it does not."""
    kind, is_error = cell.get(f"{_OFFICE}value-type"), cell.get(f"{_CALC}value-type") == "error"
    if kind == "string" and not is_error:
        is_plain = all(child.tag not in _SPACES for p in cell.iterchildren() for child in p)
        return None if is_plain else _text(cell)
    if is_error:
        text = _text(cell)
        return text if _ERROR.fullmatch(text) else "#N/A"
    if kind == "time":
        return _text(cell) or None
    if kind and f"{_TABLE}formula" in cell.attrib:
        text = _text(cell)
        if _ERROR.fullmatch(text):
            return text
    if kind == "float" and len(cell):
        shown = cell[-1].text or ""  # with the zeros that its number format puts in front
        return shown if shown.isdecimal() and shown[0] == "0" and len(shown) > 1 else None
    return None


def _around(cell: etree._Element) -> str:
    """The pattern by which a cell shows a whole number inside a text; "" where it does not."""
    value = str(cell.get(f"{_OFFICE}value", ""))
    if cell.get(f"{_OFFICE}value-type") != "float" or not value.isdecimal() or not len(cell):
        return ""
    if cell[-1].text == value:
        return ""
    return pattern_of(_text(cell), value)


def _text(cell: etree._Element) -> str:
    """A cell's paragraphs as lines, without its comment."""
    lines = []
    for paragraph in cell.iterchildren(f"{_TEXT}p"):
        written = []
        for each in paragraph.iter():
            if each is not paragraph:
                written.append(_SPACES.get(str(each.tag), ""))
                if each.tag == f"{_TEXT}s":
                    written.append(" " * min(_spaces(each), 1000))
            written.append(each.text or "")
            if each is not paragraph:
                written.append(each.tail or "")
        lines.append("".join(written))
    return "\n".join(lines).strip()


def _spaces(element: etree._Element) -> int:
    written = str(element.get(f"{_TEXT}c", "1"))
    return int(written) if written.isdecimal() else 1


def _count(element: etree._Element, name: str) -> int:
    written = str(element.get(f"{_TABLE}{name}", "1"))
    return max(int(written), 1) if written.isdecimal() else 1
