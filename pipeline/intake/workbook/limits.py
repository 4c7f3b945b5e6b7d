"""Limits and facts of a compressed workbook (XLSX, ODS), read before calamine opens it.

calamine allocates a sheet as one dense area, reads error values as blanks and does not report the
date system. Without these checks one cell in the last corner would use all memory, and `#N/A`
would be lost.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import join, normpath

import numpy as np
from lxml import etree

from pipeline.intake.table.find_headers import Merged
from pipeline.intake.workbook import cell_facts
from pipeline.intake.workbook.sheet import Unreadable

UNCOMPRESSED_MOST = 1 << 30  # bytes of all parts; a workbook with more is refused as a zip bomb
RATIO_MOST = 400  # uncompressed bytes for each byte of the file
CELLS_MOST = 40_000_000  # cells of the area between a sheet's first and last filled cell
PIECE = 1 << 20  # bytes read at a time
HELD_MOST = 8 << 20  # bytes of a part that are kept in memory while no cell begins in them

# XML lets an attribute be written with blanks around its = and with either quote.
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})(\d{1,7})["']""")
_COLUMN = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})\d""")
_ROW = re.compile(rb"""\br\s*=\s*["'][A-Z]{0,3}(\d{1,7})""")
# A quick test that a small sheet does not match: a column of three letters, a row of six digits,
# or a column of two letters with a row of five digits.
_FAR = re.compile(rb"""r=["'](?:[A-Z]{3}|[A-Z]{0,3}\d{6}|[A-Z]{2}\d{5})""")
_ODDLY_WRITTEN = re.compile(rb"""\br(?:\s+=|=\s)""")
_FILLED = re.compile(rb"<(?:\w+:)?c\b([^>]*[^>/])>")
_ERROR = re.compile(rb'<(?:\w+:)?c\b([^>]*\bt="e"[^>]*)>(.*?)</(?:\w+:)?c>', re.S)
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """Cells whose text calamine does not give, such as #N/A, by (row from 1, column from 0); merged
    ranges (ODS); too wide? Rows and columns that are hidden, and rows with text
    struck through.
    """

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: tuple[Merged, ...] = ()
    is_vast: bool = False
    hidden: frozenset[int] = frozenset()
    struck: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class BookFacts:
    sheets: dict[str, SheetFacts] = field(default_factory=dict)
    is_1904: bool = False  # dates are counted from 1904-01-01 (workbooks of old Macs)


def inspect(path: Path) -> BookFacts:
    """The facts of each sheet, by name, and the date system of the workbook at `path`.

    Raises Unreadable with the rule `file-bomb` for a zip bomb, `sheet-vast` for a sheet with too
    large an area, `file-broken` for an archive that is damaged or no workbook.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bomb(archive, path.stat().st_size)
            names = set(archive.namelist())
            if "xl/workbook.xml" in names:
                return _xlsx(archive)
            if "content.xml" in names:
                return _only_if_small(BookFacts(dict(_ods(archive))))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise Unreadable("file-broken") from error
    except (etree.XMLSyntaxError, KeyError, ValueError, zlib.error) as error:
        raise Unreadable("file-broken") from error
    if any(name.startswith("xl/") for name in names):
        return BookFacts()  # XLSB, or an unusual producer: calamine decides
    raise Unreadable("file-broken")


def _only_if_small(book: BookFacts) -> BookFacts:
    """`book`; raises Unreadable if any sheet is too large: calamine allocates all sheets of an ODS
    when it opens it.
    """
    if any(sheet.is_vast for sheet in book.sheets.values()):
        raise Unreadable("sheet-vast")
    return book


def _refuse_bomb(archive: zipfile.ZipFile, size: int) -> None:
    """Raises Unreadable where the sizes in the archive's directory exceed the limits, or a name
    is in it twice. A directory with false sizes makes `_pieces` fail.
    """
    if len(set(map(str.lower, archive.namelist()))) < len(archive.namelist()):
        raise Unreadable("file-broken")
    uncompressed = sum(info.file_size for info in archive.infolist())
    if uncompressed > UNCOMPRESSED_MOST or uncompressed > RATIO_MOST * max(size, 1 << 16):
        raise Unreadable("file-bomb")


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A part in pieces, none of which ends inside a cell's opening tag or value."""
    held = b""
    with archive.open(name) as part:
        while data := part.read(PIECE):
            before = max(len(held) - 2, 0)
            held += data
            if (cut := _border(held, before)) > 0:
                yield held[:cut]
                held = held[cut:]
    yield held


def _border(held: bytes, before: int) -> int:
    """The offset of the last cell that begins behind `before`; 0 where there is none.

    If more than `HELD_MOST` bytes are held without a cell, the offset of the last tag.
    """
    for mark in (b"<c ", b":c "):
        if (cut := held.rfind(mark, before)) > 0:
            return cut
    return held.rfind(b"<", before) if len(held) > HELD_MOST else 0


def _parsed(archive: zipfile.ZipFile, name: str) -> etree._Element:
    return etree.fromstring(archive.read(name), _safe())


