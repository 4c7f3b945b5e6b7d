"""Taking a record off the public site, out of every kept release, and out of all releases to come.

The order is on disk in PRIVATE before anything else happens, and everything after it goes by the
orders alone: whoever runs next, a withdrawal or a publication, completes what was cut short. First
`current` is replaced by a clean release with one rename, then the older releases are made anew.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from pipeline.base.engine import ordered_map
from pipeline.base.errors import StoreError, UsageError
from pipeline.base.files import locked, write_durably
from pipeline.base.model import Dataset
from pipeline.base.sql import quoted
from pipeline.base.words import language, say
from pipeline.base.working_days import working_days
from pipeline.release.package import manifest, store
from pipeline.release.package.changes import KEY_SEPARATOR
from pipeline.release.removal import amend, holdings, tombstones
from pipeline.release.removal.loss import Amendment, Removal
from pipeline.release.removal.tombstones import Tombstone

REPORT = "withdrawals-report.csv"
WITHIN = 3  # working days from the order to the withdrawal: 行政处罚法 §48
_REPORT_HEADER = (
    "dataset", "key", "ordered_on", "withdrawn_on", "working_days", "in_time", "reason", "basis",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants withdrawn, and on which grounds; dates in ISO 8601."""

    dataset: str
    keys: Sequence[str]
    reason: str
    basis: str
    ordered_on: str
    today: date


def withdraw(site: Path, private: Path, asked: Asked, secret: bytes) -> list[Tombstone]:
    """Withdraw one record, and what cannot stand without it. Gives the tombstones of both.

    UsageError where no kept release has such a record, or more than one has that number.
    Run again, it completes what was cut short.
    """
    with store.writing(site, private) as making, locked(private):
        shown = store.sound(site)
        if shown is None:
            raise StoreError(say("release-unknown", language(), release="current", known="-"))
        orders = tombstones.read(private, shown)
        new = _wanted(site, asked, orders)
        stones = _merged(orders, new)
        tombstones.write(private, stones)
        cleanse(Cleaning(site, making, private, asked.today, secret), Removal(stones))
        _report(private, stones)
        return new


def _merged(orders: Collection[Tombstone], new: Collection[Tombstone]) -> list[Tombstone]:
    """The orders with the new ones; what was ordered before keeps its day."""
    known = {(s.dataset, s.key) for s in orders}
    return sorted([*orders, *(s for s in new if (s.dataset, s.key) not in known)])


def _wanted(site: Path, asked: Asked, orders: Collection[Tombstone]) -> list[Tombstone]:
    """The tombstones of the record asked for and of what points to it."""
    found: dict[str, set[str]] = {}
    for release in store.kept(site):
        if manifest.damaged(release):
            continue  # it leaves the site anyway
        for name, keys in _in_release(release, asked).items():
            found.setdefault(name, set()).update(keys)
    if not found:
        again = KEY_SEPARATOR.join(asked.keys)
        known = [s for s in orders if s.dataset == asked.dataset and s.key == again]
        if known:
            return known
        raise UsageError(say("withdraw-unknown", language(), dataset=asked.dataset, key=again))
    day = asked.today.isoformat()
    return [
        Tombstone(name, key, day, asked.reason, asked.basis, asked.ordered_on or day)
        for name, keys in sorted(found.items())
        for key in sorted(keys)
    ]


def _in_release(release: Path, asked: Asked) -> dict[str, list[str]]:
    datasets = {d.name: d for d in holdings.datasets_of(release)}
    dataset = datasets.get(asked.dataset)
    if dataset is None or not dataset.primary_key:
        return {}
    keys = _found(release, dataset, asked.keys)
    if len(keys) > 1:
        raise UsageError(
            say(
                "withdraw-many", language(), key=" ".join(asked.keys), found=", ".join(sorted(keys))
            )
        )
    held = holdings.holds(release, {dataset.name: keys}) if keys else {}
    return {name: [key for key, _ in each] for name, each in held.items()}


