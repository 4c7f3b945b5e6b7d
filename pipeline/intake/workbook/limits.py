"""Limits and facts of a workbook, read before calamine opens it.

calamine allocates a sheet as one dense area, reads error values as blanks and does not report the
date system. Without these checks one cell in the last corner would make the whole file unreadable,
and `#N/A` would be lost. Loaded by the reader's process only.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from lxml import etree

from pipeline.base.column_letters import position
from pipeline.intake.workbook import (
    cell_facts,
    ods_facts,
    references,
    starts,
    xls_facts,
    xlsb_facts,
)
from pipeline.intake.workbook.archive import DAMAGE, Archive
from pipeline.intake.workbook.facts import (
    CELLS_MOST,
    COLUMNS_MOST,
    ROWS_MOST,
    BookFacts,
    SheetFacts,
)
from pipeline.intake.workbook.sheet import Unreadable

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
        if file.read(4) != starts.ZIP:
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


def _sheet_facts(
    archive: Archive, part: str, styles: cell_facts.Styles, is_counted: bool = False
) -> SheetFacts:
    """`is_counted`: whether cells have no reference, so that they are counted, which takes longer
    than all else.
    """
    errors, is_far, facts = dict[tuple[int, int], str](), False, cell_facts.CellFacts()
    counter = references.Counter()
    for piece in _pieces(archive, part, counter if is_counted else None):
        if not is_counted and references.are_missing(piece):
            return _sheet_facts(archive, part, styles, is_counted=True)
        is_far = is_far or bool(_FAR.search(piece))
        if _IS_ERROR.search(piece):
            errors |= _errors(piece)
        facts.add(piece, styles)
    return SheetFacts(
        facts.texts | errors,
        is_vast=is_far and _is_vast(archive, part, is_counted),
        is_unclear=counter.is_unclear,
        hidden=frozenset(facts.hidden),
        struck=frozenset(facts.struck),
        hidden_columns=frozenset(facts.hidden_columns),
        shown=tuple(facts.shown),
    )


def _pieces(archive: Archive, part: str, counter: references.Counter | None) -> Iterator[bytes]:
    pieces = archive.pieces(part)
    return counter.completed(pieces) if counter else pieces


def _is_vast(archive: Archive, part: str, is_counted: bool) -> bool:
    def pieces() -> Iterator[bytes]:
        return _pieces(archive, part, references.Counter() if is_counted else None)

    return _area(pieces()) > CELLS_MOST < _filled_area(pieces())


def _area(pieces: Iterable[bytes]) -> int:
    """The area up to the last cell, filled or blank, as rows × columns."""
    letters, rows = set[bytes](), set[bytes]()
    for piece in pieces:
        letters.update(_COLUMN.findall(piece))
        rows.update(_ROW.findall(piece))
    return _spanned(max(map(_number, rows), default=0), max(map(position, letters), default=-1))


def _filled_area(pieces: Iterable[bytes]) -> int:
    """The area up to the last filled cell, as rows × columns; formatted blank cells do not count."""
    row = column = 0
    for piece in pieces:
        for attributes in _FILLED.findall(piece):
            if match := references.REFERENCE.search(attributes):
                at = references.place(match)
                row, column = max(row, at[0]), max(column, at[1])
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
        reference, value = references.REFERENCE.search(attributes), _VALUE.search(content)
        if reference and value:
            found[references.place(reference)] = value[1].decode("utf-8", "replace")
    return found
