"""The tables and records of a release, by its own datapackage.json and metadata.json.

So a release made by an older contract can be read, compared and amended too.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipeline.base.files import naming
from pipeline.base.model import Column, Dataset, ForeignKey
from pipeline.base.sql import Sql, quoted, reading, trusted
from pipeline.release.package import package
from pipeline.release.package.record_changes import KEY_SEPARATOR
from pipeline.release.removal import tombstones
from pipeline.release.removal.tombstones import Tombstone

Keys = Mapping[str, Collection[str]]  # dataset → keys
_ORIGIN = "source_id"


def described(release: Path) -> dict[str, Any]:
    """The content of a release's datapackage.json."""
    found: dict[str, Any] = json.loads((release / "datapackage.json").read_text("utf-8"))
    return found


def datasets_of(release: Path) -> list[Dataset]:
    """The datasets of a release as its own datapackage.json and metadata.json describe them."""
    words = json.loads((release / "metadata.json").read_text("utf-8"))["zh"]
    tables = words["databases"]["disclosure"]["tables"]
    return [_dataset(r, tables[r["name"]]) for r in described(release)["resources"]]


def _dataset(resource: Mapping[str, Any], metadata: Mapping[str, Any]) -> Dataset:
    schema = resource["schema"]
    columns = tuple(
        Column(
            f["name"],
            f.get("title", ""),
            f.get("title_en", ""),
            type=f["type"],
            kind=f.get("gongshi:kind", "text"),
        )
        for f in schema["fields"]
    )
    foreign = tuple(
        ForeignKey(tuple(k["fields"]), k["reference"]["resource"], tuple(k["reference"]["fields"]))
        for k in (*schema.get("foreignKeys", ()), *schema.get(package.OLDER_KEYS, ()))
    )
    return Dataset(
        name=resource["name"],
        title=resource.get("title", ""),
        title_en=resource.get("title_en", ""),
        description="",
        description_en="",
        columns=columns,
        primary_key=tuple(schema.get("primaryKey", ())),
        unique_keys=tuple(tuple(key) for key in schema.get("uniqueKeys", ())),
        foreign_keys=foreign,
        search=tuple(metadata["plugins"]["gongshi"]["search"]),
        label=metadata.get("label_column", ""),
        query=trusted(resource.get("gongshi:query", "")),
        produced=True,  # its columns are complete: those of origin are among them
    )


# ---------------------------------------------------------------- records


@contextmanager
def opened(release: Path) -> Iterator[sqlite3.Connection | duckdb.DuckDBPyConnection]:
    """A read-only connection to a release's tables: SQLite, or DuckDB where it has no database.

    An error of the file or disk becomes an OSError that names the file.
    """
    path = release / "disclosure.db"
    with naming(path if path.exists() else release), closing(_connect(release)) as con:
        yield con


def _connect(release: Path) -> sqlite3.Connection | duckdb.DuckDBPyConnection:
    """The connection. A large release has no database of all tables: its CSV files are read."""
    path = release / "disclosure.db"
    if path.exists():
        return reading(path, immutable=True)
    con = duckdb.connect()
    for dataset in datasets_of(release):
        rows = csv_of(release, dataset)
        con.execute(f"create view {quoted(dataset.name)} as select * from {rows}")
    return con


def csv_of(release: Path, dataset: Dataset) -> Sql:
    """A dataset's rows in `release` as an SQL source of DuckDB, every cell as text."""
    files = package.data_files(release, dataset.name)
    return package.csv_rows(files, [c.name for c in dataset.columns])


def key_sql(dataset: Dataset) -> Sql:
    """The SQL of a record's key, for SQLite and DuckDB."""
    return f" || '{KEY_SEPARATOR}' || ".join(
        f"coalesce({quoted(k)}, '')" for k in dataset.primary_key
    )


def holds(release: Path, keys: Keys) -> dict[str, list[tuple[str, str]]]:
    """Dataset → (key, source_id) of the records with `keys` in the release, and of dependents.

    A dependent is a record with a foreign key to a removed one, which would point to nothing.
    Dependents of dependents are found too, until no more are.
    """
    datasets = {d.name: d for d in datasets_of(release)}
    found: dict[str, list[tuple[str, str]]] = {}
    with opened(release) as con:
        con.execute("create temp table wanted (dataset text, key text, primary key (dataset, key))")
        pairs = [(name, key) for name, each in keys.items() for key in each if name in datasets]
        _add(con, pairs)
        while True:
            for name, dataset in datasets.items():
                if dataset.primary_key:
                    found[name] = _present(con, dataset)
            more = [pair for d in datasets.values() for pair in _dependents(con, d, datasets)]
            if not _add(con, more):
                return {name: each for name, each in found.items() if each}


def _add(con: sqlite3.Connection | duckdb.DuckDBPyConnection, pairs: list[tuple[str, str]]) -> bool:
    """Add pairs of dataset and key to the table `wanted`; gives whether any is new."""
    known = set(con.execute("select dataset, key from wanted").fetchall())
    if new := set(pairs) - known:
        con.executemany("insert into wanted values (?, ?)", sorted(new))
    return bool(new)


def _present(
    con: sqlite3.Connection | duckdb.DuckDBPyConnection, dataset: Dataset
) -> list[tuple[str, str]]:
    named = {c.name for c in dataset.columns}
    origin = quoted(_ORIGIN) if _ORIGIN in named else "''"
    return con.execute(
        f"select {key_sql(dataset)}, {origin} from {quoted(dataset.name)} "
        f"where {key_sql(dataset)} in (select key from wanted where dataset = ?)",
        (dataset.name,),
    ).fetchall()


def _dependents(
    con: sqlite3.Connection | duckdb.DuckDBPyConnection,
    dataset: Dataset,
    datasets: Mapping[str, Dataset],
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key in dataset.foreign_keys:
        other = datasets.get(key.dataset)
        if other is None or not dataset.primary_key or not other.primary_key:
            continue
        on = " and ".join(
            f"m.{quoted(a)} = o.{quoted(b)}"
            for a, b in zip(key.fields, key.reference_fields, strict=True)
        )
        own = f" || '{KEY_SEPARATOR}' || ".join(
            f"coalesce(m.{quoted(k)}, '')" for k in dataset.primary_key
        )
        theirs = f" || '{KEY_SEPARATOR}' || ".join(
            f"coalesce(o.{quoted(k)}, '')" for k in other.primary_key
        )
        rows = con.execute(
            f"select {own} from {quoted(other.name)} o join {quoted(dataset.name)} m on {on} "
            f"where {theirs} in (select key from wanted where dataset = ?)",
            (other.name,),
        ).fetchall()
        found += [(dataset.name, row[0]) for row in rows]
    return found


def shows(release: Path, withdrawn: Collection[Tombstone]) -> bool:
    """Whether a release's public table of withdrawals lists exactly the tombstones `withdrawn`."""
    path = release / "data" / f"{tombstones.TABLE}.csv"
    if not path.exists():
        return True
    with path.open(encoding="utf-8", newline="") as file:
        shown = {tuple(row.values()) for row in csv.DictReader(file)}
    return shown == set(tombstones.public_rows(withdrawn))
