"""In which order a column writes its dates where only all its cells together can tell.

3/15/24 in one row shows that the month is first, so that 4/5/24 in another is 5 April. What the
cells of a piece show is small, and the same however the source is cut.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial, reduce
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.engine import ordered_map
from pipeline.base.model import Column, Dataset, Finding, Source, found
from pipeline.base.patterns import lazy
from pipeline.intake.table import dates
from pipeline.intake.table.match_columns import HeaderMatch
from pipeline.intake.text import blocks, ranges
from pipeline.intake.text.blocks import Block, Parsed
from pipeline.intake.text.ranges import Range
from pipeline.intake.text.text_files import TextFormat

#: A cell that may be three small numbers, in whatever width. RE2 syntax.
SUSPECT = (
    r"^[^0-9０-９]{0,2}[0-9０-９]{1,2}\s*[-/.年－／．]\s*[0-9０-９]{1,2}\s*[-/.月－／．]\s*"
    r"[0-9０-９]{1,4}(?:[^0-9０-９]|$)"
)
_SUSPECT = lazy(SUSPECT)
#: The beginning of such a cell behind a delimiter, in bytes of any encoding in which digits are
#: ASCII; or of any cell that begins with digits of full width, in UTF-8, GB18030 and Big5. RE2
#: syntax, Latin-1. Two characters take eight bytes at most.
_IN_BYTES = (
    r"[^0-9\n]{0,8}"
    r"(?:[0-9]{1,2}\s*(?:[-/.]|[^ -~].{1,2})\s*[0-9]{1,2}\s*(?:[-/.]|[^ -~].{1,2})\s*[0-9]"
    r"|\xef\xbc[\x90-\x99]|\xa3[\xb0-\xb9]|\xa2[\xaf-\xb8])"
)
_AT_ONCE, _OVERLAP = 1 << 20, 64  # bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """What the cells of one column show of its order.

    `possible`: the orders in which every cell is a date. `proven`: the orders of cells that can be
    read in one only, with the first such cell. `unclear`: how many others there are, and `example`
    the first of them. `spans`: for each order the first and the last day that it gives.
    """

    possible: frozenset[str] = frozenset(dates.ORDERS)
    proven: Mapping[str, str] = field(default_factory=dict)
    unclear: int = 0
    example: str = ""
    spans: Mapping[str, tuple[date, date]] = field(default_factory=dict)

    def __add__(self, other: Shown) -> Shown:
        spans = {
            order: (
                min(s.spans[order][0] for s in (self, other) if order in s.spans),
                max(s.spans[order][1] for s in (self, other) if order in s.spans),
            )
            for order in {**self.spans, **other.spans}
        }
        return Shown(
            self.possible & other.possible,
            {**other.proven, **self.proven},
            self.unclear + other.unclear,
            self.example or other.example,
            spans,
        )

    @property
    def style(self) -> str:
        """The `Setting.dates` of the column: its order, "" where each cell tells its own."""
        if not self.unclear:
            return ""
        order = next(iter(self.possible)) if len(self.possible) == 1 else ""
        return order if order not in ("", "ymd") else dates.UNCERTAIN

    @property
    def proposals(self) -> list[str]:
        """The orders in which the first unclear cell is a date, the most probable first: the one
        that puts the column's days closest together."""
        days = dates.orders(self.example)
        left = [o for o in dates.ORDERS if o in days and o in (self.possible or days)]
        return sorted(left, key=lambda o: self.spans[o][1] - self.spans[o][0])


def shown(cells: Iterable[tuple[str, int]]) -> Shown:
    """What distinct cells, each with its number, in their order, show together."""
    return reduce(lambda all_, cell: all_ + _of_cell(*cell), cells, Shown())


def of_rows(rows: Iterable[Sequence[str]], positions: Mapping[str, int]) -> dict[str, Shown]:
    """What each column of a sheet shows; `positions`: field → column."""
    kept = list(rows)
    all_shown = dict[str, Shown]()
    for name, at in positions.items():
        cells = Counter(row[at] for row in kept if at < len(row) and _SUSPECT.match(row[at]))
        all_shown[name] = shown(cells.items())
    return all_shown


def of_text(
    path: Path, fmt: TextFormat, width: int, positions: Mapping[str, int]
) -> dict[str, Shown]:
    """What each column of a text file shows, in bounded memory.

    One pass over the bytes tells whether there is such a date anywhere; only then the file is read.
    """
    if not positions or not _may_hold_one(path, fmt, 0 in positions.values()):
        return {}
    work = partial(_of_piece, delimiter=fmt.delimiter, width=width, positions=positions)
    total = dict.fromkeys(positions, Shown())
    for part in ordered_map(work, ranges.pieces(path, fmt, width)):
        total = {name: what + part[name] for name, what in total.items()}
    return total


