"""Publishing from end to end: inbox → intake → checks → release. Only this module joins them.

`gongshi check` uses `pipeline.flow.check` alone, and loads nothing of a release.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.base import files, progress
from pipeline.base.engine import LOCAL, Engine
from pipeline.base.errors import ExpectationsFailed, GateRefused, RefusedRow, UsageError
from pipeline.base.files import faults, locked
from pipeline.base.model import Catalog, Dataset
from pipeline.base.sql import quoted
from pipeline.base.words import language, say
from pipeline.checks.privacy import labels
from pipeline.flow import check, mask_persons, yearly_reports
from pipeline.flow.cache import reuse_from
from pipeline.flow.check import means_of, tally_parts
from pipeline.flow.read_inbox import Run, prepare_private
from pipeline.publishers import packages, union
from pipeline.release import build
from pipeline.release.data import draft
from pipeline.release.gate import exit_guard, gate
from pipeline.release.package import (
    expectations,
    manifest,
    package,
    parts,
    record_changes,
    store,
    working,
)
from pipeline.release.package.about import About
from pipeline.release.package.expectations import Accepted, Failure
from pipeline.release.removal import kept_rows, publication_terms, tombstones, withdraw
from pipeline.release.removal.kept_rows import Kept
from pipeline.release.removal.plan import Removal

MOST_PASSES = 4  # in which rows that cannot be published are found; then the fault is no row's


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator allows in this run (removals, growth), and whether downloads are made.

    `accept`: dataset → why it is published though it fails what its contract expects. Its records
    may then be gone without another cause.
    """

    removals: bool = False
    growth: bool = False
    downloads: bool = True
    accept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """What to publish and where: `inbox`, as of `today`, by the contract `catalog`, on `site`.

    `site_words`: metadata.yml. `private`: the folder that is never public. `engine` runs the pieces
    of tables.
    """

    inbox: Path
    site: Path
    private: Path
    catalog: Catalog
    site_words: Mapping[str, Any]
    today: date
    allowed: Allowed = Allowed()
    engine: Engine = LOCAL


def publish(job: Job) -> tuple[str, bool, Run]:
    """Publish a release; returns its id, whether it is new, and the run.

    Raises UsageError for a wrong setting, UnreadableInput where no file can be read, GateRefused
    where a gate stops the release, StoreError where a folder is busy or its disk fails.
    """
    site, private = job.site, job.private
    if private.resolve().is_relative_to(site.resolve()):
        raise UsageError(say("private-inside-site", language(), private=private, site=site))
    parts.layout(job.site_words)  # report a wrong setting before anything is read
    secret = prepare_private(private)
    with store.writing(site, private) as making, locked(private):
        parent = store.checked_current(site)
        gate.check_day(manifest.read(parent) if parent else {}, job.today)
        cleanup = withdraw.Cleanup(site, making, private, job.today, secret)
        release, new, run = _in_passes(job, making, parent, cleanup)
        store.prune(site, int(job.site_words["keep"]))
        lapsed = _lapsed(run, job, parent)
        withdraw.clean_store(cleanup, Removal(run.withdrawals, lapsed))
    shutil.rmtree(run.ledger.work, ignore_errors=True)
    return release, new, run


