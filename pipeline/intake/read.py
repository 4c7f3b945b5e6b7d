"""One file of the inbox to chunks of canonical rows with their origin."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa

from pipeline.base.model import PACKAGE, Catalog, Chunk, Dataset, Finding, Location, Source, found
from pipeline.base.sheet_cells import is_added
from pipeline.contract.catalog import as_input
from pipeline.intake.inbox import kinds
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.table import (
    amounts,
    chunks,
    date_styles,
    find_headers,
    match_columns,
    misplaced,
    units,
)
from pipeline.intake.table.date_styles import Shown
from pipeline.intake.table.find_headers import Area, HeaderBlock, Rows
from pipeline.intake.table.match_columns import HeaderMatch
from pipeline.intake.table.sources_yaml import Hint
from pipeline.intake.table.spelling import Setting
from pipeline.intake.table.work import Layout, Work, prepare
from pipeline.intake.text import blocks, encoded_twice, encodings, json_files, ranges, text_files
from pipeline.intake.text.blocks import Block, Parsed, Ragged
from pipeline.intake.text.ranges import Range
from pipeline.intake.text.text_files import TextFormat
from pipeline.intake.workbook.sheet import Sheet, Unreadable

SLICE = 1 << 16  # rows of a sheet in one chunk
Piece = Range | Block | Parsed


@dataclass(frozen=True, slots=True)
class Opened:
    """One table of one file, ready to be read as often as needed.

    `pieces(partitions)` gives the parts of the file in order, about so many (0: as few as memory
    allows); `chunk(piece)` reads one of them. They are two functions so that pieces can be read in
    parallel.
    """

    source: Source
    dataset: Dataset | None  # None: not known, so not read; `findings` say why
    mapping: tuple[HeaderMatch, ...]
    findings: tuple[Finding, ...]
    pieces: Callable[..., Iterator[Piece]]
    chunk: Callable[[Piece], Chunk]
    precedence: int = 0


def open_file(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    """Every table of a file, and a finding for each sheet or file that is not read.

    The kind of a file is detected from its bytes; a name that differs becomes a finding. Errors of
    reading the file become findings too.
    """
    try:
        if not file.path.stat().st_size:
            yield found("file-empty", Location(file.name))
            return
        if encodings.is_utf32(file.path):
            yield found("file-utf32", Location(file.name))
            return
        yield from _opened(file, catalog)
    except OSError as error:
        yield found("file-unreadable", Location(file.name), params={"why": error.strerror or ""})
    except Unreadable as problem:
        yield found(problem.rule, Location(file.name), params=problem.params)


def _opened(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    if other := kinds.other_kind(file.path):
        yield found("file-other-kind", Location(file.name), params={"kind": other})
        return
    named = kinds.KINDS.get(file.suffix, kinds.WORKBOOK)
    kind = kinds.kind_of(file.path, named)
    for number, each in enumerate(_OPEN[kind](file, catalog)):
        if number == 0 and kind != named:  # it is read all the same
            params = {"suffix": file.suffix, "kind": kind}
            yield found("file-renamed", Location(file.name), params=params)
        yield each


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---------------------------------------------------------------- one reader for each kind of file


def _open_text(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    hint = file.hint
    fmt = text_files.examine(file.path, hint.encoding, hint.delimiter, file.sha256)
    datasets, _ = _candidates(file, catalog)
    fmt, head = _best_format(fmt, file.hint, datasets)
    if codec := _encoded_twice(fmt, head, file.hint, datasets):
        yield found("text-encoded-twice", Location(file.name), params={"encoding": codec})
        return
    if not any(cell.strip() for cells in head for cell in cells):
        yield found("file-empty", Location(file.name))
        return
    source = Source("", file.name, fmt.sha256, fmt.size, "", fmt.encoding, fmt.delimiter)
    block = _header_block(head, (), file.hint, datasets)
    if misplaced.is_transposed(head, datasets, block):
        yield _unread(source, "table-transposed")
        return
    opened = _matched(source, block, file, catalog)
    if opened.dataset is None or block is None:
        yield opened
        return
    width = max(len(head[block.last - 1]), len(opened.source.header))
    notes, named = _units(opened, file.hint, head[: block.first - 1], head[block.last :])
    told, styles = _styles(opened, hint, partial(date_styles.of_text, file.path, fmt, width))
    notes += told
    layout = Layout(block, named, styles)
    work = prepare(opened.source, opened.dataset, opened.mapping, file.hint, catalog, layout)
    if by := misplaced.shift(head[block.last :], work.dataset, work.mapping, work.settings):
        yield _shifted(opened, by)
        return
    yield replace(
        opened,
        findings=(*opened.findings, *notes),
        pieces=partial(ranges.pieces, file.path, fmt, width),
        chunk=partial(_chunk_of_text, work, fmt.delimiter, width),
    )


def _chunk_of_text(work: Work, delimiter: str, width: int, piece: Piece) -> Chunk:
    piece = piece.block() if isinstance(piece, Range) else piece
    parsed = blocks.parse(piece, delimiter, width) if isinstance(piece, Block) else piece
    return chunks.chunk_of(parsed, work)


def _best_format(
    fmt: TextFormat, hint: Hint, datasets: Sequence[Dataset]
) -> tuple[TextFormat, list[tuple[str, ...]]]:
    """(the format with the most header matches, the first rows read in it).

    `fmt`, detected from bytes and lines, is kept if it gives two matches; otherwise other
    encodings and delimiters are tried.
    """
    most = find_headers.HEAD + find_headers.TALLEST
    tried = [(fmt, text_files.head_rows(fmt, most))]
    if _matches(tried[0][1], hint, datasets) >= 2:
        return tried[0]
    names = [fmt.encoding]
    if fmt.encoding == "gb18030" and not hint.encoding:
        names.append(encodings.BIG5)
    delimiters = [fmt.delimiter] if hint.delimiter else text_files.DELIMITERS
    for name in names:
        for delimiter in delimiters:
            other = replace(fmt, encoding=name, delimiter=delimiter)
            tried.append((other, text_files.head_rows(other, most)))
    return max(tried, key=lambda t: _matches(t[1], hint, datasets))


def _encoded_twice(fmt: TextFormat, head: Rows, hint: Hint, datasets: Sequence[Dataset]) -> str:
    """The codec in which a file has headers that has none as it is; "" for none."""
    if hint.encoding or _matches(head, hint, datasets) >= 2:
        return ""
    others = [(replace(fmt, encoding=name), name) for name in encoded_twice.CODECS]
    found_in = {name: _matches(text_files.head_rows(o, find_headers.HEAD), hint, datasets) for o, name in others}  # fmt: skip
    best = max(found_in, key=lambda name: found_in[name])
    return best if found_in[best] >= 3 else ""


def _matches(head: Rows, hint: Hint, datasets: Sequence[Dataset]) -> int:
    block = find_headers.find_block(head, datasets, (), hint.columns)
    return block.matches if block else 0


def _open_json(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    tables = json_files.tables(file.path)
    if isinstance(tables, str):
        yield found(tables, Location(file.name))
        return
    yield from _open_sheets(file, (Sheet(name, rows) for name, rows in tables), "utf-8", catalog)


def _open_workbook(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    from pipeline.intake.workbook import workbooks  # in a process of their own

    yield from _open_sheets(file, workbooks.sheets(file.path), "", catalog)


def _open_markup(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    from pipeline.intake.workbook import workbooks

    yield from _open_sheets(file, workbooks.sheets(file.path, is_markup=True), "", catalog)


_OPEN = {
    kinds.TEXT: _open_text,
    kinds.JSON: _open_json,
    kinds.WORKBOOK: _open_workbook,
    kinds.MARKUP: _open_markup,
}


# ---------------------------------------------------------------- sheets


def _open_sheets(
    file: InboxFile, sheets: Iterator[Sheet], encoding: str, catalog: Catalog
) -> Iterator[Opened | Finding]:
    whole = Source(
        "", file.name, file.sha256 or sha256(file.path), file.path.stat().st_size, encoding=encoding
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
    datasets, _ = _candidates(file, catalog)
    block = _header_block(sheet.rows, sheet.merged, file.hint, datasets)
    if misplaced.is_transposed(sheet.rows, datasets, block):
        yield _unread(source, "table-transposed")
        return
    if block is None:
        yield _matched(source, None, file, catalog)
        return
    areas = [Area(block, 1, len(sheet.rows))]
    if not file.hint.header_rows:
        areas = find_headers.areas(sheet.rows, block, datasets, sheet.merged)
    rows, merged = find_headers.filled_down(sheet.rows, sheet.merged, block.last)
    for area in areas:
        part = "" if area.start == 1 and area is areas[0] else f"{area.block.last}.{_left(area)}"
        opened = _matched(source, area.block, file, catalog, part)
        if opened.dataset is None:
            yield opened
            continue
        banners = find_headers.banners(sheet.merged, area.block)
        above, below = rows[area.start - 1 : area.block.first - 1], rows[area.block.last : area.end]
        notes, named = _units(opened, file.hint, above, below)
        notes += _not_plain(sheet, area, opened.source)
        told, styles = _styles(opened, file.hint, partial(date_styles.of_rows, below))
        notes += told
        layout = Layout(area.block, named, styles, sheet.is_1904, merged, banners)
        work = prepare(opened.source, opened.dataset, opened.mapping, file.hint, catalog, layout)
        if by := misplaced.shift(below, work.dataset, work.mapping, work.settings):
            yield _shifted(opened, by)
            continue
        yield replace(
            opened,
            findings=(*opened.findings, *notes),
            pieces=partial(_pieces, rows, area, *_span(area, areas)),
            chunk=partial(_chunk_of_rows, work),
        )


def _not_plain(sheet: Sheet, area: Area, source: Source) -> Iterator[Finding]:
    """What is told of a table's rows that are hidden, and of those that are struck out."""
    first, last = area.block.last + 1, min(area.end, len(sheet.rows))
    hidden = [row for row in sorted(sheet.hidden) if first <= row <= last]
    if hidden:
        params = {"count": len(hidden), "rows": "、".join(map(str, hidden[:10]))}
        yield found("rows-hidden", source, params=params)
    columns = [c for c in sorted(sheet.hidden_columns) if c < len(source.header)]
    if columns:
        named = "、".join(f"{chunks.letters(c)} {source.header[c]}".strip() for c in columns[:10])
        yield found("columns-hidden", source, params={"count": len(columns), "columns": named})
    for row in sorted(sheet.struck):
        if first <= row <= last and any(cell.strip() for cell in sheet.rows[row - 1]):
            yield found("row-struck-out", source, row=row)


