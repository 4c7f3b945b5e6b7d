"""Hold a report's figures against the records of the same body and year."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from pipeline.model import Comparison, Figure
from pipeline.reports.corrections import current
from pipeline.reports.indicators import Indicator
from pipeline.reports.numerals import plain

AGREES, DIFFERS, NOT_COMPARABLE = "agrees", "differs", "not comparable"

Params = dict[str, str | int]
Count = Callable[[str, str, Params], Decimal | None]
"""`count(dataset, query, params)`: the query's value; None where the dataset has no records."""


def reconcile(
    figures: Sequence[Figure], indicators: Sequence[Indicator], count: Count
) -> list[Comparison]:
    """One comparison for each indicator that a report states, in the order of its text.

    A correction counts in place of what was read. Where an indicator is stated more than once, the
    first figure that no other one of its sentence contains is held against the records.
    """
    known = {indicator.code: indicator for indicator in indicators}
    stated: dict[tuple[str, str], Figure] = {}
    for figure in current(figures):
        if figure.code in known:
            stated.setdefault((figure.report, figure.code), figure)
    return [_compare(figure, known[figure.code], count) for figure in stated.values()]


def _compare(figure: Figure, indicator: Indicator, count: Count) -> Comparison:
    why = _obstacle(figure, indicator)
    counted = None
    if not why:
        params = _params(figure, indicator.query)
        counted = count(indicator.dataset, indicator.query, params)
        if counted is None:
            why = f"没有“{indicator.dataset}”的记录可供核对"
    if counted is None:
        return Comparison(figure.report, figure.code, _stated(figure), "", "", NOT_COMPARABLE, why)
    difference = Decimal(figure.value) - counted
    verdict = AGREES if _agrees(figure, counted) else DIFFERS
    return Comparison(
        figure.report,
        figure.code,
        _stated(figure),
        plain(counted),
        plain(difference),
        verdict,
        "" if verdict == AGREES else _explain(difference),
        indicator.dataset,
        re.sub(r"\$(\w+)", r":\1", indicator.query),
    )


def _obstacle(figure: Figure, indicator: Indicator) -> str:
    if not indicator.query:
        return "没有与此项对应的记录"
    if figure.year is None:
        return "不知道报告的年度"
    if figure.status == "doubtful":
        return "所在句子的文字存疑，先确认或更正"
    return ""


def _params(figure: Figure, query: str) -> Params:
    """Only the parameters that `query` uses: some engines refuse others."""
    values: Mapping[str, str | int] = {"year": figure.year or 0, "region_code": figure.region_code}
    return {key: values[key] for key in dict.fromkeys(re.findall(r"\$(\w+)", query))}


def _stated(figure: Figure) -> str:
    return figure.value


def _agrees(figure: Figure, counted: Decimal) -> bool:
    """= exactly; ≥ from the value to the upper bound; ≈ within a tenth; ≤ up to the value."""
    value = Decimal(figure.value)
    upper = Decimal(figure.value_upper) if figure.value_upper else None
    if figure.comparator == "≥":
        return counted >= value and (upper is None or counted <= upper)
    if figure.comparator == "≤":
        return counted <= value
    if figure.comparator == "≈":
        return abs(counted - value) <= value / 10
    return value <= counted <= upper if upper is not None else counted == value


def _explain(difference: Decimal) -> str:
    if difference > 0:
        return (
            f"报告比记录多 {plain(difference)}：可能有记录未报送或未在当年备案，"
            "也可能在检查中被隔离，或依法不予公开"
        )
    return f"报告比记录少 {plain(-difference)}：可能有记录重复报送，或年度、口径与报告不同"
