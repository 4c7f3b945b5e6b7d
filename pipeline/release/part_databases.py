"""One SQLite database for each year or division, among the downloads.

Each holds its rows of all tables that are laid out by years first, or by divisions first; tables that
are not in parts stand in no such database. It is made of the CSV parts, whose content is proven.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from pipeline.catalog import published_columns
from pipeline.model import Dataset
from pipeline.release import database, package, parts
from pipeline.release.parts import Keys
from pipeline.seal import quoted


def write(
    con: duckdb.DuckDBPyConnection,
    release: Path,
    datasets: Sequence[Dataset],
    keys: Mapping[str, Keys],
    work: Path,
    only: Collection[str] | None = None,
) -> None:
    """Write the databases of `release`; `only`: of these folders, such as `year=2024`.

    A table that has no rows of a year or division is there and empty. Raises Unaccounted where a
    database does not hold just the rows of its parts.
    """
    folders = {f.name for name in keys for f in (release / "data" / name).iterdir()}
    for folder in sorted(folders if only is None else folders & set(only)):
        here = [d for d in datasets if _outermost(keys, d) == folder.partition("=")[0]]
        rows = {d.name: _rows(con, release, d, folder, work) for d in here}
        path = release / "downloads" / parts.DATABASE.format(part=folder)
        database.build(path, here, rows)
        for dataset in here:
            database.prove(con, path, dataset, rows[dataset.name])


def _outermost(keys: Mapping[str, Keys], dataset: Dataset) -> str:
    return next(iter(keys.get(dataset.name, ())), "")


def _rows(con: duckdb.DuckDBPyConnection, release: Path, dataset: Dataset, folder: str, work: Path) -> Path:  # fmt: skip
    """A dataset's rows of one year or division as Parquet."""
    names = [c.name for c in published_columns(dataset)]
    top = f"data/{dataset.name}/{folder}/"
    files = [
        path
        for path in package.data_files(release, dataset.name)
        if path.relative_to(release).as_posix().startswith(top)
    ]
    blank = ", ".join(f"cast(null as varchar) as {quoted(name)}" for name in names)
    source = (
        f"(from {package.csv_rows(files, names)})" if files else f"(select {blank} where false)"
    )
    path = work / f"{dataset.name}-part.parquet"
    package.write_rows(con, source, path)
    return path
