"""The whole way on one page: inbox → intake → checks → release. It alone joins them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipeline import progress, spill, yearly
from pipeline.cache import Cache
from pipeline.checks.ledger import Ledger
from pipeline.engine import OrderedMap, ordered_map
from pipeline.errors import UnreadableInput, UsageError
from pipeline.gather import Means, Run, prepare_private, read_reports, send_back, take_in
from pipeline.intake import sources
from pipeline.model import TALLY_PARTS, Catalog, Tally
from pipeline.release import (
    build,
    changes,
    gate,
    guard,
    manifest,
    parts,
    store,
    terms,
    tombstones,
    withdraw,
    working,
)
from pipeline.release.tombstones import Tombstone
from pipeline.settle import settle
from pipeline.words import language, say

SAMPLE = "示例数据"  # in a file's name: made-up data, and the site says so on every page


def check(
    inbox: Path,
    private: Path,
    catalog: Catalog,
    today: date,
    engine: OrderedMap = ordered_map,
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
    engine: OrderedMap,
) -> Run:
    listed = sources.scan(inbox, catalog)
    means = Means(catalog, key, today, engine, Cache(private, key, catalog, today))
    with Ledger(private, language()) as ledger:
        run = Run(ledger, spill.connect(ledger.work / "spill"))
        run.sample = any(SAMPLE in file.name for file in listed.files)
        for finding in listed.findings:
            ledger.finding(finding)
        for number, file in enumerate(listed.files, 1):
            progress.step(
                say("step-reading", language(), file=file.name), number, len(listed.files)
            )
            if not file.is_report:
                take_in(file, run, means)
        means.cache.prune()
        ledger.close_tables()
        progress.step(say("step-comparing", language()))
        settle(run, catalog, orders, today)
        progress.step(say("step-reports", language()))
        read_reports(run, listed.files, catalog)
    send_back(run, run.taken, catalog)
    _write_json(private / "run.json", _summary(run))
    if not run.ledger.tallies and not any(r.report.text for r in run.reports):
        raise UnreadableInput(say("unreadable-all", language(), findings=private / "findings.csv"))
    return run


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
    engine: OrderedMap = ordered_map,
) -> tuple[str, bool, Run]:
    """The whole way. Gives the release's id, whether it is new, and the run."""
    if private.resolve().is_relative_to(site.resolve()):
        raise UsageError(say("private-inside-site", language(), private=private, site=site))
    parts.layout(site_words)  # a wrong setting is told before anything is read
    secret = prepare_private(private)
    with store.writing(site) as making, store.locked(private), store.faults(private):
        parent = store.sound(site)
        gate.forward(manifest.read(parent) if parent else {}, today)
        orders = tombstones.read(private, parent)
        run = _check(inbox, private, catalog, secret, today, orders, engine)
        progress.step(say("step-release", language()))
        made = _made(run, catalog, site_words, making, today, orders)
        known = manifest.read(parent).get("content", "") if parent else ""
        if parent and known == made.content:
            release, new = parent.name, False
        else:
            release, new = _release(made, run, site, parent, secret, allowed, orders), True
            store.show(site, made.folder, release)
            _keep_corrections(run, site, parent, made, release)
        store.prune(site, int(site_words["keep"]))
        lapsed = _lapsed(run, site, parent, catalog, today)
        withdraw.cleanse(site, making, private, orders, lapsed, today, secret)
    shutil.rmtree(run.ledger.work, ignore_errors=True)
    return release, new, run


def _lapsed(
    run: Run, site: Path, parent: Path | None, catalog: Catalog, today: date
) -> dict[str, Collection[str]]:
    """Keys of records in kept releases whose term is over; none where the day is still the same."""
    if parent is None or manifest.read(parent).get("today") == today.isoformat():
        return {}
    return terms.merged(*(terms.over(run.con, each, catalog, today) for each in store.kept(site)))


def _made(
    run: Run,
    catalog: Catalog,
    site_words: Mapping[str, Any],
    making: Path,
    today: date,
    orders: Collection[Tombstone],
) -> build.Draft:
    """The release's data, once the gate has seen what was read."""
    tallies = run.by_dataset()
    datasets = list(catalog.datasets.values())
    read = {name: tally.read for name, tally in tallies.items()}
    gate.expectations(datasets, read, {name: t.quarantined for name, t in tallies.items()})
    folder = making / "release"
    folder.mkdir()
    material = _material(run, catalog, orders)
    made = build.draft(material, catalog, site_words, folder, today, run.sample)
    gate.balanced(datasets, material.tallies, made.counts)
    return made


def _release(
    made: build.Draft,
    run: Run,
    site: Path,
    parent: Path | None,
    secret: bytes,
    allowed: Allowed,
    orders: Collection[Tombstone],
) -> str:
    """Hold the draft against the release before, and finish it; gives its id."""
    taken, con = tombstones.keys(orders), made.material.con
    found = changes.since(con, parent, made.datasets, made.rows, taken)
    dropped = changes.dropped_by_source(con, parent, made.datasets, made.today)
    lapsed = terms.over(con, parent, made.catalog, made.today) if parent else {}
    explained = terms.merged(dropped, lapsed)
    gate.removals(found, explained, allowed.removals, run.ledger.private / "removals.csv")
    before = manifest.read(parent).get("rows", {}) if parent else {}
    left = changes.left_with_cause(found, explained)
    gate.sizes(made.datasets, before, made.counts, left, allowed.removals, allowed.growth)
    kept = store.kept(site)
    release = store.free_name(site, made.release)
    number = max((manifest.number(p) for p in kept), default=0) + 1
    build.finish(made, build.History(release, parent, number, found, secret, allowed.downloads))
    guard.check(made.folder, run.ledger.work / "secrets.csv", made.datasets)
    return release


# ---------------------------------------------------------------- what a release is made of


def _material(run: Run, catalog: Catalog, orders: Collection[Tombstone]) -> build.Material:
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
        "report_figures": yearly.figure_rows(run.reports),
        "report_checks": yearly.check_rows(run.comparisons),
        "run_tallies": working.run_tallies((o.source for o in run.opened), run.ledger.tallies),
    }
    return build.Material(
        run.con,
        run.accepted,
        run.seals,
        {
            name: working.table(catalog.datasets[name], rows)
            for name, rows in produced.items()
            if name in catalog.datasets
        },
        {source.path: source.sha256 for source in run.sources},
        {name: _parts(tally) for name, tally in sorted(run.by_dataset().items())},
        run.ledger.work,
    )


def _keep_corrections(
    run: Run, site: Path, parent: Path | None, made: build.Draft, release: str
) -> None:
    """The old values of published records that were changed, in PRIVATE only."""
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
