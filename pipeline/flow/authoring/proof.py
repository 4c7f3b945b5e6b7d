"""A sample read again with the contract that was drafted from it, as `check` would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from pipeline.base.model import Catalog, Dataset, SetAside
from pipeline.checks.row.check import check_chunk
from pipeline.flow.authoring import sample
from pipeline.flow.authoring.sample import Place
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.table.sources_yaml import Hint

Entry = Mapping[str, Any]  # of sources.yaml


@dataclass(slots=True)
class Proof:
    """What became of the sample's rows. `entry`: what sources.yaml has to say, None where nothing;
    `errors`: (rule, field) → its rows; `doubled`: rows whose key another row has.
    """

    entry: Entry | None
    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    aside: list[SetAside] = field(default_factory=list)
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    doubled: int = 0


def prove(
    file: InboxFile, catalog: Catalog, dataset: Dataset, place: Place, today: date
) -> Proof | None:
    """Read the whole sample with `dataset`; None where not even its header can be found."""
    found = _entry(file, catalog, dataset, place)
    if found is None:
        return None
    entry, said = found
    proof, keys = Proof(entry), Counter[tuple[str, ...]]()
    for table in sample.opened(file, catalog, dataset, said):
        for chunk in sample.chunks(table):
            checked = check_chunk(chunk, dataset, catalog, b"", today)
            proof.read += checked.tally.read
            proof.accepted += checked.tally.accepted
            proof.quarantined += checked.tally.quarantined
            proof.aside += checked.set_aside
            for finding in checked.findings:
                if finding.severity == "error" and finding.row is not None:
                    proof.errors[finding.rule, finding.column] += 1
            if dataset.primary_key:
                keys.update(_keys(checked.accepted, dataset))
    proof.doubled = sum(n - 1 for n in keys.values())
    return proof


def _keys(rows: pa.Table, dataset: Dataset) -> Iterator[tuple[str, ...]]:
    return zip(*(rows[name].to_pylist() for name in dataset.primary_key), strict=True)


def _entry(
    file: InboxFile, catalog: Catalog, dataset: Dataset, place: Place
) -> tuple[Entry | None, Hint] | None:
    """(the least that sources.yaml has to say for the table to be found, the same as a hint)."""
    block = place.block
    rows = [block.first, block.last] if block.first < block.last else block.last
    named: dict[str, Any] = {"match": file.name, "dataset": dataset.name}
    there: dict[str, Any] = {"sheet": place.sheet} if place.sheet else {}
    tries: list[tuple[Entry | None, Hint]] = [
        (None, Hint()),
        (named, Hint(dataset=dataset.name)),
        (named | there, Hint(dataset=dataset.name, sheet=place.sheet or None)),
        (named | there | {"header_rows": rows}, sample.hint(dataset, place)),
    ]
    for entry, said in tries:
        tables = sample.opened(file, catalog, dataset, said)
        sources = [(t.source.sheet, t.source.header_row) for t in tables]
        if sources == [(place.sheet, block.last)]:
            fields = {m.field for m in tables[0].mapping}
            if fields >= {c.name for c in dataset.columns}:
                return entry, said
    return None
