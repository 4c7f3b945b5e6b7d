"""A run of whole records as text, and its rows: by Arrow,
or by `tolerant` where they are not well formed.

Every byte and every line is accounted for. Rows are numbered as a spreadsheet numbers them: the
file's first record is row 1, a blank line counts, a line break inside a quoted cell does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import InitVar, dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from pipeline.base.arrow import of_numpy
from pipeline.base.errors import Unaccounted
from pipeline.intake.text import broken_quotes, checksums
from pipeline.intake.text.cellbytes import bytes_of
from pipeline.intake.text.checksums import Checksum
from pipeline.intake.text.encodings import LOST, BadByte

NO_CHECKSUM = Checksum(-1)


@dataclass(frozen=True, slots=True)
class Block:
    """A run of whole records as UTF-8, `first_row` being the number of its first.

    `lost`: one entry for each U+FFFD in it, where bytes were in no encoding. `lines`, `checksum`
    and `is_quoted` are computed once here, unless the caller already has them.
    """

    first_row: int
    data: bytes
    lost: tuple[BadByte, ...] = ()
    lines: int = -1  # -1: counted here
    checksum: Checksum = NO_CHECKSUM
    is_plain: InitVar[bool] = False  # known to have no quotes
    is_quoted: bool = field(init=False)

    def __post_init__(self, is_plain: bool) -> None:
        object.__setattr__(self, "is_quoted", not is_plain and b'"' in self.data)
        if self.lines < 0:
            object.__setattr__(self, "lines", count_lines(self.data))
        if self.checksum is NO_CHECKSUM:
            object.__setattr__(self, "checksum", checksums.of(self.data))


@dataclass(frozen=True, slots=True)
class Ragged:
    """A record with more or fewer cells than the header."""

    row: int
    cells: tuple[str, ...]
    note: str = "ragged-row"


@dataclass(frozen=True, slots=True)
class Note:
    """A finding about one row, or about the cell in its column `position`."""

    row: int
    rule: str
    position: int = -1
    byte: BadByte | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A block's records: string columns "0", "1", … and `_row`, and what did not fit.

    `lines`: lines of text read; `inside`: how many of them continue inside a quoted cell.
    """

    table: pa.Table
    ragged: tuple[Ragged, ...] = ()
    notes: tuple[Note, ...] = ()
    lines: int = 0
    inside: int = 0


def count_lines(data: bytes) -> int:
    """Lines of text, the last of which may lack its line break."""
    return checksums.breaks(data) + (bool(data) and not data.endswith(b"\n"))


def breaks_inside(block: Block) -> int:
    """The number of line breaks inside quoted cells, if the block's quotes are balanced."""
    if not block.is_quoted:
        return 0
    return sum(part.count(b"\n") for part in block.data.split(b'"')[1::2])


def parse(block: Block, delimiter: str, columns: int) -> Parsed:
    """A block's records, read by Arrow, or by `tolerant_block` where Arrow cannot read it correctly.

    `columns`: the number of cells of a record. Raises Unaccounted where a byte of the block is in
    no cell, delimiter, quote or line end.
    """
    if block.is_quoted and b'\\"' in block.data and not _is_strict(block, delimiter):
        return tolerant_block(block, delimiter, columns)
    ragged: list[str] = []
    table = _by_arrow(block, delimiter, columns, ragged)
    if table is None or (
        ragged and (block.is_quoted or not _all_ragged(ragged, delimiter, columns))
    ):
        return tolerant_block(block, delimiter, columns)
    lines, inside = block.lines, breaks_inside(block)
    if block.is_quoted and not _believable(table, block, delimiter, columns, lines - inside):
        return tolerant_block(block, delimiter, columns)
    if len(table) + len(ragged) != lines - inside:
        raise Unaccounted(
            f"{lines - inside} records stand in the text, {len(table) + len(ragged)} were read"
        )
    _every_byte(table, ragged, block, delimiter, columns)
    numbers, ragged_rows = _numbered(len(table), ragged, block, delimiter)
    table = with_rows(table, numbers)
    return Parsed(
        table, ragged_rows, tuple(_lost_notes(table, ragged_rows, block.lost)), lines, inside
    )


def _is_strict(block: Block, delimiter: str) -> bool:
    return broken_quotes.is_strict(block.data.decode(), delimiter)


