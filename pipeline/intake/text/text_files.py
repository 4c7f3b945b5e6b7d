"""Delimited text: how a file is written, and its records in blocks.

A file is read in blocks that end at record borders. What of it is not well formed (a quote that
never closes, ragged rows) goes to `broken_quotes`, which finds where the table resumes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.intake.text import broken_quotes, encodings
from pipeline.intake.text.blocks import Block, Parsed, breaks_inside, parse, tolerant_block
from pipeline.intake.text.encodings import BLOCK, LOST, BadByte, Stretch

DELIMITERS = ",\t;|，；"
RESUME = 1 << 18  # bytes that are read with tolerance before the fast way is tried again


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How a text file is written, decided on the whole of it."""

    sha256: str
    size: int
    encoding: str
    delimiter: str
    is_clean: bool  # every byte is known to be in the encoding, which is UTF-8
    head: bytes = b""  # the first 64 kB
    stretches: tuple[Stretch, ...] = ()


def examine(path: Path, encoding: str = "", delimiter: str = "", sha256: str = "") -> TextFormat:
    """The file's format, from one pass over every byte; `encoding` and `delimiter` overrule."""
    facts = encodings.scan(path, sha256)
    encoding = encoding or encodings.decide(facts, path)
    is_clean = facts.is_utf8 and encoding in ("utf-8", "utf-8-sig")
    text = facts.head.decode(encoding, "ignore")
    delimiter = delimiter or likely_delimiter(text)
    return TextFormat(
        facts.sha256, facts.size, encoding, delimiter, is_clean, facts.head, facts.stretches
    )


def likely_delimiter(head: str) -> str:
    """The delimiter that cuts the first lines into the most cells, the same number in each."""
    lines = [line for line in re.sub(r'"[^"]*"', "", head).split("\n")[:50] if line.strip()][:20]
    if len(lines) > 2 and not head.endswith("\n"):
        lines = lines[:-1]
    best, score = ",", 0
    for candidate in DELIMITERS:
        counts = [line.count(candidate) for line in lines]
        usual = max(set(counts), key=lambda n: (n > 0, counts.count(n), n), default=0)
        weight = usual * counts.count(usual)
        if weight > score:
            best, score = candidate, weight
    return best


def head_rows(fmt: TextFormat, most: int) -> list[tuple[str, ...]]:
    """The file's first records, `most` of them, as far as its first 64 kB reach."""
    codec = fmt.encoding
    text = fmt.head.decode(codec, "ignore").removeprefix("\ufeff")
    records = broken_quotes.read(unix_lines(text.encode()).decode(), fmt.delimiter, 0)
    return [record.cells for record, _ in zip(records, range(most), strict=False)]


def text_blocks(path: Path, fmt: TextFormat, bad: list[BadByte] | None = None) -> Iterator[bytes]:
    """The file as UTF-8 without BOM, line ends made `\\n`, in pieces of about `BLOCK` bytes.

    `bad` gets an entry for each U+FFFD that had to be put in, as `encodings.utf8_blocks` says.
    """
    held = b""
    known = None if fmt.is_clean else bad if bad is not None else []
    for data in encodings.utf8_blocks(path, fmt.encoding, known):
        data = held + data
        held = b"\r" if data.endswith(b"\r") else b""  # its "\n" may begin the next piece
        if data := unix_lines(data[: len(data) - len(held)]):
            yield data
    if held:
        yield b"\n"


def unix_lines(data: bytes) -> bytes:
    """`data` with each line end, of whatever system, made `\\n`."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data


# ---------------------------------------------------------------- cut at record borders


def records(path: Path, fmt: TextFormat, columns: int) -> Iterator[Block | Parsed]:
    """The file cut at record borders: blocks for `parse`, or parsed already.

    A block with line breaks inside its cells is parsed at once: only parsing counts its records,
    and so gives the numbers of the rows behind it.
    """
    bad = list[BadByte]()
    held, row, lost = b"", 1, 0
    for piece, is_last in _with_last(text_blocks(path, fmt, bad)):
        held += piece
        while part := _part(held, is_last, fmt.delimiter, columns):
            size, is_whole = part
            block = Block(row, held[:size], _lost_in(held[:size], bad, lost))
            held, lost = held[size:], lost + len(block.lost)
            if is_whole and not breaks_inside(block):
                yield block
                row += block.lines
            else:
                read = parse if is_whole else tolerant_block
                parsed = read(block, fmt.delimiter, columns)
                yield parsed
                row += len(parsed.table) + len(parsed.ragged)


def _with_last(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each piece, and whether it is the last."""
    before = next(pieces, b"")
    for piece in pieces:
        yield before, False
        before = piece
    yield before, True


def _part(data: bytes, is_last: bool, delimiter: str, columns: int) -> tuple[int, bool] | None:
    """How many bytes to take next, and whether their quotes are balanced; None: read on first."""
    if is_last and data and not data.count(b'"') % 2:
        return len(data), True
    border = last_border(data) + 1
    if border:
        return border, True
    whole = len(data) if is_last else data.rfind(b"\n") + 1
    if whole and (is_last or len(data) > 2 * BLOCK):
        return _tolerant_part(data[:whole], delimiter, columns), False
    return None


def last_border(data: bytes) -> int:
    """The last line break that no quoted cell holds; -1 where there is none."""
    at = data.rfind(b"\n")
    if at < 0 or b'"' not in data:
        return at
    odd = data.count(b'"', 0, at) % 2
    while odd and at > 0:
        before = data.rfind(b"\n", 0, at)
        odd ^= data.count(b'"', before + 1, at) % 2
        at = before
    return at if not odd else -1


def _tolerant_part(data: bytes, delimiter: str, columns: int) -> int:
    """The size of the records that begin in the first `RESUME` bytes; what follows may be in order."""
    cut = data.find(b"\n", 4 * RESUME) + 1
    text = (data[:cut] if cut else data).decode()
    size = 0
    lines = text.split("\n")
    at = 0
    for record in broken_quotes.read(text, delimiter, columns):
        size += sum(len(line.encode()) + 1 for line in lines[at : at + record.lines])
        at += record.lines
        if size >= RESUME:
            break
    return min(size, len(data))


def _lost_in(data: bytes, bad: Sequence[BadByte], given: int) -> tuple[BadByte, ...]:
    """The entries of the U+FFFD in `data`; `given` entries belong to the data before it."""
    return tuple(bad[given : given + data.count(LOST.encode())]) if bad else ()
