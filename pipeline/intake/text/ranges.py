"""A text file as ranges of bytes between record borders, each read where its rows are checked.

One pass over the file finds the borders and counts the records, so that a piece is described by its
offsets alone. A file whose quotes are not in order, or whose encoding hides line ends, is not cut
like this: its records are known only by reading it from the beginning (`text_files.records`).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pipeline.base.engine import Unseen, ordered_map
from pipeline.base.errors import StoreError
from pipeline.base.words import language, say
from pipeline.intake.text import blocks, checksums, encodings, text_files
from pipeline.intake.text.blocks import Block, Parsed
from pipeline.intake.text.checksums import Checksum
from pipeline.intake.text.encodings import BLOCK, BadByte, Stretch
from pipeline.intake.text.text_files import TextFormat

#: Encodings in which the bytes of a line feed and of a quote are never part of another character.
CUTTABLE = ("utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312", "big5", encodings.BIG5)

LEAST = 64  # bytes of a piece


@dataclass(frozen=True, slots=True)
class Range:
    """Whole records of the file at `path`: its bytes from `start` to `end`, and their checksum.

    `first_row` is the number of the first record, `lines` how many lines of text there are.
    `is_plain`: the bytes have no quote and no carriage return.
    """

    path: Path
    start: int
    end: int
    checksum: Checksum
    first_row: int
    lines: int
    encoding: str
    is_clean: bool
    is_plain: bool = False

    def block(self) -> Block:
        """The records as UTF-8. Raises Unseen where the file is not on this machine, or differs."""
        return self.as_block(self._read())

    def carried(self) -> Block:
        """The same on the machine that has the file.

        Raises StoreError where its copy is damaged.
        """
        try:
            return self.block()
        except Unseen as error:
            raise StoreError(say("raw-damaged", language(), path=self.path)) from error

    def _read(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                file.seek(self.start)
                data = file.read(self.end - self.start)
        except OSError as error:
            raise Unseen(str(self.path)) from error
        if checksums.of(data) != self.checksum:
            raise Unseen(str(self.path))
        return data

    def as_block(self, data: bytes) -> Block:
        """`data`, the bytes of this range, as UTF-8."""
        bad = list[BadByte]()
        if not self.is_clean:
            codec = self.encoding.removesuffix("-sig")
            data = encodings.decoded(data, codec, self.start, bad)
        text = data if self.is_plain else text_files.unix_lines(data)
        checksum = self.checksum if self.is_clean and text is data else blocks.NO_CHECKSUM
        return Block(self.first_row, text, tuple(bad), self.lines, checksum, self.is_plain)


def pieces(
    path: Path, fmt: TextFormat, columns: int, partitions: int = 0
) -> Iterator[Range | Block | Parsed]:
    """The file in about so many pieces (0: as few as memory allows): ranges, or where it cannot be
    cut at known borders, what `text_files.records` gives."""
    size = min(BLOCK, max(LEAST, -(-fmt.size // partitions))) if partitions else BLOCK
    cut = borders(path, fmt, columns, size)
    yield from text_files.records(path, fmt, columns) if cut is None else cut


def borders(path: Path, fmt: TextFormat, columns: int, size: int = BLOCK) -> list[Range] | None:
    """The file cut at record borders about `size` bytes apart; None where borders are not certain."""
    if fmt.encoding not in CUTTABLE:
        return None
    if size == BLOCK and all(map(_can_be_cut, fmt.stretches)):
        return list(_at_line_ends(path, fmt))
    found, row = list[Range](), 1
    count = partial(_counted, path=path, fmt=fmt, columns=columns)
    for piece, records in ordered_map(count, _stretches(path, fmt, size)):
        if records is None:
            return None
        found.append(replace(piece, first_row=row))
        row += records
    return found


def _can_be_cut(stretch: Stretch) -> bool:
    return stretch.is_regular and not stretch.has_quotes and stretch.breaks > 0


def _at_line_ends(path: Path, fmt: TextFormat) -> Iterator[Range]:
    """The ranges of a file without quotes, from its stretches; the file is not read again."""
    mark = codecs.BOM_UTF8 if fmt.encoding == "utf-8-sig" else b""
    start, row, held = len(mark), 1, Checksum() - checksums.of(mark)
    is_plain = not any(stretch.has_returns for stretch in fmt.stretches)
    for stretch in fmt.stretches:
        checksum, lines = held + stretch.before, stretch.breaks
        held = stretch.behind
        if stretch is fmt.stretches[-1]:
            checksum, lines = checksum + held, lines + bool(held.size)
        end = start + checksum.size
        yield Range(path, start, end, checksum, row, lines, fmt.encoding, fmt.is_clean, is_plain)
        start, row = end, row + lines


def _stretches(path: Path, fmt: TextFormat, size: int) -> Iterator[tuple[int, bytes]]:
    """Where each run of whole records begins, and its bytes; no bytes where no border is near."""
    start = len(codecs.BOM_UTF8) if fmt.encoding == "utf-8-sig" else 0
    with path.open("rb") as file:
        while start < fmt.size:
            file.seek(start)
            data = _whole_records(file, size, fmt.size - start)
            yield start, data
            if not data:
                return
            start += len(data)


def _whole_records(file: BinaryIO, size: int, left: int) -> bytes:
    """The next `size` bytes, or a few more, up to a border; nothing where none is near."""
    data = file.read(min(size, left))
    while len(data) < left and len(data) <= 2 * BLOCK:
        if border := text_files.last_border(data) + 1:
            return data[:border]
        data += file.read(min(size, left - len(data)))
    return data if len(data) == left and not data.count(b'"') % 2 else b""


def _counted(
    stretch: tuple[int, bytes], path: Path, fmt: TextFormat, columns: int
) -> tuple[Range, int | None]:
    """A stretch as a range, and how many records it holds.

    None where its quotes leave room for doubt.
    """
    start, data = stretch
    end, checksum = start + len(data), checksums.of(data)
    block = Block(1, text_files.unix_lines(data))
    piece = Range(path, start, end, checksum, 1, block.lines, fmt.encoding, fmt.is_clean)
    if not data:
        return piece, None
    inside = blocks.breaks_inside(block)
    if not inside:
        return piece, block.lines
    parsed = blocks.parse(piece.as_block(data), fmt.delimiter, columns)
    is_in_order = parsed.inside == inside and all(n.rule == "bad-bytes" for n in parsed.notes)
    return piece, block.lines - inside if is_in_order else None
