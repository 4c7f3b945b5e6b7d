"""Rules about cells that have to fit each other: one asked for or ruled out by another, days, totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import numpy as np

from pipeline.base.model import Dataset
from pipeline.base.sql import quoted
from pipeline.checks.across.keys import Outcome
from pipeline.checks.rules.base import Bools, Columns, Judged, Numbers, Setting, place, rule
from pipeline.checks.rules.dates import both


def _quoted(values: Sequence[str], word: str) -> str:
    """Values for a message: “甲”或者“乙”."""
    return word.join(f"“{v}”" for v in values)


def _told(values: Sequence[str]) -> dict[str, str]:
    return {"listed": _quoted(values, "或者"), "listed_en": _quoted(values, " or ")}


@rule(
    "required-when",
    field="day",
    where="state",
    values=["已决定"],
    ok=[{"state": "已决定", "day": "2024-05-01"}, {"state": "办理中", "day": ""}],
    bad=[{"state": "已决定", "day": ""}],
)
def required_when(
    columns: Columns, setting: Setting, field: str, where: str, values: list[str]
) -> Judged:
    """A cell is filled in where another cell says that there is something to fill in."""
    asked = columns.equal(where, *values)
    return Judged(asked & ~columns.filled(field), params=_told(values))


@rule(
    "incomplete-when",
    field="steps",
    needs=["合法性审查", "集体讨论决定"],
    where="state",
    values=["已决定"],
    ok=[{"state": "已决定", "steps": "公众参与;合法性审查;集体讨论决定"}, {"state": "办理中", "steps": "公众参与"}],
    bad=[{"state": "已决定", "steps": "合法性审查"}, {"state": "已决定", "steps": ""}],
)  # fmt: skip
def incomplete_when(
    columns: Columns, setting: Setting, field: str, needs: list[str], where: str, values: list[str]
) -> Judged:
    """Of several values in a cell those are there that another cell makes indispensable."""
    all_there = np.ones(len(columns), bool)
    for part in needs:
        all_there &= columns.has(field, part)
    told = {"needed": _quoted(needs, "、"), "needed_en": _quoted(needs, " and ")} | _told(values)
    return Judged(columns.equal(where, *values) & ~all_there, params=told)


@rule(
    "not-together",
    field="result",
    unfit=["撤销"],
    where="lost",
    values=["否"],
    ok=[{"lost": "是", "result": "撤销"}, {"lost": "否", "result": "驳回"}, {"lost": "否", "result": ""}],
    bad=[{"lost": "否", "result": "撤销"}],
)  # fmt: skip
def not_together(
    columns: Columns,
    setting: Setting,
    field: str,
    where: str,
    values: list[str],
    unfit: Sequence[str] = (),
) -> Judged:
    """A value does not stand beside one that rules it out; without `unfit`, nothing may stand there."""
    stands = columns.equal(field, *unfit) if unfit else columns.filled(field)
    asked = f"不应当填{_quoted(unfit, '或者')}" if unfit else "应当留空"
    asked_en = f"cannot be {_quoted(unfit, ' or ')}" if unfit else "has to be blank"
    told = _told(values) | {"asked": asked, "asked_en": asked_en}
    return Judged(stands & columns.equal(where, *values), params=told)


@rule(
    "days-differ",
    field="taken",
    since="from",
    until="to",
    ok=[{"from": "2024-03-01", "to": "2024-03-31", "taken": "30"}, {"from": "", "to": "2024-03-31", "taken": "5"}],
    bad=[{"from": "2024-03-01", "to": "2024-03-31", "taken": "20"}],
)  # fmt: skip
def days_differ(columns: Columns, setting: Setting, field: str, since: str, until: str) -> Bools:
    """The days stated are those between the two dates, the first not counted (民法典 §201)."""
    start, end, stated = columns.days(since), columns.days(until), _whole(columns, field)
    return both(start, end) & (stated >= 0) & (stated != end - start)


def _whole(columns: Columns, name: str) -> Numbers:
    """Whole numbers of nine digits at most, -1 where there is none."""
    cells = columns.distinct(name)
    known = [int(v) if v.isascii() and v.isdigit() and len(v) < 10 else -1 for v in cells.dictionary.to_pylist()]  # fmt: skip
    return np.array(known or [-1], np.int64)[cells.indices.to_numpy()]


@rule(
    "past-term",
    field="done",
    after="from",
    days=60,
    extended="extended",
    longer=90,
    ok=[{"from": "2024-01-01", "done": "2024-03-01"}, {"from": "2024-01-01", "done": "2024-03-31", "extended": "是"}, {"from": "2024-01-01", "done": ""}],
    bad=[{"from": "2024-01-01", "done": "2024-03-02", "extended": "否"}, {"from": "2024-01-01", "done": "2024-04-01", "extended": "是"}],
)  # fmt: skip
def past_term(
    columns: Columns,
    setting: Setting,
    field: str,
    after: str,
    days: int,
    extended: str = "",
    longer: int = 0,
) -> Bools:
    """Done within the law's days; within the longer term where the row says that it was extended."""
    start, end = columns.days(after), columns.days(field)
    allowed = np.full(len(columns), days)
    if extended:
        allowed = np.where(columns.equal(extended, "是"), longer, days)
    return both(start, end) & (end - start > allowed)


@rule(
    "more-than",
    field="adopted",
    of="received",
    ok=[{"received": "12", "adopted": "12"}, {"received": "", "adopted": "3"}],
    bad=[{"received": "3", "adopted": "12"}],
)
def more_than(columns: Columns, setting: Setting, field: str, of: str) -> Bools:
    """A part is not more than the whole that it is a part of, a promise not longer than the law's term."""
    part, whole = _whole(columns, field), _whole(columns, of)
    return (whole >= 0) & (part > whole)


_YEAR = {"authority_name": "示例局", "year": "2024"}


def _stated(**counts: int) -> dict[str, list[dict[str, str]]]:
    rows = [{**_YEAR, "indicator": part, "value": str(n)} for part, n in counts.items()]
    return {"enforcement_statistics": rows}


@rule(
    "parts-differ-from-total",
    scope="dataset",
    field="value",
    part="indicator",
    by=["authority_name", "year"],
    total="合计",
    parts=["警告", "罚款"],
    ok=[_stated(警告=3, 罚款=5, 合计=8), _stated(警告=3, 罚款=5), _stated(合计=8)],
    bad=[_stated(警告=3, 罚款=5, 合计=9)],
)
def parts_differ_from_total(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    setting: Setting,
    field: str,
    part: str,
    by: list[str],
    total: str,
    parts: list[str],
) -> Iterator[Outcome]:
    """Rows that are parts add up to the row that is their total; a total alone is not judged."""
    group = ", ".join(map(quoted, by))
    number = f"coalesce(try_cast({quoted(field)} as decimal(30, 6)), 0)"
    sums = f"select {group}, sum({number}) as added from {quoted(dataset.name)} where list_contains($parts, {quoted(part)}) group by {group}"
    rows = f"select source_id, source_row, {quoted(field)} as stated, added from {quoted(dataset.name)} join ({sums}) using ({group}) where {quoted(part)} = $total and {quoted(field)} <> '' and {number} <> added"
    for source, row, stated, added in con.execute(place(rows), {"parts": parts, "total": total}).fetchall():  # fmt: skip
        told = {"total": total, "stated": stated, "added": f"{added:f}".rstrip("0").rstrip(".")}
        yield Outcome(source, int(row), "kept", "parts-differ-from-total", field, stated, told)
