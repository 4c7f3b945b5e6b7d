"""The tables in the sheets of a workbook, of markup and of JSON."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, takewhile, zip_longest
from operator import itemgetter

import pyarrow as pa

from pipeline.base.column_letters import letters
from pipeline.base.files import sha256
from pipeline.base.model import Catalog, Chunk, Dataset, Finding, Location, Source, found
from pipeline.base.sheet_cells import is_added
from pipeline.intake import opened_table
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.opened_table import Opened, Piece
from pipeline.intake.table import (
    chunks,
    date_styles,
    find_headers,
    match_columns,
    misplaced,
    numbers_as_days,
)
from pipeline.intake.table.find_headers import Area, HeaderBlock, Merged, Rows
from pipeline.intake.table.work import Layout, Work, prepare
from pipeline.intake.text import blocks, json_files
from pipeline.intake.text.blocks import Parsed, Ragged
from pipeline.intake.workbook import shown_numbers
from pipeline.intake.workbook.sheet import Sheet
from pipeline.intake.workbook.shown_numbers import Run

_COUNTED = frozenset(("integer", "number", "money", "year", "date"))
_LAST = itemgetter(2)  # row of a run
SLICE = 1 << 16  # rows of a sheet in one chunk


def open_json(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    tables = json_tables(file, catalog)
    if isinstance(tables, str):
        yield found(tables, Location(file.name))
        return
    yield from _open_sheets(file, (Sheet(name, rows) for name, rows in tables), "utf-8", catalog)


def json_tables(file: InboxFile, catalog: Catalog) -> list[tuple[str, json_files.Rows]] | str:
    """As `json_files.tables`; what names a column is said by the contract and by sources.yaml."""
    datasets, _ = opened_table.candidate_datasets(file, catalog)

    def known(names: Sequence[str]) -> int:
        listed = sum(name in file.hint.columns for name in names)
        return listed + max(
            (score for score, _ in match_columns.scores(names, datasets)), default=0
        )

    return json_files.tables(file.path, known)


def open_workbook(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    from pipeline.intake.workbook import workbooks  # in a process of their own

    yield from _open_sheets(file, workbooks.sheets(file.path), "", catalog)


def open_markup(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    from pipeline.intake.workbook import workbooks

    yield from _open_sheets(file, workbooks.sheets(file.path, is_markup=True), "", catalog)


def _open_sheets(
    file: InboxFile, sheets: Iterator[Sheet], encoding: str, catalog: Catalog
) -> Iterator[Opened | Finding]:
    whole = Source(
        "",
        file.name,
        file.sha256 or sha256(file.path),
        file.path.stat().st_size,
        encoding=encoding,
    )
    unread = list[tuple[Opened, Sheet]]()
    any_known = False
    for number, sheet in enumerate(sheets, 1):
        if sheet.rows and is_added(next(iter(sheet.rows[0]), "")):
            yield found("sheet-notes", Location(file.name, sheet.name))
        elif file.hint.sheet not in (None, number, sheet.name):
            yield found("sheet-not-asked", Location(file.name, sheet.name))
        elif sheet.skipped:
            yield found(f"sheet-{sheet.skipped}", Location(file.name, sheet.name))
        else:
            for opened in _open_sheet(replace(whole, sheet=sheet.name), sheet, file, catalog):
                if opened.dataset:
                    any_known = True
                    yield opened
                else:
                    unread.append((opened, sheet))
    for opened, sheet in unread:
        yield _beside_a_table(opened, sheet) if any_known else opened


def _beside_a_table(opened: Opened, sheet: Sheet) -> Opened | Finding:
    """The finding about a sheet without a dataset, in a file with another table: notes, or an
    unknown table (three rows or more with three filled cells)."""
    if opened.findings[0].rule not in ("dataset-unknown", "header-not-found", "table-transposed"):
        return opened
    wide = sum(sum(bool(c.strip()) for c in row) >= 3 for row in sheet.rows)
    return found("sheet-unknown" if wide >= 3 else "sheet-notes", opened.source)


def _open_sheet(
    source: Source, sheet: Sheet, file: InboxFile, catalog: Catalog
) -> Iterator[Opened]:
    """Each table of a sheet."""
    datasets, _ = opened_table.candidate_datasets(file, catalog)
    block = opened_table.header_block(sheet.rows, sheet.merged, file.hint, datasets)
    if misplaced.is_transposed(sheet.rows, datasets, block):
        yield opened_table.unread(source, "table-transposed")
        return
    if block is None:
        yield opened_table.matched(source, None, file, catalog)
        return
    areas = _areas(sheet, block, file, datasets)
    lefts, shown = _lefts(areas), _by_column(sheet.shown)
    ranges = find_headers.sorted_down(sheet.merged)
    rows, filled = find_headers.filled_down(sheet.rows, ranges, block.last)
    for area in areas:
        part = "" if area.start == 1 and area is areas[0] else f"{area.block.last}.{_left(area)}"
        opened = opened_table.matched(source, area.block, file, catalog, part)
        if opened.dataset is None:
            yield opened
            continue
        rows = _as_shown(rows, shown, area, opened)
        merged, banners = _merged_in(area, ranges, filled)
        above, below = rows[area.start - 1 : area.block.first - 1], rows[area.block.last : area.end]
        notes, named = opened_table.units_named(opened, file.hint, above, below)
        notes += _not_plain(sheet, area, opened.source)
        told, styles = opened_table.styles(opened, file.hint, partial(date_styles.of_rows, below))
        numbered = numbers_as_days.fields(opened.dataset, opened.mapping, below)
        layout = Layout(area.block, named, styles, numbered, sheet.is_1904, merged, banners)
        work = prepare(opened.source, opened.dataset, opened.mapping, file.hint, catalog, layout)
        if by := misplaced.shift(below, work.dataset, work.mapping, work.settings):
            yield opened_table.shifted(opened, by)
            continue
        yield replace(
            opened,
            findings=(*opened.findings, *notes, *told),
            pieces=partial(_pieces, rows, area, *_span(_left(area), lefts[area.block.first])),
            chunk=partial(_chunk_of_rows, work),
        )


def _areas(
    sheet: Sheet, block: HeaderBlock, file: InboxFile, datasets: Sequence[Dataset]
) -> list[Area]:
    """Where the sheet's tables are, of which `block` is the first header."""
    if file.hint.header_rows:
        return [Area(block, 1, len(sheet.rows))]
    return find_headers.areas(sheet.rows, block, datasets, sheet.merged)


