"""The text of a release's files of every kind, in blocks that split no value."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.csv as arrow_csv

from pipeline.base.sql import Sql, literal, quoted, reading, scratch
from pipeline.release.package.package import csv_header, csv_rows, parquet_batches

BLOCK = 1 << 22  # bytes of a block
SEPARATOR = "\x1f"  # between the cells of a database's row
PACKED = (".zip", ".xlsx", ".docx", ".ods")
Block = tuple[str, bytes]  # an artefact's name, a block of its text
Blocks = Generator[Block]


def blocks_in(release: Path, files: Iterable[Path]) -> Blocks:
    """The text of `files` in `release`, block by block, each with its artefact's name.

    Archives and compressed files are opened, also inside each other; of databases each row of each
    table is read.
    """
    for path in files:
        yield from _blocks_of(path, path.relative_to(release).as_posix())


def _blocks_of(path: Path, name: str) -> Iterator[Block]:
    if path.suffix == ".db":
        yield from ((name, text) for text in _database(path))
        return
    with path.open("rb") as file:
        yield from _opened(file, name)


def _opened(file: BinaryIO, name: str) -> Iterator[Block]:
    """The text of a file and, at any depth, of the files in it."""
    if name.endswith(".gz"):
        with gzip.open(file) as inner:
            yield from _opened(cast(BinaryIO, inner), name.removesuffix(".gz"))
    elif name.endswith(PACKED):
        with zipfile.ZipFile(file) as archive:
            for member in archive.namelist():
                with archive.open(member) as inner:
                    yield from _opened(cast(BinaryIO, inner), f"{name}/{member}")
    elif name.endswith(".parquet"):
        yield from ((name, text) for text in _parquet(file))
    else:
        yield from ((name, text) for text in _blocks(file))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Blocks of text that end at the end of a line or tag, so that no value is split."""
    rest = file.read(len(codecs.BOM_UTF8)).removeprefix(codecs.BOM_UTF8)
    while read := file.read(BLOCK):
        whole = rest + read
        cut = max(whole.rfind(b"\n"), whole.rfind(b">")) + 1 or len(whole)
        if len(whole) - cut > BLOCK:
            cut = len(whole)
        rest = whole[cut:]
        yield whole[:cut]
    if rest:
        yield rest


def _parquet(file: BinaryIO) -> Iterator[bytes]:
    for batch in parquet_batches(file, 5_000):
        out = io.BytesIO()
        arrow_csv.write_csv(pa.Table.from_batches([batch]), out)
        yield out.getvalue()


def _database(path: Path) -> Iterator[bytes]:
    """The rows of every ordinary table, not of search indexes, which hold only its words again.

    Cells are separated by `SEPARATOR`. Rows are read by ranges of rowid, thousands joined in one
    text, so that there are far fewer Python objects.
    """
    con = reading(path)
    try:
        tables = con.execute(
            "select name, wr from pragma_table_list where schema = 'main' and type = 'table' "
            "and name not like 'sqlite_%'"
        ).fetchall()
        for table, without_rowid in tables:
            named = [
                c for _, c, *_ in con.execute(f"pragma table_info({quoted(table)})").fetchall()
            ]
            cells = _joined([quoted(c) for c in named])
            if without_rowid:
                yield from (
                    row.encode() for (row,) in con.execute(f"select {cells} from {quoted(table)}")
                )
                continue
            last = con.execute(f"select coalesce(max(rowid), 0) from {quoted(table)}").fetchone()[0]
            for start in range(0, last + 1, 5_000):
                lines = f"select group_concat({cells}, char(10)) from {quoted(table)}"
                query = f"{lines} where rowid between ? and ?"
                text = con.execute(query, (start, start + 4_999)).fetchone()[0]
                if text:
                    yield text.encode()
    finally:
        con.close()


def _joined(cells: Sequence[Sql]) -> Sql:
    """SQL that joins `cells`, by printf: SQLite allows a function 127 arguments at most."""
    parts = (_printed(cells[at : at + 100]) for at in range(0, len(cells), 100))
    return " || char(31) || ".join(parts)  # SEPARATOR


def _printed(cells: Sequence[Sql]) -> Sql:
    return f"printf({literal(SEPARATOR.join(['%s'] * len(cells)))}, {', '.join(cells)})"


def columns_of(paths: Sequence[Path], names: list[str]) -> Iterator[pa.RecordBatch]:
    """The columns `names` of a dataset's CSV files as text, "" for blanks, in batches of rows."""
    cells = ", ".join(f"coalesce({quoted(name)}, '') as {quoted(name)}" for name in names)
    with scratch() as con:
        rows = con.sql(f"select {cells} from {csv_rows(paths, csv_header(paths))}")
        yield from rows.to_arrow_reader(20_000)