@dataclass(slots=True)
class _Learned:
    """What earlier passes have found: rows that cannot be published, datasets to be held back.

    `refused`: source → row; `kept`: with the rows that the public keeps, and those refused of them.
    """

    kept: Kept
    refused: dict[str, dict[int, RefusedRow]] = field(default_factory=dict)

    def add(self, error: GateRefused, job: Job) -> bool:
        """Add what `error` says; gives whether any of it is new, so that another pass helps."""
        if isinstance(error, ExpectationsFailed):
            self._hold_back(_first_of(error.failures, job.catalog), job.today)
            return True
        return self._refuse(getattr(error, "rows", ()))

    def _hold_back(self, failures: Sequence[Failure], today: date) -> None:
        parent, held = self.kept.parent, dict(self.kept.held)
        name, before = (parent.name, manifest.read(parent)) if parent else ("", {})
        for each in failures:
            held[each.dataset] = expectations.hold_back(each, name, before, today.isoformat())
        self.kept = replace(self.kept, held=held)

    def _refuse(self, rows: Sequence[RefusedRow]) -> bool:
        """Add rows; those of a dataset that is held back are rows that it keeps."""
        held, kept = self.kept.held, dict(self.kept.refused)
        read = [r for r in rows if r.dataset not in held]
        fresh = [r for r in read if r.row not in self.refused.get(r.source_id, {})]
        for row in fresh:
            self.refused.setdefault(row.source_id, {})[row.row] = row
        for row in (r for r in rows if r.dataset in held):
            known = kept.get(row.dataset, ())
            if all((row.source_id, row.row) != (r.source_id, r.row) for r in known):
                kept[row.dataset] = (*known, row)
        is_new = bool(fresh) or kept != self.kept.refused
        self.kept = replace(self.kept, refused=kept)
        return is_new


def _first_of(failures: Sequence[Failure], catalog: Catalog) -> list[Failure]:
    """The failures to act on first: where a dataset refers to another one that fails, it may fail
    for that alone, and is checked again when the other is held back.
    """
    failed = {each.dataset for each in failures}
    referring = {
        d.name
        for d in catalog.datasets.values()
        if any(k.dataset in failed - {d.name} for k in d.foreign_keys if k.severity == "error")
    }
    return [each for each in failures if each.dataset not in referring] or list(failures)


def _in_passes(
    job: Job, making: Path, parent: Path | None, cleanup: withdraw.Cleanup
) -> tuple[str, bool, Run]:
    """The release, whether it is new, and the run.

    Where rows turn out to be such as cannot be published, or datasets fail what is expected of
    them, all is done again without those rows, and with the public rows of those datasets.
    """
    learned, number = _Learned(Kept(parent)), 0
    while True:
        number += 1
        run = _checked(job, parent, cleanup.secret, learned)
        progress.step(say("step-release", language()))
        try:
            return *_released(run, job, making, parent, cleanup.secret), run
        except GateRefused as error:
            if number <= MOST_PASSES + len(learned.kept.held) and learned.add(error, job):
                run.con.close()
                files.clear(making)
                continue
            if parent and run.packages:  # others' withdrawals leave the old release too
                withdraw.clean_store(cleanup, Removal(run.withdrawals))
            error.run = run
            raise


def _checked(job: Job, parent: Path | None, secret: bytes, learned: _Learned) -> Run:
    """Intake and checks of the inbox, with what earlier passes have `learned`."""
    private = job.private
    with faults(private, job.site):
        means = means_of(private, job.catalog, secret, job.today, job.engine)
        kept = learned.kept if learned.kept.held else None
        means = replace(means, refused=learned.refused, kept=kept)
        run = check.run_checks(job.inbox, private, means, tombstones.read(private, parent))
        if run.packages:  # withdrawals are on disk before the release changes
            tombstones.write(private, run.withdrawals)
            packages.keep(run.packages, private)
    return run


def _released(
    run: Run, job: Job, making: Path, parent: Path | None, secret: bytes
) -> tuple[str, bool]:
    """The id of the release that the site shows now, and whether it is new.

    The new one is written in the folder `making`; if its content equals that of `parent`, `parent`
    stays.
    """
    made = _made(run, job, making, parent)
    known = manifest.read(parent).get("content", "") if parent else ""
    if parent and known == made.content:
        return parent.name, False
    release = _release(made, run, job, parent, secret)
    _keep_corrections(run, parent, made, release)
    store.make_current(job.site, made.folder, release)
    return release, True


def _lapsed(run: Run, job: Job, parent: Path | None) -> dict[str, Collection[str]]:
    """Keys of records in kept releases whose publication period is over; none where the day is that
    of `parent`.
    """
    if parent is None or manifest.read(parent).get("today") == job.today.isoformat():
        return {}
    kept = store.kept(job.site)
    return publication_terms.merged(
        *(publication_terms.lapsed(run.con, each, job.catalog, job.today) for each in kept)
    )


