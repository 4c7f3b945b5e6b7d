"""Records out of delimited text whose quotes are broken: finds where the table resumes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.base.patterns import lazy

LONGEST = 100  # lines that one record may span before its open quote counts as a mistake
csv.field_size_limit(1 << 30)


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record and how many lines it takes; `note` names a finding about it."""

    cells: tuple[str, ...]
    lines: int = 1
    note: str = ""


def read(text: str, delimiter: str, columns: int) -> Iterator[Record]:
    """The records of `text`, whose lines end in `\\n`; every line is in exactly one of them.

    A line with an odd number of quotes may go on over the next lines, but only if that makes a
    record of just `columns` cells (0: of any number) in which no whole record hides. Otherwise the
    quote is a mistake: the line is one record and the quote is an ordinary character.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    at = 0
    while at < len(lines):
        record = _record(lines, at, delimiter, columns)
        yield record
        at += record.lines


def _record(lines: list[str], at: int, delimiter: str, columns: int) -> Record:
    line = lines[at]
    if not line:
        return Record(("",) * columns)
    if '\\"' in line and (escaped := _escaped(lines, at, delimiter, columns)):
        return escaped
    if '"' not in line:
        return Record(tuple(line.split(delimiter)))
    if line.count('"') % 2 == 0:
        return Record(_parsed(line, delimiter))
    end = _closing(lines, at)
    record = "\n".join(lines[at:end])
    if end and is_strict(record, delimiter):
        cells = _parsed(record, delimiter)
        if not columns or (
            len(cells) == columns and not _hides_records(lines[at:end], delimiter, columns)
        ):
            return Record(cells, end - at)
    return _alone(line, delimiter)


_ESCAPES = lazy(r'\\([\\"])')
_HIDDEN = str.maketrans({'"': "\ue0f0", "\\": "\ue0f1"})
_SHOWN = str.maketrans({"\ue0f0": '"', "\ue0f1": "\\"})


def _escaped(lines: list[str], at: int, delimiter: str, columns: int) -> Record | None:
    """The record that begins in line `at`, if its quotes are in order only with each `\\"` taken for
    a quote inside a cell, as MySQL and others write it; None where they are not.
    """
    line = lines[at]
    if line.count('"') % 2 == 0 and is_strict(line, delimiter):
        return None  # a cell that ends with a backslash
    for end in range(at + 1, min(at + LONGEST, len(lines)) + 1):
        text = "\n".join(lines[at:end])
        plain = _ESCAPES.sub(lambda match: match[1].translate(_HIDDEN), text)
        if plain.count('"') % 2:
            continue
        if not is_strict(plain, delimiter) or text.translate(_SHOWN) != text:
            return None
        cells = _parsed(plain, delimiter)
        if columns and len(cells) != columns:
            return None
        return Record(tuple(c.translate(_SHOWN) for c in cells), end - at, "backslash-quote")
    return None


def _closing(lines: list[str], start: int) -> int:
    """The line behind the one that closes the quote opened in line `start`; 0 where none does."""
    for end in range(start + 1, min(start + LONGEST, len(lines))):
        if lines[end].count('"') % 2:
            return end + 1
    return 0


def _hides_records(lines: list[str], delimiter: str, columns: int) -> bool:
    """Whether lines read as one record are each as wide as a record.

    One line in the middle is enough; the first and the last are only partly inside the quotes, so
    both of them have to be.
    """
    if columns == 1:
        return False
    wide = [line.count(delimiter) == columns - 1 for line in lines]
    return any(wide[1:-1]) or (wide[0] and wide[-1])


def is_strict(record: str, delimiter: str) -> bool:
    """Whether each quote opens or closes a whole cell,
    or is written twice inside one (RFC 4180).
    """
    edges = ("", "\n", delimiter)
    outside = record.split('"')[0::2]
    return all(
        (part[:1] in edges or not i) and (part[-1:] in edges or i == len(outside) - 1)
        for i, part in enumerate(outside)
    )


def _parsed(record: str, delimiter: str) -> tuple[str, ...]:
    rows = list(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter))
    return tuple(rows[0]) if len(rows) == 1 else (record,)


def _alone(line: str, delimiter: str) -> Record:
    """A line whose quotes do not close: cut at every delimiter,
    a quote at a cell's edge dropped.
    """
    cells = tuple(
        cell.strip(" ").removeprefix('"').removesuffix('"') for cell in line.split(delimiter)
    )
    return Record(cells, 1, "unclosed-quote")
