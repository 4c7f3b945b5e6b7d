"""Checks an inbox: intake, row and cross-row checks, reports, feedback. Publishes nothing.

Modules for other publishers' packages are imported only where an inbox lists one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.base import progress, sql
from pipeline.base.engine import LOCAL, Engine
from pipeline.base.errors import UnreadableInput, UsageError
from pipeline.base.files import faults, locked, write_durably
from pipeline.base.model import PACKAGE, TALLY_PARTS, Catalog, Finding, Tally, found
from pipeline.base.words import language, say
from pipeline.checks.results.ledger import Ledger
from pipeline.flow.cache import Cache
from pipeline.flow.cross_checks import run_cross_checks
from pipeline.flow.mask_persons import mask_persons
from pipeline.flow.read_inbox import (
    Means,
    Run,
    prepare_private,
    read_files,
    read_reports,
    write_feedback,
)
from pipeline.intake.inbox import sources
from pipeline.release.package import public_names
from pipeline.release.removal import tombstones
from pipeline.release.removal.tombstones import Tombstone

SAMPLE = "示例数据"  # in a file's name: made-up data, and the site says so on every page


def check(inbox: Path, private: Path, catalog: Catalog, today: date, engine: Engine = LOCAL) -> Run:
    """Intake and checks as of `today`; writes the results under `private`, publishes nothing.

    `engine` runs the pieces of tables. UnreadableInput where no file can be read, StoreError where
    another run holds `private` or its disk fails.
    """
    key = prepare_private(private)
    with locked(private), faults(private):
        means = means_of(private, catalog, key, today, engine)
        return run_checks(inbox, private, means, tombstones.read(private))


def means_of(private: Path, catalog: Catalog, key: bytes, today: date, engine: Engine) -> Means:
    """The means of a run; its cache is in `private`."""
    return Means(catalog, key, today, engine, Cache(private, key, catalog, today))


def run_checks(inbox: Path, private: Path, means: Means, withdrawals: Collection[Tombstone]) -> Run:
    """Read and check `inbox`; the results are written under `private`, which is locked already.

    `withdrawals`: records that must not be public, as far as this publisher knows. UnreadableInput
    where no file can be read.
    """
    catalog = means.catalog
    listed = sources.scan(inbox, catalog)
    with Ledger(private, language(), means.refused) as ledger:
        run = Run(ledger, sql.connect(ledger.work / "spill"))
        for finding in listed.findings:
            ledger.finding(finding)
        files = [*listed.files, *_packages(listed, run, catalog)]
        run.sample = run.sample or any(SAMPLE in f.name for f in files)
        read_files(files, run, means)
        means.cache.prune()
        for source_id, finding in _tables_without_rows(run):
            ledger.finding(finding, source_id)
        ledger.close_tables()
        progress.step(say("step-comparing", language()))
        mask_persons(run, catalog)
        run.names = public_names.of(files, run.files, run.opened, catalog, run.persons)
        for finding in run.names.findings:
            ledger.finding(finding)
        _withdrawn(run, means, withdrawals)
        _held_back(run, means)
        run_cross_checks(run, means)
        progress.step(say("step-reports", language()))
        read_reports(run, listed.files, catalog)
    write_feedback(run, run.files, catalog)
    _write_json(private / "run.json", _summary(run))
    if not run.ledger.tallies and not any(r.report.text for r in run.reports):
        raise UnreadableInput(say("unreadable-all", language(), findings=private / "findings.csv"))
    return run


def _packages(listed: sources.Inbox, run: Run, catalog: Catalog) -> list[sources.InboxFile]:
    """The tables of the packages that the inbox lists, each verified, as files of the inbox."""
    if not listed.packages:
        return []
    from pipeline.publishers import packages, union

    for each in listed.packages:
        progress.step(say("step-package", language(), publisher=each.publisher))
        run.packages += packages.fetch([each], run.ledger.private, union.wanted(catalog))
    for finding in union.notes(run.packages, catalog):
        run.ledger.finding(finding)
    run.sample = union.is_sample(run.packages)
    found, names = list(union.files(run.packages, catalog)), {file.name for file in listed.files}
    if twice := next((file.name for file in found if file.name in names), ""):
        raise UsageError(say("package-name-taken", language(), file=twice))
    return found


def _tables_without_rows(run: Run) -> Iterator[tuple[str, Finding]]:
    """(source_id, finding) of each table with a header and no record under it.

    None of another publisher's package: its datasets without records are published as such.
    """
    for opened in run.opened:
        tally = run.ledger.tallies.get(opened.source.source_id)
        if tally and tally.read == tally.set_aside and opened.source.matched_by != PACKAGE:
            yield opened.source.source_id, found("table-without-rows", opened.source)


def _withdrawn(run: Run, means: Means, withdrawals: Collection[Tombstone]) -> None:
    """Set the run's withdrawals: `withdrawals`, and those of other publishers."""
    if not run.packages:
        run.withdrawals = tuple(sorted(withdrawals))
        return
    from pipeline.publishers import union

    own = [opened.source for opened in run.opened]
    rows = union.Rows(run.con, dict(run.ledger.accepted()), own)
    found = union.withdrawals(rows, run.packages, means.catalog, sorted(withdrawals), means.today)
    run.withdrawals = found.tombstones
    for finding in found.findings:
        run.ledger.finding(finding)


def _held_back(run: Run, means: Means) -> None:
    """What the public keeps of datasets that are held back."""
    if means.kept:
        from pipeline.flow import held_back

        held_back.prepare(run, means, means.kept)


def tally_parts(tally: Tally) -> dict[str, int]:
    """A tally as in run.json and the manifest: rows read, and where they went."""
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
                **tally_parts(run.ledger.tallies.get(o.source.source_id, Tally(0))),
            }
            for o in run.opened
        ],
        "datasets": {name: tally_parts(tally) for name, tally in sorted(run.by_dataset().items())},
        **({"held_back": [h.as_json() for h in run.held_back.values()]} if run.held_back else {}),
    }


def _write_json(path: Path, content: Any) -> None:
    write_durably(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
