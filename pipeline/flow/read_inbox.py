"""Reads and checks an inbox file by file, for the cross-row checks and for a release."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipeline.base import progress
from pipeline.base.engine import Engine
from pipeline.base.errors import StoreError
from pipeline.base.files import copy, faults, sha256, write_durably
from pipeline.base.model import (
    Catalog,
    Checked,
    Chunk,
    Comparison,
    Dataset,
    Finding,
    Source,
    Tally,
)
from pipeline.base.row_checksums import RowChecksum
from pipeline.base.sql import Sql
from pipeline.base.words import language, say
from pipeline.checks import feedback
from pipeline.checks.across.keys import Outcome
from pipeline.checks.privacy.known_persons import NOBODY, KnownPersons
from pipeline.checks.results.findings import Place
from pipeline.checks.results.ledger import Ledger
from pipeline.checks.results.parquet import Home, laid_down
from pipeline.checks.results.refused_rows import Refused
from pipeline.checks.row.check import check_chunk
from pipeline.flow.cache import Cache, Keeper, Result
from pipeline.intake import read
from pipeline.intake.inbox import sources
from pipeline.intake.read import Opened
from pipeline.intake.text.ranges import Range
from pipeline.intake.workbook.sheet import NOT_OF_THE_FILE
from pipeline.release.package.public_names import PublicNames

if TYPE_CHECKING:
    from pipeline.base.sheet_cells import Grid
    from pipeline.flow.yearly_reports import ReadReport
    from pipeline.publishers.packages import PackageResult
    from pipeline.release.package.expectations import HeldBack
    from pipeline.release.removal.kept_rows import Kept
    from pipeline.release.removal.tombstones import Tombstone


@dataclass(slots=True)
class Run:
    """The results of intake and checks, for a release and for the closing table."""

    ledger: Ledger
    con: duckdb.DuckDBPyConnection
    opened: list[Opened] = field(default_factory=list)
    accepted: dict[str, Sql] = field(default_factory=dict)  # dataset → query
    checksums: dict[str, RowChecksum] = field(default_factory=dict)
    reports: list[ReadReport] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    sample: bool = False
    files: list[sources.InboxFile] = field(default_factory=list)  # as kept under PRIVATE/raw
    unread: set[str] = field(default_factory=set)  # files that a fault of ours kept from being read
    names: PublicNames = field(default_factory=PublicNames)
    # The persons that are kept from the public, and by dataset the rows that may name one of them.
    persons: KnownPersons = field(default=NOBODY)
    unsure: dict[str, dict[tuple[str, str], Outcome]] = field(default_factory=dict)
    feedback: list[str] = field(default_factory=list)  # workbooks written, inside PRIVATE/feedback
    # Other publishers' packages, as sources.yaml lists them.
    packages: list[PackageResult] = field(default_factory=list)
    withdrawals: tuple[Tombstone, ...] = ()  # all that is withdrawn, here and by those publishers
    # Datasets whose rows are those of an earlier release, and the keys of records that they lose.
    held_back: dict[str, HeldBack] = field(default_factory=dict)
    left: dict[str, set[str]] = field(default_factory=dict)

    @property
    def sources(self) -> list[Source]:
        """Every table and report that was read."""
        return [*(o.source for o in self.opened), *(r.source for r in self.reports)]

    def by_dataset(self) -> dict[str, Tally]:
        """The tally of each dataset that was read."""
        sums: dict[str, Tally] = {}
        for opened in self.opened:
            if tally := self.ledger.tallies.get(opened.source.source_id):
                name = opened.source.dataset
                sums[name] = sums[name] + tally if name in sums else tally
        return sums


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a table: its place, and the function that reads it."""

    content: read.Piece
    chunk: Callable[[read.Piece], Chunk]
    dataset: Dataset

    def carried(self) -> Piece:
        """The same with its content, for a worker that cannot read the file."""
        place = self.content
        return replace(self, content=place.carried()) if isinstance(place, Range) else self

    def share(self, path: Path) -> float:
        """The share of the file at `path` that is read up to its end, 0 to 1; 0 where unknown."""
        place = self.content
        return place.end / path.stat().st_size if isinstance(place, Range) else 0


