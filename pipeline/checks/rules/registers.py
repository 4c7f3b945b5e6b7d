"""Rules that hold records against the register of authorities, and numbers against their series."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from pipeline.base.model import Dataset
from pipeline.base.sql import quoted
from pipeline.checks.across.keys import Outcome
from pipeline.checks.rules.base import Setting, place, rule

_MARKET = {
    "authority_name": "示例区市场监督管理局",
    "authority_uscc": "11A",
    "document_code": "示市监",
}
_CITY = {"authority_name": "示例区城市管理局", "authority_uscc": "11B", "document_code": "示城管"}
_SAME = {**_MARKET, "authority_name": "示例区知识产权局", "authority_uscc": "11C"}
_FILING = {
    "record_id": "1",
    "authority_name": "示例区市场监督管理局",
    "authority_uscc": "11A",
    "decision_no": "示市监罚〔2024〕1号",
    "respondent_name": "甲",
}


@dataclass(frozen=True, slots=True)
class Registered:
    """The name of an authority, and the dataset of the register."""

    field: str
    register: str


@rule(
    "authority-near-miss",
    Registered(field="authority_name", register="authorities"),
    scope="dataset",
    ok=[{"authorities": [_MARKET], "penalty_filings": [_FILING]}],
    bad=[
        {
            "authorities": [_MARKET],
            "penalty_filings": [{**_FILING, "authority_name": "示例区市场监督局"}],
        }
    ],
)
def authority_near_miss(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Registered
) -> Iterator[Outcome]:
    """An authority's name that is not in the register, but similar to one that is: up to three of
    those are reported.
    """
    if use.register not in setting.present:
        return
    names = con.execute(f"select authority_name from {quoted(use.register)} order by 1").fetchall()
    known, near = {name for (name,) in names}, dict[str, list[str]]()
    name = quoted(use.field)
    unknown = f"""
        select source_id, source_row, {name} from {quoted(dataset.name)} where {name} <> ''
        and {name} not in (select authority_name from {quoted(use.register)})
    """
    for source, row, written in con.execute(place(unknown)).fetchall():
        if written not in near:
            near[written] = difflib.get_close_matches(written, sorted(known), 3, 0.75)
        if near[written]:
            about = {"written": written, "near": "、".join(near[written])}
            yield Outcome(
                source, int(row), "kept", "authority-near-miss", use.field, written, about
            )


@dataclass(frozen=True, slots=True)
class Named:
    """A column of an authority, that of its name, and the dataset of the register."""

    field: str
    named: str
    register: str


@rule(
    "authority-code-mismatch",
    Named(field="authority_uscc", named="authority_name", register="authorities"),
    scope="dataset",
    ok=[{"authorities": [_MARKET], "penalty_filings": [_FILING]}],
    bad=[{"authorities": [_MARKET], "penalty_filings": [{**_FILING, "authority_uscc": "11B"}]}],
)
def authority_code_mismatch(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Named
) -> Iterator[Outcome]:
    """An authority's credit code is the one that the register has for its name."""
    if use.register not in setting.present:
        return
    given, named = f"m.{quoted(use.field)}", f"m.{quoted(use.named)}"
    other = f"""
        select m.source_id, m.source_row, {given}, {named} from {quoted(dataset.name)} m
        join {quoted(use.register)} a on a.authority_name = {named}
        where {given} <> '' and a.authority_uscc <> '' and a.authority_uscc <> {given}
    """
    for source, row, code, name in con.execute(place(other)).fetchall():
        about = {"named": name}
        yield Outcome(source, int(row), "kept", "authority-code-mismatch", use.field, code, about)


@rule(
    "decision-organ-mismatch",
    Named(field="decision_no", named="authority_name", register="authorities"),
    scope="dataset",
    ok=[
        {"authorities": [_MARKET, _CITY], "penalty_filings": [_FILING]},
        {"authorities": [_MARKET, _SAME], "penalty_filings": [_FILING]},
        {"authorities": [_SAME, _MARKET], "penalty_filings": [_FILING]},
    ],
    bad=[
        {
            "authorities": [_MARKET, _CITY],
            "penalty_filings": [{**_FILING, "decision_no": "示城管罚〔2024〕1号"}],
        },
        {
            "authorities": [_MARKET, _SAME],
            "penalty_filings": [{**_FILING, "authority_name": "另一个局"}],
        },
    ],
)
def decision_organ_mismatch(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Named
) -> Iterator[Outcome]:
    """A decision's number begins with the short name of the organ that decided.

    Of several matching short names the longest counts. Authorities may share one: the number is
    each one's. A number that begins with none is not judged.
    """
    if use.register not in setting.present:
        return
    given, named = f"m.{quoted(use.field)}", f"m.{quoted(use.named)}"
    longest = f"""
        select m.source_id, m.source_row, {given} as number, {named} as named,
        a.authority_name as owner
        from {quoted(dataset.name)} m join {quoted(use.register)} a
        on a.document_code <> '' and starts_with({given}, a.document_code)
        qualify length(a.document_code)
        = max(length(a.document_code)) over (partition by m.source_id, m.source_row)
    """
    foreign = f"""
        select source_id, source_row, number, named,
        string_agg(distinct owner, '、' order by owner)
        from ({longest}) group by all having not bool_or(owner = named)
    """
    for source, row, number, name, owners in con.execute(place(foreign)).fetchall():
        about = {"authority": name, "whose": owners}
        yield Outcome(source, int(row), "kept", "decision-organ-mismatch", use.field, number, about)


