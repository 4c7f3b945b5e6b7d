"""The error values of an XLSB, which calamine reads as blanks. Source: MS-XLSB 2.4 (records)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pipeline.intake.workbook.archive import Archive
from pipeline.intake.workbook.facts import FORMULA_ERRORS, At, BookFacts, SheetFacts

ROW, ERROR, FORMULA_ERROR, SHEET = 0, 3, 11, 156


def inspect(archive: Archive, part: str) -> BookFacts:
    """The facts of each sheet, by position."""
    links = archive.links(part)
    sheets = dict[str | int, SheetFacts]()
    for kind, body in _records(archive.read(part)):
        if kind == SHEET:
            length = struct.unpack_from("<I", body, 8)[0]
            link = body[12 : 12 + 2 * length].decode("utf-16-le", "replace")
            target = links.get(link, ("", ""))[1]
            facts = SheetFacts(_errors(archive.read(target))) if target in archive else SheetFacts()
            sheets[len(sheets)] = facts
    return BookFacts(sheets)


def _errors(part: bytes) -> dict[At, str]:
    found, row = dict[At, str](), 0
    for kind, body in _records(part):
        if kind == ROW:
            row = struct.unpack_from("<I", body)[0]
        elif kind in (ERROR, FORMULA_ERROR):
            column = struct.unpack_from("<I", body)[0]
            found[row + 1, column] = FORMULA_ERRORS.get(body[8], "#N/A")
    return found


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, body) of each record."""
    at = 0
    while at < len(part):
        kind, at = _varying(part, at, 2)
        size, at = _varying(part, at, 4)
        yield kind, part[at : at + size]
        at += size


def _varying(part: bytes, at: int, most: int) -> tuple[int, int]:
    """(number of up to `most` bytes of seven bits, the offset behind it); kinds keep all bits."""
    number = 0
    for n in range(most):
        byte = part[at]
        at += 1
        number |= (byte & 0x7F) << (7 * n)
        if byte < 0x80:
            break
    return number, at
