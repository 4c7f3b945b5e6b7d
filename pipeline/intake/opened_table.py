"""Which dataset a table is of, and what of it is named outside its cells: units, order of dates."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.base.model import PACKAGE, Catalog, Chunk, Dataset, Finding, Source, found
from pipeline.contract.catalog import as_input
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.table import (
    amounts,
    date_styles,
    find_headers,
    match_columns,
    units,
)
from pipeline.intake.table.date_styles import Shown
from pipeline.intake.table.find_headers import HeaderBlock, Rows
from pipeline.intake.table.match_columns import HeaderMatch
from pipeline.intake.table.sources_yaml import Hint
from pipeline.intake.table.spelling import Setting
from pipeline.intake.text.blocks import Block, Parsed
from pipeline.intake.text.ranges import Range

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


def matches(head: Rows, hint: Hint, datasets: Sequence[Dataset]) -> int:
    block = find_headers.find_block(head, datasets, (), hint.columns)
    return block.matches if block else 0


def units_named(
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


def styles(
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


def candidate_datasets(file: InboxFile, catalog: Catalog) -> tuple[list[Dataset], str]:
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


def header_block(
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


def matched(
    source: Source, block: HeaderBlock | None, file: InboxFile, catalog: Catalog, part: str = ""
) -> Opened:
    """The table's dataset, and what each column holds. `part` identifies a table among several of one sheet."""
    source = _identified(source, part)
    datasets, matched_by = candidate_datasets(file, catalog)
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


def _identified(source: Source, part: str = "") -> Source:
    more = (part,) if part else ()
    return replace(source, source_id=source_id(source.path, source.sheet, *more))


def source_id(path: str, sheet: str, *part: str) -> str:
    """The number of a table in a file of the inbox, from its path, its sheet and its part of it."""
    return hashlib.sha256("\0".join((path, sheet, *part)).encode()).hexdigest()[:12]


def _unmatched(source: Source, named: Dataset | None, candidates: list[Dataset]) -> Opened:
    if named:
        rule, params = "header-not-found", {"dataset": named.title}
    elif candidates:
        rule, params = "dataset-ambiguous", {"candidates": "、".join(d.title for d in candidates)}
    else:
        rule, params = "dataset-unknown", {}
    return unread(source, rule, **params)


def unread(source: Source, rule: str, **params: str) -> Opened:
    """A table that is not read, with the one finding that says why."""
    source = source if source.source_id else _identified(source)
    finding = found(rule, source, params=params)
    return Opened(source, None, (), (finding,), _no_pieces, _no_chunk)


def shifted(opened: Opened, by: int) -> Opened:
    """The table unread, with one finding: its values are one column beside their titles."""
    side, side_en = ("右", "right") if by > 0 else ("左", "left")
    return unread(opened.source, "header-shifted", side=side, side_en=side_en)


def _no_pieces(_: int = 0) -> Iterator[Piece]:
    return iter(())


def _no_chunk(_: Piece) -> Chunk:
    raise AssertionError("a table without a dataset has no pieces")
