"""The files of a dataset's parts, each written by itself wherever the engine has it done.

A part is made of a run of the sorted rows. Whoever sees the folder of those rows reads them there,
to others they travel; whoever sees the store writes there, from others the file travels back. A
file is written aside and then renamed, so that whoever dies leaves nothing and may be followed by
another. The publisher makes the folders, looks at each file once more, and lets only what is as
told be part of the release.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

import duckdb

from pipeline.base import sql
from pipeline.base.engine import Engine, Unseen
from pipeline.base.errors import Unaccounted
from pipeline.base.files import naming
from pipeline.base.model import Dataset
from pipeline.base.row_checksums import RowChecksum
from pipeline.checks.results.parquet import Home
from pipeline.release.downloads import downloads
from pipeline.release.package import manifest, package, parts
from pipeline.release.package.parts import Keys, Part

_UNCHECKED = RowChecksum()


@dataclass(frozen=True, slots=True)
class Places:
    """Where parts come from and go to. `rows`: the folder of the sorted rows; `aside`: on the disk
    of `release`, for files that are not finished.
    """

    rows: Home
    aside: Home
    release: Path


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the release, of `size` bytes.

    `checksum`: of its rows, of a CSV; `content`: where it has to travel.
    """

    name: str
    size: int
    sha256: str
    checksum: RowChecksum = _UNCHECKED
    content: bytes = b""


class Piece(Protocol):
    """What there is to know to write one file, `name` in the release."""

    @property
    def name(self) -> str: ...

    def carried(self) -> Piece:
        """The same with all that it is made of."""


SomePiece = TypeVar("SomePiece", bound=Piece)


@dataclass(frozen=True, slots=True)
class Rows:
    """One part's rows, to be one file. `content`: as Parquet, where they had to travel."""

    name: str
    part: Part
    file: Path
    content: bytes = b""

    def carried(self) -> Rows:
        with TemporaryDirectory() as folder, duckdb.connect() as con:
            path = Path(folder) / "rows.parquet"
            package.write_rows(con, self.part.source(self.file), path)
            return replace(self, content=path.read_bytes())


# ---------------------------------------------------------------- asked for by the publisher


def pieces(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, rows: Path, keys: Keys, pattern: str
) -> list[Rows]:
    """A dataset's parts in their order, named by `pattern`, such as
    `data/{dataset}/{place}.csv`.
    """
    return [
        Rows(pattern.format(dataset=dataset.name, place=part.place), part, rows)
        for part in parts.of_rows(con, rows, keys)
    ]


def write_csv(
    engine: Engine, places: Places, dataset: Dataset, items: Iterable[Rows]
) -> list[Written]:
    """Each part as CSV, in place, with the checksum of what was read back of it. Raises Unaccounted."""
    return list(gathered(engine, places, partial(_csv, places, dataset), items))


def write_parquet(
    engine: Engine, places: Places, dataset: Dataset, items: Iterable[Rows]
) -> list[Written]:
    """Each part as typed Parquet for download, in place. Raises Unaccounted."""
    return list(gathered(engine, places, partial(_parquet, places, dataset), items))


def gathered(
    engine: Engine,
    places: Places,
    work: Callable[[SomePiece], Written],
    items: Iterable[SomePiece],
) -> Iterator[Written]:
    """What `work` writes of each of `items`, in place and held against what was told of it.

    Raises Unaccounted where a file is another one than whoever wrote it says.
    """
    for written in engine(work, _with_folders(places.release, items)):
        path = places.release / written.name
        if written.content:
            arrived = places.aside.folder / "arrived"
            arrived.write_bytes(written.content)
            arrived.replace(path)
        if (path.stat().st_size, manifest.sha256(path)) != (written.size, written.sha256):
            raise Unaccounted(f"{written.name}: is not the file that was written")
        yield replace(written, content=b"")


def _with_folders(release: Path, items: Iterable[SomePiece]) -> Iterator[SomePiece]:
    """`items`, each with its folder made:
    a worker that comes late makes none in a store that moved on.
    """
    for item in items:
        (release / item.name).parent.mkdir(parents=True, exist_ok=True)
        yield item


# ---------------------------------------------------------------- done wherever the engine says


def _csv(places: Places, dataset: Dataset, item: Rows) -> Written:
    con = own_connection()
    with desk(places) as folder:
        path = folder / "part.csv"
        package.write_csv(con, _source(places, item, folder), path)
        return handed(places, item.name, path, package.csv_checksum(con, [path], dataset))


def _parquet(places: Places, dataset: Dataset, item: Rows) -> Written:
    con = own_connection()
    with desk(places) as folder:
        path = folder / "part.parquet"
        downloads.write_parquet(con, dataset, _source(places, item, folder), path)
        return handed(places, item.name, path)


def _source(places: Places, item: Rows, folder: Path) -> sql.Sql:
    """A part's rows as an SQL source; raises Unseen where they are not to be seen."""
    if item.content:
        path = folder / "rows.parquet"
        path.write_bytes(item.content)
        return package.parquet_rows(path)
    if not places.rows.is_here():
        raise Unseen(str(item.file))
    return item.part.source(item.file)


def own_connection() -> duckdb.DuckDBPyConnection:
    """This thread's DuckDB, of one thread: several pieces are written side by side. They are
    written as they are read, so that nothing has to be spilled.
    """
    if not hasattr(_own, "con"):
        _own.con = duckdb.connect()
        _own.con.execute(f"set memory_limit = '{sql.MEMORY}'")
        _own.con.execute("set threads = 1")
        _own.con.execute("set temp_directory = ''")
    con: duckdb.DuckDBPyConnection = _own.con
    return con


_own = threading.local()


@contextmanager
def desk(places: Places) -> Iterator[Path]:
    """An empty folder to write in, on the release's own disk where that is seen.

    What the disk refuses is an OSError, whichever library says so.
    """
    here = places.aside.folder if places.aside.is_here() else None
    with TemporaryDirectory(dir=here) as folder, naming(Path(folder)):
        yield Path(folder)


def handed(places: Places, name: str, path: Path, checksum: RowChecksum = _UNCHECKED) -> Written:
    """A finished file put in its place, or to be carried there."""
    written = Written(name, path.stat().st_size, manifest.sha256(path), checksum)
    if places.aside.is_here():
        path.replace(places.release / name)
        return written
    return replace(written, content=path.read_bytes())
