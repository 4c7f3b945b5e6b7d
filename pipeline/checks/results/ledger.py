"""Where checked rows go on disk: accepted ones to Parquet, the rest to files under PRIVATE.

Large tables come as parts that were written where the rows were checked. The ledger is opened for
one run, receives chunks in the inbox's order, and keeps only counts in memory. Its files are
written to a work folder and replace those of the last run when it is closed.
"""

from __future__ import annotations

import csv
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import pyarrow as pa

from pipeline.base.files import link
from pipeline.base.model import TALLY_PARTS, Checked, Dataset, Finding, Tally, found
from pipeline.base.row_checksums import RowChecksum
from pipeline.base.spreadsheet_safety import safe
from pipeline.base.words import Lang, say
from pipeline.checks.results import findings, parquet
from pipeline.checks.results.findings import Place
from pipeline.checks.results.notes import Notes
from pipeline.checks.results.refused_rows import Refused, without
from pipeline.checks.results.unpublished_rows import QUARANTINE, SET_ASIDE, WITHHELD

OF_A_TABLE = (
    "rule-not-applicable",
    "header-blank",
    "backslash-quote",
    "rows-set-aside",
)  # findings of no single row


class Ledger:
    """The files of one run, and the counts from which the public tables are built."""

    def __init__(self, private: Path, lang: Lang, refused: Refused | None = None) -> None:
        self.private, self.lang, self.refused = private, lang, refused or {}
        self.work = private / "work"
        self.secrets = self.work / "secrets.csv"  # one column: the values of never-fields
        self.tallies: dict[str, Tally] = {}
        self.issues: Counter[tuple[str, str, str, str, str, str]] = Counter()
        self.worst: dict[tuple[str, str], tuple[str, str]] = {}  # (file, sheet) → (severity, rule)
        self.places: dict[str, Place] = {}
        self.notes = Notes(self.work / "notes")
        self.checksums: dict[str, RowChecksum] = defaultdict(RowChecksum)
        self._rows: dict[tuple[str, str], parquet.Rows] = {}  # (kind, dataset)
        self._of_tables: dict[tuple[str, ...], Finding] = {}
        self._open: list[TextIO] = []
        self._quarantine: dict[str, Any] = {}

    def __enter__(self) -> Self:
        shutil.rmtree(self.work, ignore_errors=True)
        (self.work / "quarantine").mkdir(parents=True)
        self.home = parquet.made_home(self.work / "parts")
        self._withheld = self._csv("withheld.csv", ("dataset", *WITHHELD))
        self._set_aside = self._csv("set_aside.csv", ("dataset", *SET_ASIDE))
        self._secrets = self._csv("secrets.csv", ("value",))
        (self.work / "notes").mkdir()
        self._findings = self._csv("findings.csv", findings.COLUMNS)
        self._json = (self.work / "findings.json").open("w", encoding="utf-8")
        self._open.append(self._json)
        self._json.write(findings.OPENING)
        self._between = "\n"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # On a full disk one may fail to close: the others are closed all the same.
        with ExitStack() as closing:
            for file in self._open:
                closing.callback(file.close)
            for rows in self._rows.values():
                closing.callback(rows.close)
            self.close_tables()
            self.notes.close()
            self._json.write(findings.CLOSING)
        if kind is None:
            self._join_changes()
            files = ("findings.csv", "findings.json", "withheld.csv", "set_aside.csv", "quarantine")
            for name in (*files, "changes"):
                self._put_in_place(name)

    def _join_changes(self) -> None:
        """The record of changes as one folder, its parts in order."""
        (self.work / "changes").mkdir()
        changes = self._rows.get(("changes", ""))
        for number, path in enumerate(changes.files if changes else ()):
            link(path, self.work / "changes" / f"{number:06}.parquet")

    def _csv(self, name: str, header: Iterable[str]) -> Any:
        file = (self.work / name).open("w", encoding="utf-8", newline="")
        self._open.append(file)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        return writer

    def _put_in_place(self, name: str) -> None:
        made, place = self.work / name, self.private / name
        if place.is_dir():
            shutil.rmtree(place)
        if made.exists():
            made.replace(place)

    # ------------------------------------------------------------ what comes in

    def add(self, checked: Checked, dataset: Dataset) -> None:
        """One chunk: its accepted rows, its quarantine, its changes and its findings."""
        source = checked.source
        if source.source_id in self.refused:
            checked = without(checked, self.refused[source.source_id])
        self.checksums[dataset.name] += checked.checksum
        self.quarantine(dataset, checked.quarantined)
        self._take("accepted", checked, dataset)
        self._take("left_out", checked, dataset)
        self._take("changes", checked, dataset)
        self._take("persons", checked, dataset)
        self._withheld.writerows(
            (dataset.name, *row.values()) for row in checked.withheld.to_pylist()
        )
        self._list_set_aside(checked, dataset)
        self._secrets.writerows((value,) for value in checked.secrets)
        for finding in checked.findings:
            if finding.rule in OF_A_TABLE:
                self._about_table(finding, source.source_id)
            else:
                self.finding(finding, source.source_id)
        had = self.tallies.get(source.source_id)
        self.tallies[source.source_id] = had + checked.tally if had else checked.tally

    def _list_set_aside(self, checked: Checked, dataset: Dataset) -> None:
        """Each row that is no record, with its reason; one finding for the table counts them."""
        source = checked.source
        for aside in checked.set_aside:
            reason = f"set-aside-{aside.why}"
            why = (aside.why, say(reason, "zh"), say(reason, "en"))
            place = (dataset.name, source.path, source.sheet, aside.row)
            self._set_aside.writerow((*place, *why, safe(aside.text)))
        if checked.set_aside:
            params = {"count": len(checked.set_aside)}
            self._about_table(found("rows-set-aside", source, params=params), source.source_id)

    def _about_table(self, finding: Finding, source_id: str) -> None:
        """A finding that each piece of a table may have is reported once, with the sum of all counts."""
        about = (
            source_id,
            finding.rule,
            *(str(finding.params.get(p, "")) for p in ("name", "column")),
        )
        if had := self._of_tables.get((*about, finding.column)):
            count = had.params.get("count", 0) + finding.params.get("count", 0)
            finding = replace(had, params={**had.params, "count": count})
        self._of_tables[(*about, finding.column)] = finding

    def finding(self, finding: Finding, source_id: str = "") -> None:
        """One line of findings.csv and findings.json, one more of its kind in the public table of
        issues, and a note for the department where it must act."""
        position = self.places.get(source_id, Place()).of(finding)
        self._findings.writerow(findings.line(finding, self.lang))
        self._json.write(self._between + findings.as_json(finding, position, self.lang))
        self._between = ",\n"
        self.notes.add(finding, position)
        self.issues[
            finding.rule,
            finding.severity,
            finding.owner,
            finding.dataset,
            source_id,
            finding.column,
        ] += 1
        rank = ("", "info", "warning", "error")
        where = finding.file, finding.sheet
        if rank.index(finding.severity) > rank.index(self.worst.get(where, ("", ""))[0]):
            self.worst[where] = finding.severity, finding.rule

    def quarantine(self, dataset: Dataset, rows: pa.Table) -> None:
        if len(rows):
            if dataset.name not in self._quarantine:
                self._quarantine[dataset.name] = self._csv(
                    f"quarantine/{dataset.name}.csv", QUARANTINE
                )
            for row in rows.to_pylist():
                self._quarantine[dataset.name].writerow(row.values())

    def _take(self, kind: str, checked: Checked, dataset: Dataset) -> None:
        """The rows of one kind, of accepted ones also where there are none:
        their file has a header.
        """
        rows: pa.Table = getattr(checked, kind)
        if part := checked.parts.get(kind):
            self._rows_of(kind, dataset.name).add(part)
        elif kind == "accepted":
            self._write_accepted(rows, dataset)
        elif len(rows):
            self._rows_of(kind, dataset.name).write(rows)

    def _write_accepted(self, table: pa.Table, dataset: Dataset) -> None:
        self._rows_of("accepted", dataset.name).write(table)

    def _rows_of(self, kind: str, dataset: str) -> parquet.Rows:
        """Where rows of this kind go; changes and persons are one list for all datasets."""
        at = (kind, "" if kind in ("changes", "persons") else dataset)
        if at not in self._rows:
            self._rows[at] = parquet.Rows(self.work / "rows" / kind / at[1])
        return self._rows[at]

    def close_tables(self) -> None:
        """No more rows will come: accepted rows and the values of never-fields can be read."""
        while self._of_tables:
            about = next(iter(self._of_tables))
            self.finding(self._of_tables.pop(about), about[0])
        for rows in self._rows.values():
            rows.close()
        for file in self._open:
            file.flush()

    # ------------------------------------------------------------ what comes out

    def accepted(self) -> Iterator[tuple[str, Sequence[Path]]]:
        """(dataset, Parquet files in order) of every dataset with a source in the inbox."""
        for kind, name in self._rows:
            if kind == "accepted":
                yield name, self._rows[kind, name].files

    def has(self, name: str) -> bool:
        """Whether a dataset has a source in the inbox."""
        return ("accepted", name) in self._rows

    def replace_accepted(
        self, name: str, files: Mapping[Path, Path], less: RowChecksum, more: RowChecksum
    ) -> None:
        """Put other `files` (old → new) in the place of a dataset's accepted rows; the row checksums
        of the rows that changed are `less` before and `more` after.
        """
        rows = self._rows["accepted", name]
        rows.files = [files.get(path, path) for path in rows.files]
        self.checksums[name] = self.checksums[name] - less + more

    def persons(self) -> Sequence[Path]:
        """The Parquet files of the names that are kept from the public, in order."""
        rows = self._rows.get(("persons", ""))
        return rows.files if rows else ()

    def left_out(self, name: str) -> Sequence[Path]:
        """The Parquet files of a dataset's quarantined and withheld rows.

        None where it has none.
        """
        rows = self._rows.get(("left_out", name))
        return rows.files if rows else ()

    def move(self, source_id: str, status: str, rows: int = 1) -> None:
        """Count `rows` accepted rows of a source as `status` (a part of the tally) instead."""
        had = self.tallies[source_id]
        parts = {part: getattr(had, part) for part in ("read", *TALLY_PARTS)}
        parts["accepted"] -= rows
        parts[status] += rows
        self.tallies[source_id] = Tally(**parts)
