"""Records out of delimited text whose quotes are broken: finds where the table resumes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 100  # lines that one record may span before its open quote is taken for a slip
csv.field_size_limit(1 << 28)


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record; `note` names the finding where something had to be done to it."""

    cells: tuple[str, ...]
    note: str = ""


def read(text: str, delimiter: str, columns: int) -> Iterator[Record]:
    """The records of `text`, whose lines end in `\\n`; every line is in exactly one of them.

    A line with an odd number of quotes may go on over the next lines, but only if that makes a
    record of just `columns` cells in which no whole record hides. Otherwise the quote is a slip: the
    line stands alone and the quote is an ordinary character.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    at = 0
    while at < len(lines):
        line = lines[at]
        if '"' not in line:
            cells = tuple(line.split(delimiter)) if line else ("",) * columns
            yield Record(cells)
            at += 1
            continue
        end = _end(lines, at, delimiter, columns)
        if end:
            yield Record(_parsed("\n".join(lines[at:end]), delimiter))
            at = end
        else:
            yield _alone(line, delimiter)
            at += 1


def _end(lines: list[str], start: int, delimiter: str, columns: int) -> int:
    """The line behind the record that begins at `start`; 0 where its quotes cannot be believed."""
    quotes = 0
    for end in range(start + 1, min(start + LONGEST, len(lines)) + 1):
        added = lines[end - 1]
        whole_record = added.count(delimiter) >= max(columns - 1, 1) and not added.count('"') % 2
        if end - 1 > start and quotes % 2 and whole_record:
            return 0  # a record inside an open quote
        quotes += added.count('"')
        if quotes % 2 == 0:
            cells = _parsed("\n".join(lines[start:end]), delimiter)
            if len(cells) == columns:
                return end
            return end if end == start + 1 and len(lines[start].split(delimiter)) != columns else 0
    return 0


def _parsed(record: str, delimiter: str) -> tuple[str, ...]:
    rows = list(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter))
    return tuple(rows[0]) if len(rows) == 1 else (record,)


def _alone(line: str, delimiter: str) -> Record:
    """A line whose quotes do not close: cut at every delimiter, a quote at a cell's edge dropped."""
    cells = tuple(
        cell.strip().removeprefix('"').removesuffix('"') for cell in line.split(delimiter)
    )
    return Record(cells, "unclosed-quote")
