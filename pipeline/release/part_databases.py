"""One SQLite database for each year or division, among the downloads.

Each holds its rows of all tables that are laid out by years first, or by divisions first; tables that
are not in parts stand in no such database. It is made of the CSV parts, whose content is proven.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
) -> None:
    """Write the databases of `release`, whose `datasets` are in parts by `keys`.

    A table that has no rows of a year or division is there and empty. Raises Unaccounted where a
    database does not hold just the rows of its parts.
    """
    folders = {f.name for name in keys for f in (release / "data" / name).iterdir()}
    for folder in sorted(folders):
        here = [d for d in datasets if outermost(keys.get(d.name, {})) == folder.partition("=")[0]]
        rows = {d.name: rows_of(con, release, d, folder, work) for d in here}
        path = release / "downloads" / parts.DATABASE.format(part=folder)
        database.build(path, here, rows)
        for dataset in here:
            database.prove(con, path, dataset, rows[dataset.name])


def outermost(keys: Keys) -> str:
    """The label by which a dataset is in parts first; "" where it is whole."""
    return next(iter(keys), "")


def rows_of(con: duckdb.DuckDBPyConnection, release: Path, dataset: Dataset, folder: str, work: Path) -> Path:  # fmt: skip
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
