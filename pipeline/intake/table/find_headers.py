"""Where the tables of a sheet are: under titles, under headers of several rows, one after another
or side by side; and what its merged cells mean."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import cast

from pipeline.base.model import Dataset
from pipeline.base.patterns import lazy
from pipeline.intake.table import match_columns, under_header

HEAD = 60  # rows that are searched for a header
TALLEST = 3  # rows that a header may have
SHORTEST = 4  # characters of an alias that is clear without its group's name

Rows = Sequence[Sequence[str]]
_TOP = attrgetter("top")


@dataclass(frozen=True, slots=True)
class Merged:
    """A range of merged cells: first and last row (from 1), first and last column (from 0)."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """The rows that name a table's columns, and the names, by column; "" where there is none."""

    first: int
    last: int
    names: tuple[str, ...]
    scores: tuple[tuple[int, Dataset], ...] = ()
    rows: Rows = ()  # the header's rows as written in the file
    listed: int = 0  # how many of the names are listed in sources.yaml

    @property
    def matches(self) -> int:
        """The number of names that match: fields of the best dataset, plus names in sources.yaml."""
        return (self.scores[0][0] if self.scores else 0) + self.listed

    @property
    def is_whole(self) -> bool:
        """Whether every name is known, so that no other rows can be the header."""
        return self.matches >= 3 and self.matches == sum(map(bool, self.names))

    @property
    def is_table(self) -> bool:
        """Whether it is certainly a header: three matches, and half of the distinct names match."""
        return self.matches >= 3 and self.matches * 2 >= len(set(filter(None, self.names)))


@dataclass(frozen=True, slots=True)
class Area:
    """One table of a sheet: its header, and its rows from `start` to `end` (from 1, inclusive)."""

    block: HeaderBlock
    start: int
    end: int


# ---------------------------------------------------------------- headers


def find_block(
    rows: Rows,
    datasets: Sequence[Dataset],
    merged: Sequence[Merged] = (),
    also: Iterable[str] = (),
) -> HeaderBlock | None:
    """The header: the one to three rows that name the most fields of one dataset.

    `rows`: the sheet's rows as text, of which the first `HEAD` are searched. `merged`: the merged
    ranges. `also`: header names that sources.yaml lists in addition to the contract's.
    Returns None where fewer than two names match, or none of datasets of a single column. If the sheet has several tables, the first
    table's header is returned; `areas` finds the others.
    """
    listed = frozenset(match_columns.canonical(name)[0] for name in also)
    best: HeaderBlock | None = None
    least = min(2, max((len(d.columns) for d in datasets), default=2))
    spread = _spread(rows[: HEAD + TALLEST], merged)
    for top in range(min(len(rows), HEAD)):
        if best and (best.is_whole or (best.is_table and top >= best.first - 1 + TALLEST)):
            break
        for height in range(1, TALLEST + 1):
            if top + height > len(spread) or (height > 1 and not any(rows[top + height - 1])):
                break
            block = _block(spread, top, height, datasets, listed)
            if block.matches >= least and (best is None or block.matches > best.matches):
                best = block
    if best is None:
        return None
    best = _without_titles(best, spread, datasets, listed)
    return _with_rows(_with_codes(best, spread, datasets, listed), rows)


def _without_titles(
    block: HeaderBlock, spread: Rows, datasets: Sequence[Dataset], listed: frozenset[str]
) -> HeaderBlock:
    """The block without rows at its top that are titles: they add no match, no name of a column
    and no difference between two names."""
    while block.first < block.last:
        lower = _block(spread, block.first, block.last - block.first, datasets, listed)
        names, without = filter(None, block.names), filter(None, lower.names)
        if lower.matches < block.matches or len(set(without)) < len(set(names)):
            break
        block = lower
    return block


def _with_codes(
    block: HeaderBlock, spread: Rows, datasets: Sequence[Dataset], listed: frozenset[str]
) -> HeaderBlock:
    """The block with the row below it, where that names the same fields in another way: titles and
    then codes of an exchange standard, or the other way round. A name with a unit is kept. Between
    both there may be a row of data types."""
    at = block.last
    if block.is_table and at + 1 < len(spread) and under_header.are_hints(spread[at]):
        at += 1
    if not block.is_table or at >= len(spread):
        return block
    below = _block(spread, at, 1, datasets, listed)
    best, other = block.scores[0], below.scores[0]
    if other[0] < 3 or best[1] is not other[1]:
        return block
    names = list(block.names) + [""] * (len(below.names) - len(block.names))
    for i, name in enumerate(below.names):
        fields = [match_columns.field_of(n, best[1]) for n in (names[i], name)]
        if all(fields) and fields[0] != fields[1]:
            return block  # another table, or a record whose values are words of a header
        if not names[i] or (name and not match_columns.canonical(names[i])[1]):
            names[i] = name if _says_more(name, names[i], bool(fields[1])) else names[i]
    scores = match_columns.scores(names, datasets)
    if scores[0][0] < best[0]:
        return block
    return replace(block, last=at + 1, names=tuple(names), scores=scores)


