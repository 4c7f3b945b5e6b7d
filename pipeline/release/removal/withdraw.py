"""Withdrawal of a record from the public site, every kept release, and all later releases.

The tombstone is on disk in PRIVATE before anything else happens, and every step after it depends on
the tombstones alone: the next run, a withdrawal or a publication, completes what a crash cut short.
First `current` is replaced by a release without the record with one rename, then the older releases
are rewritten.
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
from pipeline.release.package.record_changes import KEY_SEPARATOR
from pipeline.release.removal import holdings, rewrite_release, tombstones
from pipeline.release.removal.plan import Amendment, Removal
from pipeline.release.removal.tombstones import Tombstone

REPORT = "withdrawals-report.csv"
WITHIN = 3  # working days allowed from the order to the withdrawal: 行政处罚法 §48
_REPORT_HEADER = (
    "dataset", "key", "ordered_on", "withdrawn_on", "working_days", "in_time", "reason", "basis",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WithdrawalRequest:
    """The record to withdraw, and on which grounds; `ordered_on` in ISO 8601, "" for `today`.

    `keys`: the parts of its key, or of the number that readers know it by.
    """

    dataset: str
    keys: Sequence[str]
    reason: str
    basis: str
    ordered_on: str
    today: date


def withdraw(
    site: Path, private: Path, request: WithdrawalRequest, secret: bytes
) -> list[Tombstone]:
    """Withdraw one record and its dependents; gives their tombstones.

    Run again, it completes what a crash cut short. Raises UsageError where no kept release has such
    a record, or several records have that number; StoreError where the store is damaged or empty.
    """
    with store.writing(site, private) as making, locked(private):
        shown = store.checked_current(site)
        if shown is None:
            raise StoreError(say("release-unknown", language(), release="current", known="-"))
        known = tombstones.read(private, shown)
        new = _tombstones_for(site, request, known)
        merged = _merged(known, new)
        tombstones.write(private, merged)
        clean_store(Cleanup(site, making, private, request.today, secret), Removal(merged))
        _report(private, merged)
        return new


def _merged(known: Collection[Tombstone], new: Collection[Tombstone]) -> list[Tombstone]:
    """The known tombstones and the new ones; a known one keeps its day."""
    keys = {(s.dataset, s.key) for s in known}
    return sorted([*known, *(s for s in new if (s.dataset, s.key) not in keys)])


def _tombstones_for(
    site: Path, request: WithdrawalRequest, known: Collection[Tombstone]
) -> list[Tombstone]:
    """The tombstones of the requested record and of its dependents."""
    found: dict[str, set[str]] = {}
    for release in store.kept(site):
        if manifest.damaged(release):
            continue  # clean_store removes it from the site
        for name, keys in _in_release(release, request).items():
            found.setdefault(name, set()).update(keys)
    if not found:
        key = KEY_SEPARATOR.join(request.keys)
        if earlier := [s for s in known if (s.dataset, s.key) == (request.dataset, key)]:
            return earlier
        raise UsageError(say("withdraw-unknown", language(), dataset=request.dataset, key=key))
    from pipeline.checks.privacy import labels  # loads the search for names

    day = request.today.isoformat()
    reason, basis = (labels.title(text).masked for text in (request.reason, request.basis))
    return [
        Tombstone(name, key, day, reason, basis, request.ordered_on or day)
        for name, keys in sorted(found.items())
        for key in sorted(keys)
    ]


def _in_release(release: Path, request: WithdrawalRequest) -> dict[str, list[str]]:
    """Dataset → keys of the requested record and its dependents in one release."""
    datasets = {d.name: d for d in holdings.datasets_of(release)}
    dataset = datasets.get(request.dataset)
    if dataset is None or not dataset.primary_key:
        return {}
    keys = _found(release, dataset, request.keys)
    if len(keys) > 1:
        raise UsageError(
            say(
                "withdraw-many",
                language(),
                key=" ".join(request.keys),
                found=", ".join(sorted(keys)),
            )
        )
    held = holdings.holds(release, {dataset.name: keys}) if keys else {}
    return {name: [key for key, _ in each] for name, each in held.items()}


def _found(release: Path, dataset: Dataset, asked: Sequence[str]) -> set[str]:
    """The keys of the records that `asked` can mean: the key itself, or else the column `label`.

    A clerk knows the number of the decision, not that of our record.
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


