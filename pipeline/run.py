"""The whole way on one page: inbox → intake → checks → release. It alone joins them.

What only a release or another publisher's package needs is imported where it is used: a check does without.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.base import progress, sql
from pipeline.base.engine import LOCAL, Engine
from pipeline.base.errors import GateRefused, UnreadableInput, UsageError
from pipeline.base.model import TALLY_PARTS, Catalog, Dataset, Tally
from pipeline.base.words import language, say
from pipeline.checks.results.ledger import Ledger
from pipeline.flow.cache import Cache, made_before
from pipeline.flow.cross_checks import settle
from pipeline.flow.read_inbox import Means, Run, prepare_private, read_reports, send_back, take_in
from pipeline.intake.inbox import sources
from pipeline.release.package import store, working
from pipeline.release.removal import tombstones
from pipeline.release.removal.tombstones import Tombstone

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.release.data import draft
    from pipeline.release.package import changes

SAMPLE = "示例数据"  # in a file's name: made-up data, and the site says so on every page


def check(
    inbox: Path,
    private: Path,
    catalog: Catalog,
    today: date,
    engine: Engine = LOCAL,
) -> Run:
    """Intake and checks as of `today`; writes what it finds under `private`, publishes nothing.

    `engine` spreads pieces of tables over what there is to compute with.
    """
    key = prepare_private(private)
    with store.locked(private), store.faults(private):
        return _check(inbox, private, catalog, key, today, tombstones.read(private), engine)


def _check(
    inbox: Path,
    private: Path,
    catalog: Catalog,
    key: bytes,
    today: date,
    orders: Collection[Tombstone],
    engine: Engine,
) -> Run:
    listed = sources.scan(inbox, catalog)
    means = Means(catalog, key, today, engine, Cache(private, key, catalog, today))
    with Ledger(private, language()) as ledger:
        run = Run(ledger, sql.connect(ledger.work / "spill"))
        for finding in (*listed.findings, *working.named_persons(f.name for f in listed.files)):
            ledger.finding(finding)
        files = [*listed.files, *_packages(listed, run, catalog)]
        run.sample = run.sample or any(SAMPLE in f.name for f in files)
        take_in(files, run, means)
        means.cache.prune()
        ledger.close_tables()
        progress.step(say("step-comparing", language()))
        _order(run, catalog, orders, today)
        settle(run, catalog, run.orders, today, engine)
        progress.step(say("step-reports", language()))
        read_reports(run, listed.files, catalog)
    send_back(run, run.taken, catalog)
    _write_json(private / "run.json", _summary(run))
    if not run.ledger.tallies and not any(r.report.text for r in run.reports):
        raise UnreadableInput(say("unreadable-all", language(), findings=private / "findings.csv"))
    return run


def _packages(listed: sources.Inbox, run: Run, catalog: Catalog) -> list[sources.InboxFile]:
    """The tables of the packages that the inbox lists, each proven, as files of the inbox."""
    if not listed.packages:
        return []
    from pipeline.publishers import packages, union

    for each in listed.packages:
        progress.step(say("step-package", language(), publisher=each.publisher))
        run.packages += packages.take([each], run.ledger.private, union.wanted(catalog))
    for finding in union.notes(run.packages, catalog):
        run.ledger.finding(finding)
    run.sample = union.is_sample(run.packages)
    found, names = list(union.files(run.packages, catalog)), {file.name for file in listed.files}
    if twice := next((file.name for file in found if file.name in names), ""):
        raise UsageError(say("package-name-taken", language(), file=twice))
    return found


def _order(run: Run, catalog: Catalog, orders: Collection[Tombstone], today: date) -> None:
    """All that must not be public: `orders`, and what other publishers have withdrawn."""
    if not run.packages:
        run.orders = tuple(sorted(orders))
        return
    from pipeline.publishers import union

    found = union.orders(
        run.con,
        dict(run.ledger.accepted()),
        [opened.source for opened in run.opened],
        run.packages,
        catalog,
        sorted(orders),
        today,
    )
    run.orders = found.stones
    for finding in found.findings:
        run.ledger.finding(finding)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What whoever publishes allows this time, and whether downloads are made."""

    removals: bool = False
    growth: bool = False
    downloads: bool = True


