"""Rewrites a dataset's files without a few of its rows, block by block.

Our gzip files and workbooks are compressed in independent blocks. A block without any of the rows
is copied; the others are compressed again, so that nothing is left of a removed row. All text is
decompressed on the way, compared with its CRC, and its rows are counted.
"""

from __future__ import annotations

import mmap
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from pipeline.base.engine import ordered_map
from pipeline.base.files import naming
from pipeline.base.model import Dataset
from pipeline.base.sql import Sql, copy
from pipeline.contract.catalog import published_columns
from pipeline.release.downloads import downloads, excel_csv, workbook, zip_gzip
from pipeline.release.downloads.downloads import Table
from pipeline.release.downloads.zip_gzip import Pair, Zip
from pipeline.release.package import package

FEW = 50  # rows; to search for more takes longer than to write the whole file
SHEET = "xl/worksheets/sheet1.xml"
_FLUSHED = b"\0\0\xff\xff"  # the end of a full flush
_LOCAL = struct.Struct("<26xHH")  # in a local file header: the lengths of name and extra field
Edit = tuple[bytes, bytes]  # a text that occurs once, and its replacement


class NotRewritable(Exception):
    """A file is not as this program would have written it, or too many rows are removed.

    It must then be written from all remaining rows.
    """


@dataclass(frozen=True, slots=True)
class RemovedRows:
    """The rows to remove from a dataset: `rows` of them, in the Parquet file of text `path`."""

    dataset: Dataset
    path: Path
    rows: int

    def texts(self, written: Callable[[Sql], Iterable[bytes]]) -> list[Edit]:
        """An edit for each row that deletes it; `written` gives a row of an SQL source as bytes.

        Raises NotRewritable for more than `FEW` rows.
        """
        if self.rows > FEW:
            raise NotRewritable
        sources = (
            f"(select * from {package.parquet_rows(self.path)} limit 1 offset {n})"
            for n in range(self.rows)
        )
        return [(b"".join(written(source)), b"") for source in sources]


# ---------------------------------------------------------------- the files


def csv(con: duckdb.DuckDBPyConnection, removed: RemovedRows, old: Path, new: Path) -> None:
    """Write the CSV `old` without the removed rows to `new`. Raises NotRewritable."""
    edited = _Edited(removed.texts(lambda source: _line(con, source, new)), b"\n")
    with naming(new), new.open("wb") as out:
        for block in zip_gzip.blocks_of(old):
            out.write(edited.block(block))
    edited.finish()


def _line(con: duckdb.DuckDBPyConnection, source: Sql, beside: Path) -> list[bytes]:
    """The line of CSV of a row, by DuckDB, written to a temporary file beside `beside`."""
    aside = beside.with_name(f".{beside.name}.line")
    try:
        con.execute(copy(f"(select * from {source})", aside, "format csv, header false"))
        return [aside.read_bytes()]
    finally:
        aside.unlink(missing_ok=True)


def write_downloads(
    con: duckdb.DuckDBPyConnection, removed: RemovedRows, table: Table, old: Path, folder: Path
) -> None:
    """Write what `downloads.write` gives for `table`, from the downloads in the folder `old`.

    `folder`: where they are written. Raises NotRewritable.
    """
    con, name, count = con.cursor(), removed.dataset.name, table.count
    safe = excel_csv.text_columns(removed.dataset)
    lines = removed.texts(lambda s: _line(con, f"({excel_csv.safe_cells(s, safe)})", folder / name))
    marks = sum(block.count(b"\n") for block in zip_gzip.blocks_of(table.plain[0]))
    _gzip(old / f"{name}.csv.gz", folder / f"{name}.csv.gz", _Edited(lines, b"\n"), marks)
    lines = removed.texts(lambda source: downloads.json_lines(con, removed.dataset, source))
    _gzip(old / f"{name}.jsonl.gz", folder / f"{name}.jsonl.gz", _Edited(lines, b"\n"), count)
    _workbook(con, removed, table, old / f"{name}.xlsx", folder / f"{name}.xlsx")
    path = folder / f"{name}.parquet"
    downloads.write_parquet(con, removed.dataset, package.parquet_rows(table.rows), path)
    if pq.read_metadata(path).num_rows != count:
        raise NotRewritable


def _gzip(old: Path, new: Path, edited: _Edited, marks: int) -> None:
    with _mapped(old) as view:
        start, end = zip_gzip.gzip_stream(view)
        zip_gzip.write_gzip(new, edited.pairs(_decompressed(view, start, end)))
        edited.finish(marks, zip_gzip.gzip_facts(view)[0])


