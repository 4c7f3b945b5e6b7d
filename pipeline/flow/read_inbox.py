"""An inbox read and checked file by file:
what it leaves for the checks across rows and for a release.
"""

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
from pipeline.base.files import copy, faults, write_durably
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
from pipeline.checks.results.findings import Place
from pipeline.checks.results.ledger import Ledger
from pipeline.checks.results.parquet import Home, laid_down
from pipeline.checks.row.check import check_chunk
from pipeline.flow.cache import Cache, Keeper, Result
from pipeline.intake import read
from pipeline.intake.inbox import sources
from pipeline.intake.read import Opened
from pipeline.intake.text.ranges import Range

if TYPE_CHECKING:
    from pipeline.base.sheet_cells import Grid
    from pipeline.flow.yearly_reports import ReadReport
    from pipeline.publishers.packages import PackageResult
    from pipeline.release.removal.tombstones import Tombstone


@dataclass(slots=True)
class Run:
    """What intake and checks leave for a release, and for the closing table."""

    ledger: Ledger
    con: duckdb.DuckDBPyConnection
    opened: list[Opened] = field(default_factory=list)
    accepted: dict[str, Sql] = field(default_factory=dict)  # dataset → query
    checksums: dict[str, RowChecksum] = field(default_factory=dict)
    reports: list[ReadReport] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    sample: bool = False
    taken: list[sources.InboxFile] = field(default_factory=list)  # as kept under PRIVATE/raw
    feedback: list[str] = field(default_factory=list)  # workbooks written, inside PRIVATE/feedback
    packages: list[PackageResult] = field(
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
class Piece:
    """A piece of a table: where it is, and how it is read."""

    content: read.Piece
    chunk: Callable[[read.Piece], Chunk]
    dataset: Dataset

    def carried(self) -> Piece:
        """The same with its content in it, for whoever cannot see the file."""
        place = self.content
        return replace(self, content=place.carried()) if isinstance(place, Range) else self

    def share(self, path: Path) -> float:
        """How much of the file at `path` is read with it, as far as that is known."""
        place = self.content
        return place.end / path.stat().st_size if isinstance(place, Range) else 0


@dataclass(frozen=True, slots=True)
class Task:
    """Intake and checks of pieces: all that another process needs to do them."""

    catalog: Catalog
    key: bytes
    today: date
    home: Home

    def __call__(self, piece: Piece) -> Checked:
        """Raises Unseen where the piece's file is not here, OSError where there is no room."""
        chunk = piece.chunk(piece.content)
        checked = check_chunk(chunk, piece.dataset, self.catalog, self.key, self.today)
        return laid_down(checked, self.home, self.key)


@dataclass(frozen=True, slots=True)
class Means:
    """What it takes to read an inbox: the contract, the key, the day, and who does the work."""

    catalog: Catalog
    key: bytes
    today: date
    engine: Engine
    cache: Cache


@dataclass(frozen=True, slots=True)
class _Open:
    """Stands for what a piece will give; `share`: how much of its file is read then."""

    share: float = 0


@dataclass(frozen=True, slots=True)
class _Entry:
    """One thing that a file gives, in its place: None at the file's end."""

    file: sources.InboxFile
    number: int
    what: Result | _Open | Iterator[Result] | None
    keeper: Keeper | None = None


def take_in(files: Sequence[sources.InboxFile], run: Run, means: Means) -> None:
    """Every table of `files` through intake and the checks of its rows, into the run's ledger.

    Pieces of several files are under way at a time; what they give is taken in the inbox's order.
    What a file gave before, and would give again, comes out of the cache.
    """
    waiting: deque[_Entry] = deque()
    taker = _Taker(run, means, len(files))
    with ExitStack() as at_last:
        for checked in means.engine(taker.task, _pieces(files, run, means, waiting, at_last)):
            taker.take_waiting(waiting, checked)
        taker.take_waiting(waiting)


def _pieces(
    files: Sequence[sources.InboxFile],
    run: Run,
    means: Means,
    waiting: deque[_Entry],
    at_last: ExitStack,
) -> Iterator[Piece]:
    """The pieces of all tables that have to be read; what else the files give goes to `waiting`."""
    for number, file in enumerate(files, 1):
        if file.is_report:
            continue
        copy = sources.snapshot(file, run.ledger.private / "raw")
        if isinstance(copy, Finding):
            waiting.append(_Entry(file, number, copy))
            continue
        run.taken.append(copy)
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
    """Each table of a file, and behind it its pieces."""
    for opened in read.open_file(file, means.catalog):
        yield opened
        if isinstance(opened, Opened) and opened.dataset is not None:
            for content in opened.pieces(means.engine.partitions):
                yield Piece(content, opened.chunk, opened.dataset)


class _Taker:
    """Takes what files give into the run's ledger and into the cache, and says how far it is."""

    def __init__(self, run: Run, means: Means, files: int) -> None:
        self._run, self._means, self._files = run, means, files
        self.task = Task(means.catalog, means.key, means.today, run.ledger.home)

    def take_waiting(self, waiting: deque[_Entry], checked: Checked | None = None) -> None:
        """What waits, in order, up to the first open piece; `checked` is what that piece gave."""
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
        told = say("step-rows", language(), file=entry.file.name, rows=rows)
        progress.step(told, entry.number, self._files, share)

    def _other(self, entry: _Entry) -> None:
        what = entry.what
        if isinstance(what, Iterator):
            for each in what:
                self._other(replace(entry, what=each))
        elif isinstance(what, Checked):
            self._rows(entry, what, 0)
        elif isinstance(what, Finding | Opened):
            self._told(entry, what)
        elif entry.keeper:
            entry.keeper.done()

    def _told(self, entry: _Entry, what: Finding | Opened) -> None:
        told = say("step-reading", language(), file=entry.file.name)
        progress.step(told, entry.number, self._files)
        if entry.keeper:
            entry.keeper.add(what)
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
    """The input as it came, under its hash."""
    place = private / "raw" / sha256
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        made = place.with_suffix(".new")
        try:
            copy(path, made)
            made.replace(place)
        finally:
            made.unlink(missing_ok=True)


def send_back(run: Run, files: Sequence[sources.InboxFile], catalog: Catalog) -> None:
    """A workbook for each file in which a department has something to mend."""
    inputs = {file.name: file for file in files}
    tables: dict[str, list[feedback.Table]] = {}
    for opened in run.opened:
        tally = run.ledger.tallies.get(opened.source.source_id)
        if opened.dataset and tally:
            table = feedback.Table(opened.source, opened.dataset, tally)
            tables.setdefault(opened.source.path, []).append(table)

    def grids(name: str) -> list[Grid]:
        from pipeline.intake import cells  # with all that reads a workbook

        return cells.grids(inputs[name])

    private = run.ledger.private / "feedback"
    run.feedback = feedback.write_all(private, run.ledger.notes, tables, grids, catalog)


def read_reports(run: Run, files: Sequence[sources.InboxFile], catalog: Catalog) -> None:
    """The yearly reports, after the records that they are held against."""
    if not any(file.is_report for file in files):
        return  # a contract of other things need not know any indicator
    from pipeline.flow import yearly_reports

    vocabulary = catalog.folder / "codes" / "indicators.csv"
    run.reports = yearly_reports.read_reports(files, vocabulary, catalog)
    for each in run.reports:
        for finding in each.report.findings:
            run.ledger.finding(replace(finding, file=each.source.path), each.source.source_id)
    for file in files:
        if file.is_report:
            _keep_raw(file.path, read.sha256(file.path), run.ledger.private)
    run.comparisons = yearly_reports.comparisons(
        run.reports, vocabulary, run.con, catalog, run.by_dataset()
    )


# ---------------------------------------------------------------- the private folder


def prepare_private(private: Path) -> bytes:
    """The private folder, closed to others, with the key that makes record ids."""
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