def _merged_in(
    area: Area, ranges: Sequence[Merged], filled: Sequence[Merged]
) -> tuple[Sequence[Merged], frozenset[int]]:
    """(those of `filled` that are a table's own, the rows of its banners).

    Of a sheet's ranges, each table looks at its own: there may be thousands of both.
    """
    own = find_headers.beginning_in(area, ranges)
    return find_headers.beginning_in(area, filled), find_headers.banners(own, area.block)


def _not_plain(sheet: Sheet, area: Area, source: Source) -> Iterator[Finding]:
    """What is told of a table's rows that are hidden, and of those that are struck out."""
    first, last = area.block.last + 1, min(area.end, len(sheet.rows))
    hidden = [row for row in range(first, last + 1) if row in sheet.hidden] if sheet.hidden else []
    if hidden:
        params = {"count": len(hidden), "rows": "、".join(map(str, hidden[:10]))}
        yield found("rows-hidden", source, params=params)
    columns = [c for c in sorted(sheet.hidden_columns) if c < len(source.header)]
    if columns:
        named = "、".join(f"{letters(c)} {source.header[c]}".strip() for c in columns[:10])
        yield found("columns-hidden", source, params={"count": len(columns), "columns": named})
    for row in range(first, last + 1) if sheet.struck else ():
        if row in sheet.struck and any(cell.strip() for cell in sheet.rows[row - 1]):
            yield found("row-struck-out", source, row=row)