def _units(
    opened: Opened, hint: Hint, above: Rows, below: Rows
) -> tuple[list[Finding], dict[str, str]]:
    """(what is assumed of a table's units, field → unit).

    `above`, `below`: rows over and under its header.
    """
    dataset, mapping, source = opened.dataset, opened.mapping, opened.source
    assert dataset is not None
    title = units.named([source.sheet, *(cell for row in above for cell in row)])
    named = units.of_columns(dataset, mapping, hint.units, title)
    notes = list[Finding]()
    for each in units.assumptions(dataset, mapping, named, below):
        column = dataset.column(each.field)
        if each.is_absurd:
            named[each.field] = amounts.UNKNOWN_UNIT
            continue
        yuan = amounts.amount(each.written, Setting(unit=each.unit))
        params = {
            "title": column.title,
            "title_en": column.title_en,
            "unit": each.unit,
            "example": f"{each.written} {each.unit} = {yuan:,.2f} 元",
        }
        notes.append(
            found("unit-assumed", source, row=source.header_row, column=each.field, params=params)
        )
    return notes, named


def _styles(
    opened: Opened, hint: Hint, of: Callable[[Mapping[str, int]], dict[str, Shown]]
) -> tuple[list[Finding], dict[str, str]]:
    """(what is told of the order of a table's dates, field → order); `of` looks at whole columns.

    Where sources.yaml says the order, nothing is looked at.
    """
    dataset = opened.dataset
    if dataset is None or hint.dates:
        return [], {}
    shown = of(date_styles.columns(dataset, opened.mapping))
    told = date_styles.findings(opened.source, dataset, shown)
    return list(told), date_styles.settings(shown)


