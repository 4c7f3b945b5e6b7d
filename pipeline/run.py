"""Publishing from end to end: inbox → intake → checks → release. Only this module joins them.

`gongshi check` uses `pipeline.flow.check` alone, and loads nothing of a release.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.base import files, progress
from pipeline.base.engine import LOCAL, Engine
from pipeline.base.errors import GateRefused, RefusedRow, RowsRefused, UsageError
from pipeline.base.files import faults, locked
from pipeline.base.model import Catalog, Dataset
from pipeline.base.words import language, say
from pipeline.flow import check, yearly_reports
from pipeline.flow.cache import reuse_from
from pipeline.flow.check import means_of, tally_parts
from pipeline.flow.read_inbox import Run, prepare_private
from pipeline.publishers import packages, union
from pipeline.release import build
from pipeline.release.data import draft
from pipeline.release.gate import exit_guard, gate
from pipeline.release.package import manifest, parts, record_changes, store, working
from pipeline.release.package.about import About
from pipeline.release.removal import publication_terms, tombstones, withdraw
from pipeline.release.removal.plan import Removal

MOST_PASSES = 4  # in which rows that cannot be published are found; then the fault is no row's


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator allows in this run (removals, growth), and whether downloads are made."""

    removals: bool = False
    growth: bool = False
    downloads: bool = True


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


def _in_passes(
    job: Job, making: Path, parent: Path | None, cleanup: withdraw.Cleanup
) -> tuple[str, bool, Run]:
    """The release, whether it is new, and the run.

    Where some rows turn out to be such as cannot be published, all is done again without them.
    """
    refused: dict[str, dict[int, RefusedRow]] = {}
    for number in count(1):
        run = _checked(job, parent, cleanup.secret, refused)
        progress.step(say("step-release", language()))
        try:
            return *_released(run, job, making, parent, cleanup.secret), run
        except GateRefused as error:
            fresh = error.rows if isinstance(error, RowsRefused) else ()
            if number <= MOST_PASSES and _added(fresh, refused):
                run.con.close()
                files.clear(making)
                continue
            if parent and run.packages:  # others' withdrawals leave the old release too
                withdraw.clean_store(cleanup, Removal(run.withdrawals))
            raise
    raise AssertionError  # which a count never gets to


def _checked(
    job: Job, parent: Path | None, secret: bytes, refused: Mapping[str, Mapping[int, RefusedRow]]
) -> Run:
    """Intake and checks of the inbox, without the rows `refused` by an earlier pass."""
    private = job.private
    with faults(private, job.site):
        means = means_of(private, job.catalog, secret, job.today, job.engine)
        means = replace(means, refused=refused)
        run = check.run_checks(job.inbox, private, means, tombstones.read(private, parent))
        if run.packages:  # withdrawals are on disk before the release changes
            tombstones.write(private, run.withdrawals)
            packages.keep(run.packages, private)
    return run


def _added(rows: Sequence[RefusedRow], refused: dict[str, dict[int, RefusedRow]]) -> bool:
    """Add `rows` to those `refused`; gives whether any is new, so that another pass helps."""
    fresh = [row for row in rows if row.row not in refused.get(row.source_id, {})]
    for row in fresh:
        refused.setdefault(row.source_id, {})[row.row] = row
    return bool(fresh)


def _released(
    run: Run, job: Job, making: Path, parent: Path | None, secret: bytes
) -> tuple[str, bool]:
    """The id of the release that the site shows now, and whether it is new.

    The new one is written in the folder `making`; if its content equals that of `parent`, `parent`
    stays.
    """
    made = _made(run, job, making)
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


def _made(run: Run, job: Job, making: Path) -> draft.Draft:
    """Write the release's data, after the gate has checked the numbers of rows read."""
    tallies = run.by_dataset()
    datasets = list(job.catalog.datasets.values())
    read = {name: tally.read for name, tally in tallies.items()}
    gate.check_quarantined_share(
        datasets, read, {name: t.quarantined for name, t in tallies.items()}
    )
    folder = making / "release"
    folder.mkdir()
    material = _material(run, job.catalog)
    about = About(job.catalog, job.site_words, job.today, run.sample)
    made = draft.write(material, about, folder, job.engine)
    gate.check_tallies(datasets, material.tallies, made.counts)
    return made


def _release(made: draft.Draft, run: Run, job: Job, parent: Path | None, secret: bytes) -> str:
    """Compare the draft with the previous release, and finish it; returns its id."""
    withdrawn = tombstones.keys(run.withdrawals)
    found = record_changes.since(run.con, parent, made.datasets, made.rows, withdrawn)
    explained = _explained(found, run, job, parent)
    allowed = job.allowed
    gate.check_removals(found, explained, allowed.removals, run.ledger.private / "removals.csv")
    before = manifest.read(parent).get("rows", {}) if parent else {}
    left = record_changes.left_with_cause(found, explained)
    gate.check_sizes(made.datasets, before, made.counts, left, allowed.removals, allowed.growth)
    kept = store.kept(job.site)
    release = store.free_name(job.site, made.release)
    number = max((manifest.number(p) for p in kept), default=0) + 1
    reuse = reuse_from(run.ledger.private, job.catalog, parent)
    history = build.History(release, parent, number, found, secret, allowed.downloads, reuse)
    build.finish(made, history, job.engine)
    exit_guard.check(made.folder, run.ledger.secrets, made.datasets)
    reuse.save(made.folder)
    return release


def _explained(
    found: Collection[record_changes.Change], run: Run, job: Job, parent: Path | None
) -> dict[str, Collection[str]]:
    """Keys of records of `parent` that leave with a cause: their source is removed, their
    publication period is over, or their publisher has removed them.
    """
    datasets = list(job.catalog.datasets.values())
    dropped = record_changes.dropped_by_source(run.con, parent, datasets, job.today)
    compared = parent if any(change.verb == "removed" for change in found) else None
    lapsed = publication_terms.lapsed(run.con, compared, job.catalog, job.today) if compared else {}
    by_publishers = _removed_by_publishers(found, run, parent, job.catalog)
    return publication_terms.merged(dropped, lapsed, by_publishers)


def _removed_by_publishers(
    found: Collection[record_changes.Change], run: Run, parent: Path | None, catalog: Catalog
) -> dict[str, set[str]]:
    """Keys of records that the publisher whose package they came from has removed."""
    if parent is None or not run.packages or all(c.verb != "removed" for c in found):
        return {}
    return union.dropped(run.con, parent, run.packages, catalog)


# ---------------------------------------------------------------- what a release is made of


def _material(run: Run, catalog: Catalog) -> draft.Material:
    produced: dict[str, list[working.Row]] = {
        tombstones.TABLE: list(tombstones.public_rows(run.withdrawals)),
        "sources": working.sources(run.sources, run.ledger.tallies),
        "header_mappings": [
            (o.source.source_id, m.position + 1, m.header, m.field, m.matched_by)
            for o in run.opened
            for m in o.mapping
        ],
        "issues": working.issues(run.ledger.issues),
        "rules": working.rules(catalog),
        "report_figures": yearly_reports.figure_rows(run.reports),
        "report_checks": yearly_reports.check_rows(run.comparisons),
        "run_tallies": working.run_tallies((o.source for o in run.opened), run.ledger.tallies),
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
        {working.masked(source.path): source.sha256 for source in run.sources},
        {name: tally_parts(tally) for name, tally in sorted(run.by_dataset().items())},
        run.ledger.work,
    )


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
