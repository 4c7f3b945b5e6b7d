"""Delimited text to raw rows, with every byte accounted for.

A file is read in blocks that end at record borders. A block that is well formed is parsed by Arrow;
one that is not (a quote that never closes, ragged rows) goes to `tolerant`, which finds where the
table resumes. Rows are numbered as a spreadsheet numbers them: the file's first record is row 1, a
blank line counts, a line break inside a quoted cell does not.
"""

from __future__ import annotations

import codecs
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from pipeline.errors import Unaccounted
from pipeline.intake import tolerant

BLOCK = 8 << 20  # bytes of text in a block; about four of them are in memory at once
DELIMITERS = ",\t;|，；"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How a text file is written, decided on the whole of it."""

    sha256: str
    bytes: int
    encoding: str
    delimiter: str
    bad_bytes: bool = False  # some bytes are in no encoding; they show as U+FFFD


@dataclass(frozen=True, slots=True)
class Block:
    """A run of whole records as UTF-8, `first_row` being the number of its first."""

    first_row: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Ragged:
    """A record with more or fewer cells than the header."""

    row: int
    cells: tuple[str, ...]
    note: str = "ragged-row"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A block's records: string columns "0", "1", … and `_row`, and what did not fit."""

    table: pa.Table
    ragged: tuple[Ragged, ...] = ()
    notes: tuple[tuple[int, str], ...] = ()  # (row, finding's rule) of what was done to a row


