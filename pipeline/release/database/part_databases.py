"""One SQLite database for each year or division, among the downloads.

Each holds its rows of all tables whose parts are by year first, or by division first; tables that
are not in parts are in no such database. The engine's workers write it from the CSV parts, whose
content is already verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import duckdb

from pipeline.base.engine import Engine, Unseen
from pipeline.base.model import Dataset
from pipeline.base.sql import quoted
from pipeline.contract.catalog import published_columns
from pipeline.release.data.part_files import (
    Places,
    Written,
    deliver,
    own_connection,
    work_folder,
    written_files,
)
from pipeline.release.database import database
from pipeline.release.database.readback import verify_rows
from pipeline.release.package import package, parts
from pipeline.release.package.parts import Keys


@dataclass(frozen=True, slots=True)
class Tables:
    """One year or division of several tables, to be written as the database `name`.

    `files`: dataset → its CSV files in `release`, none where it has no such rows; `content`: file →
    bytes, where they are sent to the worker.
    """

    name: str
    release: Path
    files: Mapping[str, Sequence[str]]
    content: Mapping[str, bytes] = field(default_factory=dict)

    def carried(self) -> Tables:
        names = [name for each in self.files.values() for name in each]
        return replace(self, content={name: (self.release / name).read_bytes() for name in names})


def tables(release: Path, keys: Mapping[str, Keys]) -> Iterator[Tables]:
    """The databases to write for `release`; `keys`: dataset → the columns of its parts."""
    folders = {f.name for name in keys for f in (release / "data" / name).iterdir()}
    for folder in sorted(folders):
        label = folder.partition("=")[0]
        here = [name for name in keys if outermost(keys[name]) == label]
        files = {
            name: [p.relative_to(release).as_posix() for p in files_of(release, name, folder)]
            for name in here
        }
        yield Tables(f"downloads/{parts.DATABASE.format(part=folder)}", release, files)


def write(
    engine: Engine, places: Places, datasets: Sequence[Dataset], items: Iterable[Tables]
) -> list[Written]:
    """Write the databases `items` by `engine`; `datasets`: all that a table can be of.

    A table without rows of a year or division is created empty. Raises Unaccounted where a database
    does not hold exactly the rows of its parts.
    """
    return list(written_files(engine, places, partial(_database, places, datasets), items))


def _database(places: Places, datasets: Sequence[Dataset], item: Tables) -> Written:
    if not item.content and not places.aside.is_here():
        raise Unseen(str(item.release))
    con = own_connection()
    with work_folder(places) as folder:
        here = [d for d in datasets if d.name in item.files]
        release = _unpacked(item, folder) if item.content else item.release
        rows = {
            d.name: rows_of(con, d, [release / name for name in item.files[d.name]], folder)
            for d in here
        }
        path = folder / Path(item.name).name
        database.build(path, here, rows, alone=True)
        for dataset in here:
            verify_rows(con, path, dataset, rows[dataset.name])
        return deliver(places, item.name, path)


def _unpacked(item: Tables, folder: Path) -> Path:
    for name, content in item.content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def outermost(keys: Keys) -> str:
    """The label of a dataset's outermost folders, such as `year`; "" where it is one file."""
    return next(iter(keys), "")


def files_of(release: Path, name: str, folder: str) -> list[Path]:
    """The CSV files of a dataset's parts in one year or division, such as `year=2024`."""
    top = f"data/{name}/{folder}/"
    files = package.data_files(release, name)
    return [path for path in files if path.relative_to(release).as_posix().startswith(top)]


def rows_of(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, files: Sequence[Path], work: Path
) -> Path:
    """Write a dataset's rows in the CSV `files` as one Parquet file in the folder `work`."""
    names = [c.name for c in published_columns(dataset)]
    blank = ", ".join(f"cast(null as varchar) as {quoted(name)}" for name in names)
    source = (
        f"(from {package.csv_rows(files, names)})" if files else f"(select {blank} where false)"
    )
    path = work / f"{dataset.name}-part.parquet"
    package.write_rows(con, source, path)
    return path