def _chunk_of_rows(work: Work, piece: Piece) -> Chunk:
    assert isinstance(piece, Parsed)
    return chunks.chunk_of(piece, work)


def _left(area: Area) -> int:
    """The position of the table's first named column."""
    return next((i for i, name in enumerate(area.block.names) if name), 0)


def _span(area: Area, areas: Sequence[Area]) -> tuple[int, int]:
    """(first column, end column) of the area, the end being the next table to the right.

    The end is 1 << 20 where there is no other table.
    """
    lefts = sorted(_left(a) for a in areas if a.block.first == area.block.first)
    after = [left for left in lefts if left > _left(area)]
    return _left(area) if _left(area) > lefts[0] else 0, after[0] if after else 1 << 20


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


# ---------------------------------------------------------------- header and dataset


def _candidates(file: InboxFile, catalog: Catalog) -> tuple[list[Dataset], str]:
    """The datasets that a file may be of.

    Where it is said which, how: package, sources.yaml, folder.
    """
    if file.hint.publisher:
        return [as_input(catalog.datasets[file.hint.dataset])], PACKAGE
    inputs = [d for d in catalog.datasets.values() if not d.produced]
    by_name = {d.name: d for d in inputs}
    if file.hint.dataset:
        return [by_name[file.hint.dataset]], "sources.yaml"
    for folder in reversed(file.name.split("/")[:-1]):
        if folder in by_name:
            return [by_name[folder]], "folder"
    return inputs, ""


