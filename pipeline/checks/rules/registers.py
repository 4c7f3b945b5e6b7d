"""Rules that hold records against the register of authorities, and numbers against their series."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

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
_FILING = {
    "record_id": "1",
    "authority_name": "示例区市场监督管理局",
    "authority_uscc": "11A",
    "decision_no": "示市监罚〔2024〕1号",
    "respondent_name": "甲",
}


@rule(
    "authority-near-miss",
    scope="dataset",
    field="authority_name",
    register="authorities",
    ok=[{"authorities": [_MARKET], "penalty_filings": [_FILING]}],
    bad=[
        {
            "authorities": [_MARKET],
            "penalty_filings": [{**_FILING, "authority_name": "示例区市场监督局"}],
        }
    ],
)
def authority_near_miss(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, field: str, register: str
) -> Iterator[Outcome]:
    """A name that is not in the register but much like one that is: the nearest are named."""
    if register not in setting.present:
        return
    names = [
        n
        for (n,) in con.execute(
            f"select authority_name from {quoted(register)} order by 1"
        ).fetchall()
    ]
    known, near = set(names), dict[str, list[str]]()
    for source, row, written in con.execute(place(
        f"select source_id, source_row, {quoted(field)} from {quoted(dataset.name)} where {quoted(field)} <> '' and {quoted(field)} not in (select authority_name from {quoted(register)})"
    )).fetchall():  # fmt: skip
        if written not in near:
            near[written] = difflib.get_close_matches(written, sorted(known), 3, 0.75)
        if near[written]:
            yield Outcome(source, int(row), "kept", "authority-near-miss", field, written, {"written": written, "near": "、".join(near[written])})  # fmt: skip


@rule(
    "authority-code-mismatch",
    scope="dataset",
    field="authority_uscc",
    named="authority_name",
    register="authorities",
    ok=[{"authorities": [_MARKET], "penalty_filings": [_FILING]}],
    bad=[{"authorities": [_MARKET], "penalty_filings": [{**_FILING, "authority_uscc": "11B"}]}],
)
def authority_code_mismatch(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    setting: Setting,
    field: str,
    named: str,
    register: str,
) -> Iterator[Outcome]:
    """An authority's credit code is the one that the register has for its name."""
    if register not in setting.present:
        return
    for source, row, code, name in con.execute(place(
        f"select m.source_id, m.source_row, m.{quoted(field)}, m.{quoted(named)} from {quoted(dataset.name)} m "
        f"join {quoted(register)} a on a.authority_name = m.{quoted(named)} "
        f"where m.{quoted(field)} <> '' and a.authority_uscc <> '' and a.authority_uscc <> m.{quoted(field)}"
    )).fetchall():  # fmt: skip
        yield Outcome(
            source, int(row), "kept", "authority-code-mismatch", field, code, {"named": name}
        )


@rule(
    "decision-organ-mismatch",
    scope="dataset",
    field="decision_no",
    named="authority_name",
    register="authorities",
    ok=[{"authorities": [_MARKET, _CITY], "penalty_filings": [_FILING]}],
    bad=[
        {
            "authorities": [_MARKET, _CITY],
            "penalty_filings": [{**_FILING, "decision_no": "示城管罚〔2024〕1号"}],
        }
    ],
)
def decision_organ_mismatch(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    setting: Setting,
    field: str,
    named: str,
    register: str,
) -> Iterator[Outcome]:
    """A decision's number begins with the short name of the organ that decided.

    Of several short names that fit, the longest counts; a number that begins with none is open.
    """
    if register not in setting.present:
        return
    for source, row, number, name, other in con.execute(place(
        f"select m.source_id, m.source_row, m.{quoted(field)}, m.{quoted(named)}, arg_max(a.authority_name, length(a.document_code)) as other "
        f"from {quoted(dataset.name)} m join {quoted(register)} a on a.document_code <> '' and starts_with(m.{quoted(field)}, a.document_code) "
        f"group by all having other <> m.{quoted(named)}"
    )).fetchall():  # fmt: skip
        yield Outcome(source, int(row), "kept", "decision-organ-mismatch", field, number, {"authority": name, "whose": other})  # fmt: skip


_SERIES = r"^(.*?)〔(\d{4})〕.*?(\d{1,6})号$"


def _numbered(number: int) -> dict[str, str]:
    return {**_FILING, "decision_no": f"示市监罚〔2024〕{number}号", "record_id": str(number)}


@rule(
    "decision-number-skipped",
    scope="dataset",
    field="decision_no",
    at_most=3,
    ok=[{"penalty_filings": [_numbered(1), _numbered(2), _numbered(5)]}],
    bad=[{"penalty_filings": [_numbered(1), _numbered(8)]}],
)
def decision_number_skipped(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, field: str, at_most: int
) -> Iterator[Outcome]:
    """In a series (organ and year) not more than so many numbers are missing in a row.

    Numbers of rows that were quarantined or withheld count as there. Within a year an organ decides
    more than it has to file, so that a few missing numbers say nothing.
    """
    table, name = quoted(dataset.name), quoted(field)
    seen = f"select source_id, source_row, {name} as no from {table}"
    if con.execute("select count(*) from duckdb_views() where view_name = ?", ["left_out_" + dataset.name]).fetchall()[0][0]:  # fmt: skip
        seen += f" union all select null, null, {name} from {quoted('left_out_' + dataset.name)}"
    parts = f"select *, regexp_extract(no, '{_SERIES}', 1) || '〔' || regexp_extract(no, '{_SERIES}', 2) as series, cast(regexp_extract(no, '{_SERIES}', 3) as integer) as n from ({seen}) where regexp_matches(no, '{_SERIES}')"
    steps = f"select *, lag(n) over w as prior, lag(no) over w as before from ({parts}) window w as (partition by series order by n)"
    for source, row, number, missing, before in con.execute(place(
        f"select source_id, source_row, no, n - prior - 1 as missing, before from ({steps}) where missing > {int(at_most)} and source_id is not null"
    )).fetchall():  # fmt: skip
        yield Outcome(source, int(row), "kept", "decision-number-skipped", field, number, {"missing": missing, "before": before})  # fmt: skip


@rule(
    "decision-number-repeated",
    scope="dataset",
    field="decision_no",
    authority="authority_name",
    ok=[
        {"penalty_filings": [_numbered(1), _numbered(2)]},
        {"penalty_filings": [_FILING, {**_FILING, "record_id": "2", "respondent_name": "乙", "authority_name": "样本区市场监督管理局"}]},
    ],
    bad=[{"penalty_filings": [_FILING, {**_FILING, "record_id": "2", "respondent_name": "乙"}]}],
)  # fmt: skip
def decision_number_repeated(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    setting: Setting,
    field: str,
    authority: str,
) -> Iterator[Outcome]:
    """One number is one decision; that it stands with several parties may be right, and may not.

    Two authorities may well have the same short name and so the same numbers.
    """
    table, name, whose = quoted(dataset.name), quoted(field), quoted(authority)
    at = "(source_id, cast(source_row as bigint))"
    for source, row, number, other in con.execute(place(
        f"select source_id, source_row, {name}, first from {table} join "
        f"(select {name}, {whose}, min({at}) as first from {table} where {name} <> '' group by 1, 2 having count(*) > 1) "
        f"using ({name}, {whose}) where {at} <> first"
    )).fetchall():  # fmt: skip
        other_source, other_row = other
        yield Outcome(source, int(row), "kept", "decision-number-repeated", field, number, {"other_source": other_source, "other_row": other_row})  # fmt: skip
