"""What has to leave the public, and what one release loses by it: frozen values, each made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipeline.base.model import Dataset
from pipeline.release.package import changes, parts
from pipeline.release.package.changes import Change
from pipeline.release.package.parts import Keys as PartKeys
from pipeline.release.removal import holdings, tombstones
from pipeline.release.removal.holdings import Keys
from pipeline.release.removal.tombstones import Tombstone

TALLIES = "run_tallies"


@dataclass(frozen=True, slots=True)
class Removal:
    """What must not be public any more.

    `stones`: all orders to withdraw, as the table of withdrawals is to hold them. `lapsed`: keys of
    records whose term is over.
    """

    stones: Sequence[Tombstone]
    lapsed: Keys = field(default_factory=dict)

    @property
    def withdrawn(self) -> Keys:
        """The keys that `stones` name."""
        return tombstones.keys(self.stones)

    def concerns(self, release: Path) -> bool:
        """Whether `release` holds any of it, or does not show all orders."""
        both: dict[str, set[str]] = {}
        for keys in (self.withdrawn, self.lapsed):
            for name, each in keys.items():
                both.setdefault(name, set()).update(each)
        return not holdings.shows(release, self.stones) or bool(holdings.holds(release, both))


@dataclass(frozen=True, slots=True)
class Amendment:
    """A release to rewrite into the empty folder `target` without what `removal` takes out,
    on a day.

    `work`: a folder in PRIVATE to work in. `secret`: the key that signs. `number`: that of the new
    `current`, where the result is a release of its own; 0 where it stays the release that it was.
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
        """Whether the result is a release of its own, in place of `release`."""
        return self.number > 0


class Leaver(NamedTuple):
    """A record that leaves: its key, the source it came from,
    and the part of the tally it goes to.
    """

    key: str
    source: str
    part: str  # withheld, withdrawn


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """What the release of `order` loses, by its own description.

    `datasets`: its tables. `keys_of_parts`: by what those are in parts that are so. `leavers`:
    dataset → records, dependents included. `con`: where rows are worked on.
    """

    order: Amendment
    con: duckdb.DuckDBPyConnection
    datasets: Mapping[str, Dataset]
    keys_of_parts: Mapping[str, PartKeys]
    leavers: Mapping[str, Sequence[Leaver]]

    @classmethod
    def of(cls, order: Amendment, con: duckdb.DuckDBPyConnection) -> Loss:
        """The loss, as far as the release holds what its removal names."""
        release, removal = order.release, order.removal
        leavers: dict[str, list[Leaver]] = {}
        for part, keys in (("withheld", removal.lapsed), ("withdrawn", removal.withdrawn)):
            for name, each in holdings.holds(release, keys).items():
                leavers.setdefault(name, []).extend(Leaver(*pair, part) for pair in each)
        datasets = {d.name: d for d in holdings.datasets_of(release)}
        keys_of_parts = parts.of_release(holdings.described(release))
        every = {name: tuple(each) for name, each in leavers.items()}
        return cls(order, con, datasets, keys_of_parts, every)

    @property
    def release(self) -> Path:
        """The release as it is."""
        return self.order.release

    @property
    def target(self) -> Path:
        """The folder of the release that is written."""
        return self.order.target

    @property
    def work(self) -> Path:
        """A folder in PRIVATE to work in."""
        return self.order.work

    def keys(self, dataset: str) -> list[str]:
        """The keys of the records that a dataset loses."""
        return [leaver.key for leaver in self.leavers.get(dataset, ())]

    def concerned(self) -> set[str]:
        """The datasets that are written again: what loses records, and what is made of others."""
        made = {tombstones.TABLE, TALLIES, *(n for n, d in self.datasets.items() if d.query)}
        if self.order.replaces:
            made.add(changes.TABLE)
        return {*self.leavers, *(made & self.datasets.keys())}

    def changes(self) -> list[Change]:
        """What left, as the changes of a release say it."""
        verbs = {"withdrawn": "withdrawn", "withheld": "removed"}
        return [
            Change(name, leaver.key, verbs[leaver.part])
            for name, leavers in self.leavers.items()
            for leaver in leavers
        ]
