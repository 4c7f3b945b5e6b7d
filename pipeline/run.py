"""The whole way on one page: inbox → intake → checks → release. It alone joins them."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline import progress, seal, yearly
from pipeline.catalog import published_columns
from pipeline.checks import feedback, keys, wider
from pipeline.checks.check import QUARANTINE, as_written, check_chunk
from pipeline.checks.findings import Place
from pipeline.checks.ledger import Ledger
from pipeline.checks.rules import Setting
from pipeline.engine import ordered_map
from pipeline.errors import StoreError, UnreadableInput, UsageError
from pipeline.intake import cells, read, sources
from pipeline.intake.read import Opened
from pipeline.model import TALLY_PARTS, Catalog, Comparison, Dataset, Finding, Source, Tally, found
from pipeline.release import (
    build,
    changes,
    gate,
    guard,
    manifest,
    store,
    terms,
    tombstones,
    withdraw,
    working,
)
from pipeline.release.tombstones import Tombstone
from pipeline.seal import Seal, quoted
from pipeline.words import language, say

SAMPLE = "示例数据"  # in a file's name: made-up data, and the site says so on every page


@dataclass(slots=True)
class Run:
    """What intake and checks leave for a release, and for the closing table."""

    ledger: Ledger
    con: duckdb.DuckDBPyConnection
    opened: list[Opened] = field(default_factory=list)
    accepted: dict[str, str] = field(default_factory=dict)  # dataset → query
    seals: dict[str, Seal] = field(default_factory=dict)
    reports: list[yearly.ReadReport] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    sample: bool = False
    taken: list[sources.InboxFile] = field(default_factory=list)  # as kept under PRIVATE/raw
    feedback: list[str] = field(default_factory=list)  # workbooks written, inside PRIVATE/feedback

    @property
    def sources(self) -> list[Source]:
        """Every table and report that was read."""
        return [*(o.source for o in self.opened), *(r.source for r in self.reports)]

    def by_dataset(self) -> dict[str, Tally]:
        """What became of the rows of each dataset."""
        sums: dict[str, Tally] = {}
        for opened in self.opened:
            if tally := self.ledger.tallies.get(opened.source.source_id):
                name = opened.source.dataset
                sums[name] = sums[name] + tally if name in sums else tally
        return sums


def check(inbox: Path, private: Path, catalog: Catalog, today: date) -> Run:
    """Intake and checks as of `today`; writes what it finds under `private`, publishes nothing."""
    key = prepare_private(private)
    with store.locked(private), store.faults(private):
        return _check(inbox, private, catalog, key, today, tombstones.read(private))


def _check(
    inbox: Path,
    private: Path,
    catalog: Catalog,
    key: bytes,
    today: date,
    orders: Collection[Tombstone],
) -> Run:
    listed = sources.scan(inbox, catalog)
    with Ledger(private, language()) as ledger:
        run = Run(ledger, _connect(ledger.work))
        run.sample = any(SAMPLE in file.name for file in listed.files)
        for finding in listed.findings:
            ledger.finding(finding)
        for number, file in enumerate(listed.files, 1):
            progress.step(
                say("step-reading", language(), file=file.name), number, len(listed.files)
            )
            if not file.is_report:
                _take_in(file, run, catalog, key, today)
        ledger.close_tables()
        progress.step(say("step-comparing", language()))
        _settle(run, catalog, orders, today)
        progress.step(say("step-reports", language()))
        _read_reports(run, listed.files, catalog)
    _send_back(run, run.taken, catalog)
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
) -> tuple[str, bool, Run]:
    """The whole way. Gives the release's id, whether it is new, and the run."""
    if private.resolve().is_relative_to(site.resolve()):
        raise UsageError(say("private-inside-site", language(), private=private, site=site))
    secret = prepare_private(private)
    with store.writing(site) as making, store.locked(private), store.faults(private):
        parent = store.sound(site)
        gate.forward(manifest.read(parent) if parent else {}, today)
        orders = tombstones.read(private, parent)
        run = _check(inbox, private, catalog, secret, today, orders)
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