def _says_more(name: str, other: str, is_known: bool) -> bool:
    return not other or (is_known and bool(match_columns.canonical(name)[1]))


def block_at(
    rows: Rows, first: int, last: int, datasets: Sequence[Dataset], merged: Sequence[Merged] = ()
) -> HeaderBlock:
    """The header in rows `first` to `last` (from 1), as `header_rows` in sources.yaml says."""
    block = _block(_spread(rows[:last], merged), first - 1, last - first + 1, datasets)
    return _with_rows(block, rows)


def _with_rows(block: HeaderBlock, rows: Rows) -> HeaderBlock:
    return replace(block, rows=tuple(rows[block.first - 1 : block.last]))


def _block(
    rows: Rows,
    top: int,
    height: int,
    datasets: Sequence[Dataset],
    listed: frozenset[str] = frozenset(),
) -> HeaderBlock:
    names = tuple(_joined(parts, datasets) for parts in _columns(rows[top : top + height]))
    known = sum(match_columns.canonical(name)[0] in listed for name in names) if listed else 0
    return HeaderBlock(
        top + 1, top + height, names, match_columns.scores(names, datasets), listed=known
    )


def _columns(rows: Rows) -> Iterator[tuple[str, ...]]:
    """The header cells of each column, from the top down."""
    width = max(map(len, rows), default=0)
    for i in range(width):
        yield tuple(row[i] if i < len(row) else "" for row in rows)


def _spread(rows: Rows, merged: Sequence[Merged]) -> list[list[str]]:
    """The rows with a merged range's text copied to each of its cells, so that a group's name is
    joined with the name of each column below it. Columns from 1,024 on are not filled.
    """
    full = [list(row) for row in rows]
    for area in merged:
        if area.top > len(full) or area.left >= len(full[area.top - 1]):
            continue
        text = full[area.top - 1][area.left]
        for row in full[area.top - 1 : area.bottom]:
            row += [""] * (min(area.right + 1, 1024) - len(row))
            row[area.left : area.right + 1] = [text] * (min(area.right + 1, 1024) - area.left)
    return full


_GROUP = lazy(r"(?:基本)?(?:情况|信息|资料|内容)$")


def _joined(parts: Sequence[str], datasets: Sequence[Dataset]) -> str:
    """One name from the header cells of a column: 行政相对人 + 名称. A group's name (当事人信息)
    is left out where the lower cell repeats it, or is a field's title by itself.
    """
    parts = [part.replace("\0", "") for part in parts]  # which no store holds
    texts = list(dict.fromkeys(part.strip() for part in parts if part.strip()))
    if len(texts) < 2:
        return texts[0] if texts else ""
    joined, last = "".join(texts), texts[-1]
    group = _GROUP.sub("", "".join(texts[:-1]))
    for name in (joined, group + last):
        if match_columns.knows(name, datasets):
            return name
    if (group and last.startswith(group)) or _is_clear(last, datasets):
        return last
    return joined


def _is_clear(name: str, datasets: Sequence[Dataset]) -> bool:
    """Whether a name means a field without its group: its title, or an alias that is no such word
    as 名称 or 日期, which every group has."""
    return match_columns.is_title(name, datasets) or (
        match_columns.knows(name, datasets) and len(match_columns.canonical(name)[0]) >= SHORTEST
    )


# ---------------------------------------------------------------- several tables


#: A date, an amount, a number or a code: no header has one.
_VALUE = lazy(
    r"\s*(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?.{0,12}|[-+]?[\d,]*\d{5,}(?:\.\d+)?|[-+]?\d[\d,]*\.\d+|[0-9A-Z]{15,})\s*"
)


def areas(
    rows: Rows, first: HeaderBlock, datasets: Sequence[Dataset], merged: Sequence[Merged]
) -> list[Area]:
    """Every table of the sheet, `first` being the first table's header; every row is in one."""
    found = [Area(first, 1, len(rows))]
    known = match_columns.spellings(datasets) | set(filter(None, first.names))
    by_top = defaultdict[int, list[Merged]](list)
    for area in merged:
        by_top[area.top].append(area)
    row = first.last + 1
    while row <= len(rows):
        cells = rows[row - 1]
        words = len(known.intersection(cells))
        if (
            words >= 3
            and not any(map(_VALUE.fullmatch, cells))
            and (block := _other_header(rows, row, datasets, by_top, found[-1].block))
        ):
            start = _titles_from(rows, row, found[-1].block.last)
            found[-1] = replace(found[-1], end=start - 1)
            found.append(Area(block, start, len(rows)))
            row = block.last
        row += 1
    return [part for area in found for part in _side_by_side(area, datasets)]