def _as_shown(
    rows: list[Sequence[str]], shown: Mapping[int, Sequence[Run]], area: Area, opened: Opened
) -> list[Sequence[str]]:
    """The rows with numbers as they are shown inside a text (QZ-000042), in columns that hold none.

    `shown`: the runs of each column, from the top down; no two of a column have a row in common.
    """
    assert opened.dataset is not None
    top, end = area.block.last + 1, min(area.end, len(rows))
    for match in opened.mapping:
        if not match.field or opened.dataset.column(match.field).kind in _COUNTED:
            continue
        column, runs = match.position, shown.get(match.position, ())
        start = bisect_left(runs, top, key=_LAST)
        for _, first, last, text in takewhile(lambda run: run[1] <= end, islice(runs, start, None)):
            for at in range(max(first, top), min(last, end) + 1):
                cells = list(rows[at - 1])
                if column < len(cells) and cells[column].isdecimal():
                    cells[column] = shown_numbers.shown(cells[column], text)
                    rows[at - 1] = cells
    return rows


def _by_column(runs: Iterable[Run]) -> dict[int, list[Run]]:
    found = defaultdict[int, list[Run]](list)
    for run in sorted(runs):
        found[run[0]].append(run)
    return found


def _chunk_of_rows(work: Work, piece: Piece) -> Chunk:
    assert isinstance(piece, Parsed)
    return chunks.chunk_of(piece, work)


def _left(area: Area) -> int:
    """The position of the table's first named column."""
    return next((i for i, name in enumerate(area.block.names) if name), 0)


def _lefts(areas: Iterable[Area]) -> dict[int, list[int]]:
    """A header's first row → where the tables begin that have theirs there, side by side."""
    lefts = defaultdict[int, list[int]](list)
    for area in areas:
        lefts[area.block.first].append(_left(area))
    return lefts


def _span(left: int, lefts: Sequence[int]) -> tuple[int, int]:
    """(first column, end column) of the table that begins at `left`, the end being the next table
    to the right; 1 << 20 where there is none. `lefts`: where it and those beside it begin.
    """
    after = [other for other in lefts if other > left]
    return left if left > min(lefts) else 0, min(after, default=1 << 20)


def _pieces(rows: Rows, area: Area, left: int, most: int, partitions: int = 0) -> Iterator[Parsed]:
    """The area's rows as string columns, in slices; cells of a table next to it are left blank."""
    count = area.end + 1 - area.start
    size = min(SLICE, max(1, -(-count // partitions))) if partitions else SLICE
    widest = max(map(len, rows[area.start - 1 : area.end]), default=0)
    right = min(max(widest, len(area.block.names)), most)
    for first in range(area.start, area.end + 1, size):
        some, numbers, broken = _records(rows, first, min(first + size, area.end + 1))
        columns = dict(enumerate(zip_longest(*some, fillvalue="")))
        blank = ("",) * len(some)
        cells = [columns.get(i, blank) if i >= left else blank for i in range(right)]
        table = pa.table({str(i): pa.array(column, pa.string()) for i, column in enumerate(cells)})
        lines = len(some) + len(broken)
        yield Parsed(blocks.with_rows(table, numbers), broken, lines=lines)


def _records(rows: Rows, first: int, end: int) -> tuple[Rows, list[int], tuple[Ragged, ...]]:
    """Of rows numbered `first` to `end`: those that are records, their numbers, and those that are none."""
    broken = tuple(
        Ragged(number, tuple(rows[number - 1]), "json-line-broken")
        for number in range(first, end)
        if isinstance(rows[number - 1], json_files.BrokenLine)
    )
    numbers = sorted({*range(first, end)} - {each.row for each in broken})
    return [rows[number - 1] for number in numbers], numbers, broken
