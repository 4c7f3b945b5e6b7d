"""What must be removed, and which records one release loses by it: frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipeline.base.model import Dataset
from pipeline.release.package import parts, record_changes
from pipeline.release.package.parts import Keys as PartKeys
from pipeline.release.package.record_changes import Change
from pipeline.release.removal import holdings, tombstones
from pipeline.release.removal.holdings import Keys
from pipeline.release.removal.tombstones import Tombstone

TALLIES = "run_tallies"


@dataclass(frozen=True, slots=True)
class Removal:
    """The records that must no longer be public.

    `tombstones`: all withdrawals, as the public table lists them. `lapsed`: dataset → keys of
    records whose publication term has ended.
    """

    tombstones: Sequence[Tombstone]
    lapsed: Keys = field(default_factory=dict)

    @property
    def withdrawn(self) -> Keys:
        """Dataset → keys of withdrawn records."""
        return tombstones.keys(self.tombstones)

    def concerns(self, release: Path) -> bool:
        """Whether `release` holds any of these records, or does not list all withdrawals."""
        both: dict[str, set[str]] = {}
        for keys in (self.withdrawn, self.lapsed):
            for name, each in keys.items():
                both.setdefault(name, set()).update(each)
        return not holdings.shows(release, self.tombstones) or bool(holdings.holds(release, both))


@dataclass(frozen=True, slots=True)
class Amendment:
    """A release to rewrite into the empty folder `target` without the records of `removal`.

    `work`: a folder in PRIVATE for temporary files. `on`: the day. `secret`: the key in PRIVATE,
    from which the signing key is derived. `number`: of the result, where it is a new release in
    place of `current`; 0 where it remains the same release.
    """

    release: Path
    target: Path
    work: Path
    removal: Removal
    on: date
    secret: bytes
    number: int = 0

    @property
    def replaces(self) -> bool:
        """Whether the result is a new release in place of `release`."""
        return self.number > 0


class RemovedRecord(NamedTuple):
    """A removed record: its key, its source_id, and the part of the tally that now counts it."""

    key: str
    source: str
    part: str  # withheld, withdrawn


@dataclass(frozen=True, slots=True, eq=False)
class RemovalPlan:
    """The records that the release of `amendment` loses, and its tables by its own description.

    `con`: a DuckDB connection. `datasets`: its tables. `keys_of_parts`: dataset → the columns of
    its parts. `removed`: dataset → records, dependents included.
    """

    amendment: Amendment
    con: duckdb.DuckDBPyConnection
    datasets: Mapping[str, Dataset]
    keys_of_parts: Mapping[str, PartKeys]
    removed: Mapping[str, Sequence[RemovedRecord]]

    @classmethod
    def of(cls, amendment: Amendment, con: duckdb.DuckDBPyConnection) -> RemovalPlan:
        """The plan for those records of `amendment.removal` that the release holds."""
        release, removal = amendment.release, amendment.removal
        removed: dict[str, list[RemovedRecord]] = {}
        for part, keys in (("withheld", removal.lapsed), ("withdrawn", removal.withdrawn)):
            for name, each in holdings.holds(release, keys).items():
                removed.setdefault(name, []).extend(RemovedRecord(*pair, part) for pair in each)
        datasets = {d.name: d for d in holdings.datasets_of(release)}
        keys_of_parts = parts.of_release(holdings.described(release))
        every = {name: tuple(each) for name, each in removed.items()}
        return cls(amendment, con, datasets, keys_of_parts, every)

    @property
    def release(self) -> Path:
        """The folder of the release as it is."""
        return self.amendment.release

    @property
    def target(self) -> Path:
        """The folder of the rewritten release."""
        return self.amendment.target

    @property
    def work(self) -> Path:
        """A folder in PRIVATE for temporary files."""
        return self.amendment.work

    def keys(self, dataset: str) -> list[str]:
        """The keys of the records that a dataset loses."""
        return [record.key for record in self.removed.get(dataset, ())]

    def rewritten(self) -> set[str]:
        """The datasets to rewrite: those that lose records, and those computed from them."""
        computed = {tombstones.TABLE, TALLIES, *(n for n, d in self.datasets.items() if d.query)}
        if self.amendment.replaces:
            computed.add(record_changes.TABLE)
        return {*self.removed, *(computed & self.datasets.keys())}

    def changes(self) -> list[Change]:
        """The removed records as changes of a release."""
        verbs = {"withdrawn": "withdrawn", "withheld": "removed"}
        return [
            Change(name, record.key, verbs[record.part])
            for name, removed in self.removed.items()
            for record in removed
        ]
