"""Where the cells of an XLSX are: as their references say or, without these, by their order.

ECMA-376 part 1 (18.3.1.4, 18.3.1.73) lets cells and rows go without `r`: such a one follows the one
before it. What reads a sheet's part by regular expressions looks for references, so they are put in
where they are missing. calamine counts too, but not in all cases alike: a reference in a row
without a number moves no cell behind it. Where it may have put a cell elsewhere, or two cells into
one place, the sheet must not be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.base.column_letters import letters, position
from pipeline.intake.workbook.facts import At

#: Of a cell. XML lets an attribute be written with blanks around its = and with either quote.
REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Z]+)(\d+)["']""")
_ANY_CASE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]+)(\d+)["']""")  # as calamine takes it
_ROW_NUMBER = re.compile(rb"""\sr\s*=\s*["'](\d+)["']""")
_ATTRIBUTE = re.compile(rb"""\sr\s*=\s*(?:"[^"]*"|'[^']*')""")
#: A cell or row that does not begin with its reference, as nearly all of them do.
_UNUSUAL = re.compile(rb"""<(?:c(?! r="[A-Z])|row(?! r="\d))(?=[\s/>])([^>]*)""")
_UNUSUAL_PREFIXED = re.compile(
    rb"""<(?:[\w.-]+:)?(?:c(?! r="[A-Z])|row(?! r="\d))(?=[\s/>])([^>]*)"""
)
_TAG = re.compile(
    rb"<(?:[\w.-]+:)?(?:(?P<cell>c)|row)(?=[\s/>])(?P<attributes>[^>]*)>"
    rb"|(?P<end></(?:[\w.-]+:)?row\s*>)|</(?:[\w.-]+:)?sheetData\s*>"
)
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
Tag = re.Match[bytes]


def place(reference: re.Match[bytes]) -> At:
    """Of a match of `REFERENCE`. Of an absurdly long number the beginning, which is as absurd."""
    return int(reference[2][:20]), position(reference[1].upper())


def are_missing(piece: bytes) -> bool:
    """Whether a row or a cell in a piece of a sheet's part has no reference in capital letters."""
    tags = (_UNUSUAL_PREFIXED if b":c" in piece else _UNUSUAL).findall(piece)
    return any(not REFERENCE.search(tag) and not _ROW_NUMBER.search(tag) for tag in tags)


@dataclass(slots=True)
class Counter:
    """Counts the rows and cells of a sheet's part, as a spreadsheet does and as calamine does."""

    row: int = 0  # the last that has begun
    column: int = 0  # of the next cell
    their_row: int = 1  # of the next cell, for calamine; columns are the same in one row
    last: At = (0, 0)
    is_open: bool = False  # the row
    is_over: bool = False
    any_counted: bool = False
    is_ambiguous: bool = False

    @property
    def is_unclear(self) -> bool:
        """Whether calamine may have put a cell elsewhere, or two into one place."""
        return self.any_counted and self.is_ambiguous

    def completed(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces of a sheet's part, in which no tag is cut, with a reference in each row and
        cell, and without comments.
        """
        held = b""
        for piece in pieces:
            held = _COMMENT.sub(b"", held + piece)
            tags = [*_TAG.finditer(held)]
            end = len(held)
            # A row may have its number from its first cell, which is in the next piece then.
            if tags and _is_row(tags[-1]) and not self.is_over:
                end = tags.pop().start()
            yield b"".join(self._put(held[:end], tags))
            held = held[end:]
        yield b"".join(self._put(held, [*_TAG.finditer(held)]))

    def _put(self, piece: bytes, tags: Sequence[Tag]) -> Iterator[bytes]:
        self.is_ambiguous |= b"<!--" in piece  # a comment that is cut may hold cells
        done = 0
        for tag, following in zip(tags, [*tags[1:], None], strict=False):
            if self.is_over:
                break
            if reference := self._missing(tag, following):
                start, end = tag.span("attributes")
                yield piece[done:start]
                yield b' r="%s"' % reference.encode()
                yield _ATTRIBUTE.sub(b"", piece[start:end])
                done = end
        yield piece[done:]

    def _missing(self, tag: Tag, following: Tag | None) -> str:
        """Count a tag; the reference that it should have and has not, "" where it has one."""
        attributes = tag["attributes"]
        if tag["cell"]:
            return self._cell(attributes)
        if attributes is not None:
            return self._begin_row(attributes, following)
        if tag["end"]:
            self._end_row()
        else:
            self.is_over = True
        return ""

    def _begin_row(self, attributes: bytes, following: Tag | None) -> str:
        number = _ROW_NUMBER.search(attributes)
        is_filled = following is not None and following["cell"] and not attributes.endswith(b"/")
        first = _ANY_CASE.search(following["attributes"]) if following and is_filled else None
        if number:
            self.row = self.their_row = int(number[1][:20])
        else:
            self.row = place(first)[0] if first else self.row + 1
        self.is_ambiguous |= self.is_open
        self.column, self.is_open = 0, True
        if attributes.endswith(b"/"):
            self._end_row()
        return "" if number else str(self.row)

    def _end_row(self) -> None:
        self.their_row, self.is_open = self.their_row + 1, False

    def _cell(self, attributes: bytes) -> str:
        reference = _ANY_CASE.search(attributes)
        if reference:
            at = place(reference)
            self.is_ambiguous |= at[0] != self.row
            self.row = at[0]
        else:
            at = self.row, self.column
            self.any_counted = True
            self.is_ambiguous |= self.row != self.their_row
        self.is_ambiguous |= at <= self.last
        self.last, self.column = at, at[1] + 1
        is_right = reference and reference[1].isupper()
        return "" if is_right else f"{letters(at[1])}{at[0]}"


def _is_row(tag: Tag) -> bool:
    """Whether a row that may have cells begins."""
    return tag["attributes"] is not None and not tag["cell"] and not tag[0].endswith(b"/>")
