"""Rules across columns: cells required or excluded by another cell, numbers of days, totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np

from pipeline.base.model import Dataset
from pipeline.base.sql import quoted
from pipeline.checks.across.keys import Outcome
from pipeline.checks.rules.base import Bools, Columns, Judged, Numbers, Pair, Setting, place, rule
from pipeline.checks.rules.deadlines import both


def _quoted(values: Sequence[str], word: str) -> str:
    """Values for a message: “甲”或者“乙”."""
    return word.join(f"“{v}”" for v in values)


def _listed(values: Sequence[str]) -> dict[str, str]:
    """`values` as the message parameters `listed` and `listed_en`."""
    return {"listed": _quoted(values, "或者"), "listed_en": _quoted(values, " or ")}


@dataclass(frozen=True, slots=True)
class When:
    """A cell that is required where the column `where` has one of `values`."""

    field: str
    where: str
    values: Sequence[str]


@rule(
    "required-when",
    When(field="day", where="state", values=["已决定"]),
    ok=[{"state": "已决定", "day": "2024-05-01"}, {"state": "办理中", "day": ""}],
    bad=[{"state": "已决定", "day": ""}],
)
def required_when(columns: Columns, setting: Setting, use: When) -> Judged:
    """A cell is filled in where the value of another cell requires it."""
    asked = columns.equal(use.where, *use.values)
    return Judged(asked & ~columns.filled(use.field), params=_listed(use.values))


@dataclass(frozen=True, slots=True)
class Needs:
    """The values that a cell must include where the column `where` has one of `values`."""

    field: str
    needs: Sequence[str]
    where: str
    values: Sequence[str]


@rule(
    "incomplete-when",
    Needs(field="steps", needs=["合法性审查", "集体讨论决定"], where="state", values=["已决定"]),
    ok=[
        {"state": "已决定", "steps": "公众参与;合法性审查;集体讨论决定"},
        {"state": "办理中", "steps": "公众参与"},
    ],
    bad=[{"state": "已决定", "steps": "合法性审查"}, {"state": "已决定", "steps": ""}],
)
def incomplete_when(columns: Columns, setting: Setting, use: Needs) -> Judged:
    """A cell of several values includes those that the value of another cell requires."""
    all_there = np.ones(len(columns), bool)
    for part in use.needs:
        all_there &= columns.has(use.field, part)
    needed = {"needed": _quoted(use.needs, "、"), "needed_en": _quoted(use.needs, " and ")}
    params = needed | _listed(use.values)
    return Judged(columns.equal(use.where, *use.values) & ~all_there, params=params)


@dataclass(frozen=True, slots=True)
class Excluded:
    """Values that are excluded where the column `where` has one of `values`; without `unfit`, all."""

    field: str
    where: str
    values: Sequence[str]
    unfit: Sequence[str] = ()


@rule(
    "not-together",
    Excluded(field="result", where="lost", values=["否"], unfit=["撤销"]),
    ok=[
        {"lost": "是", "result": "撤销"},
        {"lost": "否", "result": "驳回"},
        {"lost": "否", "result": ""},
    ],
    bad=[{"lost": "否", "result": "撤销"}],
)
def not_together(columns: Columns, setting: Setting, use: Excluded) -> Judged:
    """A cell does not hold a value that another cell excludes.

    Without `unfit`, the cell must be blank.
    """
    present = columns.equal(use.field, *use.unfit) if use.unfit else columns.filled(use.field)
    asked = f"不应当填{_quoted(use.unfit, '或者')}" if use.unfit else "应当留空"
    asked_en = f"cannot be {_quoted(use.unfit, ' or ')}" if use.unfit else "has to be blank"
    params = _listed(use.values) | {"asked": asked, "asked_en": asked_en}
    return Judged(present & columns.equal(use.where, *use.values), params=params)


@dataclass(frozen=True, slots=True)
class Span:
    """A number of days, and the dates that it counts from and to."""

    field: str
    since: str
    until: str


@rule(
    "days-differ",
    Span(field="taken", since="from", until="to"),
    ok=[
        {"from": "2024-03-01", "to": "2024-03-31", "taken": "30"},
        {"from": "", "to": "2024-03-31", "taken": "5"},
    ],
    bad=[{"from": "2024-03-01", "to": "2024-03-31", "taken": "20"}],
)
def days_differ(columns: Columns, setting: Setting, use: Span) -> Bools:
    """The days stated are those between the two dates, the first not counted (民法典 §201)."""
    start, end, stated = (
        columns.days(use.since),
        columns.days(use.until),
        _whole(columns, use.field),
    )
    return both(start, end) & (stated >= 0) & (stated != end - start)


def _whole(columns: Columns, name: str) -> Numbers:
    """Whole numbers of nine digits at most, -1 where there is none."""
    cells = columns.distinct(name)
    written = cells.dictionary.to_pylist()
    known = [int(v) if v.isascii() and v.isdigit() and len(v) < 10 else -1 for v in written]
    return np.array(known or [-1], np.int64)[cells.indices.to_numpy()]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A date, the date from which `days` count, and the term of extended cases."""

    field: str
    after: str
    days: int
    extended: str = ""
    longer: int = 0