def _header_block(
    rows: Rows, merged: Sequence[find_headers.Merged], hint: Hint, datasets: Sequence[Dataset]
) -> HeaderBlock | None:
    if hint.header_rows:
        first, last = hint.header_rows[0], hint.header_rows[-1]
        return (
            find_headers.block_at(rows, first, last, datasets, merged)
            if last <= len(rows)
            else None
        )
    return find_headers.find_block(rows, datasets, merged, hint.columns)


def _matched(
    source: Source, block: HeaderBlock | None, file: InboxFile, catalog: Catalog, part: str = ""
) -> Opened:
    """The table's dataset, and what each column holds. `part` identifies a table among several of one sheet."""
    name = "\0".join((source.path, source.sheet, part) if part else (source.path, source.sheet))
    source = replace(source, source_id=hashlib.sha256(name.encode()).hexdigest()[:12])
    datasets, matched_by = _candidates(file, catalog)
    dataset = datasets[0] if matched_by else None
    candidates = list[Dataset]()
    if block and not matched_by:
        filled = sum(bool(name.strip()) for name in block.names)
        dataset, candidates = match_columns.identify(block.scores, filled - block.listed)
        matched_by = "headers"
    if dataset is None or block is None:
        return _unmatched(source, dataset, candidates)
    header = match_columns.trimmed(block.names)
    mapping = match_columns.match(header, dataset, file.hint.columns, file.hint.ignore)
    source = replace(
        source, dataset=dataset.name, matched_by=matched_by, header_row=block.last, header=header
    )
    signals = match_columns.signals(source, dataset, mapping, file.hint.constants)
    return Opened(
        source, dataset, mapping, tuple(signals), _no_pieces, _no_chunk, file.hint.precedence
    )


def _unmatched(source: Source, named: Dataset | None, candidates: list[Dataset]) -> Opened:
    if named:
        rule, params = "header-not-found", {"dataset": named.title}
    elif candidates:
        rule, params = "dataset-ambiguous", {"candidates": "、".join(d.title for d in candidates)}
    else:
        rule, params = "dataset-unknown", {}
    return _unread(source, rule, **params)


def _unread(source: Source, rule: str, **params: str) -> Opened:
    """A table that is not read, with the one finding that says why."""
    finding = found(rule, source, params=params)
    return Opened(source, None, (), (finding,), _no_pieces, _no_chunk)


def _shifted(opened: Opened, by: int) -> Opened:
    """The table unread, with one finding: its values are one column beside their titles."""
    side, side_en = ("右", "right") if by > 0 else ("左", "left")
    return _unread(opened.source, "header-shifted", side=side, side_en=side_en)


def _no_pieces(_: int = 0) -> Iterator[Piece]:
    return iter(())


def _no_chunk(_: Piece) -> Chunk:
    raise AssertionError("a table without a dataset has no pieces")