_SERIES = r"^(.*?)〔(\d{4})〕.*?(\d{1,6})号$"


def _numbered(number: int) -> dict[str, str]:
    return {**_FILING, "decision_no": f"示市监罚〔2024〕{number}号", "record_id": str(number)}


@dataclass(frozen=True, slots=True)
class Gap:
    """A number in a series, and how many may be missing in a row."""

    field: str
    at_most: int


@rule(
    "decision-number-skipped",
    Gap(field="decision_no", at_most=3),
    scope="dataset",
    ok=[{"penalty_filings": [_numbered(1), _numbered(2), _numbered(5)]}],
    bad=[{"penalty_filings": [_numbered(1), _numbered(8)]}],
)
def decision_number_skipped(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Gap
) -> Iterator[Outcome]:
    """In a series (organ and year) at most so many consecutive numbers are missing.

    Numbers of quarantined and withheld rows count as present. An organ makes more decisions in a
    year than it must file, so a few missing numbers are normal.
    """
    table, name = quoted(dataset.name), quoted(use.field)
    seen = f"select source_id, source_row, {name} as no from {table}"
    left_out, views = "left_out_" + dataset.name, "duckdb_views() where view_name = ?"
    if con.execute(f"select count(*) from {views}", [left_out]).fetchall()[0][0]:
        seen += f" union all select null, null, {name} from {quoted(left_out)}"
    organ, year, running = (f"regexp_extract(no, '{_SERIES}', {n})" for n in (1, 2, 3))
    parts = f"""
        select *, {organ} || '〔' || {year} as series, cast({running} as integer) as n
        from ({seen}) where regexp_matches(no, '{_SERIES}')
    """
    steps = f"""
        select *, lag(n) over w as prior, lag(no) over w as before
        from ({parts}) window w as (partition by series order by n, no, source_id, source_row)
    """
    gaps = f"""
        select source_id, source_row, no, n - prior - 1 as missing, before
        from ({steps}) where missing > {int(use.at_most)} and source_id is not null
    """
    for source, row, number, missing, before in con.execute(place(gaps)).fetchall():
        about = {"missing": missing, "before": before}
        yield Outcome(source, int(row), "kept", "decision-number-skipped", use.field, number, about)


@dataclass(frozen=True, slots=True)
class Decided:
    """The number of a decision, and the column of who decided."""

    field: str
    authority: str


@rule(
    "decision-number-repeated",
    Decided(field="decision_no", authority="authority_name"),
    scope="dataset",
    ok=[
        {"penalty_filings": [_numbered(1), _numbered(2)]},
        {
            "penalty_filings": [
                _FILING,
                {
                    **_FILING,
                    "record_id": "2",
                    "respondent_name": "乙",
                    "authority_name": "样本区市场监督管理局",
                },
            ]
        },
    ],
    bad=[{"penalty_filings": [_FILING, {**_FILING, "record_id": "2", "respondent_name": "乙"}]}],
)
def decision_number_repeated(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Decided
) -> Iterator[Outcome]:
    """One number is one decision; several parties with one number may be right or wrong.

    Only rows of one authority are compared: two can have the same short name, and so the same
    numbers.
    """
    table, name, whose = quoted(dataset.name), quoted(use.field), quoted(use.authority)
    at = "(source_id, cast(source_row as bigint))"
    shared = f"""
        select {name}, {whose}, min({at}) as first
        from {table} where {name} <> '' group by 1, 2 having count(*) > 1
    """
    repeated = f"""
        select source_id, source_row, {name}, first from {table} join ({shared})
        using ({name}, {whose}) where {at} <> first
    """
    for source, row, number, (other_source, other_row) in con.execute(place(repeated)).fetchall():
        about = {"other_source": other_source, "other_row": other_row}
        yield Outcome(
            source, int(row), "kept", "decision-number-repeated", use.field, number, about
        )
