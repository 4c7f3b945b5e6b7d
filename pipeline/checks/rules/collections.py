"""Rules about whole collections: rows that are missing, or too many.

A collapse or a rise against the last release is the gate's (pipeline.release.gate.gate.check_sizes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.base.model import Dataset
from pipeline.base.sql import literal, quoted
from pipeline.checks.rules.base import Setting, rule


def _decided(*days: str) -> dict[str, Any]:
    rows = [
        {"record_id": str(i), "authority_name": "示例局", "decision_date": d}
        for i, d in enumerate(days)
    ]
    return {"penalty_filings": rows}


_BUSY = [f"2024-{month:02}-{day:02}" for month in (1, 2, 4, 5) for day in (3, 9, 15, 21)]


@dataclass(frozen=True, slots=True)
class Monthly:
    """A date, the least number of rows a month to check, and the column of who has the rows."""

    field: str
    least: float
    by: str = ""


@rule(
    "month-without-rows",
    Monthly(field="decision_date", least=3, by="authority_name"),
    scope="collection",
    ok=[_decided(*_BUSY, "2024-03-05"), _decided("2024-01-01", "2024-05-01")],
    bad=[_decided(*_BUSY)],
)
def month_without_rows(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Monthly
) -> Iterator[dict[str, Any]]:
    """Between its first and last row, an authority with so many rows a month has rows every month."""
    who = quoted(use.by) if use.by else literal(dataset.title)
    missing: dict[tuple[str, int], list[str]] = {}
    start = f"date_trunc('month', try_cast({quoted(use.field)} as date))"
    dated = f"""
        select {who} as who, {start} as month, count(*) as n
        from {quoted(dataset.name)} where {quoted(use.field)} <> '' group by 1, 2
    """
    usual_numbers = """
        select who, min(month) as first, max(month) as last,
        sum(n) / (date_diff('month', min(month), max(month)) + 1) as usual
        from m group by 1 having usual >= ?
    """
    empty = f"""
        with m as ({dated}), s as ({usual_numbers})
        select s.who, strftime(u.month, '%Y-%m'), round(usual) from s,
        lateral (select unnest(generate_series(s.first, s.last, interval 1 month)) as month) u
        anti join m on m.who = s.who and m.month = u.month order by 1, 2
    """
    for authority, month, usual in con.execute(empty, [use.least]).fetchall():
        missing.setdefault((authority, int(usual)), []).append(month)
    for (authority, usual), months in missing.items():
        yield {"authority": authority, "month": ", ".join(months[:24]), "usual": usual}


@dataclass(frozen=True, slots=True)
class Yearly:
    """A date, what is unusual, and the column of who has the rows."""

    field: str
    times: float
    least: int
    by: str = ""


@rule(
    "unusual-count",
    Yearly(field="decision_date", times=3, least=10, by="authority_name"),
    scope="collection",
    ok=[_decided(*(f"{y}-01-{d:02}" for y in (2022, 2023, 2024) for d in range(1, 13)))],
    bad=[
        _decided(
            *(f"2022-01-{d:02}" for d in range(1, 25)),
            *(f"2023-01-{d:02}" for d in range(1, 25)),
            "2024-01-01",
        )
    ],
)
def unusual_count(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Yearly
) -> Iterator[dict[str, Any]]:
    """The number of rows of a whole year is not so many times the median of the other years, or that
    part of it.
    """
    who = quoted(use.by) if use.by else literal(dataset.title)
    counts: dict[str, dict[int, int]] = {}
    rows = f"""
        select {who} as who, year(try_cast({quoted(use.field)} as date)) as made
        from {quoted(dataset.name)}
    """
    years_of = (
        f"select who, made, count(*) from ({rows}) where made < ? group by 1, 2 order by 1, 2"
    )
    for authority, year, count in con.execute(years_of, [setting.today.year]).fetchall():
        counts.setdefault(authority, {})[year] = count
    for authority, years in counts.items():
        for year, count in years.items():
            others = sorted(n for y, n in years.items() if y != year)
            usual = others[len(others) // 2] if others else count
            if (
                len(others) > 1
                and abs(count - usual) >= use.least
                and not usual / use.times <= count <= usual * use.times
            ):
                yield {"authority": authority, "year": year, "count": count, "usual": usual}