def _safe() -> etree.XMLParser:
    """A parser that loads no DTD, opens no address and expands no entity (XXE, billion laughs)."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


# ---------------------------------------------------------------- XLSX


def _xlsx(archive: zipfile.ZipFile) -> BookFacts:
    """The facts of an XLSX. Every XML part is read, because calamine may find a sheet that
    workbook.xml does not name.
    """
    book = _parsed(archive, "xl/workbook.xml")
    is_1904 = any(e.get("date1904") in ("1", "true") for e in book.iter("{*}workbookPr"))
    styles = cell_facts.styles(archive)
    names = filter(_is_xml, archive.namelist())
    parts = {name: _sheet_facts(archive, name, styles) for name in names}
    targets, sheets = _targets(archive), dict[str, SheetFacts]()
    for sheet in book.iter("{*}sheet"):
        link = next((v for k, v in sheet.attrib.items() if str(k).endswith("}id")), "")
        if facts := parts.pop(targets.get(str(link), ""), None):
            sheets[str(sheet.get("name"))] = facts
    if any(facts.is_vast for facts in parts.values()):
        raise Unreadable("sheet-vast")
    return BookFacts(sheets, is_1904)


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels"))


def _targets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Relation id → name of the part."""
    if "xl/_rels/workbook.xml.rels" not in archive.namelist():
        return {}
    found = {}
    for link in _parsed(archive, "xl/_rels/workbook.xml.rels"):
        target = str(link.get("Target", ""))
        part = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
        found[str(link.get("Id"))] = part
    return found


def _sheet_facts(archive: zipfile.ZipFile, part: str, styles: cell_facts.Styles) -> SheetFacts:
    errors, is_far, facts = dict[tuple[int, int], str](), False, cell_facts.CellFacts()
    for piece in _pieces(archive, part):
        is_far = is_far or bool(_FAR.search(piece)) or _is_oddly_written(piece)
        if b't="e"' in piece:
            errors |= _errors(piece)
        facts.add(piece, styles)
    is_vast = is_far and _area(archive, part) > CELLS_MOST < _filled_area(archive, part)
    hidden, struck = frozenset(facts.hidden), frozenset(facts.struck)
    columns = frozenset(facts.hidden_columns)
    return SheetFacts(facts.texts | errors, (), is_vast, hidden, struck, columns)


def _is_oddly_written(piece: bytes) -> bool:
    """Whether there is white space around the = of an attribute `r`.

    The regular expression is slow, so it runs only where NumPy finds a blank next to any =.
    """
    start = piece.find(b"?>", 0, 200) + 4  # skips the line break behind the XML declaration
    letters = np.frombuffer(piece, np.uint8)[start:]
    equals, blanks = letters == ord("="), letters == ord(" ")
    is_spread = (equals[1:] & blanks[:-1]).any() or (equals[:-1] & blanks[1:]).any()
    is_spread = is_spread or any(piece.find(b, start) >= 0 for b in (b"\t", b"\n", b"\r"))
    return bool(is_spread and _ODDLY_WRITTEN.search(piece))


def _area(archive: zipfile.ZipFile, part: str) -> int:
    """The area up to the last cell, filled or blank, as rows × columns."""
    letters, rows = set[bytes](), set[bytes]()
    for piece in _pieces(archive, part):
        letters.update(_COLUMN.findall(piece))
        rows.update(_ROW.findall(piece))
    return max(map(int, rows), default=0) * (max(map(column_number, letters), default=0) + 1)


def _filled_area(archive: zipfile.ZipFile, part: str) -> int:
    """The area up to the last filled cell, as rows × columns; formatted blank cells do not count."""
    row = column = 0
    for piece in _pieces(archive, part):
        for attributes in _FILLED.findall(piece):
            if match := _REFERENCE.search(attributes):
                row = max(row, int(match[2]))
                column = max(column, column_number(match[1]))
    return row * (column + 1)


def _errors(piece: bytes) -> dict[tuple[int, int], str]:
    found = {}
    for attributes, content in _ERROR.findall(piece):
        place, value = _REFERENCE.search(attributes), _VALUE.search(content)
        if place and value:
            found[int(place[2]), column_number(place[1])] = value[1].decode("utf-8", "replace")
    return found


def column_number(letters: bytes) -> int:
    """A → 0, Z → 25, AA → 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


# ---------------------------------------------------------------- ODS

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"


@dataclass(slots=True)
class _Extent:
    row: int = 0
    last: int = 0
    width: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[Merged] = field(default_factory=list)

    def facts(self) -> SheetFacts:
        return SheetFacts(self.errors, tuple(self.merged), self.last * self.width > CELLS_MOST)


def _ods(archive: zipfile.ZipFile) -> Iterator[tuple[str, SheetFacts]]:
    """(name, facts) of each sheet of an ODS, read row by row.

    Rows and cells may be repeated a million times by an attribute, so they are counted and not
    expanded.
    """
    extent = _Extent()
    with archive.open("content.xml") as part:
        for _, element in etree.iterparse(
            part,
            tag=(f"{_TABLE}table-row", f"{_TABLE}table"),
            resolve_entities=False,
            no_network=True,
            huge_tree=True,
        ):
            if element.tag == f"{_TABLE}table":
                yield str(element.get(f"{_TABLE}name")), extent.facts()
                extent = _Extent()
            else:
                _ods_row(element, extent)
            element.clear()


def _ods_row(row: etree._Element, extent: _Extent) -> None:
    column = width = 0
    for cell in row:
        repeated = _count(cell, "number-columns-repeated")
        if len(cell) or cell.get(f"{_OFFICE}value-type"):
            width = column + repeated
        if cell.get(f"{_CALC}value-type") == "error":
            text = "".join(cell.itertext()).strip()
            extent.errors[extent.row + 1, column] = text if text.startswith("#") else "#N/A"
        down, right = _count(cell, "number-rows-spanned"), _count(cell, "number-columns-spanned")
        if down > 1 or right > 1:
            extent.merged.append(
                Merged(extent.row + 1, column, extent.row + down, column + right - 1)
            )
        column += repeated
    extent.row += _count(row, "number-rows-repeated")
    if width:
        extent.last, extent.width = extent.row, max(extent.width, width)


def _count(element: etree._Element, name: str) -> int:
    written = element.get(f"{_TABLE}{name}", "1")
    return max(int(written), 1) if str(written).isdecimal() else 1