def _workbook(
    con: duckdb.DuckDBPyConnection, removed: RemovedRows, table: Table, old: Path, new: Path
) -> None:
    columns, count = published_columns(removed.dataset), table.count
    had = count + removed.rows
    before, after = (
        _parts(workbook.template(removed.dataset, n, table.today)) for n in (had, count)
    )
    if had > workbook.ROWS_A_SHEET:
        raise NotRewritable
    rows = removed.texts(lambda source: workbook.row_texts(con, after[SHEET], columns, source))
    frames = zip(
        workbook.frame(before[SHEET], had), workbook.frame(after[SHEET], count), strict=True
    )
    edited = _Edited([*frames, *rows], b"<row>")
    with _mapped(old) as view, zipfile.ZipFile(old) as archive, naming(new), Zip(new) as out:
        entry = archive.getinfo(SHEET)
        start = entry.header_offset + 30 + sum(_LOCAL.unpack_from(view, entry.header_offset))
        sheet = _decompressed(view, start, start + entry.compress_size - len(zip_gzip.LAST))
        for name in sorted(after, key=workbook.part_order):
            pairs = edited.pairs(sheet) if name == SHEET else zip_gzip.deflated([after[name]])
            out.add(name, pairs)
        edited.finish(count, entry.CRC)


def _parts(book: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(book)) as made:
        return {name: made.read(name) for name in made.namelist()}


# ---------------------------------------------------------------- blocks


class _Edited:
    """Applies edits to a text that comes in blocks.

    It counts `mark`, which occurs once in each row, and computes the CRC-32 of the old text.
    """

    def __init__(self, edits: Iterable[Edit], mark: bytes) -> None:
        self._edits, self._mark = list(edits), mark
        self._marks = self._crc = 0

    def block(self, text: bytes) -> bytes:
        """`text` with the edits that apply to it. Raises NotRewritable where one fits twice."""
        for edit in [e for e in self._edits if e[0] in text]:
            if text.count(edit[0]) > 1:
                raise NotRewritable
            self._edits.remove(edit)
            text = text.replace(*edit)
        self._marks += text.count(self._mark)
        return text

    def pairs(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """The same for compressed blocks: those without an edit are copied, empty ones left out."""
        for text, compressed in pairs:
            self._crc = zlib.crc32(text, self._crc)
            edited = self.block(text)
            if edited:
                yield edited, compressed if edited == text else zip_gzip.deflate(edited)

    def finish(self, marks: int | None = None, crc: int = 0) -> None:
        """Raises NotRewritable unless all edits were applied, `marks` marks remain, and the old
        text has the CRC-32 `crc`.
        """
        if self._edits or marks not in (None, self._marks) or crc != self._crc:
            raise NotRewritable


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    """A file mapped to memory; an error of its format becomes NotRewritable."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            yield view
    except (ValueError, KeyError, struct.error, zipfile.BadZipFile) as error:
        raise NotRewritable from error


def _decompressed(view: mmap.mmap, start: int, end: int) -> Iterator[Pair]:
    """The blocks of the deflate stream between two offsets, without its empty last one.

    Blocks are decompressed on all cores: each ends in a full flush, so none needs the one before.
    """
    waiting = b""
    for compressed, text in ordered_map(_whole, _flushes(view, start, end)):
        if waiting or text is None:  # four bytes that look like a flush, inside a block
            waiting += compressed
            compressed, text = _whole(waiting)
        if text is not None:
            yield text, compressed
            waiting = b""
    if waiting:
        raise NotRewritable


def _flushes(view: mmap.mmap, start: int, end: int) -> Iterator[bytes]:
    """The stream, split after each byte sequence that ends a full flush."""
    while start < end:
        found = view.find(_FLUSHED, start, end)
        if found < 0:
            raise NotRewritable
        yield view[start : found + len(_FLUSHED)]
        start = found + len(_FLUSHED)


def _whole(compressed: bytes) -> tuple[bytes, bytes | None]:
    """`compressed` and its text; None instead of the text where it is no complete block."""
    stream = zlib.decompressobj(-15)
    try:
        text = stream.decompress(compressed + zip_gzip.LAST)
    except zlib.error:
        return compressed, None
    return compressed, text if stream.eof and not stream.unused_data else None
