"""Rules about the publication of penalties: classes, terms, and what the law withholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np

from pipeline.checks.rules.base import NO_DAY, Bools, Columns, Judged, Setting, rule
from pipeline.checks.rules.deadlines import LONG_TERM, both, months_after

Class = Mapping[str, Any]
MARKET: list[Class] = [
    {
        "from": "2021-09-01",
        "authority": "市场监督",
        "only": ["警告"],
        "shown": False,
        "basis": "§2",
    },
    {"from": "2021-09-01", "authority": "市场监督", "months": [3, 36], "basis": "§13"},
]
_CLASSES = [*MARKET, {"from": "1949-10-01", "months": [3, 36], "basis": ""}]


def classes_of(
    columns: Columns, setting: Setting, types: str, authority: str, classes: Sequence[Class]
) -> Any:
    """For each row the index of its class in `classes` (int array): the first that applies on the
    run's day; -1 where none does.
    """
    made = partial(_classes, columns, setting, types, authority, classes)
    return columns._once("class", types, made)


def _classes(
    columns: Columns, setting: Setting, types: str, authority: str, classes: Sequence[Class]
) -> Any:
    place = np.full(len(columns), -1)
    for i, kind in enumerate(classes):
        if date.fromisoformat(kind["from"]) > setting.today:
            continue
        fits = place < 0
        if "authority" in kind:
            fits &= columns.each(authority, _names(kind["authority"]))
        if "only" in kind:
            fits &= columns.each(types, _within(frozenset(kind["only"])))
        if "any" in kind:
            fits &= columns.each(types, _touches(frozenset(kind["any"])))
        place[fits] = i
    return place


def _names(part: str) -> Any:
    return lambda cell: part in cell


def _within(names: frozenset[str]) -> Any:
    return lambda cell: bool(cell) and set(cell.split(";")) <= names


def _touches(names: frozenset[str]) -> Any:
    return lambda cell: not names.isdisjoint(cell.split(";"))


def _months(
    columns: Columns, place: Any, classes: Sequence[Class], which: int, default: int
) -> Any:
    # A row without a class has place -1, which is the last element: the default.
    table = np.array([*(c.get("months", (0, default))[which] for c in classes), default])
    return table[place]


def _ends(columns: Columns, decided: str, months: Any) -> Any:
    days = columns.days(decided)
    ends = np.full(len(days), NO_DAY)
    # `months_after` works on a whole column for one number of months, and there are few numbers.
    for n in sorted({*months.tolist()}):
        ends = np.where(months == n, months_after(days, n), ends)
    return np.where(days == NO_DAY, NO_DAY, ends)


@dataclass(frozen=True, slots=True)
class Publicity:
    """The last day of publicity, the columns that decide the class of a penalty, and the classes."""

    field: str
    types: str
    authority: str
    decided: str
    classes: Sequence[Class]


@rule(
    "publicity-too-long",
    Publicity("until", "types", "authority", "decided", _CLASSES),
    ok=[
        {"types": "罚款", "decided": "2022-01-01", "until": "2025-01-01"},
        {"types": "罚款", "decided": "2022-01-01", "until": ""},
    ],
    bad=[{"types": "罚款", "decided": "2022-01-01", "until": "2027-01-01"}],
)
def publicity_too_long(columns: Columns, setting: Setting, use: Publicity) -> Bools:
    """A penalty stays public no longer than its class allows."""
    place = classes_of(columns, setting, use.types, use.authority, use.classes)
    last = _ends(columns, use.decided, _months(columns, place, use.classes, 1, 1200))
    until = columns.days(use.field)
    return both(until, last) & (until > last) & (until != LONG_TERM)


@rule(
    "publicity-too-short",
    Publicity("until", "types", "authority", "decided", _CLASSES),
    ok=[{"types": "罚款", "decided": "2024-01-01", "until": "2024-04-01"}],
    bad=[{"types": "罚款", "decided": "2024-01-01", "until": "2024-02-10"}],
)
def publicity_too_short(columns: Columns, setting: Setting, use: Publicity) -> Bools:
    """A penalty stays public at least as long as its class requires."""
    place = classes_of(columns, setting, use.types, use.authority, use.classes)
    first = _ends(columns, use.decided, _months(columns, place, use.classes, 0, 0))
    until = columns.days(use.field)
    return both(until, first) & (until < first)


# ---------------------------------------------------------------- what is kept from the public


def withheld_since(broken: Bools, since: Any) -> Judged:
    """Rows that are withheld, and from which day."""
    return Judged(broken, params={"since": since})


@dataclass(frozen=True, slots=True)
class Classed:
    """The columns that decide the class of a penalty, its types first, and the classes."""

    field: str
    authority: str
    decided: str
    classes: Sequence[Class]


@rule(
    "class-not-shown",
    Classed(field="types", authority="authority", decided="decided", classes=_CLASSES),
    scope="publication",
    ok=[
        {"types": "警告;罚款", "authority": "某区市场监督管理局", "decided": "2024-01-01"},
        {"types": "警告", "authority": "某区城市管理局", "decided": "2024-01-01"},
    ],
    bad=[{"types": "警告", "authority": "某区市场监督管理局", "decided": "2024-01-01"}],
)
def class_not_shown(columns: Columns, setting: Setting, use: Classed) -> Judged:
    """A penalty of a class that is not shown to the public."""
    place = classes_of(columns, setting, use.field, use.authority, use.classes)
    hidden = np.array([*(c.get("shown") is False for c in use.classes), False])
    begins = np.array([*(date.fromisoformat(c["from"]).toordinal() for c in use.classes), NO_DAY])
    return withheld_since(hidden[place], np.maximum(begins[place], columns.days(use.decided)))


@rule(
    "term-over",
    Publicity("until", "types", "authority", "decided", _CLASSES),
    scope="publication",
    ok=[
        {"until": "2025-03-31", "decided": "2022-03-31"},
        {"until": "", "decided": "2024-01-01", "types": "罚款"},
    ],
    bad=[
        {"until": "2025-03-30", "decided": "2022-03-31"},
        {"until": "", "decided": "2020-01-01", "types": "罚款"},
    ],
)
def term_over(columns: Columns, setting: Setting, use: Publicity) -> Judged:
    """The term of publicity has run out.

    Where none is given, the longest that the class allows counts.
    """
    place = classes_of(columns, setting, use.types, use.authority, use.classes)
    longest = _ends(columns, use.decided, _months(columns, place, use.classes, 1, 1200))
    until = columns.days(use.field)
    last = np.where(until == NO_DAY, longest, until)
    return withheld_since((last != NO_DAY) & (last < setting.day), last + 1)


@dataclass(frozen=True, slots=True)
class Security:
    """The legal basis, the types, the day, and what is of public security."""

    field: str
    types: str
    decided: str
    laws: Sequence[str]
    detention: Sequence[str]


@rule(
    "public-security",
    Security(
        field="basis",
        types="types",
        decided="decided",
        laws=["治安管理处罚法"],
        detention=["行政拘留"],
    ),
    scope="publication",
    ok=[{"basis": "《中华人民共和国消防法》第六十条", "types": "罚款"}],
    bad=[
        {"basis": "《中华人民共和国治安管理处罚法》第二十三条", "types": "罚款"},
        {"basis": "", "types": "行政拘留"},
    ],
)
def public_security(columns: Columns, setting: Setting, use: Security) -> Judged:
    """A penalty for breach of public security is sealed."""
    named = columns.each(use.field, lambda v: any(law in v for law in use.laws))
    for name in use.detention:
        named |= columns.has(use.types, name)
    return withheld_since(named, columns.days(use.decided))


@dataclass(frozen=True, slots=True)
class Revoked:
    """State, outcome of a review and its day, and which of these undo a decision."""

    field: str
    review: str
    on: str
    states: Sequence[str]
    results: Sequence[str]


@rule(
    "decision-revoked",
    Revoked(
        field="state",
        review="review",
        on="day",
        states=["撤销"],
        results=["撤销", "确认违法", "确认无效"],
    ),
    scope="publication",
    ok=[{"state": "正常", "review": "合法适当"}, {"state": "", "review": ""}],
    bad=[{"state": "撤销"}, {"review": "确认无效"}],
)
def decision_revoked(columns: Columns, setting: Setting, use: Revoked) -> Judged:
    """A decision that was revoked, or found unlawful or void, is not public any more."""
    revoked = columns.equal(use.field, *use.states) | columns.equal(use.review, *use.results)
    days = columns.days(use.on)
    return withheld_since(revoked, np.where(days == NO_DAY, setting.day, days))