def examine(path: Path, encoding: str = "", delimiter: str = "") -> TextFormat:
    """The file's format, from one pass over every byte; `encoding` and `delimiter` overrule.

    UTF-8 is taken only where the whole file decodes as such, then GB18030; a byte order mark
    decides by itself. Where nothing decodes, the one that fails least is taken and `bad_bytes` set.
    """
    digest, size, head = hashlib.sha256(), 0, b""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    is_utf8 = True
    with path.open("rb") as file:
        while chunk := file.read(BLOCK):
            head = head or chunk[: 1 << 16]
            digest.update(chunk)
            size += len(chunk)
            if is_utf8:
                try:
                    utf8.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
    if is_utf8:
        try:
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    bad = False
    if not encoding:
        encoding = next((name for bom, name in _BOMS if head.startswith(bom)), "")
    if not encoding:
        encoding = "utf-8" if is_utf8 else "gb18030"
    if encoding != "utf-8" or not is_utf8:
        bad = not _decodes(path, encoding)
    text = head.decode(encoding, "replace")
    return TextFormat(digest.hexdigest(), size, encoding, delimiter or _delimiter(text), bad)


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(BLOCK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(head: str) -> str:
    """The delimiter that cuts the first lines into the most cells, the same number in each."""
    lines = [line for line in head.splitlines()[:50] if line.strip()][:20]
    if len(lines) > 2 and not head.endswith("\n"):
        lines = lines[:-1]
    best, score = ",", 0
    for candidate in DELIMITERS:
        counts = [line.count(candidate) for line in lines]
        usual = max(set(counts), key=lambda n: (n > 0, counts.count(n), n), default=0)
        weight = usual * counts.count(usual) if usual else 0
        if weight > score:
            best, score = candidate, weight
    return best


def text_blocks(path: Path, fmt: TextFormat) -> Iterator[bytes]:
    """The file as UTF-8 without BOM, line ends made `\\n`, in pieces of about `BLOCK` bytes."""
    decoder = codecs.getincrementaldecoder(fmt.encoding)("replace")
    plain_utf8 = fmt.encoding in ("utf-8", "utf-8-sig") and not fmt.bad_bytes
    held = b""
    with path.open("rb") as file:
        if fmt.encoding == "utf-8-sig" and plain_utf8:
            file.seek(len(codecs.BOM_UTF8))
        while chunk := file.read(BLOCK):
            data = held + (chunk if plain_utf8 else decoder.decode(chunk).encode())
            held = b"\r" if data.endswith(b"\r") else b""  # its "\n" may begin the next piece
            yield _unix_lines(data[: len(data) - len(held)])
    tail = held + (b"" if plain_utf8 else decoder.decode(b"", final=True).encode())
    if tail:
        yield _unix_lines(tail)


def _unix_lines(data: bytes) -> bytes:
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data.replace(b"\0", b"") if b"\0" in data else data


def records(path: Path, fmt: TextFormat, columns: int) -> Iterator[Block | Parsed]:
    """The file cut at record borders: blocks for `parse`, or parsed already where quotes are broken."""
    held, row = b"", 1
    pieces = text_blocks(path, fmt)
    for piece in pieces:
        data = held + piece
        border = _last_border(data)
        if border < 0 and len(data) > 2 * BLOCK:
            yield from tolerant_rest(data, pieces, row, fmt.delimiter, columns)
            return
        block, held = data[: border + 1], data[border + 1 :]
        if block:
            yield Block(row, block)
            row += count_records(block)
    if held:
        if held.count(b'"') % 2:
            yield from tolerant_rest(held, iter(()), row, fmt.delimiter, columns)
        else:
            yield Block(row, held)


def _last_border(data: bytes) -> int:
    """The last line break that no quoted cell holds; -1 where there is none."""
    at = data.rfind(b"\n")
    if at < 0:
        return -1
    odd = data.count(b'"', 0, at) % 2
    while odd and at > 0:
        before = data.rfind(b"\n", 0, at)
        odd ^= data.count(b'"', before + 1, at) % 2
        at = before
    return at if not odd else -1


def count_records(block: bytes) -> int:
    """How many records a well-formed block holds: its line breaks less those inside quoted cells."""
    total = block.count(b"\n") + (not block.endswith(b"\n"))
    if b'"' not in block:
        return total
    inside = sum(part.count(b"\n") for part in block.split(b'"')[1::2])
    return total - inside


def parse(block: Block, delimiter: str, columns: int) -> Parsed:
    """A block's records by Arrow, or by `tolerant` where Arrow's reading cannot be the right one.

    Raises Unaccounted where a byte of the block is in no cell, delimiter, quote or line end.
    """
    if not delimiter.isascii():  # Arrow knows delimiters of one byte
        return tolerant_block(block, delimiter, columns)
    names = [str(i) for i in range(columns)]
    ragged: list[Ragged] = []

    def keep(row: pa_csv.InvalidRow) -> str:
        ragged.append(Ragged(block.first_row + (row.number or 1) - 1, (row.text or "",)))
        return "skip"

    try:
        table = pa_csv.read_csv(
            io.BytesIO(block.data),
            pa_csv.ReadOptions(
                use_threads=False, column_names=names, block_size=len(block.data) + 1
            ),
            pa_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=keep,
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return tolerant_block(block, delimiter, columns)
    if ragged or _swallowed(table, block, delimiter, columns):
        return tolerant_block(block, delimiter, columns)
    if len(table) != count_records(block.data):
        raise Unaccounted(
            f"{count_records(block.data)} records stand in the text, {len(table)} were read"
        )
    _every_byte(table, block, delimiter, columns)
    return Parsed(with_rows(table, np.arange(block.first_row, block.first_row + len(table))))


def with_rows(table: pa.Table, rows: range | list[int] | np.ndarray) -> pa.Table:
    """`table` with the column `_row`."""
    return table.append_column("_row", pa.array(np.asarray(rows, np.int64)))


def _swallowed(table: pa.Table, block: Block, delimiter: str, columns: int) -> bool:
    """Whether a cell holds what looks like whole records: an unbalanced quote took them in."""
    if b'"' not in block.data:
        return False
    suspect = f"\n(?:[^\n]*{_escaped(delimiter)}){{{max(columns - 1, 1)}}}"
    return any(
        pc.any(pc.match_substring_regex(table[name], suspect)).as_py()
        for name in table.column_names
    )


def _escaped(delimiter: str) -> str:
    return "\\" + delimiter if delimiter in "|" else delimiter


def _every_byte(table: pa.Table, block: Block, delimiter: str, columns: int) -> None:
    """Cells, delimiters, quotes and line ends together are the block, in number and in sum of bytes."""
    blank_lines = (columns - 1) * _blank_lines(block.data)  # read as a record of blanks
    delimiters = len(table) * (columns - 1) - blank_lines
    line_ends = len(table) - (not block.data.endswith(b"\n"))
    quotes = 0
    if b'"' in block.data:
        inner = sum(pc.sum(pc.count_substring(c, '"')).as_py() or 0 for c in table.columns)
        quotes = block.data.count(b'"') - inner
    cells = [part for column in table.columns for part in _bytes_of(column)]
    marks = [(delimiters, delimiter.encode()), (line_ends, b"\n"), (quotes, b'"')]
    found = sum(map(len, cells)) + sum(n * len(mark) for n, mark in marks)
    total = sum(map(_sum, cells)) + sum(n * sum(mark) for n, mark in marks)
    if (found, total) != (len(block.data), _sum(np.frombuffer(block.data, np.uint8))):
        raise Unaccounted(
            f"{len(block.data)} bytes of text from row {block.first_row}: what was read of them is not they"
        )


def _bytes_of(column: pa.ChunkedArray) -> Iterator[np.ndarray]:
    """The bytes of a column's cells as they lie in memory."""
    for chunk in column.chunks:
        _, offsets, data = chunk.buffers()
        if data is not None:
            ends = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
            yield np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]


def _sum(data: np.ndarray) -> int:
    return sum(int(data[i : i + BLOCK].sum(dtype=np.uint32)) for i in range(0, len(data), BLOCK))


def _blank_lines(data: bytes) -> int:
    """Empty records: a line break that follows another, or opens the block, outside quoted cells."""
    if not data.startswith(b"\n") and b"\n\n" not in data:
        return 0
    outside = b"\x01".join(data.split(b'"')[0::2]) if b'"' in data else data
    return sum(1 for line in outside.split(b"\n")[:-1] if not line)


def tolerant_block(block: Block, delimiter: str, columns: int) -> Parsed:
    """A block that is not well formed, record by record."""
    return _collected(
        tolerant.read(block.data.decode(), delimiter, columns), block.first_row, columns
    )


def tolerant_rest(
    data: bytes, pieces: Iterator[bytes], row: int, delimiter: str, columns: int
) -> Iterator[Parsed]:
    """The rest of a file in which a quote never closes, cut at line ends."""
    for piece in _whole_lines(data, pieces):
        parsed = tolerant_block(Block(row, piece), delimiter, columns)
        row += len(parsed.table) + len(parsed.ragged)
        yield parsed


def _whole_lines(held: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What is held and what follows, in runs of whole lines of about `BLOCK` bytes."""
    while True:
        cut = (held.rfind(b"\n", 0, BLOCK) + 1) or (held.find(b"\n", BLOCK) + 1)
        if len(held) > BLOCK and cut:
            yield held[:cut]
            held = held[cut:]
        elif more := next(pieces, b""):
            held += more
        else:
            if held:
                yield held
            return


def _collected(rows: Iterator[tolerant.Record], first_row: int, columns: int) -> Parsed:
    good: list[tuple[str, ...]] = []
    numbers: list[int] = []
    ragged: list[Ragged] = []
    notes: list[tuple[int, str]] = []
    for number, record in enumerate(rows, first_row):
        if record.note:
            notes.append((number, record.note))
        if len(record.cells) == columns:
            good.append(record.cells)
            numbers.append(number)
        else:
            ragged.append(Ragged(number, record.cells))
    arrays = [pa.array([cells[i] for cells in good], pa.string()) for i in range(columns)]
    table = pa.table(arrays, names=[str(i) for i in range(columns)])
    return Parsed(with_rows(table, numbers), tuple(ragged), tuple(notes))
