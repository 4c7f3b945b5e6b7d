"""Where checked rows go on disk: accepted ones to Parquet, the rest to files under PRIVATE.

The ledger is opened for one run, takes chunks in the inbox's order, and keeps only counts in memory.
Its files are written aside and take the place of the last run's when it is closed.
"""

from __future__ import annotations

import csv
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.checks import findings
from pipeline.checks.feedback.notes import Notes
from pipeline.checks.findings import Place
from pipeline.checks.publication import WITHHELD
from pipeline.model import TALLY_PARTS, Checked, Dataset, Finding, Tally
from pipeline.seal import Seal
from pipeline.words import Lang

QUARANTINE = ("file", "sheet", "row", "reasons", "record")


class Ledger:
    """Files of one run, and the counts that the public tables are made of."""

    def __init__(self, private: Path, lang: Lang) -> None:
        self.private, self.lang = private, lang
        self.work = private / "work"
        self.tallies: dict[str, Tally] = {}
        self.issues: Counter[tuple[str, str, str, str, str, str]] = Counter()
        self.worst: dict[tuple[str, str], tuple[str, str]] = {}  # (file, sheet) → (severity, rule)
        self.places: dict[str, Place] = {}
        self.notes = Notes(self.work / "notes")
        self.seals: dict[str, Seal] = defaultdict(Seal)
        self._accepted: dict[str, pq.ParquetWriter] = {}
        self._left_out: dict[str, pq.ParquetWriter] = {}
        self._changes: pq.ParquetWriter | None = None
        self._open: list[TextIO] = []
        self._quarantine: dict[str, Any] = {}

    def __enter__(self) -> Self:
        shutil.rmtree(self.work, ignore_errors=True)
        (self.work / "quarantine").mkdir(parents=True)
        (self.work / "accepted").mkdir()
        (self.work / "left_out").mkdir()
        self._withheld = self._csv("withheld.csv", ("dataset", *WITHHELD))
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
        self.close_tables()
        self.notes.close()
        self._json.write(findings.CLOSING)
        for file in self._open:
            file.close()
        if kind is None:
            files = ("findings.csv", "findings.json", "withheld.csv", "quarantine")
            for name in (*files, "changes.parquet"):
                self._put_in_place(name)

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
        self.seals[dataset.name] += checked.seal
        self._write_accepted(checked.accepted, dataset)
        self.quarantine(dataset, checked.quarantined)
        if len(checked.left_out):
            self._write(self._left_out, "left_out", checked.left_out, dataset)
        self._withheld.writerows(
            (dataset.name, *row.values()) for row in checked.withheld.to_pylist()
        )
        self._secrets.writerows((value,) for value in checked.secrets)
        if len(checked.changes):
            self._write_changes(checked.changes, source.source_id)
        for finding in checked.findings:
            self.finding(finding, source.source_id)
        had = self.tallies.get(source.source_id)
        self.tallies[source.source_id] = had + checked.tally if had else checked.tally

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

    def _write_accepted(self, table: pa.Table, dataset: Dataset) -> None:
        self._write(self._accepted, "accepted", table, dataset)

    def _write(
        self, writers: dict[str, pq.ParquetWriter], folder: str, table: pa.Table, dataset: Dataset
    ) -> None:
        if dataset.name not in writers:
            path = self.work / folder / f"{dataset.name}.parquet"
            writers[dataset.name] = pq.ParquetWriter(path, table.schema, compression="lz4")
        writers[dataset.name].write_table(table)

    def _write_changes(self, changes: pa.Table, source_id: str) -> None:
        ids = pa.array([source_id], pa.string()).take(pa.array([0] * len(changes), pa.int64()))
        table = changes.add_column(0, "source_id", ids)
        if self._changes is None:
            self._changes = pq.ParquetWriter(
                self.work / "changes.parquet", table.schema, compression="lz4"
            )
        self._changes.write_table(table)

    def close_tables(self) -> None:
        """No more rows will come: accepted rows can be read."""
        for writer in (*self._accepted.values(), *self._left_out.values()):
            writer.close()
        if self._changes is not None:
            self._changes.close()
            self._changes = None

    # ------------------------------------------------------------ what comes out

    def accepted(self) -> Iterator[tuple[str, Path]]:
        """(dataset, Parquet file) of every dataset with a source in the inbox."""
        for name in self._accepted:
            yield name, self.work / "accepted" / f"{name}.parquet"

    def left_out(self, name: str) -> Path | None:
        """The Parquet file of a dataset's quarantined and withheld rows; None where it has none."""
        return self.work / "left_out" / f"{name}.parquet" if name in self._left_out else None

    def move(self, source_id: str, fate: str, rows: int = 1) -> None:
        """`rows` accepted rows of a source turn out to be `fate` (a part of the tally)."""
        had = self.tallies[source_id]
        parts = {part: getattr(had, part) for part in ("read", *TALLY_PARTS)}
        parts["accepted"] -= rows
        parts[fate] += rows
        self.tallies[source_id] = Tally(**parts)
