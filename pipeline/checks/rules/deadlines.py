"""Rules about dates and terms: their order, dates in the future, and legal time limits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow.compute as pc

from pipeline.base.patterns import lazy
from pipeline.base.working_days import working_days_after
from pipeline.checks.rules.base import (
    NO_DAY,
    Bools,
    Columns,
    Field,
    Judged,
    Pair,
    Setting,
    each_distinct,
    rule,
    to_numpy,
)

Days = Any  # day numbers, an int64 numpy array
LONG_TERM = 766645  # 2099-12-31: long-term in the layout of 2018


def both(one: Days, other: Days) -> Bools:
    return (one != NO_DAY) & (other != NO_DAY)


def months_after(days: Days, months: int) -> Days:
    """The same day of the month `months` later.

    The 31st of a shorter month is the next one's first.
    """
    known = np.where(days == NO_DAY, 1, days) - 719163  # days since 1970-01-01
    day = known.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    later = (month + months).astype("datetime64[D]") + (day - month.astype("datetime64[D]"))
    return later.astype(np.int64) + 719163


@dataclass(frozen=True, slots=True)
class Order:
    """A date, and the one that has to come first."""

    field: str
    earlier: str


@rule(
    "date-order",
    Order(field="end", earlier="start"),
    ok=[{"start": "2024-01-01", "end": "2024-01-01"}, {"start": "", "end": "2024-01-01"}],
    bad=[{"start": "2024-01-02", "end": "2024-01-01"}],
)
def date_order(columns: Columns, setting: Setting, use: Order) -> Bools:
    """One date is not before another that has to come first."""
    start, end = columns.days(use.earlier), columns.days(use.field)
    return both(start, end) & (end < start)


@rule(
    "date-in-future",
    Field(field="day"),
    ok=[{"day": "2025-03-31"}, {"day": ""}],
    bad=[{"day": "2025-04-01"}],
)
def date_in_future(columns: Columns, setting: Setting, use: Field) -> Bools:
    """The date of a past event is not after the day of the run."""
    return columns.days(use.field) > setting.day


@dataclass(frozen=True, slots=True)
class Within:
    """A date, the one that it follows, and within how many days."""

    field: str
    after: str
    days: int


@rule(
    "filed-late",
    Within(field="filed", after="decided", days=15),
    ok=[{"decided": "2024-01-01", "filed": "2024-01-16"}, {"decided": "2024-01-01", "filed": ""}],
    bad=[{"decided": "2024-01-01", "filed": "2024-01-17"}],
)
def filed_late(columns: Columns, setting: Setting, use: Within) -> Bools:
    """Filed within so many days of the decision; the number is a setting of the contract."""
    start, end = columns.days(use.after), columns.days(use.field)
    return both(start, end) & (end - start > use.days)


@rule(
    "late-by-working-days",
    Within(field="done", after="decided", days=7),
    ok=[
        {"decided": "2024-02-08", "done": "2024-02-25"},
        {"decided": "2031-01-01", "done": "2031-02-01"},
    ],
    bad=[{"decided": "2024-03-01", "done": "2024-03-13"}],
)
def late_by_working_days(columns: Columns, setting: Setting, use: Within) -> Judged:
    """Served, or sent for publication, within so many working days.

    Not judged (open) for dates after the end of the calendar of working days.
    """
    start, end = columns.days(use.after), _first_ten(columns, use.field)
    dated = both(start, end)
    passed, known = working_days_after(start, end)
    return Judged(dated & known & (passed > use.days), dated & ~known, "open-calendar")


def _first_ten(columns: Columns, name: str) -> Days:
    """The day of a time stamp such as 2024/03/05 10:20:00."""
    if not columns.filled(name).any():
        return np.full(len(columns), NO_DAY, np.int64)
    stamps = columns.distinct(name)
    known = np.array([_stamp_day(v) for v in stamps.dictionary.to_pylist()], np.int64)
    return known[stamps.indices.to_numpy()]


_STAMP = lazy(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})")


def _stamp_day(written: str) -> int:
    parts = _STAMP.match(written)
    try:
        return date(*map(int, parts.groups())).toordinal() if parts else NO_DAY
    except ValueError:
        return NO_DAY


@dataclass(frozen=True, slots=True)
class Status:
    """The last day, the column of the status, and the status of what is valid."""

    field: str
    status: str
    valid: str


@rule(
    "expired-yet-valid",
    Status(field="until", status="status", valid="有效"),
    ok=[
        {"until": "2025-03-31", "status": "有效"},
        {"until": "2020-01-01", "status": "注销"},
        {"until": "", "status": "有效"},
    ],
    bad=[{"until": "2025-03-30", "status": "有效"}],
)
def expired_yet_valid(columns: Columns, setting: Setting, use: Status) -> Bools:
    """What has expired does not have the status of being valid."""
    until = columns.days(use.field)
    return (until != NO_DAY) & (until < setting.day) & columns.equal(use.status, use.valid)


@dataclass(frozen=True, slots=True)
class Term:
    """The last day, the first, and for how many years at most."""

    field: str
    since: str
    years: int


@rule(
    "term-too-long",
    Term(field="until", since="from", years=5),
    ok=[{"from": "2020-01-15", "until": "2025-01-15"}, {"from": "", "until": "2025-01-14"}],
    bad=[{"from": "2020-01-15", "until": "2030-01-14"}],
)
def term_too_long(columns: Columns, setting: Setting, use: Term) -> Bools:
    """Valid for so many years at most; the number is a setting of the contract."""
    start, end = columns.days(use.since), columns.days(use.field)
    return both(start, end) & (end > months_after(start, 12 * use.years))


@dataclass(frozen=True, slots=True)
class TrialTerm:
    """A term, the column of the title, and the words of a title that mean a trial."""

    field: str
    since: str
    named: str
    words: Sequence[str]
    years: int


@rule(
    "trial-term-too-long",
    TrialTerm(field="until", since="from", named="title", words=["试行", "暂行"], years=2),
    ok=[
        {"title": "某办法（试行）", "from": "2020-01-15", "until": "2022-01-15"},
        {"title": "某办法", "from": "2020-01-15", "until": "2025-01-15"},
    ],
    bad=[{"title": "某办法（试行）", "from": "2020-01-15", "until": "2025-01-15"}],
)
def trial_term_too_long(columns: Columns, setting: Setting, use: TrialTerm) -> Bools:
    """A document whose title says provisional or for trial is valid for so many years at most."""
    trial = to_numpy(
        pc.match_substring_regex(columns[use.named], "|".join(map(re.escape, use.words)))
    )
    return trial & term_too_long(columns, setting, Term(use.field, use.since, use.years))


@rule(
    "year-differs",
    Pair(field="year", of="day"),
    ok=[
        {"year": "2024", "day": "2024-05-01"},
        {"year": "2024", "day": "2025-01-31"},
        {"year": "", "day": "2024-05-01"},
    ],
    bad=[{"year": "2022", "day": "2024-05-01"}],
)
def year_differs(columns: Columns, setting: Setting, use: Pair) -> Bools:
    """The year is that of the date, or in the first quarter the year before: reviews run over."""
    joined = pc.binary_join_element_wise(
        columns[use.field], pc.utf8_slice_codeunits(columns[use.of], 0, 7), "|"
    )

    def differs(cell: str) -> bool:
        year, _, month = cell.partition("|")
        if not (year.isdecimal() and re.fullmatch(r"\d{4}-\d\d", month)):
            return False
        behind = int(month[:4]) - int(year)
        return behind != 0 and not (behind == 1 and month[5:] <= "03")

    return to_numpy(each_distinct(joined, differs))
