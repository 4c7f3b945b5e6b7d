"""Rules about penalty decisions: types, licences, numbers, terms of publicity, and what is not shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.checks.rules.base import (  # fmt: skip
    NO_DAY,
    Bools,
    Columns,
    Judged,
    Setting,
    matches,
    rule,
)
from pipeline.checks.rules.dates import LONG_TERM, both, months_after

_NUMBER = re.compile(r"〔(\d{4})〕")


@rule(
    "licence-missing",
    field="licence",
    types="types",
    needs=["暂扣许可证件", "吊销许可证件"],
    ok=[{"types": "吊销许可证件", "licence": "排污许可证 1"}, {"types": "罚款", "licence": ""}],
    bad=[{"types": "罚款;吊销许可证件", "licence": ""}],
)
def licence_missing(
    columns: Columns, setting: Setting, field: str, types: str, needs: list[str]
) -> Bools:
    """Where a licence is suspended or revoked, its name and number are given."""
    asked = np.zeros(len(columns), bool)
    for name in needs:
        asked |= columns.has(types, name)
    return asked & ~columns.filled(field)


_NAMED_IN_TEXT = {
    "罚款": r"(?:处|并处|处以|予以|给予)罚款",
    "没收违法所得、没收非法财物": r"没收",
    "责令停产停业": r"责令(?:停产停业|停产|停业)",
    "暂扣许可证件": r"暂扣",
    "吊销许可证件": r"吊销",
    "行政拘留": r"行政拘留",
    "通报批评": r"给予通报批评|予以通报批评",
    "警告": r"给予警告|予以警告",
}


@rule(
    "type-not-in-text",
    field="types",
    text="text",
    ok=[
        {"types": "罚款;吊销许可证件", "text": "处以罚款1万元，吊销许可证"},
        {"types": "暂扣许可证件", "text": "暂扣"},
    ],
    bad=[{"types": "罚款", "text": "吊销许可证。"}],
)
def type_not_in_text(columns: Columns, setting: Setting, field: str, text: str) -> Bools:
    """A type of penalty that the decision's text imposes is among the types given."""
    broken, given = np.zeros(len(columns), bool), columns.distinct(field)
    which = given.indices.to_numpy()
    for i, types in enumerate(given.dictionary.to_pylist()):
        lacking = [said for name, said in _NAMED_IN_TEXT.items() if name not in types.split(";")]
        if types and lacking:
            broken |= matches(columns[text], "|".join(lacking), which == i)
    return broken


@rule(
    "decision-year-mismatch",
    field="number",
    on="day",
    ok=[{"number": "平市监罚〔2024〕1号", "day": "2024-05-01"}, {"number": "平市监罚〔2023〕99号", "day": "2024-01-05"}, {"number": "无年份", "day": "2024-01-05"}],
    bad=[{"number": "平市监罚〔2021〕1号", "day": "2023-05-01"}],
)  # fmt: skip
def decision_year_mismatch(columns: Columns, setting: Setting, field: str, on: str) -> Bools:
    """The year in the decision's number is that of its date; in January it may be the year before."""
    parts = pc.extract_regex(columns[field], r"〔(?P<year>\d{4})〕")
    year = pc.fill_null(pc.cast(pc.struct_field(parts, "year"), pa.int64()), 0).to_numpy(zero_copy_only=False)  # fmt: skip
    days = columns.days(on)
    months = (np.where(days == NO_DAY, 1, days) - 719163).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)  # fmt: skip
    behind = months // 12 + 1970 - year
    return (year > 0) & (days != NO_DAY) & (behind != 0) & ~((behind == 1) & (months % 12 == 0))


# ---------------------------------------------------------------- classes and terms of publicity

Class = Mapping[str, Any]
MARKET = [
    {
        "from": "2021-09-01",
        "authority": "市场监督",
        "only": ["警告"],
        "shown": False,
        "basis": "§2",
    },
    {"from": "2021-09-01", "authority": "市场监督", "months": [3, 36], "basis": "§13"},
]
_EXAMPLE: dict[str, Any] = {"types": "types", "authority": "authority", "decided": "decided", "classes": [*MARKET, {"from": "1949-10-01", "months": [3, 36], "basis": ""}]}  # fmt: skip


def classes_of(columns: Columns, setting: Setting, types: str, authority: str, classes: Sequence[Class]) -> Any:  # fmt: skip
    """For each row the place of its class in `classes`: the first that holds on the run's day; -1: none."""
    return columns._once("class", types, lambda: _classes(columns, setting, types, authority, classes))  # fmt: skip


def _classes(columns: Columns, setting: Setting, types: str, authority: str, classes: Sequence[Class]) -> Any:  # fmt: skip
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
    table = np.array([*(c.get("months", (0, default))[which] for c in classes), default])
    return table[place]


def _ends(columns: Columns, decided: str, months: Any) -> Any:
    days = columns.days(decided)
    ends = np.full(len(days), NO_DAY)
    for n in sorted({*months.tolist()}):
        ends = np.where(months == n, months_after(days, n), ends)
    return np.where(days == NO_DAY, NO_DAY, ends)


