"""What an XLS says of cells beside their values: errors, leading zeros, strike-through, hiding.

calamine reads errors as blanks. Source: MS-XLS 2.4 (records).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.intake.workbook import ole, starts
from pipeline.intake.workbook.facts import FORMULA_ERRORS, At, BookFacts, SheetFacts
from pipeline.intake.workbook.sheet import Unreadable
from pipeline.intake.workbook.shown_numbers import Runs, pattern, zeros

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OTHERS = {
    "worddocument": "Word",
    "powerpoint document": "PowerPoint",
    "__properties_version1.0": "Outlook",
}
FORMULA, BOUND_SHEET, FONT, FORMAT, XF, BEGIN = 0x06, 0x85, 0x31, 0x041E, 0xE0, 0x0809
ROW, COLUMNS, NUMBER, SMALL, SMALLS, BOOL_OR_ERROR = 0x0208, 0x7D, 0x0203, 0x027E, 0xBD, 0x0205
END, LABEL, LABEL_SHARED, RICH = 0x0A, 0x0204, 0xFD, 0xD6
_CELLS = frozenset((FORMULA, NUMBER, SMALL, BOOL_OR_ERROR, LABEL, LABEL_SHARED, RICH))
_NUMBERS = frozenset((FORMULA, NUMBER, SMALL))
Record = tuple[int, bytes]
#: A stream without any of these has no error, hidden row or column: its cells need no look.
_WORTH_A_LOOK = re.compile(
    rb"\x05\x02\x08\x00"  # a cell that is an error or a boolean
    rb"|\x02.[\x00-\x2b]...\xff\xff"  # a formula's result that is an error
    rb"|\x08\x02\x10\x00.{12}[\x20-\x3f\x60-\x7f\xa0-\xbf\xe0-\xff]"  # a hidden row
    rb"|\x7d\x00[\x0a-\x0c]\x00.{8}[\x01\x03\x05\x07\x09\x0b\x0d\x0f]",  # hidden columns
    re.S,
)


def inspect(path: Path) -> BookFacts:
    """The facts of each sheet, by position, of a file that is no ZIP archive.

    Raises Unreadable with `file-password`, `file-too-old` or `file-other-kind`. What is damaged
    else gives no facts: calamine decides.
    """
    data = path.read_bytes()
    if data.startswith(starts.OLD):
        raise Unreadable("file-too-old")
    try:
        names = ole.streams(data)
        if "encryptedpackage" in names:
            raise Unreadable("file-password")
        for name, kind in _OTHERS.items():
            if name in names:
                raise Unreadable("file-other-kind", {"kind": kind})
        book = ole.stream(data, "workbook" if "workbook" in names else "book")
        return BookFacts(dict(enumerate(_sheets(book))))
    except (ValueError, KeyError, IndexError, struct.error):
        if _ENCRYPTED in data:
            raise Unreadable("file-password") from None
        return BookFacts()


@dataclass(slots=True)
class _Styles:
    """By index of a cell's style (XF): digits shown at least, text around them, and whether it is
    struck through.
    """

    formats: dict[int, str] = field(default_factory=dict)
    fonts: list[bool] = field(default_factory=list)
    of_cells: list[tuple[int, int]] = field(default_factory=list)  # font, format

    def add(self, kind: int, body: bytes) -> None:
        if kind == FONT:
            self.fonts.append(bool(struct.unpack_from("<H", body, 2)[0] & 8))
        elif kind == XF:
            self.of_cells.append(struct.unpack_from("<HH", body))
        elif kind == FORMAT and len(body) > 5:
            wide = body[4] & 1
            text = body[5:].decode("utf-16-le" if wide else "latin-1", "replace")
            self.formats[struct.unpack_from("<H", body)[0]] = text

    def widths(self) -> dict[int, int]:
        counts = ((i, zeros(self.formats.get(f, ""))) for i, (_, f) in self._numbered())
        return {index: count for index, count in counts if count}

    def patterns(self) -> dict[int, str]:
        texts = ((i, pattern(self.formats.get(f, ""))) for i, (_, f) in self._numbered())
        return {index: text for index, text in texts if text}

    def struck(self) -> set[int]:
        # There is no font 4: the fifth that is listed is font 5.
        struck = {i + (i > 3) for i, is_struck in enumerate(self.fonts) if is_struck}
        return {index for index, (font, _) in self._numbered() if font in struck}

    def _numbered(self) -> Iterator[tuple[int, tuple[int, int]]]:
        return iter(enumerate(self.of_cells))


def _sheets(book: bytes) -> Iterator[SheetFacts]:
    """The facts of each sheet, in the order in which the workbook lists them."""
    styles, starts = _Styles(), list[int]()
    for kind, body in _records(book, 0):
        if kind == BOUND_SHEET:
            starts.append(struct.unpack_from("<I", body)[0])
        else:
            styles.add(kind, body)
    widths, patterns, struck = styles.widths(), styles.patterns(), styles.struck()
    if not (widths or patterns or struck or _WORTH_A_LOOK.search(book)):
        return
    for start in starts:
        yield _sheet(book, start, _Sheet(widths, patterns, struck))


def _records(book: bytes, at: int) -> Iterator[Record]:
    """(kind, body) of each record up to the end of a substream, without those of charts in it."""
    depth = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        if kind == BEGIN:
            depth += 1
        elif kind == END:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1:
            yield kind, book[at + 4 : at + 4 + size]
        at += 4 + size


@dataclass(slots=True)
class _Sheet:
    """What the records of a sheet say."""

    widths: dict[int, int]  # of styles
    patterns: dict[int, str]  # of styles
    struck_styles: set[int]
    texts: dict[At, str] = field(default_factory=dict)
    shown: dict[At, int] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    struck: set[int] = field(default_factory=set)
    texts_around: Runs = field(default_factory=Runs)

    def add(self, kind: int, body: bytes) -> None:
        if kind in _CELLS:
            row, column, style = struct.unpack_from("<HHH", body)
            self._styled(row + 1, column, style, kind in _NUMBERS)
            if (code := _error(kind, body)) is not None:
                self.texts[row + 1, column] = FORMULA_ERRORS.get(code, "#N/A")
        elif kind == SMALLS:
            row, first = struct.unpack_from("<HH", body)
            for n in range((len(body) - 6) // 6):
                self._styled(row + 1, first + n, struct.unpack_from("<H", body, 4 + 6 * n)[0], True)
        elif kind == ROW and struct.unpack_from("<H", body, 12)[0] & 0x20:
            self.hidden.add(struct.unpack_from("<H", body)[0] + 1)
        elif kind == COLUMNS and struct.unpack_from("<H", body, 8)[0] & 1:
            first, last = struct.unpack_from("<HH", body)
            self.hidden_columns.update(range(first, min(last, 255) + 1))

    def _styled(self, row: int, column: int, style: int, is_number: bool) -> None:
        if style in self.struck_styles:
            self.struck.add(row)
        if style in self.widths:
            self.shown[row, column] = self.widths[style]
        elif is_number and style in self.patterns:
            self.texts_around.add(row, column, self.patterns[style])


def _sheet(book: bytes, start: int, sheet: _Sheet) -> SheetFacts:
    for kind, body in _records(book, start):
        sheet.add(kind, body)
    return SheetFacts(
        sheet.texts,
        sheet.shown,
        hidden=frozenset(sheet.hidden),
        struck=frozenset(sheet.struck),
        hidden_columns=frozenset(sheet.hidden_columns),
        shown=tuple(sheet.texts_around),
    )


def _error(kind: int, body: bytes) -> int | None:
    """The code of a cell's error value; None where it has none."""
    if kind == BOOL_OR_ERROR and body[7] == 1:
        return body[6]
    if kind == FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:
        return body[8]
    return None