def _by_arrow(block: Block, delimiter: str, columns: int, ragged: list[str]) -> pa.Table | None:
    """The records that fit; the text of the others goes to `ragged`. None where Arrow gives up."""
    if not delimiter.isascii():  # Arrow knows delimiters of one byte
        return None
    names = [str(i) for i in range(columns)]

    def keep(row: pa_csv.InvalidRow) -> str:
        ragged.append(row.text or "")
        return "skip"

    try:
        return pa_csv.read_csv(
            pa.BufferReader(block.data),
            pa_csv.ReadOptions(
                use_threads=False, column_names=names, block_size=len(block.data) + 1
            ),
            pa_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=block.is_quoted,
                ignore_empty_lines=False,
                invalid_row_handler=keep,
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _all_ragged(texts: list[str], delimiter: str, columns: int) -> bool:
    """Whether none of the rows fits once the blank cells behind its end are dropped."""
    return all(len(fitting(text.split(delimiter), columns)) != columns for text in texts)


def fitting(cells: Sequence[str], columns: int) -> tuple[str, ...]:
    """`cells` without the blank ones beyond `columns`."""
    end = len(cells)
    while end > columns and not cells[end - 1].strip():
        end -= 1
    return tuple(cells[:end])


def _numbered(
    good: int, ragged: list[str], block: Block, delimiter: str
) -> tuple[np.ndarray, tuple[Ragged, ...]]:
    """The row numbers of the records that fit, and the others with theirs, found by their text."""
    every = np.arange(block.first_row, block.first_row + good + len(ragged))
    if not ragged:
        return every, ()
    ragged_rows, todo = list[Ragged](), iter([*ragged, None])
    text = next(todo)
    for row, line in enumerate(block.data.decode().split("\n"), block.first_row):
        if line == text:
            ragged_rows.append(Ragged(row, tuple(line.split(delimiter))))
            text = next(todo)
    return np.setdiff1d(every, [r.row for r in ragged_rows]), tuple(ragged_rows)


def with_rows(table: pa.Table, rows: Iterable[int] | np.ndarray) -> pa.Table:
    """`table` with the column `_row`."""
    numbers = rows if isinstance(rows, np.ndarray) else np.fromiter(rows, np.int64)
    return table.append_column("_row", of_numpy(numbers.astype(np.int64, copy=False)))


def _believable(table: pa.Table, block: Block, delimiter: str, columns: int, expected: int) -> bool:
    """Whether the quotes are in order, so that no cell contains whole records."""
    if len(table) != expected:
        return False
    broken = [pc.match_substring(cells, "\n") for cells in table.columns]
    if not any(pc.any(mask).as_py() for mask in broken):
        return True
    if not _is_strict(block, delimiter):
        return False
    return columns == 1 or not any(
        pc.any(
            pc.greater_equal(pc.count_substring(cells.filter(mask), delimiter), columns - 1)
        ).as_py()
        for cells, mask in zip(table.columns, broken, strict=True)
    )


def _every_byte(
    table: pa.Table, ragged: list[str], block: Block, delimiter: str, columns: int
) -> None:
    """Raises Unaccounted unless cells, delimiters, quotes and line ends add up to the block.

    They are compared by the number, sum and parity of bytes (`checksums`), which do not depend on
    the order, so Arrow's buffers are read as they are and the text is not rebuilt.
    """
    blank_lines = (columns - 1) * _blank_lines(table, block)  # read as a record of blanks
    delimiters = len(table) * (columns - 1) - blank_lines
    line_ends = len(table) + len(ragged) - (not block.data.endswith(b"\n"))
    quotes = 0
    if block.is_quoted:
        inner = sum(pc.sum(pc.count_substring(c, '"')).as_py() or 0 for c in table.columns)
        quotes = block.data.count(b'"') - inner
    marks = [(delimiters, delimiter), (line_ends, "\n"), (quotes, '"'), *((1, t) for t in ragged)]
    found = [bytes_of(part) for column in table.columns for part in column.chunks]
    found += [np.frombuffer(mark.encode() * n, np.uint8) for n, mark in marks]
    if checksums.of_all(found) != block.checksum:
        raise Unaccounted(
            f"{len(block.data)} bytes of text from row {block.first_row}: "
            "what was read of them is not they"
        )


def _blank_lines(table: pa.Table, block: Block) -> int:
    """Empty records: a line break that follows another, or opens the block,
    outside quoted cells.
    """
    if not pc.any(pc.equal(table[0], "")).as_py():
        return 0
    outside = block.data
    if block.is_quoted:
        outside = b"\x01".join(outside.split(b'"')[0::2])
    return sum(1 for line in outside.split(b"\n")[:-1] if not line)


def _lost_notes(
    table: pa.Table, ragged: Sequence[Ragged], lost: Sequence[BadByte]
) -> Iterator[Note]:
    """A note for each byte sequence that is in no encoding: row, column and offset in the file."""
    if not any(byte.offset >= 0 for byte in lost):
        return
    rows = [(r.row, r.cells) for r in ragged if any(LOST in cell for cell in r.cells)]
    hit = [pc.match_substring(table[c], LOST) for c in table.column_names if c != "_row"]
    mask = hit[0]
    for other in hit[1:]:
        mask = pc.or_(mask, other)
    for record in table.filter(mask).to_pylist():
        row = record.pop("_row")
        rows.append((row, tuple(record.values())))
    places = [
        (row, position)
        for row, cells in sorted(rows)
        for position, cell in enumerate(cells)
        for _ in range(cell.count(LOST))
    ]
    if len(places) != len(
        lost
    ):  # offsets cannot be assigned to cells any more, only the rows are known
        lost = [BadByte(-1, "")] * len(places)
    for (row, position), byte in zip(places, lost, strict=True):
        yield Note(row, "bad-bytes", position, byte)


def tolerant_block(block: Block, delimiter: str, columns: int) -> Parsed:
    """A block that is not well formed, record by record."""
    good, numbers = list[tuple[str, ...]](), list[int]()
    ragged, notes, lines, inside = list[Ragged](), list[Note](), block.lines, 0
    read = broken_quotes.read(block.data.decode(), delimiter, columns)
    number = block.first_row
    for number, record in enumerate(read, block.first_row):
        inside += record.lines - 1
        notes += [Note(number, record.note)] if record.note else []
        cells = fitting(record.cells, columns)
        if len(cells) == columns:
            good.append(cells)
            numbers.append(number)
        else:
            ragged.append(Ragged(number, cells))
    if len(good) + len(ragged) + inside != lines:
        raise Unaccounted(f"{lines} lines of text, {len(good) + len(ragged) + inside} were read")
    arrays = [pa.array([cells[i] for cells in good], pa.string()) for i in range(columns)]
    table = with_rows(pa.table(arrays, names=[str(i) for i in range(columns)]), numbers)
    notes += _lost_notes(table, ragged, block.lost)
    return Parsed(table, tuple(ragged), tuple(notes), lines, inside)
