"""Shares and growth in words, without a unit: 八成以上, 三分之二, 近一半, 翻两番."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from pipeline.reports.figures import numerals
from pipeline.reports.figures.numerals import BEFORE, HAN_NUMERAL, Number

_ENDS = r"(?=[以之][上下]|多|左右|[，,。；;、的群企案）)\s])"
_SHARE = re.compile(
    rf"(?:{BEFORE})?(?:(?P<tenths>[一二两三四五六七八九])成(?P<half>半)?{_ENDS}"
    rf"|(?P<under>[{HAN_NUMERAL}]{{1,4}})分之(?P<over>[{HAN_NUMERAL}]{{1,4}}){_ENDS}"
    rf"|(?P<one_of_two>(?<=[超近过逾占])半数|半数(?=[以之]上)|(?<!成)一半){_ENDS}|(?P<over_half>过半)(?=数?[，,。；;、的]))(?P<some>多)?"
)
_FOLD = re.compile(rf"翻了?(?P<n>[{HAN_NUMERAL}]|\d)(?P<unit>番)")

Share = tuple[int, int, Number, str, int, int]


def find(text: str) -> Iterator[Share]:
    """(start, end, number, unit, start and end with words of exactness) of each in `text`.

    A share is in per cent, rounded to two places; 番 keeps its own unit, since a doubling is a
    change and not a count.
    """
    for match in _SHARE.finditer(text):
        value = _value(match)
        if value is not None:
            comparator, upper, more = _exactness(match, text[match.end() : match.end() + 4], value)
            start = next(
                match.start(g) for g in ("tenths", "under", "one_of_two", "over_half") if match[g]
            )
            number = Number(value, comparator, upper)
            yield start, match.end(), number, "%", match.start(), match.end() + more
    for fold in _FOLD.finditer(text):
        number = Number(Decimal(fold["n"]) if fold["n"].isdigit() else _han(fold["n"]))
        yield fold.start("n"), fold.end(), number, fold["unit"], -1, -1


def _han(text: str) -> Decimal:
    return numerals.han_value(text) or Decimal()


def _value(match: re.Match[str]) -> Decimal | None:
    """The share in per cent; None where it is none, or is read by `numerals` (百分之)."""
    if match["tenths"]:
        return _han(match["tenths"]) * 10 + (5 if match["half"] else 0)
    if match["one_of_two"] or match["over_half"]:
        return Decimal(50)
    under, over = _han(match["under"]), _han(match["over"])
    if match["under"][-1] in "百千万" or not Decimal() < over < under:
        return None
    return round(over * 100 / under, 2)


def _exactness(
    match: re.Match[str], behind: str, value: Decimal
) -> tuple[str, Decimal | None, int]:
    """Comparator, upper bound, and the length of the words for it in `behind`. Tenths are
    approximate.
    """
    tail = numerals.BEHIND.match(behind)
    more = tail.end() if tail else 0
    if match["more"] or match["over_half"] or match["some"] or (tail and tail["least"]):
        return "≥", None, more
    if match["less"] or (tail and tail["most"]):
        return "≤", value, more
    rough = match["about"] or (tail and tail["round"]) or match["tenths"]
    return ("≈" if match["near"] or rough else "="), (value if match["near"] else None), more