def _made(run: Run, job: Job, making: Path, parent: Path | None) -> draft.Draft:
    """Write the release's data, after the gate has checked the numbers of rows read."""
    accepted = judge_expectations(run, job, parent)
    folder = making / "release"
    folder.mkdir()
    material = _material(run, job.catalog, parent)
    held = tuple(run.held_back.values())
    about = About(job.catalog, job.site_words, job.today, run.sample, held, accepted)
    made = draft.write(material, about, folder, job.engine)
    read = (d for name, d in job.catalog.datasets.items() if name not in run.held_back)
    gate.check_tallies(read, material.tallies, made.counts)
    return made


def judge_expectations(run: Run, job: Job, parent: Path | None) -> tuple[Accepted, ...]:
    """The datasets that fail what is expected of them and are published all the same.

    One that was accepted stays so while it fails for the same cause and has no new rows; to accept
    it for the same reason again changes nothing. Raises ExpectationsFailed where another fails that
    is not held back yet.
    """
    before, allowed = manifest.read(parent) if parent else {}, job.allowed
    datasets, accepted, failed = list(job.catalog.datasets.values()), list[Accepted](), []
    rows = before.get("rows", {})
    unread = sorted(kept_rows.datasets_of(run.unread, run.names, parent).items())
    known = [(name, file) for name, file in unread if name in job.catalog.datasets]
    failures = [
        *(Failure(name, "unread", {"file": file}) for name, file in known),
        *gate.failures(datasets, run.by_dataset(), rows, allowed.removals, allowed.growth),
    ]
    for each in failures:
        earlier = expectations.accepted_before(each, before)
        if because := labels.title(allowed.accept.get(each.dataset, "")).masked:
            dataset = job.catalog.datasets[each.dataset]
            is_same = earlier and earlier.because == because
            if not (earlier and is_same and _has_no_new_rows(run, dataset, parent)):
                about = each.dataset, each.expectation, each.reason, because
                earlier = Accepted(*about, job.today.isoformat())
            accepted.append(earlier)
        elif each.dataset in run.held_back:
            continue
        elif earlier and _has_no_new_rows(run, job.catalog.datasets[each.dataset], parent):
            accepted.append(earlier)
        else:
            failed.append(each)
    if failed:
        titles = ", ".join(job.catalog.datasets[each.dataset].title for each in failed)
        raise ExpectationsFailed(say("gate-expectations", language(), datasets=titles), failed)
    return tuple(accepted)


def _has_no_new_rows(run: Run, dataset: Dataset, parent: Path | None) -> bool:
    """Whether the release `parent` has all rows of a dataset that this run has accepted."""
    names = record_changes.columns_of(dataset)
    cells = ", ".join(f"coalesce({quoted(name)}, '')" for name in names)
    had = record_changes.one_side(package.data_files(parent, dataset.name) if parent else [], names)
    now = run.accepted.get(dataset.name, had)
    new = f"select {cells} from {now} except select {cells} from {had} limit 1"
    return not run.con.execute(new).fetchall()


def _release(made: draft.Draft, run: Run, job: Job, parent: Path | None, secret: bytes) -> str:
    """Compare the draft with the previous release, and finish it; returns its id."""
    withdrawn = tombstones.keys(run.withdrawals)
    found = record_changes.since(run.con, parent, made.datasets, made.rows, withdrawn)
    explained = _explained(found, run, job, parent, made.about.accepted)
    allowed = job.allowed
    gate.check_removals(found, explained, allowed.removals, run.ledger.private / "removals.csv")
    kept = store.kept(job.site)
    release = store.free_name(job.site, made.release)
    number = max((manifest.number(p) for p in kept), default=0) + 1
    reuse = reuse_from(run.ledger.private, job.catalog, parent)
    found = record_changes.without_persons(found, run.persons.masked)
    history = build.History(
        release, parent, number, found, secret, allowed.downloads, reuse, run.persons
    )
    build.finish(made, history, job.engine)
    persons = mask_persons.never_public(run, job.catalog, made.rows)
    exit_guard.check(made.folder, run.ledger.secrets, made.datasets, persons)
    reuse.save(made.folder)
    return release


