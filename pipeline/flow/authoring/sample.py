"""The table in a sample file: where its header is, and its rows, as `check` reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from pipeline.base.model import Catalog, Chunk, Column, Dataset
from pipeline.base.sheet_cells import is_added
from pipeline.checks.privacy import screen
from pipeline.intake import read
from pipeline.intake.inbox import kinds
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.read import Opened
from pipeline.intake.table import find_headers, match_columns
from pipeline.intake.table.find_headers import HeaderBlock, Merged, Rows
from pipeline.intake.table.sources_yaml import HEADER_MOST, Hint
from pipeline.intake.text import json_files, text_files
from pipeline.intake.workbook.sheet import Sheet

SAMPLE = 5_000  # rows that guesses are based on
HEAD = HEADER_MOST - find_headers.TALLEST  # rows that are searched for the header
USUAL = 0.6  # of the cells that rows have filled, a header has filled at least
_VALUE = re.compile(
    r"[^：:]+[：:]\s*\S.*|[-+]?[\d.,]*\d%?|\d{4}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?(?: .*)?"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+")  # a field's name in an exchange layout


@dataclass(frozen=True, slots=True)
class Place:
    """Where the table of a sample is; `others`: how many more tables the file has."""

    sheet: str
    block: HeaderBlock
    others: int

    @property
    def header(self) -> tuple[str, ...]:
        return match_columns.trimmed(self.block.names)


def find(file: InboxFile) -> Place | None:
    """The largest table of the file; None where it has none. Raises Unreadable, OSError."""
    best, largest, tables = None, 0, 0
    for sheet in _sheets(file):
        block = None if sheet.skipped else _header(sheet)
        if block is None or is_added(next(iter(sheet.rows[0]), "")):
            continue
        size = (len(sheet.rows) - block.last) * sum(map(bool, block.names))
        tables += 1
        if size > largest:
            best, largest = Place(sheet.name, block, 0), size
    return best and replace(best, others=tables - 1)


def _sheets(file: InboxFile) -> Iterator[Sheet]:
    """The file's sheets as text; of a text file and of JSON at least the first rows."""
    kind = kinds.kind_of(file.path, kinds.KINDS.get(file.suffix, kinds.WORKBOOK))
    if kind == kinds.TEXT:
        yield Sheet("", text_files.head_rows(text_files.examine(file.path), SAMPLE))
    elif kind == kinds.JSON:
        tables = json_files.tables(file.path)
        yield from (Sheet(*each) for each in (tables if isinstance(tables, list) else ()))
    else:
        from pipeline.intake.workbook import workbooks

        yield from workbooks.sheets(file.path, is_markup=kind == kinds.MARKUP)


# ---------------------------------------------------------------- the header


def _header(sheet: Sheet) -> HeaderBlock | None:
    """The header: the first row as full as rows usually are that names columns, with the rows of
    group titles above it and of codes below it; None where there is no such row.
    """
    rows = sheet.rows[:SAMPLE]
    counts = [_filled(row) for row in rows]
    full = sorted(n for n in counts if n)
    if len(full) < 2:
        return None
    usual = full[len(full) // 2]
    spread = _spread(rows[: HEAD + find_headers.TALLEST], sheet.merged)
    for top, row in enumerate(spread[: min(HEAD, len(rows) - 1)]):
        if usual == 1 and not _filled(rows[top + 1]) and len(full) > 2:
            continue  # a title above a list
        texts = {cell.strip() for cell in row} - {""}
        wide = _filled(row) >= max(min(2, usual), USUAL * usual)
        if wide and (len(texts) > 1 or usual == 1) and _names_columns(row):
            first, last = _above(rows, top), _below(spread, top, sheet.merged)
            block = find_headers.block_at(rows, first + 1, last + 1, (), sheet.merged)
            return block if any(_filled(row) for row in rows[last + 1 :]) else None
    return None


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _spread(rows: Rows, merged: Sequence[Merged]) -> list[list[str]]:
    """The rows with the text of a merged range in each of its cells."""
    full = [list(row) for row in rows]
    for area in merged:
        if area.top > len(full) or area.left >= len(full[area.top - 1]):
            continue
        for row in full[area.top - 1 : area.bottom]:
            for at in range(area.left, min(area.right + 1, len(row))):
                row[at] = full[area.top - 1][area.left]
    return full


def _names_columns(row: Sequence[str]) -> bool:
    """Whether a row may be a header: at most half of its cells are values or say something (填报单位：
    示例局), none tells of a person.
    """
    filled = [cell.strip() for cell in row if cell.strip()]
    years = sum(bool(_YEAR.fullmatch(cell)) for cell in filled)
    return (_values(filled) - years) * 2 <= len(filled) and not any(
        screen.screened(c)[1] for c in filled
    )


def _values(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip() and _VALUE.fullmatch(cell.strip())) for cell in cells)