def _connect(work: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB with bounded memory; what it spills stays under PRIVATE."""
    con = duckdb.connect()
    con.execute("set memory_limit = '1GB'")
    con.execute(f"set temp_directory = '{work / 'spill'}'")
    return con


def prepare_private(private: Path) -> bytes:
    """The private folder, closed to others, with the key that makes record ids."""
    with store.faults(private):
        return _key(private)


def _key(private: Path) -> bytes:
    private.mkdir(parents=True, exist_ok=True)
    private.chmod(0o700)
    path = private / "key"
    if not path.exists():
        store.write_durably(path, secrets.token_hex(32), 0o600)
    try:
        key = bytes.fromhex(path.read_text("utf-8").strip())
    except ValueError:
        key = b""
    if len(key) != 32:  # with another key every record would get another id
        raise StoreError(say("key-broken", language(), path=path))
    return key


# ---------------------------------------------------------------- intake and checks, file by file


def _take_in(
    inbox_file: sources.InboxFile, run: Run, catalog: Catalog, key: bytes, today: date
) -> None:
    ledger = run.ledger
    file = sources.snapshot(inbox_file, ledger.private / "raw")
    if isinstance(file, Finding):
        ledger.finding(file)
        return
    run.taken.append(file)
    for opened in read.open_file(file, catalog):
        if isinstance(opened, Finding):
            ledger.finding(opened)
            continue
        run.opened.append(opened)
        positions = {m.field: m.position for m in opened.mapping if m.field}
        ledger.places[opened.source.source_id] = Place(opened.source.header, positions)
        for finding in opened.findings:
            ledger.finding(finding, opened.source.source_id)
        if opened.dataset is None:
            continue
        dataset = opened.dataset
        empty = Tally(0)
        ledger.tallies[opened.source.source_id] = empty

        def work(piece: Any, opened: Opened = opened, dataset: Dataset = dataset) -> Any:
            return check_chunk(opened.chunk(piece), dataset, catalog, key, today)

        for checked in ordered_map(work, opened.pieces()):
            ledger.add(checked, dataset)
            rows = f"{ledger.tallies[opened.source.source_id].read:,}"
            progress.say_more(say("step-rows", language(), file=file.name, rows=rows))


def _keep_raw(path: Path, sha256: str, private: Path) -> None:
    """The input as it came, under its hash."""
    place = private / "raw" / sha256
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        made = place.with_suffix(".new")
        shutil.copyfile(path, made)
        made.replace(place)


def _send_back(run: Run, files: Sequence[sources.InboxFile], catalog: Catalog) -> None:
    """A workbook for each file in which a department has something to mend."""
    inputs = {file.name: file for file in files}
    tables: dict[str, list[feedback.Table]] = {}
    for opened in run.opened:
        tally = run.ledger.tallies.get(opened.source.source_id)
        if opened.dataset and tally:
            table = feedback.Table(opened.source, opened.dataset, tally)
            tables.setdefault(opened.source.path, []).append(table)
    run.feedback = feedback.write_all(
        run.ledger.private / "feedback",
        run.ledger.notes,
        tables,
        lambda name: cells.grids(inputs[name]),
        catalog,
    )


def _read_reports(run: Run, files: Sequence[sources.InboxFile], catalog: Catalog) -> None:
    """The yearly reports, after the records that they are held against."""
    if not any(file.is_report for file in files):
        return  # a contract of other things need not know any indicator
    vocabulary = catalog.folder / "codes" / "indicators.csv"
    run.reports = yearly.read_reports(files, vocabulary, catalog)
    for each in run.reports:
        for finding in each.report.findings:
            run.ledger.finding(replace(finding, file=each.source.path), each.source.source_id)
    for file in files:
        if file.is_report:
            _keep_raw(file.path, read.sha256(file.path), run.ledger.private)
    run.comparisons = yearly.comparisons(
        run.reports, vocabulary, run.con, catalog, run.by_dataset()
    )


# ---------------------------------------------------------------- across rows and datasets


def _settle(run: Run, catalog: Catalog, orders: Collection[Tombstone], today: date) -> None:
    """Withdrawn, repeated, conflicting and dangling rows leave the accepted ones; the tallies follow."""
    con, ledger = run.con, run.ledger
    con.execute("create table withdrawn_keys (dataset varchar, key varchar)")
    for stone in orders:
        con.execute("insert into withdrawn_keys values (?, ?)", [stone.dataset, stone.key])
    for name, path in ledger.accepted():
        con.execute(f"create view {quoted('all_' + name)} as select * from read_parquet('{path}')")
        names = [c.name for c in published_columns(catalog.datasets[name])]
        found = seal.of_query(con, quoted("all_" + name), names)
        seal.compare(f"{name} accepted", ledger.seals[name], found)
        con.execute(
            f"create table {quoted('gone_' + name)} (source_id varchar, source_row varchar)"
        )
        con.execute(
            f"create view {quoted(name)} as select * from {quoted('all_' + name)} anti join {quoted('gone_' + name)} using (source_id, source_row)"
        )
    rank = {o.source.source_id: (o.precedence, place) for place, o in enumerate(run.opened)}
    files = {o.source.source_id: o.source for o in run.opened}
    datasets = keys.order_of({n: catalog.datasets[n] for n, _ in ledger.accepted()})
    for dataset in datasets:
        for stage in _stages(run, dataset, catalog, rank):
            _apply(run, dataset, stage, files, catalog)
    setting = Setting(today, catalog, frozenset(d.name for d in datasets))
    for dataset, outcomes in wider.judge(con, datasets, setting, ledger.left_out):
        _apply(run, dataset, outcomes, files, catalog)
    for finding in wider.collections(con, datasets, setting):
        ledger.finding(finding)
    for dataset in datasets:
        _close(run, dataset)


def _stages(
    run: Run, dataset: Dataset, catalog: Catalog, rank: Mapping[str, tuple[int, int]]
) -> Iterator[list[keys.Outcome]]:
    """Each check wider than a row, over what the one before it has left."""
    here = {name: catalog.datasets[name] for name, _ in run.ledger.accepted()}
    yield list(keys.withdrawn(run.con, dataset, here))
    yield list(keys.repeated(run.con, dataset, rank))
    yield list(keys.not_unique(run.con, dataset))
    present = {name for name, _ in run.ledger.accepted()}
    for key in dataset.foreign_keys:
        other = catalog.datasets[key.dataset]
        if key.dataset in present:
            yield list(keys.dangling(run.con, dataset, key))
        elif key.severity == "warning":
            column = dataset.column(key.fields[0])
            params = {
                "title": column.title,
                "title_en": column.title_en,
                "other": other.title,
                "other_en": other.title_en,
            }
            run.ledger.finding(
                found("foreign-key-none", dataset=dataset.name, column=column.name, params=params)
            )
        else:
            run.con.execute(
                f"create or replace temp view {quoted(key.dataset)} as select {', '.join(f'cast(null as varchar) as {quoted(f)}' for f in key.reference_fields)} where false"
            )
            yield list(keys.dangling(run.con, dataset, key))


def _apply(
    run: Run,
    dataset: Dataset,
    outcomes: list[keys.Outcome],
    files: Mapping[str, Source],
    catalog: Catalog,
) -> None:
    gone = keys.keys_of(outcomes)
    if gone:
        run.con.register(
            "leaving",
            pa.table({"source_id": [g[0] for g in gone], "source_row": [g[1] for g in gone]}),
        )
        run.con.execute(f"insert into {quoted('gone_' + dataset.name)} select * from leaving")
        run.con.unregister("leaving")
    held_back: dict[str, dict[int, str]] = {}
    for outcome in outcomes:
        if outcome.rule:
            params = dict(outcome.params)
            if "other_source" in params:
                params["other_file"] = files[params.pop("other_source")].path
            if "other" in params:
                other = catalog.datasets[params["other"]]
                params |= {"other": other.title, "other_en": other.title_en}
            if outcome.column:
                column = dataset.column(outcome.column)
                params = {"title": column.title, "title_en": column.title_en, **params}
            source = files[outcome.source_id]
            about = found(
                outcome.rule,
                source,
                row=outcome.row,
                column=outcome.column,
                value=outcome.value,
                params=params,
            )
            run.ledger.finding(about, outcome.source_id)
        if outcome.fate != "kept":
            run.ledger.move(outcome.source_id, outcome.fate)
        if outcome.fate == "quarantined":
            held_back.setdefault(outcome.source_id, {})[outcome.row] = outcome.rule
    for source_id, reasons in held_back.items():
        opened = next(o for o in run.opened if o.source.source_id == source_id)
        run.ledger.quarantine(dataset, _raw_rows(opened, reasons))


def _raw_rows(opened: Opened, reasons: Mapping[int, str]) -> pa.Table:
    """Rows of a source as they were written, read once more: they were found out only now."""
    lines = []
    for piece in opened.pieces():
        for record in opened.chunk(piece).raw.to_pylist():
            row = record.pop("_row")
            if row in reasons:
                lines.append(
                    (
                        opened.source.path,
                        opened.source.sheet,
                        str(row),
                        reasons[row],
                        as_written(opened.source.header, list(record.values())),
                    )
                )
    return pa.table(
        [pa.array(column, pa.string()) for column in zip(*lines, strict=True)], schema=QUARANTINE
    )


def _close(run: Run, dataset: Dataset) -> None:
    """What is left of a dataset is what it had less what left it, row for row."""
    names = [c.name for c in published_columns(dataset)]
    had, everything, leavers = (
        run.ledger.seals[dataset.name],
        quoted("all_" + dataset.name),
        quoted("gone_" + dataset.name),
    )
    if run.con.execute(f"select count(*) from {leavers}").fetchall()[0][0]:
        left = seal.of_query(run.con, quoted(dataset.name), names)
        went = f"(select * from {everything} semi join {leavers} using (source_id, source_row))"
        seal.compare(f"{dataset.name} settled", had - seal.of_query(run.con, went, names), left)
    else:
        left = had
    counted = run.by_dataset()[dataset.name].accepted
    seal.compare(f"{dataset.name} tally", Seal(counted), Seal(left.rows))
    run.accepted[dataset.name], run.seals[dataset.name] = quoted(dataset.name), left


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