@rule(
    "publicity-too-long",
    field="until",
    **_EXAMPLE,
    ok=[{"types": "罚款", "decided": "2022-01-01", "until": "2025-01-01"}, {"types": "罚款", "decided": "2022-01-01", "until": ""}],
    bad=[{"types": "罚款", "decided": "2022-01-01", "until": "2027-01-01"}],
)  # fmt: skip
def publicity_too_long(
    columns: Columns,
    setting: Setting,
    field: str,
    types: str,
    authority: str,
    decided: str,
    classes: list[Class],
) -> Bools:
    """A penalty stays public no longer than its class allows."""
    place = classes_of(columns, setting, types, authority, classes)
    last = _ends(columns, decided, _months(columns, place, classes, 1, 1200))
    until = columns.days(field)
    return both(until, last) & (until > last) & (until != LONG_TERM)


@rule(
    "publicity-too-short",
    field="until",
    **_EXAMPLE,
    ok=[{"types": "罚款", "decided": "2024-01-01", "until": "2024-04-01"}],
    bad=[{"types": "罚款", "decided": "2024-01-01", "until": "2024-02-10"}],
)
def publicity_too_short(
    columns: Columns,
    setting: Setting,
    field: str,
    types: str,
    authority: str,
    decided: str,
    classes: list[Class],
) -> Bools:
    """A penalty stays public at least as long as its class asks."""
    place = classes_of(columns, setting, types, authority, classes)
    first = _ends(columns, decided, _months(columns, place, classes, 0, 0))
    until = columns.days(field)
    return both(until, first) & (until < first)


# ---------------------------------------------------------------- what the law keeps from the public


def withheld_since(broken: Bools, since: Any) -> Judged:
    """Rows that are withheld, and from which day."""
    return Judged(broken, params={"since": since})


@rule(
    "class-not-shown",
    scope="publication",
    field="types",
    authority="authority",
    decided="decided",
    classes=_EXAMPLE["classes"],
    ok=[{"types": "警告;罚款", "authority": "某区市场监督管理局", "decided": "2024-01-01"}, {"types": "警告", "authority": "某区城市管理局", "decided": "2024-01-01"}],
    bad=[{"types": "警告", "authority": "某区市场监督管理局", "decided": "2024-01-01"}],
)  # fmt: skip
def class_not_shown(
    columns: Columns,
    setting: Setting,
    field: str,
    authority: str,
    decided: str,
    classes: list[Class],
) -> Judged:
    """A penalty of a class that is not shown to the public."""
    place = classes_of(columns, setting, field, authority, classes)
    hidden = np.array([*(c.get("shown") is False for c in classes), False])
    begins = np.array([*(date.fromisoformat(c["from"]).toordinal() for c in classes), NO_DAY])
    return withheld_since(hidden[place], np.maximum(begins[place], columns.days(decided)))


@rule(
    "term-over",
    scope="publication",
    field="until",
    types="types",
    authority="authority",
    decided="decided",
    classes=_EXAMPLE["classes"],
    ok=[{"until": "2025-03-31", "decided": "2022-03-31"}, {"until": "", "decided": "2024-01-01", "types": "罚款"}],
    bad=[{"until": "2025-03-30", "decided": "2022-03-31"}, {"until": "", "decided": "2020-01-01", "types": "罚款"}],
)  # fmt: skip
def term_over(
    columns: Columns,
    setting: Setting,
    field: str,
    types: str,
    authority: str,
    decided: str,
    classes: list[Class],
) -> Judged:
    """The term of publicity has run out; where none is given, the longest that the class allows counts."""
    place = classes_of(columns, setting, types, authority, classes)
    longest = _ends(columns, decided, _months(columns, place, classes, 1, 1200))
    until = columns.days(field)
    last = np.where(until == NO_DAY, longest, until)
    return withheld_since((last != NO_DAY) & (last < setting.day), last + 1)


@rule(
    "public-security",
    scope="publication",
    field="basis",
    types="types",
    decided="decided",
    laws=["治安管理处罚法"],
    detention=["行政拘留"],
    ok=[{"basis": "《中华人民共和国消防法》第六十条", "types": "罚款"}],
    bad=[{"basis": "《中华人民共和国治安管理处罚法》第二十三条", "types": "罚款"}, {"basis": "", "types": "行政拘留"}],
)  # fmt: skip
def public_security(
    columns: Columns,
    setting: Setting,
    field: str,
    types: str,
    decided: str,
    laws: list[str],
    detention: list[str],
) -> Judged:
    """A penalty for breach of public security is sealed."""
    named = columns.each(field, lambda v: any(law in v for law in laws))
    for name in detention:
        named |= columns.has(types, name)
    return withheld_since(named, columns.days(decided))


@rule(
    "decision-revoked",
    scope="publication",
    field="state",
    review="review",
    on="day",
    states=["撤销"],
    results=["撤销", "确认违法", "确认无效"],
    ok=[{"state": "正常", "review": "合法适当"}, {"state": "", "review": ""}],
    bad=[{"state": "撤销"}, {"review": "确认无效"}],
)
def decision_revoked(
    columns: Columns,
    setting: Setting,
    field: str,
    review: str,
    on: str,
    states: list[str],
    results: list[str],
) -> Judged:
    """A decision that was revoked, found unlawful or void is public no more."""
    gone = columns.equal(field, *states) | columns.equal(review, *results)
    days = columns.days(on)
    return withheld_since(gone, np.where(days == NO_DAY, setting.day, days))
