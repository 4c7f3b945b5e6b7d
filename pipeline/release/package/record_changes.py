"""The records that a release added, changed, removed or withdrew: their keys, never values.

`changes.csv` holds the changes of one release; the public table `changes` those of all, so that a
record's history can be read from the newest release alone.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.base.files import naming
from pipeline.base.model import Dataset
from pipeline.base.sql import Sql, literal, quoted
from pipeline.contract.catalog import published_columns
from pipeline.release.package import manifest
from pipeline.release.package.package import (
    csv_dicts,
    csv_header,
    csv_rows,
    data_files,
    parquet_rows,
)

HEADER = ("release", "dataset", "key", "verb", "columns")
VERBS = ("added", "changed", "removed", "withdrawn")
KEY_SEPARATOR, COLUMN_SEPARATOR = ",", ";"
TABLE = "changes"  # the public table of all releases' changes


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One record that differs from the release before.

    `verb`: one of `VERBS`; `columns`: those that differ, where it is "changed".
    """

    dataset: str
    key: str
    verb: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """One dataset in two releases: an SQL source each, the key, and the columns to compare."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    before: Sql
    after: Sql


def between(con: duckdb.DuckDBPyConnection, sides: Compared) -> Iterator[Change]:
    """Every record that only one release has, or that differs, in the order of keys.

    Blank cells (NULL) are equal to each other. One full join compares all columns, so that memory
    does not grow with the number of rows.
    """
    key = ", ".join(f"coalesce(n.{quoted(k)}, o.{quoted(k)}, '')" for k in sides.key)
    differs = {c: f"n.{quoted(c)} is distinct from o.{quoted(c)}" for c in sides.columns}
    names = ", ".join(
        f"case when {test} then {literal(name)} end" for name, test in differs.items()
    )
    both = " and ".join(f"n.{quoted(k)} is not distinct from o.{quoted(k)}" for k in sides.key)
    rows = con.execute(
        f"select concat_ws('{KEY_SEPARATOR}', {key}) as key, "
        "case when o.here is null then 'added' when n.here is null then 'removed' "
        "else 'changed' end as verb, "
        f"case when o.here and n.here then concat_ws('{COLUMN_SEPARATOR}', {names}) else '' end "
        "as columns "
        f"from (select *, true as here from {sides.before}) o "
        f"full join (select *, true as here from {sides.after}) n on {both} "
        f"where o.here is null or n.here is null or {' or '.join(differs.values())} order by key"
    )
    while batch := rows.fetchmany(10_000):
        for found, verb, columns in batch:
            yield Change(
                sides.name, found, verb, tuple(columns.split(COLUMN_SEPARATOR)) if columns else ()
            )


def sides_of(dataset: Dataset, before: Sequence[Path], after: Sql) -> Compared:
    """A dataset in two releases, to be compared.

    `before`: its CSV files in the release before, none where it had none; `after`: its rows now, an
    SQL source. The columns of origin (file and row) are not compared. A column that only one
    release has is blank in the other.
    """
    columns = tuple(c.name for c in dataset.published)
    ours = ", ".join(f"nullif({quoted(c)}::varchar, '') as {quoted(c)}" for c in columns)
    now = f"(select {ours} from {after})"
    return Compared(dataset.name, dataset.primary_key, columns, one_side(before, columns), now)


def one_side(paths: Sequence[Path], columns: Sequence[str]) -> Sql:
    """A release's CSV files as an SQL source with `columns`; those that it lacks are blank.

    Without files the source has no rows.
    """
    had = csv_header(paths) if paths else []
    cells = [
        f"nullif({quoted(c)}, '') as {quoted(c)}"
        if c in had
        else f"cast(null as varchar) as {quoted(c)}"
        for c in columns
    ]
    source = csv_rows(paths, had) if paths else "(select 1 where false)"
    return f"(select {', '.join(cells)} from {source})"


def compared_datasets(datasets: Collection[Dataset]) -> list[Dataset]:
    """The datasets whose records can be compared between releases: inputs with a primary key."""
    return [d for d in datasets if d.primary_key and not d.produced]


def since(
    con: duckdb.DuckDBPyConnection,
    parent: Path | None,
    datasets: Collection[Dataset],
    rows: Mapping[str, Path],
    withdrawn: Mapping[str, Collection[str]],
) -> list[Change]:
    """Every change since the release `parent`; none where that is None.

    `rows`: dataset → its sorted Parquet file; `withdrawn`: dataset → keys of withdrawn records.
    """
    found: list[Change] = []
    for dataset in compared_datasets(datasets) if parent else ():
        assert parent
        after = parquet_rows(rows[dataset.name])
        sides = sides_of(dataset, data_files(parent, dataset.name), after)
        keys = withdrawn.get(dataset.name, ())
        for change in between(con, sides):
            if change.verb == "removed" and change.key in keys:
                change = Change(change.dataset, change.key, "withdrawn")
            found.append(change)
    return found + _dropped_datasets(parent, datasets)


def _dropped_datasets(parent: Path | None, datasets: Collection[Dataset]) -> list[Change]:
    """All records of datasets that are no longer in the contract, as removed."""
    dropped = manifest.read(parent).get("records", {}) if parent else {}
    for dataset in datasets:
        dropped = {name: key for name, key in dropped.items() if name != dataset.name}
    found = []
    for name, key in dropped.items():
        assert parent
        rows = csv_dicts(data_files(parent, name))
        found += [Change(name, KEY_SEPARATOR.join(row[k] for k in key), "removed") for row in rows]
    return found


def dropped_by_source(
    con: duckdb.DuckDBPyConnection, parent: Path | None, datasets: Collection[Dataset], today: date
) -> dict[str, set[str]]:
    """Dataset → keys of records of `parent` that their source itself has dropped by `today`.

    The contract says when: `gongshi:expect: {lapses: {field: …, months: …}}`, so many months after
    the date in that column.
    """
    found: dict[str, set[str]] = {}
    for dataset in compared_datasets(datasets) if parent else ():
        assert parent
        paths, rule = data_files(parent, dataset.name), dataset.expect.get("lapses")
        if not rule or not paths or rule["field"] not in csv_header(paths):
            continue
        key = ", ".join(f"coalesce({quoted(k)}, '')" for k in dataset.primary_key)
        rows = con.execute(
            f"select concat_ws('{KEY_SEPARATOR}', {key}) from {csv_rows(paths, csv_header(paths))} "
            f"where try_cast({quoted(rule['field'])} as date) + to_months(?) <= ?",
            [rule["months"], today],
        )
        found[dataset.name] = {row[0] for row in rows.fetchall()}
    return found


def write_old_values(
    parent: Path, datasets: Collection[Dataset], changes: Collection[Change], path: Path
) -> None:
    """Write a CSV to `path`: dataset, key, column and old value (`was`) of every changed cell.

    `parent`: the release that holds the old values.
    """
    with (
        naming(path),
        path.open("w", encoding="utf-8", newline="") as file,
        duckdb.connect() as con,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("dataset", "key", "column", "was"))
        for dataset in compared_datasets(datasets):
            changed = (c for c in changes if (c.dataset, c.verb) == (dataset.name, "changed"))
            wanted = {c.key: c.columns for c in changed}
            for row in _rows_of(con, parent, dataset, wanted) if wanted else ():
                key = of_key(row, dataset)
                writer.writerows((dataset.name, key, c, row.get(c) or "") for c in wanted[key])


def _rows_of(
    con: duckdb.DuckDBPyConnection, release: Path, dataset: Dataset, keys: Collection[str]
) -> Iterator[Mapping[str, Any]]:
    """The records of a release with one of `keys`, in its order; blank cells are None."""
    files = data_files(release, dataset.name)
    names = csv_header(files)
    key = ", ".join(f"coalesce({quoted(k)}, '')" for k in dataset.primary_key)
    con.register("wanted", pa.table({"key": list(keys)}))
    rows = con.execute(
        f"select {', '.join(map(quoted, names))} from {csv_rows(files, names)} "
        f"where concat_ws('{KEY_SEPARATOR}', {key}) in (select key from wanted)"
    )
    while batch := rows.fetchmany(10_000):
        yield from (dict(zip(names, cells, strict=True)) for cells in batch)


def counts(changes: Collection[Change]) -> dict[str, dict[str, int]]:
    """Dataset → verb → number of records."""
    counted = Counter((c.dataset, c.verb) for c in changes)
    return {
        name: {verb: counted[name, verb] for verb in VERBS if counted[name, verb]}
        for name in sorted({c.dataset for c in changes})
    }


# ---------------------------------------------------------------- as files


def write(path: Path, release: str, changes: Collection[Change]) -> None:
    """Write changes.csv of one release: the columns of `HEADER`."""
    with naming(path), path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows((release, *_cells(change)) for change in sorted(changes))


#: Gives texts without the names of persons who are kept from the public.
Masked = Callable[[Sequence[str]], list[str]]


def without_persons(changes: Collection[Change], masked: Masked) -> list[Change]:
    """`changes` with persons masked in the keys of records that are gone: an earlier release may
    have had a key in which a person is named who is masked today.
    """
    gone = [c for c in changes if c.verb in ("removed", "withdrawn")]
    named = zip(gone, masked([c.key for c in gone]), strict=True)
    here = (c for c in changes if c.verb not in ("removed", "withdrawn"))
    return [*here, *(replace(c, key=key) for c, key in named)]


def rows(parent: Path | None, masked: Masked) -> list[Sequence[Any]]:
    """The rows of the public table of changes in the release `parent`, with persons masked."""
    path = parent / "data" / f"{TABLE}.csv" if parent else None
    if not path or not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        earlier = [*csv.reader(file)][1:]
    keys = masked([row[_KEY] for row in earlier])
    return [[*r[:_KEY], key, *r[_KEY + 1 :]] for r, key in zip(earlier, keys, strict=True)]


def new_rows(release: str, on: date, changes: Collection[Change]) -> list[Sequence[Any]]:
    """The rows of the public table for a release of which `release` is the id and `on` the day."""
    return [(release, on.isoformat(), *_cells(c)) for c in sorted(changes)]


_KEY = 3  # the place of a record's key in those rows


def read(path: Path) -> list[Change]:
    """The changes listed in the changes.csv at `path`."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Change(
                r["dataset"],
                r["key"],
                r["verb"],
                tuple(r["columns"].split(COLUMN_SEPARATOR)) if r["columns"] else (),
            )
            for r in csv.DictReader(file)
        ]


def _cells(change: Change) -> tuple[str, str, str, str]:
    return change.dataset, change.key, change.verb, COLUMN_SEPARATOR.join(change.columns)


def of_key(row: Mapping[str, Any], dataset: Dataset) -> str:
    """A record's key as it is written in changes, withdrawals and web addresses."""
    return KEY_SEPARATOR.join(str(row[k] or "") for k in dataset.primary_key)


def columns_of(dataset: Dataset) -> list[str]:
    """The names of the published columns, those of origin included."""
    return [c.name for c in published_columns(dataset)]
