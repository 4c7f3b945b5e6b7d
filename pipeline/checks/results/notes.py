"""Findings for departments, stored on disk file by file until the workbooks are written."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.base.model import Finding

MOST_OF_A_KIND = 20_000  # of one kind in one column of a sheet; further ones are only counted

Kind = tuple[str, str, str, str]  # severity, rule, sheet, column


@dataclass(frozen=True, slots=True)
class Note:
    """One problem that a department must correct.

    `row` and `position` (of the column, from 0) are None where it is about no single row or column.
    """

    severity: str
    rule: str
    sheet: str
    column: str
    dataset: str
    row: int | None
    position: int | None
    params: Mapping[str, Any]

    @property
    def kind(self) -> Kind:
        return self.severity, self.rule, self.sheet, self.column

    @property
    def place(self) -> tuple[str, int, int]:
        """The sort key: notes on the whole file first, then by sheet, row and column."""
        return self.sheet, self.row or 0, -1 if self.position is None else self.position


def for_department(finding: Finding) -> bool:
    """Whether the department that sent the file must correct something."""
    return bool(finding.file) and finding.owner == "department" and finding.severity != "info"


class Notes:
    """The notes of one run: `folder` holds a file of them for each file of the inbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: dict[str, Counter[Kind]] = defaultdict(Counter)
        self._file, self._held = "", list[str]()

    def add(self, finding: Finding, position: int | None) -> None:
        """Store `finding` with the `position` of its column, if it is for the department."""
        if not for_department(finding):
            return
        if finding.file != self._file or len(self._held) > 1000:
            self.close()
            self._file = finding.file
        f = finding
        kind = f.severity, f.rule, f.sheet, f.column
        self.counts[f.file][kind] += 1
        if self.counts[f.file][kind] <= MOST_OF_A_KIND:
            fields = (*kind, f.dataset, f.row, position, dict(f.params))
            self._held.append(json.dumps(fields, default=str))

    def close(self) -> None:
        """Write down what is held."""
        if self._held:
            with self._path(self._file).open("a", encoding="utf-8") as file:
                file.write("\n".join(self._held) + "\n")
        self._held.clear()

    def of(self, file: str) -> list[Note]:
        """The notes on one file in the order of its cells."""
        self.close()
        with self._path(file).open(encoding="utf-8") as lines:
            return sorted((Note(*json.loads(line)) for line in lines), key=lambda n: n.place)

    def _path(self, file: str) -> Path:
        name = hashlib.sha256(file.encode("utf-8", "surrogateescape")).hexdigest()
        return self.folder / f"{name}.jsonl"
