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
import pyarrow as pa

from pipeline.base.errors import RefusedRow
from pipeline.base.model import Catalog, Dataset
from pipeline.base.sql import Sql, literal, quoted
from pipeline.contract.catalog import published_columns
from pipeline.intake.opened_table import source_id
from pipeline.release.package import package, record_changes, working
from pipeline.release.package.expectations import HeldBack
from pipeline.release.package.public_names import PublicNames
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
    _create_lost_keys(con, {name: lost.get(name, set()) for name in kept.held})
    con.execute(
        "create table refused_rows (dataset varchar, source_id varchar, source_row varchar)"
    )
    for name in kept.held:
        dataset = catalog.datasets[name]
        for row in kept.refused.get(name, ()):
            place = [name, row.source_id, str(row.row)]
            con.execute("insert into refused_rows values (?, ?, ?)", place)
        _create(con, kept, dataset)
        if dataset.primary_key and name in kept.refused:
            rows = (
                f"{named_by_others(name)} anti join {view_of(name)} using (source_id, source_row)"
            )
            found = con.execute(f"select {key_of(dataset)} from {rows}").fetchall()
            lost.setdefault(name, set()).update(key for (key,) in found)
    return {name: lost[name] for name in kept.held if name in lost}


def _create_lost_keys(con: duckdb.DuckDBPyConnection, lost: Keys) -> None:
    """Create the table `lost_keys` at once: on a day on which the terms of a year end, they are many."""
    pairs = [(name, key) for name, keys in lost.items() for key in keys]
    columns = {"dataset": [name for name, _ in pairs], "key": [key for _, key in pairs]}
    schema = pa.schema([(name, pa.string()) for name in columns])
    con.register("keys_to_lose", pa.table(columns, schema))
    con.execute("create table lost_keys as select * from keys_to_lose")
    con.unregister("keys_to_lose")


def view_of(dataset: str) -> Sql:
    """The name of the view of a dataset's rows that are kept."""
    return quoted(f"kept_{dataset}")


def named_by_others(dataset: str) -> Sql:
    """The name of the view of the rows that records of other datasets may refer to.

    Refused rows are among them: nothing says that such a record is not.
    """
    return quoted(f"named_{dataset}")


def key_of(dataset: Dataset) -> Sql:
    """A record's key as an SQL expression, as `lost_keys` has it."""
    fields = ", ".join(f"coalesce({quoted(k)}, '')" for k in dataset.primary_key)
    return f"concat_ws('{KEY_SEPARATOR}', {fields})"


def _rows(kept: Kept, dataset: Dataset) -> Sql:
    """All rows that the release before has of a dataset; none where there is no such release."""
    names = [c.name for c in published_columns(dataset)]
    files = package.data_files(kept.parent, dataset.name) if kept.parent else []
    return record_changes.one_side(files, names)


def _create(con: duckdb.DuckDBPyConnection, kept: Kept, dataset: Dataset) -> None:
    """Create the two views of a dataset."""
    cells = ", ".join(
        f"coalesce({quoted(c.name)}, '') as {quoted(c.name)}" for c in published_columns(dataset)
    )
    lost = f"(select key from lost_keys where dataset = {literal(dataset.name)})"
    test = f"{key_of(dataset)} not in {lost}" if dataset.primary_key else "true"
    named = named_by_others(dataset.name)
    con.execute(f"create view {named} as select {cells} from {_rows(kept, dataset)} where {test}")
    refused = f"(select * from refused_rows where dataset = {literal(dataset.name)})"
    con.execute(
        f"create view {view_of(dataset.name)} as "
        f"select * from {named} anti join {refused} using (source_id, source_row)"
    )


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


def datasets_of(files: Collection[str], names: PublicNames, parent: Path | None) -> dict[str, str]:
    """Dataset → one of `files` (paths in the inbox) from which the release `parent` has rows, as
    that release names it. `names`: what they are called in public now.
    """
    if not files or parent is None:
        return {}
    shown = {names.file(file) for file in files}
    return {
        row["dataset"]: row["file"]
        for row in package.csv_dicts(package.data_files(parent, SOURCES))
        if row["file"] in shown or _is_of(row, files)
    }


def _is_of(row: Mapping[str, str], files: Collection[str]) -> bool:
    """Whether a row of `sources` is of one of `files`: its content, and so its neutral name, may
    have changed since, but its number not.
    """
    return any(row["source_id"] == source_id(file, row["sheet"]) for file in files)


def _listed(kept: Kept) -> list[dict[str, str]]:
    files = package.data_files(kept.parent, SOURCES) if kept.parent else []
    return list(package.csv_dicts(files))
