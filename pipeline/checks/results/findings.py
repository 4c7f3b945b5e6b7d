"""A finding as it is written: one line of findings.csv, one object of findings.json.

`findings.json` is `{"format": "gongshi-findings", "version": 1, "findings": […]}`, one finding a
line. Each has the columns of findings.csv under the same names (`row` a number or null), and in
addition `cell` (as a spreadsheet names it, "" where it is not one cell) and `fix`. Names may be
added within a version; none is changed or removed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.base import words
from pipeline.base.column_letters import letters
from pipeline.base.model import Finding
from pipeline.base.spreadsheet_safety import safe
from pipeline.base.words import Lang

COLUMNS = (
    "rule",
    "version",
    "severity",
    "owner",
    "dataset",
    "file",
    "sheet",
    "row",
    "column",
    "value",
    "message",
)
OPENING = '{"format": "gongshi-findings", "version": 1, "findings": ['
CLOSING = "\n]}\n"


@dataclass(frozen=True, slots=True)
class Place:
    """The columns of a table in its sheet: its header, and field → position from 0."""

    header: tuple[str, ...] = ()
    positions: Mapping[str, int] = field(default_factory=dict)

    def of(self, finding: Finding) -> int | None:
        """The position of the column that a finding is about.

        None where it is about no one column.
        """
        header = finding.params.get("header")
        if header in self.header:
            return self.header.index(header)
        return self.positions.get(finding.column)


def message(rule: str, params: Mapping[str, Any], lang: Lang, file: str = "") -> str:
    """What is wrong, in words."""
    return words.say(rule, lang, **_readable(params, lang), file=file)


def fix(rule: str, params: Mapping[str, Any], lang: Lang, file: str = "") -> str:
    """What to do about it, in words."""
    return words.say_fix(rule, lang, **_readable(params, lang), file=file)


def _readable(params: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    """`params` for a message: a type of Table Schema by its name in `lang`."""
    kind = {"type": words.say(f"type-{params['type']}", lang)} if "type" in params else {}
    return {k: v for k, v in params.items() if k != "file"} | kind


def line(finding: Finding, lang: Lang) -> tuple[object, ...]:
    """A line of findings.csv.

    Text that a spreadsheet would run as a formula is marked as in `base.spreadsheet_safety`.
    """
    text = message(finding.rule, finding.params, lang, finding.file)
    cells = (getattr(finding, name) for name in COLUMNS[:-1])
    return tuple(_cell(value) for value in (*cells, text))


def _cell(value: object) -> object:
    return safe(value) if isinstance(value, str) else "" if value is None else value


def as_json(finding: Finding, position: int | None, lang: Lang) -> str:
    """An object of findings.json, on one line."""
    record = {name: getattr(finding, name) for name in COLUMNS[:-1]}
    one_cell = finding.row is not None and position is not None
    record["cell"] = f"{letters(position or 0)}{finding.row}" if one_cell else ""
    record["message"] = message(finding.rule, finding.params, lang, finding.file)
    record["fix"] = fix(finding.rule, finding.params, lang, finding.file)
    return json.dumps(record, ensure_ascii=False)
