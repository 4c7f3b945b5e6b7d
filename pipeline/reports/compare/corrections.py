"""Corrections of figures by hand: `<report>.corrections.csv` beside the report.

Columns: `start` (in the repaired text), or `ordinal` and `code`; `value`; `status` (confirmed or
corrected); `note`. A correction adds a row with the same offsets; the figure that was read stays.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from pipeline.base.model import Figure, Finding
from pipeline.reports.documents.text import decode, finding
from pipeline.reports.figures.numerals import plain

_STATES = ("confirmed", "corrected")
_MOST = 10_000  # lines; a report has a few hundred figures


def file_of(path: Path) -> Path:
    """The path of the corrections of the report at `path`."""
    return path.with_name(f"{path.name}.corrections.csv")


def apply(
    path: Path, name: str, figures: Sequence[Figure]
) -> tuple[tuple[Figure, ...], list[Finding]]:
    """`figures` with the corrections beside the report at `path`, and what is wrong with those."""
    file = file_of(path)
    if not file.is_file():
        return tuple(figures), []
    try:
        text, _ = decode(file.read_bytes())
    except (OSError, ValueError):
        return tuple(figures), [finding("report-correction-broken", name, line=1, why=file.name)]
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    result, problems = list(figures), []
    added: list[Figure] = []
    for line, row in enumerate(rows, 2):
        if line > _MOST:
            break
        problem = _one(row, result, added, len(figures))
        if problem:
            rule, params = problem
            problems.append(finding(rule, name, line=line, **params))
    return (*result, *added), problems


def _one(
    row: Mapping[str, str | None], figures: list[Figure], added: list[Figure], read: int
) -> tuple[str, dict[str, str]] | None:
    """Apply one line; returns the rule and params of a finding about it, or None."""
    cell = {
        k.strip(): (v or "").strip()
        for k, v in row.items()
        if isinstance(k, str) and not isinstance(v, list)
    }
    status = cell.get("status", "")
    if status not in _STATES:
        return "report-correction-broken", {"why": f"status: {status[:20]}"}
    at = _place(cell, figures)
    if at is None:
        return "report-correction-unmatched", {
            "which": cell.get("start") or f"{cell.get('ordinal', '')} {cell.get('code', '')}"
        }
    if status == "confirmed":
        figures[at] = replace(figures[at], status="confirmed")
        return None
    try:
        value = Decimal(cell.get("value", "").replace(",", ""))
        if not value.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        return "report-correction-broken", {"why": f"value: {cell.get('value', '')[:20]}"}
    added.append(
        replace(
            figures[at],
            ordinal=read + len(added) + 1,
            value=plain(value),
            value_upper="",
            comparator="=",
            status="corrected",
        )
    )
    return None


def _place(cell: Mapping[str, str], figures: Sequence[Figure]) -> int | None:
    start, ordinal, code = cell.get("start", ""), cell.get("ordinal", ""), cell.get("code", "")
    for i, figure in enumerate(figures):
        if start.isdecimal():
            if figure.start == int(start):
                return i
        elif (
            ordinal.isdecimal() and figure.ordinal == int(ordinal) and code in ("", figure.code)
        ) or (not start and not ordinal and code and figure.code == code):
            return i
    return None


def current(figures: Sequence[Figure]) -> list[Figure]:
    """One figure for each place: the correction where there is one, else what was read."""
    best: dict[int, Figure] = {}
    for figure in figures:
        if figure.start not in best or figure.status == "corrected":
            best[figure.start] = figure
    return sorted(best.values(), key=lambda f: f.start)
