"""Every public byte of a release as text, also what is packed."""

from __future__ import annotations

import gzip
import io
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO

import pyarrow.parquet as pq

from pipeline.base.sql import quoted, reading
from pipeline.release.database.full_text import match_query

BLOCK = 1 << 22  # bytes read at a time
OVERLAP = 1 << 13  # bytes of a block that the next one repeats, so that nothing is cut in two
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
_PACKED = {".zip", ".xlsx", ".gz", ".parquet"}
_JSON = {".json", ".jsonl", ".jsonld", ".geojson"}


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """(where, text) of all files in `folder`: names, content, members of archives, rows of tables.

    A large file is given in blocks that overlap.
    """
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        yield name, name
        with path.open("rb") as stream:
            yield from _of_stream(name, stream)
        if path.suffix == ".db":
            yield from _of_database(name, path)


def _of_stream(name: str, stream: IO[bytes]) -> Iterator[tuple[str, str]]:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".gz":
        with gzip.open(stream) as inside:
            yield from _of_stream(name.removesuffix(suffix), _whole(inside))
    elif suffix in (".zip", ".xlsx"):
        with zipfile.ZipFile(stream) as archive:
            yield name, archive.comment.decode("utf-8", "ignore")
            for member in archive.infolist():
                where = f"{name} › {member.filename}"
                yield where, member.filename
                with archive.open(member) as inside:
                    yield from _of_stream(where, _whole(inside) if _is_packed(where) else inside)
    elif suffix == ".parquet":
        yield from _of_parquet(name, stream)
    else:
        yield from _blocks(name, stream, suffix in _JSON)


def _is_packed(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _PACKED


def _whole(stream: IO[bytes] | gzip.GzipFile) -> IO[bytes]:
    """A stream in which one can go to and fro."""
    return io.BytesIO(stream.read())


def _blocks(name: str, stream: IO[bytes], escaped: bool) -> Iterator[tuple[str, str]]:
    """Text in UTF-8; of other bytes what can be read as such."""
    kept = b""
    while data := stream.read(BLOCK):
        text = (kept + data).decode("utf-8", "ignore")
        yield name, _ESCAPE.sub(_unescaped, text) if escaped else text
        kept = data[-OVERLAP:]


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else " "


def _of_parquet(name: str, stream: IO[bytes]) -> Iterator[tuple[str, str]]:
    with pq.ParquetFile(_whole(stream)) as file:
        yield name, str(file.schema_arrow)
        for batch in file.iter_batches():
            for column in batch.columns:
                yield name, "\n".join(str(v) for v in column.to_pylist() if v is not None)


def _of_database(name: str, path: Path) -> Iterator[tuple[str, str]]:
    """Rows of all tables. The bytes of the file are read too, for what was deleted in it."""
    with closing(_opened(path)) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'"):
            where = f"{name} › {table}"
            try:
                rows = database.execute(f"select * from {quoted(table)}")
            except sqlite3.Error:  # a virtual table whose extension is not here
                continue
            while some := rows.fetchmany(2_000):
                yield where, "\n".join(str(v) for row in some for v in row if isinstance(v, str))


def _opened(path: Path) -> sqlite3.Connection:
    database = reading(path)
    database.text_factory = lambda raw: raw.decode("utf-8", "ignore")
    return database


def search(folder: Path, words: list[str]) -> Iterator[tuple[str, str]]:
    """(where, word) for each word that a search index of a database in `folder` has.

    An index holds pairs of characters, so nothing of it can be read as text.
    """
    for path in sorted(folder.rglob("*.db")):
        name = path.relative_to(folder).as_posix()
        with closing(_opened(path)) as database:
            made = "select name from sqlite_master where sql like '%using fts5%'"
            for (index,) in database.execute(made).fetchall():
                for word in words:
                    query = f"select 1 from {quoted(index)} where {quoted(index)} match ? limit 1"
                    if database.execute(query, [match_query(f'"{word}"')]).fetchone():
                        yield f"{name} › {index}", word
