"""The files of a dataset's parts, each written as a task of its own by the engine's workers.

A part is a range of the sorted rows. A worker that sees the folder of those rows reads them there;
to others they are sent. A worker that sees the store writes there; others send the file back. A
file is written under a temporary name and then renamed, so that a worker that dies leaves nothing
behind and another can repeat the task. The main process makes the folders and checks size and hash
of each file before it becomes part of the release.
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
from pipeline.base.files import naming, sha256
from pipeline.base.model import Dataset
from pipeline.base.row_checksums import RowChecksum
from pipeline.checks.results.parquet import Home
from pipeline.release.downloads import downloads
from pipeline.release.package import package, parts
from pipeline.release.package.parts import Keys, Part

_UNCHECKED = RowChecksum()


@dataclass(frozen=True, slots=True)
class Places:
    """Where parts are read and written.

    `rows`: the folder of the sorted rows; `aside`: a folder for unfinished files, on the disk of
    `release`; `release`: the folder of the finished files.
    """

    rows: Home
    aside: Home
    release: Path


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the release, `name` in it, of `size` bytes.

    `checksum`: of its rows, where it is a CSV; `content`: its bytes, where they are sent back.
    """

    name: str
    size: int
    sha256: str
    checksum: RowChecksum = _UNCHECKED
    content: bytes = b""


class Piece(Protocol):
    """The input of the task that writes one file, `name` in the release."""

    @property
    def name(self) -> str: ...

    def carried(self) -> Piece:
        """The same with its content, for a worker that does not see the files."""


SomePiece = TypeVar("SomePiece", bound=Piece)


@dataclass(frozen=True, slots=True)
class Rows:
    """One part's rows in `file`, to be written as one file.

    `content`: the rows as Parquet, where they are sent to the worker.
    """

    name: str
    part: Part
    file: Path
    content: bytes = b""

    def carried(self) -> Rows:
        with TemporaryDirectory() as folder, duckdb.connect() as con:
            path = Path(folder) / "rows.parquet"
            package.write_rows(con, self.part.source(self.file), path)
            return replace(self, content=path.read_bytes())


# ---------------------------------------------------------------- in the main process


def pieces(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, rows: Path, keys: Keys, pattern: str
) -> list[Rows]:
    """A dataset's parts in their order.

    `rows`: its sorted Parquet file; `keys`: the columns of its parts; `pattern`: of the files'
    names, such as `data/{dataset}/{place}.csv`.
    """
    return [
        Rows(pattern.format(dataset=dataset.name, place=part.place), part, rows)
        for part in parts.of_rows(con, rows, keys)
    ]


def write_csv(
    engine: Engine, places: Places, dataset: Dataset, items: Iterable[Rows]
) -> list[Written]:
    """Write each part as CSV; gives the files with the checksums of their rows, read back.

    Raises Unaccounted as `written_files` does.
    """
    return list(written_files(engine, places, partial(_csv, places, dataset), items))


def write_parquet(
    engine: Engine, places: Places, dataset: Dataset, items: Iterable[Rows]
) -> list[Written]:
    """Write each part as typed Parquet for download. Raises Unaccounted as `written_files` does."""
    return list(written_files(engine, places, partial(_parquet, places, dataset), items))


def written_files(
    engine: Engine,
    places: Places,
    work: Callable[[SomePiece], Written],
    items: Iterable[SomePiece],
) -> Iterator[Written]:
    """Run `work` on each of `items` by `engine`; gives the files it wrote, each in its place.

    Raises Unaccounted where a file has not the size and hash that its writer reports.
    """
    for written in engine(work, _with_folders(places.release, items)):
        path = places.release / written.name
        if written.content:
            arrived = places.aside.folder / "arrived"
            arrived.write_bytes(written.content)
            arrived.replace(path)
        if (path.stat().st_size, sha256(path)) != (written.size, written.sha256):
            raise Unaccounted(f"{written.name}: is not the file that was written")
        yield replace(written, content=b"")


def _with_folders(release: Path, items: Iterable[SomePiece]) -> Iterator[SomePiece]:
    """`items`; before each is given out, its folder is made.

    Workers make none: a late one would make folders in a store that has since changed.
    """
    for item in items:
        (release / item.name).parent.mkdir(parents=True, exist_ok=True)
        yield item


# ---------------------------------------------------------------- on a worker


def _csv(places: Places, dataset: Dataset, item: Rows) -> Written:
    con = own_connection()
    with work_folder(places) as folder:
        path = folder / "part.csv"
        package.write_csv(con, _source(places, item, folder), path)
        return deliver(places, item.name, path, package.csv_checksum(con, [path], dataset))


def _parquet(places: Places, dataset: Dataset, item: Rows) -> Written:
    con = own_connection()
    with work_folder(places) as folder:
        path = folder / "part.parquet"
        downloads.write_parquet(con, dataset, _source(places, item, folder), path)
        return deliver(places, item.name, path)


def _source(places: Places, item: Rows, folder: Path) -> sql.Sql:
    """A part's rows as an SQL source. Raises Unseen where this worker does not see the file."""
    if item.content:
        path = folder / "rows.parquet"
        path.write_bytes(item.content)
        return package.parquet_rows(path)
    if not places.rows.is_here():
        raise Unseen(str(item.file))
    return item.part.source(item.file)


def own_connection() -> duckdb.DuckDBPyConnection:
    """This thread's DuckDB connection, which uses one thread: several files are written at once.

    Rows are written as they are read, so it needs no temporary tables on disk.
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
def work_folder(places: Places) -> Iterator[Path]:
    """An empty temporary folder, on the release's disk where this worker sees it.

    An error of the disk becomes an OSError, whichever library raises it.
    """
    here = places.aside.folder if places.aside.is_here() else None
    with TemporaryDirectory(dir=here) as folder, naming(Path(folder)):
        yield Path(folder)


def deliver(places: Places, name: str, path: Path, checksum: RowChecksum = _UNCHECKED) -> Written:
    """Move a finished file to its place in the release, or read it to be sent there."""
    written = Written(name, path.stat().st_size, sha256(path), checksum)
    if places.aside.is_here():
        path.replace(places.release / name)
        return written
    return replace(written, content=path.read_bytes())
