"""Limits and facts of a workbook, read before calamine opens it.

calamine allocates a sheet as one dense area, reads error values as blanks and does not report the
date system. Without these checks one cell in the last corner would make the whole file unreadable,
and `#N/A` would be lost. Loaded by the reader's process only.
"""

from __future__ import annotations

import re
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

from lxml import etree

from pipeline.intake.workbook import cell_facts, ods_facts, xls_facts, xlsb_facts
from pipeline.intake.workbook.archive import DAMAGE, Archive
from pipeline.intake.workbook.facts import (
    CELLS_MOST,
    COLUMNS_MOST,
    ROWS_MOST,
    BookFacts,
    SheetFacts,
)
from pipeline.intake.workbook.sheet import Unreadable

ZIP = b"PK\x03\x04"
# XML lets an attribute be written with blanks around its = and with either quote.
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Z]+)(\d+)["']""")
_COLUMN = re.compile(rb"""\br\s*=\s*["']([A-Z]+)\d""")
_ROW = re.compile(rb"""\br\s*=\s*["'][A-Z]*(\d+)""")
# A quick test that a small sheet does not match: a column of three letters, a row of six digits,
# or a column of two letters with a row of five digits.
_FAR = re.compile(rb"""r\s*=\s*["'](?:[A-Z]{3}|[A-Z]{0,3}\d{6}|[A-Z]{2}\d{5})""")
_FILLED = re.compile(rb"<(?:\w+:)?c\b([^>]*[^>/])>")
_ERROR = re.compile(
    rb'<(?:\w+:)?c\b([^>]*\bt\s*=\s*["\']e["\'][^>]*)(?<!/)>(.*?)</(?:\w+:)?c>', re.S
)
_IS_ERROR = re.compile(rb"""t\s*=\s*["']e["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")


def inspect(path: Path) -> BookFacts:
    """The facts of each sheet and the date system of the workbook at `path`, whatever its name.

    Raises Unreadable with the rule `file-bomb` for a zip bomb, `sheet-vast` for sheets with too
    large an area, `file-password`, `file-too-old`, `file-other-kind` for another kind of file,
    `file-broken` for an archive that is damaged.
    """
    with path.open("rb") as file:
        if file.read(4) != ZIP:
            return xls_facts.inspect(path)
    try:
        with zipfile.ZipFile(path) as opened:
            archive = Archive(opened, path.stat().st_size)
            return replace(_inspected(archive), is_plain=archive.is_plain)
    except (*DAMAGE, etree.XMLSyntaxError, LookupError, ValueError, struct.error) as error:
        raise Unreadable("file-broken") from error


def _inspected(archive: Archive) -> BookFacts:
    book = archive.workbook()
    if book.endswith(".bin"):
        return xlsb_facts.inspect(archive, book)
    if book:
        return _xlsx(archive, book)
    if ods_facts.is_one(archive):
        return ods_facts.inspect(archive)
    raise Unreadable("file-other-kind", {"kind": archive.other_kind()})


def _xlsx(archive: Archive, part: str) -> BookFacts:
    book = archive.parsed(part)
    if book is None:
        raise Unreadable("file-broken")
    is_1904 = any(e.get("date1904") in ("1", "true") for e in book.iter("{*}workbookPr"))
    links = archive.links(part)
    styles = cell_facts.styles(archive, links)
    sheets = dict[str | int, SheetFacts]()
    for sheet in book.iter("{*}sheet"):
        link = next((v for k, v in sheet.attrib.items() if str(k).endswith("}id")), "")
        _, target = links.get(str(link), ("", ""))
        if target in archive:
            sheets[str(sheet.get("name"))] = _sheet_facts(archive, target, styles)
    return BookFacts(sheets, is_1904)


def _sheet_facts(archive: Archive, part: str, styles: cell_facts.Styles) -> SheetFacts:
    errors, is_far, facts = dict[tuple[int, int], str](), False, cell_facts.CellFacts()
    for piece in archive.pieces(part):
        is_far = is_far or bool(_FAR.search(piece))
        if _IS_ERROR.search(piece):
            errors |= _errors(piece)
        facts.add(piece, styles)
    return SheetFacts(
        facts.texts | errors,
        is_vast=is_far and _area(archive, part) > CELLS_MOST < _filled_area(archive, part),
        hidden=frozenset(facts.hidden),
        struck=frozenset(facts.struck),
        hidden_columns=frozenset(facts.hidden_columns),
        shown=tuple(facts.shown),
    )


def _area(archive: Archive, part: str) -> int:
    """The area up to the last cell, filled or blank, as rows × columns."""
    letters, rows = set[bytes](), set[bytes]()
    for piece in archive.pieces(part):
        letters.update(_COLUMN.findall(piece))
        rows.update(_ROW.findall(piece))
    return _spanned(
        max(map(_number, rows), default=0), max(map(column_number, letters), default=-1)
    )


def _filled_area(archive: Archive, part: str) -> int:
    """The area up to the last filled cell, as rows × columns; formatted blank cells do not count."""
    row = column = 0
    for piece in archive.pieces(part):
        for attributes in _FILLED.findall(piece):
            if match := _REFERENCE.search(attributes):
                row = max(row, _number(match[2]))
                column = max(column, column_number(match[1]))
    return _spanned(row, column)


def _spanned(row: int, column: int) -> int:
    """Rows × columns up to a cell; more than any limit where no sheet has such a cell."""
    is_inside = row <= ROWS_MOST and column < COLUMNS_MOST
    return row * (column + 1) if is_inside else 1 << 60


def _number(digits: bytes) -> int:
    return int(digits[:20])


def _errors(piece: bytes) -> dict[tuple[int, int], str]:
    found = {}
    for attributes, content in _ERROR.findall(piece):
        place, value = _REFERENCE.search(attributes), _VALUE.search(content)
        if place and value:
            at = _number(place[2]), column_number(place[1])
            found[at] = value[1].decode("utf-8", "replace")
    return found


def column_number(letters: bytes) -> int:
    """A → 0, Z → 25, AA → 26."""
    number = 0
    for letter in letters[:20]:
        number = number * 26 + letter - 64
    return number - 1