def _explained(
    found: Collection[record_changes.Change],
    run: Run,
    job: Job,
    parent: Path | None,
    accepted: Collection[Accepted],
) -> dict[str, Collection[str]]:
    """Keys of records of `parent` that leave with a cause: their source is removed, their
    publication period is over, their publisher has removed them, their dataset is held back and
    they cannot be kept, or it is among the `accepted` of this run.
    """
    datasets = list(job.catalog.datasets.values())
    dropped = record_changes.dropped_by_source(run.con, parent, datasets, job.today)
    compared = parent if any(change.verb == "removed" for change in found) else None
    lapsed = publication_terms.lapsed(run.con, compared, job.catalog, job.today) if compared else {}
    by_publishers = _removed_by_publishers(found, run, parent, job.catalog)
    removed = {each.dataset: set[str]() for each in accepted if each.dataset in job.allowed.accept}
    for change in (c for c in found if c.verb == "removed" and c.dataset in removed):
        removed[change.dataset].add(change.key)
    return publication_terms.merged(dropped, lapsed, by_publishers, run.left, removed)


def _removed_by_publishers(
    found: Collection[record_changes.Change], run: Run, parent: Path | None, catalog: Catalog
) -> dict[str, set[str]]:
    """Keys of records that the publisher whose package they came from has removed."""
    if parent is None or not run.packages or all(c.verb != "removed" for c in found):
        return {}
    return union.dropped(run.con, parent, run.packages, catalog)


# ---------------------------------------------------------------- what a release is made of


def _material(run: Run, catalog: Catalog, parent: Path | None) -> draft.Material:
    names = run.names
    produced: dict[str, list[working.Row]] = {
        tombstones.TABLE: list(tombstones.public_rows(run.withdrawals)),
        "sources": working.sources(map(names.public_source, run.sources), run.ledger.tallies)
        + _sources(run, catalog, parent),
        "header_mappings": [
            (o.source.source_id, m.position + 1, header, m.field, m.matched_by)
            for o in run.opened
            for m in o.mapping
            for header in (names.header(o.source.source_id, m.position, m.header),)
        ],
        "issues": working.issues(run.ledger.issues),
        "rules": working.rules(catalog),
        "report_figures": yearly_reports.figure_rows(run.reports),
        "report_checks": yearly_reports.check_rows(run.comparisons),
        "run_tallies": working.run_tallies(
            (names.public_source(o.source) for o in run.opened), run.ledger.tallies
        ),
        union.TABLE: union.publishers(run.packages, catalog),
    }
    return draft.Material(
        run.con,
        {n: rows for n, rows in run.accepted.items() if not catalog.datasets[n].produced},
        run.checksums,
        {
            name: _produced(run, catalog.datasets[name], rows)
            for name, rows in produced.items()
            if name in catalog.datasets
        },
        {names.file(source.path): source.sha256 for source in run.sources},
        {name: tally_parts(tally) for name, tally in sorted(run.by_dataset().items())},
        run.ledger.work,
    )


def _sources(run: Run, catalog: Catalog, parent: Path | None) -> list[working.Row]:
    """The sources of rows that are kept, where this run has not read them."""
    if not run.held_back or kept_rows.SOURCES not in catalog.datasets:
        return []
    known = {source.source_id for source in run.sources}
    return kept_rows.sources(run.con, Kept(parent, run.held_back), catalog, known)


def _produced(run: Run, dataset: Dataset, rows: list[working.Row]) -> pa.Table:
    """A table that the pipeline computes, with the rows of packages added."""
    own = working.table(dataset, rows)
    return union.with_packages(run.con, dataset, own) if dataset.name in run.accepted else own


def _keep_corrections(run: Run, parent: Path | None, made: draft.Draft, release: str) -> None:
    """The old values of published records that were changed, in PRIVATE only."""
    place = run.ledger.private / "corrections"
    listed = record_changes.read(made.folder / "changes.csv")
    if parent and any(change.verb == "changed" for change in listed):
        place.mkdir(exist_ok=True)
        record_changes.write_old_values(parent, made.datasets, listed, place / f"{release}.csv")