def _of_piece(
    piece: Range | Block | Parsed, delimiter: str, width: int, positions: Mapping[str, int]
) -> dict[str, Shown]:
    piece = piece.block() if isinstance(piece, Range) else piece
    parsed = blocks.parse(piece, delimiter, width) if isinstance(piece, Block) else piece
    all_shown = of_rows([ragged.cells for ragged in parsed.ragged], positions)
    for name, at in positions.items():
        if str(at) in parsed.table.column_names:
            cells = parsed.table[str(at)]
            counts = cells.filter(pc.match_substring_regex(cells, SUSPECT)).value_counts()
            pairs = zip(*(counts.field(i).to_pylist() for i in (0, 1)), strict=True)
            all_shown[name] = shown(pairs) + all_shown[name]
    return all_shown


def _may_hold_one(path: Path, fmt: TextFormat, is_first: bool) -> bool:
    """Whether any cell may hold such a date, by its bytes; True where an encoding hides them.

    `is_first`: whether the first column is one of dates.
    """
    if fmt.encoding not in ranges.CUTTABLE:
        return True
    marks = {fmt.delimiter.encode(fmt.encoding.removesuffix("-sig")).decode("latin-1")}
    marks |= {"\n", "\r"} if is_first else set()
    marks |= {'"'} if any(stretch.has_quotes for stretch in fmt.stretches) else set()
    # Each begins with its mark, which RE2 finds much faster than one of several.
    patterns = [re.escape(mark) + _IN_BYTES for mark in sorted(marks)]
    looked = partial(_in_bytes, path, patterns)
    return any(ordered_map(looked, range(0, fmt.size, _AT_ONCE)))


def _in_bytes(path: Path, patterns: Sequence[str], start: int) -> bool:
    """Whether a pattern is in the `_AT_ONCE` bytes from `start`, or reaches over their ends."""
    with path.open("rb") as file:
        file.seek(max(0, start - _OVERLAP))
        data = b"\n" * (not start) + file.read(_AT_ONCE + 2 * _OVERLAP)
    ends = pa.py_buffer(np.array([0, len(data)], np.int32))
    cell = pa.Array.from_buffers(pa.binary(), 1, [None, ends, pa.py_buffer(data)])
    return any(pc.match_substring_regex(cell, pattern)[0].as_py() for pattern in patterns)


def _of_cell(text: str, count: int) -> Shown:
    days = dates.orders(text)
    if not days:
        return Shown()
    order = dates.certain_order(days)
    spans = {order: (day, day) for order, day in days.items()}
    if order:
        return Shown(frozenset(days), {order: text}, 0, "", spans)
    return Shown(frozenset(days), {}, count, text, spans)


def columns(dataset: Dataset, mapping: Iterable[HeaderMatch]) -> dict[str, int]:
    """Field → position of each column of dates."""
    return {
        m.field: m.position for m in mapping if m.field and dataset.column(m.field).kind == "date"
    }


def settings(all_shown: Mapping[str, Shown]) -> dict[str, str]:
    """Field → `Setting.dates` of its column."""
    return {name: what.style for name, what in all_shown.items() if what.style}


def findings(source: Source, dataset: Dataset, all_shown: Mapping[str, Shown]) -> Iterator[Finding]:
    """One finding for each column whose order nothing shows, or whose cells show two."""
    for name, what in all_shown.items():
        column = dataset.column(name)
        params: dict[str, object] = {"title": column.title, "title_en": column.title_en}
        if {"mdy", "dmy"} <= set(what.proven):
            two = {order: _open(column, what.proven[order]) for order in ("mdy", "dmy")}
            yield found(
                "date-styles-differ",
                source,
                row=source.header_row,
                column=name,
                params={**params, **two},
            )
        if what.style == dates.UNCERTAIN:
            days = dates.orders(what.example)
            readings = [f"{days[o].isoformat()} (dates: {o})" for o in what.proposals]
            params |= {
                "count": what.unclear,
                "example": _open(column, what.example),
                "readings": _open(column, " / ".join(readings)),
                "proposal": f"dates: {what.proposals[0]}",
            }
            yield found("date-ambiguous", source, row=source.header_row, column=name, params=params)


def _open(column: Column, text: str) -> str:
    return text if column.privacy == "public" else "***"