@dataclass(frozen=True, slots=True)
class Task:
    """Intake and row checks of one piece; can be pickled for another process."""

    catalog: Catalog
    key: bytes
    today: date
    home: Home

    def __call__(self, piece: Piece) -> Checked:
        """The checked rows of `piece`.

        Raises Unseen where its file is not on this machine, OSError where the disk is full.
        """
        chunk = piece.chunk(piece.content)
        checked = check_chunk(chunk, piece.dataset, self.catalog, self.key, self.today)
        return laid_down(checked, self.home, self.key)


@dataclass(frozen=True, slots=True)
class Means:
    """What a run works with: contract, secret key, day, engine and cache.

    `refused`: rows that an earlier pass of the run found cannot be published. `kept`: the datasets
    that such a pass found must be held back, None where there are none.
    """

    catalog: Catalog
    key: bytes
    today: date
    engine: Engine
    cache: Cache
    refused: Refused = field(default_factory=dict)
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class _Open:
    """A piece whose result is awaited; `share`: how much of its file is read then, 0 to 1."""

    share: float = 0


@dataclass(frozen=True, slots=True)
class _Entry:
    """One result of a file in its order; `what` is None at the file's end."""

    file: sources.InboxFile
    number: int
    what: Result | _Open | Iterator[Result] | None
    keeper: Keeper | None = None


def read_files(files: Sequence[sources.InboxFile], run: Run, means: Means) -> None:
    """Run intake and row checks on every table of `files`; the results go to the run's ledger.

    Pieces of several files are in progress at a time; results are added in the inbox's order.
    Files whose results are in the cache are not read.
    """
    waiting: deque[_Entry] = deque()
    collector = _Collector(run, means, len(files))
    with ExitStack() as at_last:
        for checked in means.engine(collector.task, _pieces(files, run, means, waiting, at_last)):
            collector.collect(waiting, checked)
        collector.collect(waiting)


def _pieces(
    files: Sequence[sources.InboxFile],
    run: Run,
    means: Means,
    waiting: deque[_Entry],
    at_last: ExitStack,
) -> Iterator[Piece]:
    """The pieces of all tables that have to be read; other results are put into `waiting`."""
    for number, file in enumerate(files, 1):
        if file.is_report:
            continue
        copy = sources.snapshot(file, run.ledger.private / "raw")
        if isinstance(copy, Finding):
            waiting.append(_Entry(file, number, copy))
            continue
        run.files.append(copy)
        known = means.cache.kept(copy)
        if known is not None:
            waiting.append(_Entry(copy, number, known))
            continue
        keeper = means.cache.keep(copy)
        at_last.callback(keeper.drop)
        entry = _Entry(copy, number, None, keeper)
        for result in _results(copy, means):
            if isinstance(result, Piece):
                waiting.append(replace(entry, what=_Open(result.share(copy.path))))
                yield result
            else:
                waiting.append(replace(entry, what=result))
        waiting.append(entry)


def _results(file: sources.InboxFile, means: Means) -> Iterator[Finding | Opened | Piece]:
    """Each table of a file, followed by its pieces."""
    for opened in read.open_file(file, means.catalog):
        yield opened
        if isinstance(opened, Opened) and opened.dataset is not None:
            for content in opened.pieces(means.engine.partitions):
                yield Piece(content, opened.chunk, opened.dataset)


