"""The table in a text file: its encoding and delimiter, its header, its pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from pipeline.base.model import Catalog, Chunk, Dataset, Finding, Location, Source, found
from pipeline.intake import opened_table
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.opened_table import Opened, Piece
from pipeline.intake.table import (
    chunks,
    date_styles,
    find_headers,
    misplaced,
    numbers_as_days,
)
from pipeline.intake.table.find_headers import Rows
from pipeline.intake.table.sources_yaml import Hint
from pipeline.intake.table.work import Layout, Work, prepare
from pipeline.intake.text import blocks, encoded_twice, encodings, ranges, text_files
from pipeline.intake.text.blocks import Block
from pipeline.intake.text.ranges import Range
from pipeline.intake.text.text_files import TextFormat


def open_text(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    hint = file.hint
    fmt = text_files.examine(file.path, hint.encoding, hint.delimiter, file.sha256)
    datasets, _ = opened_table.candidate_datasets(file, catalog)
    fmt, head = _best_format(fmt, file.hint, datasets)
    if codec := _encoded_twice(fmt, head, file.hint, datasets):
        yield found("text-encoded-twice", Location(file.name), params={"encoding": codec})
        return
    if not any(cell.strip() for cells in head for cell in cells):
        yield found("file-empty", Location(file.name))
        return
    source = Source("", file.name, fmt.sha256, fmt.size, "", fmt.encoding, fmt.delimiter)
    block = opened_table.header_block(head, (), file.hint, datasets)
    if misplaced.is_transposed(head, datasets, block):
        yield opened_table.unread(source, "table-transposed")
        return
    opened = opened_table.matched(source, block, file, catalog)
    if opened.dataset is None or block is None:
        yield opened
        return
    width = max(len(head[block.last - 1]), len(opened.source.header))
    notes, named = opened_table.units_named(
        opened, file.hint, head[: block.first - 1], head[block.last :]
    )
    told, styles = opened_table.styles(
        opened, hint, partial(date_styles.of_text, file.path, fmt, width)
    )
    notes += told
    numbered = numbers_as_days.fields(opened.dataset, opened.mapping, head[block.last :])
    layout = Layout(block, named, styles, numbered)
    work = prepare(opened.source, opened.dataset, opened.mapping, file.hint, catalog, layout)
    if by := misplaced.shift(head[block.last :], work.dataset, work.mapping, work.settings):
        yield opened_table.shifted(opened, by)
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
    if opened_table.matches(tried[0][1], hint, datasets) >= 2:
        return tried[0]
    names = [fmt.encoding]
    if fmt.encoding == "gb18030" and not hint.encoding:
        names.append(encodings.BIG5)
    delimiters = [fmt.delimiter] if hint.delimiter else text_files.DELIMITERS
    for name in names:
        for delimiter in delimiters:
            other = replace(fmt, encoding=name, delimiter=delimiter)
            tried.append((other, text_files.head_rows(other, most)))
    return max(tried, key=lambda t: opened_table.matches(t[1], hint, datasets))


def _encoded_twice(fmt: TextFormat, head: Rows, hint: Hint, datasets: Sequence[Dataset]) -> str:
    """The codec in which a file has headers that has none as it is; "" for none."""
    if hint.encoding or opened_table.matches(head, hint, datasets) >= 2:
        return ""
    others = [(replace(fmt, encoding=name), name) for name in encoded_twice.CODECS]
    found_in = {name: opened_table.matches(text_files.head_rows(o, find_headers.HEAD), hint, datasets) for o, name in others}  # fmt: skip
    best = max(found_in, key=lambda name: found_in[name])
    return best if found_in[best] >= 3 else ""