@rule(
    "past-term",
    Deadline(field="done", after="from", days=60, extended="extended", longer=90),
    ok=[
        {"from": "2024-01-01", "done": "2024-03-01"},
        {"from": "2024-01-01", "done": "2024-03-31", "extended": "是"},
        {"from": "2024-01-01", "done": ""},
    ],
    bad=[
        {"from": "2024-01-01", "done": "2024-03-02", "extended": "否"},
        {"from": "2024-01-01", "done": "2024-04-01", "extended": "是"},
    ],
)
def past_term(columns: Columns, setting: Setting, use: Deadline) -> Bools:
    """The date is within the days that the law allows, or within the longer term where the row says
    that it was extended.
    """
    start, end = columns.days(use.after), columns.days(use.field)
    allowed = np.full(len(columns), use.days)
    if use.extended:
        allowed = np.where(columns.equal(use.extended, "是"), use.longer, use.days)
    return both(start, end) & (end - start > allowed)


@rule(
    "more-than",
    Pair(field="adopted", of="received"),
    ok=[{"received": "12", "adopted": "12"}, {"received": "", "adopted": "3"}],
    bad=[{"received": "3", "adopted": "12"}],
)
def more_than(columns: Columns, setting: Setting, use: Pair) -> Bools:
    """A number is not more than another: a part than its whole, a promised term than the legal one."""
    part, whole = _whole(columns, use.field), _whole(columns, use.of)
    return (whole >= 0) & (part > whole)


_YEAR = {"authority_name": "示例局", "year": "2024"}


def _stated(**counts: int) -> dict[str, list[dict[str, str]]]:
    rows = [{**_YEAR, "indicator": part, "value": str(n)} for part, n in counts.items()]
    return {"enforcement_statistics": rows}


@dataclass(frozen=True, slots=True)
class Parts:
    """Statistics: in each group `by`, the rows whose `part` is one of `parts` add up to `total`."""

    field: str
    part: str
    by: Sequence[str]
    total: str
    parts: Sequence[str]


@rule(
    "parts-differ-from-total",
    Parts(
        field="value",
        part="indicator",
        by=["authority_name", "year"],
        total="合计",
        parts=["警告", "罚款"],
    ),
    scope="dataset",
    ok=[_stated(警告=3, 罚款=5, 合计=8), _stated(警告=3, 罚款=5), _stated(合计=8)],
    bad=[_stated(警告=3, 罚款=5, 合计=9)],
)
def parts_differ_from_total(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Parts
) -> Iterator[Outcome]:
    """Rows that are parts add up to the row that is their total; a total alone is not judged."""
    group = ", ".join(map(quoted, use.by))
    number = f"coalesce(try_cast({quoted(use.field)} as decimal(30, 6)), 0)"
    table, stated_in = quoted(dataset.name), quoted(use.field)
    sums = f"""
        select {group}, sum({number}) as added from {table}
        where list_contains($parts, {quoted(use.part)}) group by {group}
    """
    wrong = f"""
        select source_id, source_row, {stated_in} as stated, added
        from {table} join ({sums}) using ({group})
        where {quoted(use.part)} = $total and {stated_in} <> '' and {number} <> added
    """
    asked = {"parts": use.parts, "total": use.total}
    for source, row, stated, added in con.execute(place(wrong), asked).fetchall():
        params = {
            "total": use.total,
            "stated": stated,
            "added": f"{added:f}".rstrip("0").rstrip("."),
        }
        yield Outcome(
            source, int(row), "kept", "parts-differ-from-total", use.field, stated, params
        )
