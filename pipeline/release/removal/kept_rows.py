"""The rows of the release before that stay public where their dataset is held back.

They are that release's own, less what must not be public by now: records that are withdrawn or
whose publication term is over, those that refer to one of these, and rows that the exit guard found
in an earlier pass of the run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipeline.base.errors import RefusedRow
from pipeline.base.model import Catalog, Dataset
from pipeline.base.sql import Sql, literal, quoted
from pipeline.contract.catalog import published_columns
from pipeline.release.package import package, record_changes, working
from pipeline.release.package.expectations import HeldBack
from pipeline.release.package.record_changes import KEY_SEPARATOR
from pipeline.release.removal import holdings
from pipeline.release.removal.holdings import Keys

SOURCES = "sources"


@dataclass(frozen=True, slots=True)
class Kept:
    """Which datasets are held back, and what they keep.

    `parent`: the release before, None for the first release. `refused`: dataset → rows of `parent`
    that cannot be published any more.
    """

    parent: Path | None = None
    held: Mapping[str, HeldBack] = field(default_factory=dict)
    refused: Mapping[str, tuple[RefusedRow, ...]] = field(default_factory=dict)


def create_views(
    con: duckdb.DuckDBPyConnection, kept: Kept, catalog: Catalog, removed: Keys
) -> dict[str, set[str]]:
    """Create the view `kept_…` of each dataset that is held back: its columns as text, "" for blank.

    `removed`: dataset → keys of records that are withdrawn or whose term is over. Gives dataset →
    keys of the records that it loses, dependents of those included.
    """
    lost: dict[str, set[str]] = {}
    if kept.parent and removed:
        for name, pairs in holdings.holds(kept.parent, removed).items():
            lost[name] = {key for key, _ in pairs}
    con.execute("create table lost_keys (dataset varchar, key varchar)")
    con.execute("create table lost_rows (source_id varchar, source_row varchar)")
    for name, rows in kept.refused.items():
        for row in rows:
            con.execute("insert into lost_rows values (?, ?)", [row.source_id, str(row.row)])
        if catalog.datasets[name].primary_key:
            lost.setdefault(name, set()).update(_refused_keys(con, kept, catalog.datasets[name]))
    for name in kept.held:
        for key in sorted(lost.get(name, ())):
            con.execute("insert into lost_keys values (?, ?)", [name, key])
        con.execute(_view(kept, catalog.datasets[name]))
    return {name: lost[name] for name in kept.held if name in lost}


def view_of(dataset: str) -> Sql:
    """The name of the view of a dataset's rows that are kept."""
    return quoted(f"kept_{dataset}")


def key_of(dataset: Dataset) -> Sql:
    """A record's key as an SQL expression, as `lost_keys` has it."""
    fields = ", ".join(f"coalesce({quoted(k)}, '')" for k in dataset.primary_key)
    return f"concat_ws('{KEY_SEPARATOR}', {fields})"


def _rows(kept: Kept, dataset: Dataset) -> Sql:
    """All rows that the release before has of a dataset; none where there is no such release."""
    names = [c.name for c in published_columns(dataset)]
    files = package.data_files(kept.parent, dataset.name) if kept.parent else []
    return record_changes.one_side(files, names)


def _view(kept: Kept, dataset: Dataset) -> Sql:
    cells = ", ".join(
        f"coalesce({quoted(c.name)}, '') as {quoted(c.name)}" for c in published_columns(dataset)
    )
    mine = f"(select key from lost_keys where dataset = {literal(dataset.name)})"
    test = f"{key_of(dataset)} not in {mine}" if dataset.primary_key else "true"
    return (
        f"create view {view_of(dataset.name)} as select {cells} from {_rows(kept, dataset)} "
        f"anti join lost_rows using (source_id, source_row) where {test}"
    )


def _refused_keys(con: duckdb.DuckDBPyConnection, kept: Kept, dataset: Dataset) -> set[str]:
    rows = f"{_rows(kept, dataset)} semi join lost_rows using (source_id, source_row)"
    return {key for (key,) in con.execute(f"select {key_of(dataset)} from {rows}").fetchall()}


# ---------------------------------------------------------------- where they were read


def files_of(kept: Kept) -> dict[str, tuple[str, str]]:
    """Source → file and sheet, as the release before lists them."""
    return {row["source_id"]: (row["file"], row["sheet"]) for row in _listed(kept)}


def sources(
    con: duckdb.DuckDBPyConnection, kept: Kept, catalog: Catalog, known: Collection[str]
) -> list[working.Row]:
    """The rows of `sources` of kept rows whose file is not among those of this run (`known`).

    They are as the release before lists them, in the order of the dataset's columns.
    """
    wanted = set[str]()
    for name in kept.held:
        found = con.execute(f"select distinct source_id from {view_of(name)}").fetchall()
        wanted |= {source for (source,) in found}
    names: Sequence[str] = [c.name for c in published_columns(catalog.datasets[SOURCES])]
    missing = wanted - set(known)
    return [
        [row.get(n) or None for n in names] for row in _listed(kept) if row["source_id"] in missing
    ]


def _listed(kept: Kept) -> list[dict[str, str]]:
    files = package.data_files(kept.parent, SOURCES) if kept.parent else []
    return list(package.csv_dicts(files))