class _Collector:
    """Adds results to the run's ledger and to the cache, and reports progress."""

    def __init__(self, run: Run, means: Means, files: int) -> None:
        self._run, self._means, self._files = run, means, files
        self.task = Task(means.catalog, means.key, means.today, run.ledger.home)

    def collect(self, waiting: deque[_Entry], checked: Checked | None = None) -> None:
        """Add waiting results up to the first awaited piece; `checked` is the result of that."""
        while waiting:
            entry = waiting[0]
            if isinstance(entry.what, _Open):
                if checked is None:
                    return
                self._rows(entry, checked, entry.what.share)
                checked = None
            else:
                self._other(entry)
            waiting.popleft()

    def _rows(self, entry: _Entry, checked: Checked, share: float) -> None:
        if entry.keeper:
            entry.keeper.add(checked)
        self._run.ledger.add(checked, self._means.catalog.datasets[checked.source.dataset])
        rows = f"{self._run.ledger.tallies[checked.source.source_id].read:,}"
        message = say("step-rows", language(), file=entry.file.name, rows=rows)
        progress.step(message, entry.number, self._files, share)

    def _other(self, entry: _Entry) -> None:
        what = entry.what
        if isinstance(what, Iterator):
            for each in what:
                self._other(replace(entry, what=each))
        elif isinstance(what, Checked):
            self._rows(entry, what, 0)
        elif isinstance(what, Finding | Opened):
            self._add(entry, what)
        elif entry.keeper:
            entry.keeper.done()

    def _add(self, entry: _Entry, what: Finding | Opened) -> None:
        message = say("step-reading", language(), file=entry.file.name)
        progress.step(message, entry.number, self._files)
        if entry.keeper:
            entry.keeper.add(what)
        if isinstance(what, Finding) and what.rule in NOT_OF_THE_FILE:
            self._run.unread.add(what.file)
            if entry.keeper:
                entry.keeper.drop()  # the next run may read it
        if isinstance(what, Finding):
            self._run.ledger.finding(what)
        else:
            _open(what, self._run)


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
    """Keep a copy of the input under its hash."""
    place = private / "raw" / sha256
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        made = place.with_suffix(".new")
        try:
            copy(path, made)
            made.replace(place)
        finally:
            made.unlink(missing_ok=True)


def write_feedback(run: Run, files: Sequence[sources.InboxFile], catalog: Catalog) -> None:
    """Write a feedback workbook for each file in which a department has something to correct."""
    inputs = {file.name: file for file in files}
    tables: dict[str, list[feedback.Table]] = {}
    for opened in run.opened:
        tally = run.ledger.tallies.get(opened.source.source_id)
        if opened.dataset and tally:
            table = feedback.Table(opened.source, opened.dataset, tally)
            tables.setdefault(opened.source.path, []).append(table)

    def grids(name: str) -> list[Grid]:
        from pipeline.intake import cells  # loads the readers of workbooks

        return cells.grids(inputs[name], catalog)

    private = run.ledger.private / "feedback"
    run.feedback = feedback.write_all(private, run.ledger.notes, tables, grids, catalog)


def read_reports(run: Run, files: Sequence[sources.InboxFile], catalog: Catalog) -> None:
    """Read the yearly reports and compare them with the run's records."""
    if not any(file.is_report for file in files):
        return  # a contract without reports needs no list of indicators
    from pipeline.flow import yearly_reports

    vocabulary = catalog.folder / "codes" / "indicators.csv"
    run.reports = yearly_reports.read_reports(files, vocabulary, catalog, run.names, run.persons)
    for each in run.reports:
        for finding in each.report.findings:
            run.ledger.finding(replace(finding, file=each.source.path), each.source.source_id)
    for file in files:
        if file.is_report:
            _keep_raw(file.path, sha256(file.path), run.ledger.private)
    tallies = run.by_dataset()
    for held in run.held_back.values():  # what is compared is what is public
        tallies.pop(held.dataset, None)
        tallies |= {held.dataset: Tally(0)} if held.release else {}
    run.comparisons = yearly_reports.comparisons(run.reports, vocabulary, run.con, catalog, tallies)


# ---------------------------------------------------------------- the private folder


def prepare_private(private: Path) -> bytes:
    """Create the private folder, closed to other users, and return its key (32 bytes).

    The key makes record ids and signatures. StoreError where it is damaged or cannot be written.
    """
    with faults(private):
        return _key(private)


def _key(private: Path) -> bytes:
    private.mkdir(parents=True, exist_ok=True)
    private.chmod(0o700)
    path = private / "key"
    if not path.exists():
        write_durably(path, secrets.token_hex(32), 0o600)
    try:
        key = bytes.fromhex(path.read_text("utf-8").strip())
    except ValueError:
        key = b""
    if len(key) != 32:  # with another key every record would get another id
        raise StoreError(say("key-broken", language(), path=path))
    return key
