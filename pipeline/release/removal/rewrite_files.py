"""A dataset's files written again without a few of its rows, block by block.

Our gzip files and workbooks are deflated in blocks that know nothing of each other. A block that
none of the rows stands in is taken over as it is; the others are deflated anew, so that nothing is
left of a row. All text is unpacked on the way, held against its checksum, and its rows are counted.
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

FEW = 50  # rows; to look for more of them takes longer than to write all others again
SHEET = "xl/worksheets/sheet1.xml"
_FLUSHED = b"\0\0\xff\xff"  # what a full flush ends in
_LOCAL = struct.Struct(
    "<26xHH"
)  # in front of a ZIP entry: the lengths of its name and of what else
Edit = tuple[bytes, bytes]  # a text that stands there once, and what is to stand there


class Missed(Exception):
    """A file is not as we would have written it: then it has to be made from scratch."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The rows to leave out: `rows` of them in a Parquet file of text,
    few enough to be looked for.
    """

    dataset: Dataset
    path: Path
    rows: int

    def texts(self, made: Callable[[Sql], Iterable[bytes]]) -> list[Edit]:
        """Each row as `made` writes it of an SQL source, to be replaced by nothing."""
        if self.rows > FEW:
            raise Missed
        sources = (
            f"(select * from {package.parquet_rows(self.path)} limit 1 offset {n})"
            for n in range(self.rows)
        )
        return [(b"".join(made(source)), b"") for source in sources]


# ---------------------------------------------------------------- the files


def csv(con: duckdb.DuckDBPyConnection, gone: Gone, old: Path, new: Path) -> None:
    """The CSV `old` without the rows that are gone, at `new`. Raises Missed."""
    edited = _Edited(gone.texts(lambda source: _line(con, source, new)), b"\n")
    with naming(new), new.open("wb") as out:
        for block in zip_gzip.blocks_of(old):
            out.write(edited.block(block))
    edited.finish()


def _line(con: duckdb.DuckDBPyConnection, source: Sql, beside: Path) -> list[bytes]:
    """A row as its line of CSV."""
    aside = beside.with_name(f".{beside.name}.line")
    try:
        con.execute(copy(f"(select * from {source})", aside, "format csv, header false"))
        return [aside.read_bytes()]
    finally:
        aside.unlink(missing_ok=True)


def write_downloads(
    con: duckdb.DuckDBPyConnection, gone: Gone, table: Table, old: Path, folder: Path
) -> None:
    """What `downloads.make` writes of `table`, out of the downloads in the folder `old`.

    Raises Missed.
    """
    con, name, count = con.cursor(), gone.dataset.name, table.count
    safe = excel_csv.text_columns(gone.dataset)
    lines = gone.texts(lambda s: _line(con, f"({excel_csv.safe_cells(s, safe)})", folder / name))
    marks = sum(block.count(b"\n") for block in zip_gzip.blocks_of(table.plain[0]))
    _gzip(old / f"{name}.csv.gz", folder / f"{name}.csv.gz", _Edited(lines, b"\n"), marks)
    lines = gone.texts(lambda source: downloads.json_lines(con, gone.dataset, source))
    _gzip(old / f"{name}.jsonl.gz", folder / f"{name}.jsonl.gz", _Edited(lines, b"\n"), count)
    _workbook(con, gone, table, old / f"{name}.xlsx", folder / f"{name}.xlsx")
    path = folder / f"{name}.parquet"
    downloads.write_parquet(con, gone.dataset, package.parquet_rows(table.rows), path)
    if pq.read_metadata(path).num_rows != count:
        raise Missed


def _gzip(old: Path, new: Path, edited: _Edited, marks: int) -> None:
    with _mapped(old) as view:
        start, end = zip_gzip.gzip_stream(view)
        zip_gzip.write_gzip(new, edited.pairs(_unpacked(view, start, end)))
        edited.finish(marks, zip_gzip.gzip_facts(view)[0])


def _workbook(
    con: duckdb.DuckDBPyConnection, gone: Gone, table: Table, old: Path, new: Path
) -> None:
    columns, count = published_columns(gone.dataset), table.count
    had = count + gone.rows
    before, after = (_parts(workbook.template(gone.dataset, n, table.today)) for n in (had, count))
    if had > workbook.ROWS_A_SHEET:
        raise Missed
    rows = gone.texts(lambda source: workbook.row_texts(con, after[SHEET], columns, source))
    frames = zip(
        workbook.frame(before[SHEET], had), workbook.frame(after[SHEET], count), strict=True
    )
    edited = _Edited([*frames, *rows], b"<row>")
    with _mapped(old) as view, zipfile.ZipFile(old) as packed, naming(new), Zip(new) as out:
        entry = packed.getinfo(SHEET)
        start = entry.header_offset + 30 + sum(_LOCAL.unpack_from(view, entry.header_offset))
        sheet = _unpacked(view, start, start + entry.compress_size - len(zip_gzip.LAST))
        for name in sorted(after, key=workbook.part_order):
            pairs = edited.pairs(sheet) if name == SHEET else zip_gzip.deflated([after[name]])
            out.add(name, pairs)
        edited.finish(count, entry.CRC)


def _parts(book: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(book)) as made:
        return {name: made.read(name) for name in made.namelist()}


# ---------------------------------------------------------------- blocks


class _Edited:
    """A text in blocks: what is to change, and what has been seen of it."""

    def __init__(self, edits: Iterable[Edit], mark: bytes) -> None:
        self._edits, self._mark = list(edits), mark
        self._marks = self._crc = 0

    def block(self, text: bytes) -> bytes:
        """`text` with those edits made that belong there."""
        for edit in [e for e in self._edits if e[0] in text]:
            if text.count(edit[0]) > 1:
                raise Missed
            self._edits.remove(edit)
            text = text.replace(*edit)
        self._marks += text.count(self._mark)
        return text

    def pairs(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """The same of blocks that are deflated."""
        for text, packed in pairs:
            self._crc = zlib.crc32(text, self._crc)
            edited = self.block(text)
            if edited:
                yield edited, packed if edited == text else zip_gzip.deflate(edited)

    def finish(self, marks: int | None = None, crc: int = 0) -> None:
        """Raises Missed unless every edit was made, `marks` are left,
        and the old text had its `crc`.
        """
        if self._edits or marks not in (None, self._marks) or crc != self._crc:
            raise Missed


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            yield view
    except (ValueError, KeyError, struct.error, zipfile.BadZipFile) as error:
        raise Missed from error


def _unpacked(view: mmap.mmap, start: int, end: int) -> Iterator[Pair]:
    """The blocks of the deflate stream that lies there, its empty last one apart."""
    waiting = b""
    for packed, text in ordered_map(_whole, _flushes(view, start, end)):
        if waiting or text is None:  # four bytes that look like a flush, inside a block
            waiting += packed
            packed, text = _whole(waiting)
        if text is not None:
            yield text, packed
            waiting = b""
    if waiting:
        raise Missed


def _flushes(view: mmap.mmap, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        found = view.find(_FLUSHED, start, end)
        if found < 0:
            raise Missed
        yield view[start : found + len(_FLUSHED)]
        start = found + len(_FLUSHED)


def _whole(packed: bytes) -> tuple[bytes, bytes | None]:
    """`packed` and the text in it.

    None where it is no whole block: then a last one cannot follow.
    """
    stream = zlib.decompressobj(-15)
    try:
        text = stream.decompress(packed + zip_gzip.LAST)
    except zlib.error:
        return packed, None
    return packed, text if stream.eof and not stream.unused_data else None