def _found(release: Path, dataset: Dataset, asked: Sequence[str]) -> set[str]:
    """The keys of the records that `asked` can mean: the key itself, or what names it to a reader.

    A clerk has the decision's number in hand, not our record's.
    """
    key = holdings.key_sql(dataset)
    with holdings.opened(release) as con:
        table = quoted(dataset.name)
        exact = con.execute(
            f"select {key} from {table} where {key} = ?", (KEY_SEPARATOR.join(asked),)
        ).fetchall()
        if not exact and dataset.label:
            named = f"select {key} from {table} where {quoted(dataset.label)} = ?"
            exact = con.execute(named, (" ".join(asked),)).fetchall()
        return {row[0] for row in exact}


# ---------------------------------------------------------------- the store made clean


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The store that is cleaned, and the day: `making` is the folder on `site` to make releases in.

    `secret`: the key in `private`, which signs.
    """

    site: Path
    making: Path
    private: Path
    on: date
    secret: bytes

    @property
    def work(self) -> Path:
        """A folder in PRIVATE to work in."""
        return self.private / "amending"


def cleanse(place: Cleaning, removal: Removal) -> None:
    """Take all that is withdrawn or lapsed out of `current` and of every kept release.

    Whoever calls this holds the store. Each step leaves the store whole, and done again it
    completes what a crash cut short.
    """
    site = place.site
    shown = store.current(site)
    assert shown
    shutil.rmtree(place.work, ignore_errors=True)
    place.work.mkdir(mode=0o700)
    if removal.concerns(shown):
        number = max(manifest.number(p) for p in store.kept(site)) + 1
        store.show(site, *_amended(place, removal, shown, number))
        shown = store.current(site)
        assert shown
    replaced = manifest.read(shown).get("replaces")
    older = list[Path]()
    for release in store.kept(site):
        if release.name == replaced:
            store.drop(site, release)
        elif manifest.damaged(release):
            # Nobody can say what it holds, so it cannot be public.
            store.set_aside(site, release, place.private)
        elif release != shown and removal.concerns(release):
            older.append(release)
    # Each by itself, so that they can be made side by side; they take their places one by one.
    for target, name in ordered_map(partial(_amended, place, removal), older):
        store.place(site, target, name)
    shutil.rmtree(place.work, ignore_errors=True)


def _amended(place: Cleaning, removal: Removal, release: Path, number: int = 0) -> tuple[Path, str]:
    """The folder and the id of `release` without what leaves; a `number` makes it a new one."""
    work, target = place.work / release.name, place.making / release.name
    work.mkdir(mode=0o700)
    target.mkdir()
    order = Amendment(release, target, work, removal, place.on, place.secret, number)
    return target, amend.amend(order)


# ---------------------------------------------------------------- in time or not


def _report(private: Path, stones: Collection[Tombstone]) -> None:
    """For each withdrawal, how many working days it took from the order; rewritten whole."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_REPORT_HEADER)
    for stone in sorted(stones):
        days = _days(stone)
        in_time = "" if days is None else ("yes" if days <= WITHIN else "no")
        writer.writerow(
            (
                stone.dataset,
                stone.key,
                stone.ordered_on,
                stone.withdrawn_on,
                "" if days is None else days,
                in_time,
                stone.reason,
                stone.basis,
            )
        )
    write_durably(private / REPORT, text.getvalue())


def _days(stone: Tombstone) -> int | None:
    if not stone.ordered_on:
        return None
    return working_days(
        date.fromisoformat(stone.ordered_on), date.fromisoformat(stone.withdrawn_on)
    )


# ---------------------------------------------------------------- going back


def rollback(site: Path, release: str) -> str:
    """Make a kept release the public one: the one before `current`, or the one named.

    UsageError where there is none before, StoreError where it still has a withdrawn record or does
    not match its manifest.
    """
    with store.writing(site):
        kept, shown = store.kept(site), store.current(site)
        # Of a damaged release the number may be lost; then any other is earlier.
        now = (manifest.number(shown) if shown else 0) or len(kept) + 1_000_000
        earlier = [p for p in kept if p != shown and manifest.number(p) < now]
        if not release and not earlier:
            raise UsageError(say("rollback-none", language(), site=site))
        target = store.named(site, release) if release else earlier[-1]
        if wrong := manifest.problems(target):
            raise StoreError(say(wrong[0][0], language(), release=target.name, **wrong[0][1]))
        stones = tombstones.read(site / "-", shown) if shown else []
        if shown and Removal(stones).concerns(target):
            raise StoreError(say("rollback-withdrawn", language(), release=target.name))
        store.switch(site, target.name)
        return target.name