# ---------------------------------------------------------------- removal from the store


@dataclass(frozen=True, slots=True)
class Cleanup:
    """The store to clean, and the day.

    `making`: the folder on `site` in which releases are written; `secret`: the key in `private`,
    from which the signing key is derived.
    """

    site: Path
    making: Path
    private: Path
    on: date
    secret: bytes

    @property
    def work(self) -> Path:
        """A folder in PRIVATE for temporary files."""
        return self.private / "amending"


def clean_store(cleanup: Cleanup, removal: Removal) -> None:
    """Remove all withdrawn or lapsed records from `current` and from every kept release.

    The caller holds the lock of the store. Each step leaves the store valid; run again, it
    completes what a crash cut short.
    """
    site = cleanup.site
    shown = store.current(site)
    assert shown
    shutil.rmtree(cleanup.work, ignore_errors=True)
    cleanup.work.mkdir(mode=0o700)
    if removal.concerns(shown):
        number = max(manifest.number(p) for p in store.kept(site)) + 1
        store.make_current(site, *_amended(cleanup, removal, shown, number))
        shown = store.current(site)
        assert shown
    replaced = manifest.read(shown).get("replaces")
    older = list[Path]()
    for release in store.kept(site):
        if release.name == replaced:
            store.drop(site, release)
        elif manifest.damaged(release):
            # Its records cannot be read, so nobody knows whether one of them is withdrawn.
            store.set_aside(site, release, cleanup.private)
        elif release != shown and removal.concerns(release):
            older.append(release)
    # Releases are independent: they are rewritten in parallel, and put in place one by one.
    for target, name in ordered_map(partial(_amended, cleanup, removal), older):
        store.place(site, target, name)
    shutil.rmtree(cleanup.work, ignore_errors=True)


def _amended(
    cleanup: Cleanup, removal: Removal, release: Path, number: int = 0
) -> tuple[Path, str]:
    """Rewrite `release`; gives folder and id of the result. With a `number` it is a new release."""
    work, target = cleanup.work / release.name, cleanup.making / release.name
    work.mkdir(mode=0o700)
    target.mkdir()
    amendment = Amendment(release, target, work, removal, cleanup.on, cleanup.secret, number)
    return target, rewrite_release.amend(amendment)


# ---------------------------------------------------------------- the report on time limits


def _report(private: Path, withdrawn: Collection[Tombstone]) -> None:
    """Write PRIVATE/withdrawals-report.csv: the working days from order to withdrawal, for each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_REPORT_HEADER)
    for tombstone in sorted(withdrawn):
        days = _days(tombstone)
        in_time = "" if days is None else ("yes" if days <= WITHIN else "no")
        writer.writerow(
            (
                tombstone.dataset,
                tombstone.key,
                tombstone.ordered_on,
                tombstone.withdrawn_on,
                "" if days is None else days,
                in_time,
                tombstone.reason,
                tombstone.basis,
            )
        )
    write_durably(private / REPORT, text.getvalue())


def _days(tombstone: Tombstone) -> int | None:
    """The working days from order to withdrawal; None where the day of the order is unknown."""
    if not tombstone.ordered_on:
        return None
    return working_days(
        date.fromisoformat(tombstone.ordered_on), date.fromisoformat(tombstone.withdrawn_on)
    )


# ---------------------------------------------------------------- rollback


def rollback(site: Path, release: str) -> str:
    """Make a kept release the public one: `release`, or for "" the one before `current`.

    Gives its id. Raises UsageError where there is none before, StoreError where it holds a
    withdrawn record or does not match its manifest.
    """
    with store.writing(site):
        kept, shown = store.kept(site), store.current(site)
        # A damaged release may have lost its number; then any other counts as earlier.
        now = (manifest.number(shown) if shown else 0) or len(kept) + 1_000_000
        earlier = [p for p in kept if p != shown and manifest.number(p) < now]
        if not release and not earlier:
            raise UsageError(say("rollback-none", language(), site=site))
        target = store.named(site, release) if release else earlier[-1]
        if wrong := manifest.problems(target):
            raise StoreError(say(wrong[0][0], language(), release=target.name, **wrong[0][1]))
        withdrawn = tombstones.read(site / "-", shown) if shown else []
        if shown and Removal(withdrawn).concerns(target):
            raise StoreError(say("rollback-withdrawn", language(), release=target.name))
        store.switch(site, target.name)
        return target.name