def _other_header(
    rows: Rows,
    row: int,
    datasets: Sequence[Dataset],
    by_top: Mapping[int, Sequence[Merged]],
    above: HeaderBlock,
) -> HeaderBlock | None:
    """The header that begins in `row`.

    None where it is a record, or the header above repeated.
    """
    same = [c.strip() for c in rows[row - 1]] == [c.strip() for c in rows[above.first - 1]]
    if same and _titles_from(rows, row, above.last) == row:
        return None  # the header above, repeated on a new page
    tops = range(row, row + TALLEST)
    window = [_moved(area, row - 1) for top in tops for area in by_top.get(top, ())]
    spread = _spread(rows[row - 1 : row - 1 + TALLEST], window)
    blocks = [_block(spread, 0, height, datasets) for height in range(1, len(spread) + 1)]
    best = max(blocks, key=lambda b: (b.matches, -b.last))
    if not best.is_table:
        return None
    return _with_rows(replace(best, first=row, last=row + best.last - 1), rows)


def _moved(area: Merged, up: int) -> Merged:
    return replace(area, top=area.top - up, bottom=area.bottom - up)


def _titles_from(rows: Rows, header: int, above: int) -> int:
    """The first of the blank and one-cell rows right above a header: its title, not records."""
    start = header
    while start - 1 > above and sum(bool(c.strip()) for c in rows[start - 2]) <= 1:
        start -= 1
    return start


def _side_by_side(area: Area, datasets: Sequence[Dataset]) -> list[Area]:
    """The tables that are next to each other in `area`, separated by a column without a name;
    `area` alone where there is one table.
    """
    groups = _runs(area.block.names)
    parts = [_only(area.block, start, end, datasets) for start, end in groups]
    strong = [part for part in parts if part.matches >= 2]
    if len(strong) < 2 or not _repeats(strong):
        return [area]
    return [replace(area, block=part) for part in strong]


def _runs(names: Sequence[str]) -> list[tuple[int, int]]:
    """The runs of columns with a name."""
    runs, start = list[tuple[int, int]](), None
    for i, name in enumerate([*names, ""]):
        if name and start is None:
            start = i
        elif not name and start is not None:
            runs.append((start, i))
            start = None
    return runs


def _only(block: HeaderBlock, start: int, end: int, datasets: Sequence[Dataset]) -> HeaderBlock:
    names = tuple(n if start <= i < end else "" for i, n in enumerate(block.names))
    return replace(block, names=names, scores=match_columns.scores(names, datasets))


def _repeats(parts: Sequence[HeaderBlock]) -> bool:
    """Whether the parts are separate tables: a name is repeated, or they are of two datasets."""
    names = [match_columns.canonical(name)[0] for part in parts for name in part.names if name]
    return len(set(names)) < len(names) or len({p.scores[0][1].name for p in parts}) > 1


# ---------------------------------------------------------------- merged cells in the body


def beginning_in(area: Area, merged: Sequence[Merged]) -> Sequence[Merged]:
    """Of ranges sorted by their first row, those that begin in the rows of `area`."""
    first = bisect_left(merged, area.start, key=_TOP)
    return merged[first : bisect_right(merged, area.end, first, key=_TOP)]


def sorted_down(merged: Iterable[Merged]) -> list[Merged]:
    """The ranges sorted by their first row."""
    return sorted(merged, key=_TOP)


def banners(merged: Sequence[Merged], block: HeaderBlock) -> frozenset[int]:
    """Rows in which one cell is merged over most of the table: a title between the records."""
    width = len(match_columns.trimmed(block.names))
    return frozenset(
        m.top for m in merged if m.top == m.bottom and (m.right - m.left + 1) * 2 > width > 1
    )


def filled_down(
    rows: Rows, merged: Sequence[Merged], below: int
) -> tuple[list[Sequence[str]], list[Merged]]:
    """(the rows with a vertically merged cell's text copied to each row it spans, those ranges).

    Only ranges under row `below` (from 1) are filled. A range of several columns is filled in its
    first column. `merged` is sorted by the first row, and so are the ranges given. Ranges that
    overlap, as in no sound file, fill each cell once: the upper one goes before.
    """
    full, used = list(rows), list[Merged]()
    done = dict[int, int]()  # column → the last row that is filled
    own = set[int]()  # rows that are copies
    for area in merged:
        bottom = min(area.bottom, len(full))
        if area.top <= below or area.top >= bottom:
            continue
        text = full[area.top - 1][area.left] if area.left < len(full[area.top - 1]) else ""
        if not text:
            continue
        used.append(replace(area, bottom=bottom))
        for i in range(max(area.top, done.get(area.left, 0)), bottom):
            cells = list(full[i]) if i not in own else cast(list[str], full[i])
            cells += [""] * (area.left + 1 - len(cells))
            cells[area.left] = text
            full[i] = cells
            own.add(i)
        done[area.left] = max(bottom, done.get(area.left, 0))
    return full, used