def publish(
    inbox: Path,
    site: Path,
    private: Path,
    catalog: Catalog,
    site_words: Mapping[str, Any],
    today: date,
    allowed: Allowed = Allowed(),
    engine: Engine = LOCAL,
) -> tuple[str, bool, Run]:
    """The whole way. Gives the release's id, whether it is new, and the run."""
    if private.resolve().is_relative_to(site.resolve()):
        raise UsageError(say("private-inside-site", language(), private=private, site=site))
    from pipeline.publishers import packages
    from pipeline.release.gate import gate
    from pipeline.release.package import manifest, parts
    from pipeline.release.removal import withdraw

    parts.layout(site_words)  # a wrong setting is told before anything is read
    secret = prepare_private(private)
    with store.writing(site) as making, store.locked(private), store.faults(private):
        parent = store.sound(site)
        gate.forward(manifest.read(parent) if parent else {}, today)
        run = _check(
            inbox, private, catalog, secret, today, tombstones.read(private, parent), engine
        )
        orders = run.orders
        if run.packages:  # on disk before anything else happens
            tombstones.write(private, orders)
            packages.keep(run.packages, private)
        progress.step(say("step-release", language()))
        try:
            made = _made(run, catalog, site_words, making, today, orders, engine)
            known = manifest.read(parent).get("content", "") if parent else ""
            if parent and known == made.content:
                release, new = parent.name, False
            else:
                release, new = (
                    _release(made, run, site, parent, secret, allowed, orders, engine),
                    True,
                )
                store.show(site, made.folder, release)
                _keep_corrections(run, site, parent, made, release)
        except GateRefused:
            if parent and run.packages:  # what others have withdrawn leaves the old release too
                withdraw.cleanse(site, making, private, orders, {}, today, secret)
            raise
        store.prune(site, int(site_words["keep"]))
        lapsed = _lapsed(run, site, parent, catalog, today)
        withdraw.cleanse(site, making, private, orders, lapsed, today, secret)
    shutil.rmtree(run.ledger.work, ignore_errors=True)
    return release, new, run


def _lapsed(
    run: Run, site: Path, parent: Path | None, catalog: Catalog, today: date
) -> dict[str, Collection[str]]:
    """Keys of records in kept releases whose term is over; none where the day is still the same."""
    from pipeline.release.package import manifest
    from pipeline.release.removal import publication_terms

    if parent is None or manifest.read(parent).get("today") == today.isoformat():
        return {}
    return publication_terms.merged(
        *(publication_terms.over(run.con, each, catalog, today) for each in store.kept(site))
    )


def _made(
    run: Run,
    catalog: Catalog,
    site_words: Mapping[str, Any],
    making: Path,
    today: date,
    orders: Collection[Tombstone],
    engine: Engine,
) -> draft.Draft:
    """The release's data, once the gate has seen what was read."""
    from pipeline.release.data import draft
    from pipeline.release.gate import gate

    tallies = run.by_dataset()
    datasets = list(catalog.datasets.values())
    read = {name: tally.read for name, tally in tallies.items()}
    gate.expectations(datasets, read, {name: t.quarantined for name, t in tallies.items()})
    folder = making / "release"
    folder.mkdir()
    material = _material(run, catalog, orders)
    made = draft.write(material, catalog, site_words, folder, today, run.sample, engine)
    gate.balanced(datasets, material.tallies, made.counts)
    return made