def _above(rows: Rows, top: int) -> int:
    """The first row of the header whose full row is `top`: the row over it belongs to it where it
    names a column that has no name in `top`.
    """
    if top and _filled(rows[top - 1]) > 1:
        width = len(rows[top])
        over = [*rows[top - 1], *[""] * width]
        if any(over[i].strip() and not rows[top][i].strip() for i in range(width)):
            return top - 1
    return top


def _below(spread: Rows, top: int, merged: Sequence[Merged]) -> int:
    """The last row of the header that begins in `top`: as far as merged cells reach, below titles
    that are merged over several columns or leave cells for the row below, and over a row of codes.
    """
    last = top
    while last + 1 < len(spread) and last + 1 < top + find_headers.TALLEST:
        here = [m for m in merged if m.top - 1 <= last < m.bottom]
        tall = any(m.bottom - 1 > last for m in here)
        wide = any(m.right > m.left and m.bottom - 1 == last for m in here)
        cells = [cell.strip() for cell in spread[last + 1] if cell.strip()]
        coded = len(cells) > 1 and all(map(_CODE.fullmatch, cells))
        more = tall or wide or _continues(spread[last : last + 7])
        if not (coded or (more and cells and _names_columns(cells))):
            break
        last += 1
    return last


def _continues(rows: Rows) -> bool:
    """Whether the second row goes on with a header of which the first leaves names out: it has no
    value, and each row below has some.
    """
    first, second, *below = [*rows, (), ()][: max(len(rows), 2)]
    left = any(b.strip() and not a.strip() for a, b in zip(first, second, strict=False))
    filled = [row for row in below if _filled(row)]
    return left and not _values(second) and bool(filled) and all(map(_values, filled))


# ---------------------------------------------------------------- read with a contract


def numbered(header: Sequence[str]) -> list[str]:
    """The headers told apart: the second 电话 is 电话（2）, as it is matched when it is read."""
    seen = dict[str, int]()
    found = list[str]()
    for name in header:
        form = match_columns.canonical(name)[0]
        seen[form] = seen.get(form, 0) + 1
        found.append(match_columns.again(name, seen[form]) if form else name)
    return found


def skeleton(header: Sequence[str]) -> Dataset:
    """A dataset that reads any table with this header: a column of text for each name."""
    names = ((f"c{i}", name) for i, name in enumerate(numbered(header)) if name.strip())
    columns = tuple(Column(name, title, name) for name, title in names)
    return Dataset("sample", "sample", "sample", "", "", columns)


def hint(dataset: Dataset, place: Place) -> Hint:
    """What sources.yaml would have to say where nothing can be found without it."""
    block = place.block
    return Hint(
        dataset=dataset.name, sheet=place.sheet or None, header_rows=(block.first, block.last)
    )


def opened(file: InboxFile, catalog: Catalog, dataset: Dataset, said: Hint) -> list[Opened]:
    """The tables of `file` that are of `dataset`; `said`: what sources.yaml says of the file."""
    datasets = {**catalog.datasets, dataset.name: dataset}
    among = replace(catalog, datasets=datasets)
    tables = read.open_file(replace(file, hint=said), among)
    return [t for t in tables if isinstance(t, Opened) and t.dataset is dataset]


def chunks(table: Opened) -> Iterator[Chunk]:
    return (table.chunk(piece) for piece in table.pieces())


def written(file: InboxFile, catalog: Catalog, place: Place) -> pa.Table | None:
    """The first records as written, a column for each of the file's; None where there is none."""
    dataset = skeleton(place.header)
    found, count = list[pa.Table](), 0
    for table in opened(file, catalog, dataset, hint(dataset, place)):
        for chunk in chunks(table):
            found.append(chunk.raw)
            count += len(chunk.raw)
            if count >= SAMPLE:
                break
    return pa.concat_tables(found, promote_options="default").slice(0, SAMPLE) if count else None
