"""Compares a report's figures with the records of the same body and year."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from pipeline.base.model import Comparison, Figure, Reason
from pipeline.reports.compare.corrections import current
from pipeline.reports.figures.indicators import Indicator
from pipeline.reports.figures.numerals import plain

AGREES, DIFFERS, NOT_COMPARABLE = "agrees", "differs", "not comparable"

Params = dict[str, str | int]
Count = Callable[[str, str, Params], Decimal | None]
"""`count(dataset, query, params)`: the query's value; None where the dataset has no records."""


def reconcile(
    figures: Sequence[Figure], indicators: Sequence[Indicator], count: Count
) -> list[Comparison]:
    """One comparison for each indicator that a report states, in the order of its text.

    A correction replaces the figure that was read. Where an indicator is stated more than once, the
    first figure is compared.
    """
    known = {indicator.code: indicator for indicator in indicators}
    stated: dict[tuple[str, str], Figure] = {}
    for figure in current(figures):
        if figure.code in known:
            stated.setdefault((figure.report, figure.code), figure)
    return [_compare(figure, known[figure.code], count) for figure in stated.values()]


def _compare(figure: Figure, indicator: Indicator, count: Count) -> Comparison:
    obstacle = _obstacle(figure, indicator)
    counted = None
    if obstacle is None:
        params = _params(figure, indicator.query)
        counted = count(indicator.dataset, indicator.query, params)
        if counted is None:
            obstacle = Reason("check-no-records", {"dataset": indicator.dataset})
    if counted is None:
        why = (obstacle,) if obstacle else ()
        return Comparison(figure.report, figure.code, figure.value, "", "", NOT_COMPARABLE, why)
    difference = Decimal(figure.value) - counted
    verdict = AGREES if _agrees(figure, counted) else DIFFERS
    return Comparison(
        figure.report,
        figure.code,
        figure.value,
        plain(counted),
        plain(difference),
        verdict,
        () if verdict == AGREES else (_explain(difference),),
        indicator.dataset,
        re.sub(r"\$(\w+)", r":\1", indicator.query),
    )


def _obstacle(figure: Figure, indicator: Indicator) -> Reason | None:
    if not indicator.query:
        return Reason("check-not-recorded")
    if figure.year is None:
        return Reason("check-no-year")
    return Reason("check-doubtful") if figure.status == "doubtful" else None


def _params(figure: Figure, query: str) -> Params:
    """Only the parameters that `query` uses: some engines refuse others."""
    values: Mapping[str, str | int] = {"year": figure.year or 0, "region_code": figure.region_code}
    return {key: values[key] for key in dict.fromkeys(re.findall(r"\$(\w+)", query))}


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


def _explain(difference: Decimal) -> Reason:
    message = "check-report-says-more" if difference > 0 else "check-report-says-less"
    return Reason(message, {"difference": plain(abs(difference))})