def _release(
    made: draft.Draft,
    run: Run,
    site: Path,
    parent: Path | None,
    secret: bytes,
    allowed: Allowed,
    orders: Collection[Tombstone],
    engine: Engine,
) -> str:
    """Hold the draft against the release before, and finish it; gives its id."""
    from pipeline.release import build
    from pipeline.release.gate import exit_guard, gate
    from pipeline.release.package import changes, manifest
    from pipeline.release.removal import publication_terms

    taken, con = tombstones.keys(orders), made.material.con
    found = changes.since(con, parent, made.datasets, made.rows, taken)
    dropped = changes.dropped_by_source(con, parent, made.datasets, made.today)
    went = parent if any(change.verb == "removed" for change in found) else None
    lapsed = publication_terms.over(con, went, made.catalog, made.today) if went else {}
    explained = publication_terms.merged(
        dropped, lapsed, _gone_elsewhere(found, run, parent, made.catalog)
    )
    gate.removals(found, explained, allowed.removals, run.ledger.private / "removals.csv")
    before = manifest.read(parent).get("rows", {}) if parent else {}
    left = changes.left_with_cause(found, explained)
    gate.sizes(made.datasets, before, made.counts, left, allowed.removals, allowed.growth)
    kept = store.kept(site)
    release = store.free_name(site, made.release)
    number = max((manifest.number(p) for p in kept), default=0) + 1
    again = made_before(run.ledger.private, made.catalog, parent)
    history = build.History(release, parent, number, found, secret, allowed.downloads, again)
    build.finish(made, history, engine)
    exit_guard.check(made.folder, run.ledger.secrets, made.datasets)
    again.keep(made.folder)
    return release


def _gone_elsewhere(
    found: Collection[changes.Change], run: Run, parent: Path | None, catalog: Catalog
) -> dict[str, set[str]]:
    """Keys of records that the publisher whose package they came from has taken out."""
    if parent is None or not run.packages or all(c.verb != "removed" for c in found):
        return {}
    from pipeline.publishers import union

    return union.gone(run.con, parent, run.packages, catalog)


# ---------------------------------------------------------------- what a release is made of


def _material(run: Run, catalog: Catalog, orders: Collection[Tombstone]) -> draft.Material:
    from pipeline.flow import yearly_reports
    from pipeline.publishers import union
    from pipeline.release.data import draft

    produced: dict[str, list[working.Row]] = {
        tombstones.TABLE: list(tombstones.public_rows(orders)),
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
        run.seals,
        {
            name: _produced(run, catalog.datasets[name], rows)
            for name, rows in produced.items()
            if name in catalog.datasets
        },
        {working.masked(source.path): source.sha256 for source in run.sources},
        {name: _parts(tally) for name, tally in sorted(run.by_dataset().items())},
        run.ledger.work,
    )


def _produced(run: Run, dataset: Dataset, rows: list[working.Row]) -> pa.Table:
    """A table that we fill, with what packages brought of it."""
    own = working.table(dataset, rows)
    if dataset.name not in run.accepted:
        return own
    from pipeline.publishers import union

    return union.with_packages(run.con, dataset, own)


def _keep_corrections(
    run: Run, site: Path, parent: Path | None, made: draft.Draft, release: str
) -> None:
    """The old values of published records that were changed, in PRIVATE only."""
    from pipeline.release.package import changes

    place = run.ledger.private / "corrections"
    listed = changes.read(site / "releases" / release / "changes.csv")
    if parent and any(change.verb == "changed" for change in listed):
        place.mkdir(exist_ok=True)
        changes.keep_old(parent, made.datasets, listed, place / f"{release}.csv")


def _parts(tally: Tally) -> dict[str, int]:
    return {part: getattr(tally, part) for part in ("read", *TALLY_PARTS)}


def _summary(run: Run) -> dict[str, Any]:
    """run.json: per input and per dataset, where every row went."""
    return {
        "inputs": [
            {
                "file": o.source.path,
                "sheet": o.source.sheet,
                "dataset": o.source.dataset,
                "sha256": o.source.sha256,
                **_parts(run.ledger.tallies.get(o.source.source_id, Tally(0))),
            }
            for o in run.opened
        ],
        "datasets": {name: _parts(tally) for name, tally in sorted(run.by_dataset().items())},
    }


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")
