"""Records of a release whose publication term has ended by a later day.

The rules are those that withhold rows of an inbox (scope `publication`). They read published
columns only, so that they also apply to a record that no department sends any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.base.model import Catalog, Dataset
from pipeline.base.sql import quoted
from pipeline.checks.row import publication
from pipeline.checks.rules import RULES, Setting
from pipeline.release.package import package, record_changes

BATCH = 20_000  # rows checked at a time


def can_lapse(dataset: Dataset) -> bool:
    """Whether a dataset's records can lapse at all."""
    return bool(dataset.primary_key) and any(
        RULES[use.rule].scope == "publication" for use in dataset.rules
    )


def lapsed(
    con: duckdb.DuckDBPyConnection, release: Path, catalog: Catalog, today: date
) -> dict[str, set[str]]:
    """Dataset → keys of the release's records that must not be public on `today`."""
    found = {}
    for dataset in filter(can_lapse, catalog.datasets.values()):
        paths = package.data_files(release, dataset.name)
        if paths and (keys := _hidden(con, paths, dataset, Setting(today, catalog))):
            found[dataset.name] = keys
    return found


def _hidden(
    con: duckdb.DuckDBPyConnection, paths: Sequence[Path], dataset: Dataset, setting: Setting
) -> set[str]:
    """The keys of the records that the rules hide, checked a batch of Arrow rows at a time."""
    names = [c.name for c in dataset.published]
    cells = ", ".join(f"coalesce({quoted(n)}, '') as {quoted(n)}" for n in names)
    found, source = set[str](), record_changes.one_side(paths, names)
    for batch in con.sql(f"select {cells} from {source}").to_arrow_reader(BATCH):
        numbers = pa.array(range(len(batch)), pa.int64())
        table = pa.Table.from_batches([batch]).append_column("_row", numbers)
        rows = pa.array(sorted(publication.hidden(table, dataset, setting)), pa.int64())
        found |= {record_changes.of_key(row, dataset) for row in table.take(rows).to_pylist()}
    return found


def merged(*parts: dict[str, set[str]]) -> dict[str, Collection[str]]:
    """Dataset → keys: the union of all `parts`."""
    found: dict[str, set[str]] = {}
    for part in parts:
        for name, keys in part.items():
            found.setdefault(name, set()).update(keys)
    return dict(found)
