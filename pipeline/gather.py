"""An inbox read and checked file by file: what it leaves for the checks across rows and for a release."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipeline import progress, yearly
from pipeline.cache import Cache, Part
from pipeline.checks import feedback
from pipeline.checks.check import check_chunk
from pipeline.checks.findings import Place
from pipeline.checks.ledger import Ledger
from pipeline.engine import OrderedMap
from pipeline.errors import StoreError
from pipeline.intake import cells, read, sources
from pipeline.intake.read import Opened
from pipeline.model import Catalog, Checked, Chunk, Comparison, Dataset, Finding, Source, Tally
from pipeline.packages import Taken
from pipeline.release import store
from pipeline.release.tombstones import Tombstone
from pipeline.seal import Seal
from pipeline.words import language, say


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
    packages: list[Taken] = field(
        default_factory=list
    )  # other publishers', as sources.yaml lists them
    orders: tuple[Tombstone, ...] = ()  # all that is withdrawn, here and by those publishers

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


@dataclass(frozen=True, slots=True)
class Task:
    """Intake and checks of one piece of a table: all that another process needs to do them."""

    chunk: Callable[[Any], Chunk]
    dataset: Dataset
    catalog: Catalog
    key: bytes
    today: date

    def __call__(self, piece: Any) -> Checked:
        return check_chunk(self.chunk(piece), self.dataset, self.catalog, self.key, self.today)


@dataclass(frozen=True, slots=True)
class Means:
    """What it takes to read an inbox: the contract, the key, the day, and who does the work."""

    catalog: Catalog
    key: bytes
    today: date
    engine: OrderedMap
    cache: Cache


def take_in(inbox_file: sources.InboxFile, run: Run, means: Means) -> None:
    """Every table of one file through intake and the checks of its rows, into the run's ledger.

    What a file gave before, and would give again, comes out of the cache.
    """
    file = sources.snapshot(inbox_file, run.ledger.private / "raw")
    if isinstance(file, Finding):
        run.ledger.finding(file)
        return
    run.taken.append(file)
    for part in means.cache.parts(file, _parts(file, means)):
        if isinstance(part, Finding):
            run.ledger.finding(part)
        elif isinstance(part, Opened):
            _open(part, run)
        else:
            run.ledger.add(part, means.catalog.datasets[part.source.dataset])
            rows = f"{run.ledger.tallies[part.source.source_id].read:,}"
            progress.say_more(say("step-rows", language(), file=file.name, rows=rows))


def _parts(file: sources.InboxFile, means: Means) -> Iterator[Part]:
    """Each table of a file, and behind it its rows as they come out of the checks."""
    for opened in read.open_file(file, means.catalog):
        yield opened
        if isinstance(opened, Opened) and opened.dataset is not None:
            task = Task(opened.chunk, opened.dataset, means.catalog, means.key, means.today)
            yield from means.engine(task, opened.pieces())


def _open(opened: Opened, run: Run) -> None:
    source, ledger = opened.source, run.ledger
    run.opened.append(opened)
    positions = {m.field: m.position for m in opened.mapping if m.field}
    ledger.places[source.source_id] = Place(source.header, positions)
    for finding in opened.findings:
        ledger.finding(finding, source.source_id)
    if opened.dataset is not None:
        ledger.tallies[source.source_id] = Tally(0)


def _keep_raw(path: Path, sha256: str, private: Path) -> None:
    """The input as it came, under its hash."""
    place = private / "raw" / sha256
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        made = place.with_suffix(".new")
        shutil.copyfile(path, made)
        made.replace(place)


def send_back(run: Run, files: Sequence[sources.InboxFile], catalog: Catalog) -> None:
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


def read_reports(run: Run, files: Sequence[sources.InboxFile], catalog: Catalog) -> None:
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


# ---------------------------------------------------------------- the private folder


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
