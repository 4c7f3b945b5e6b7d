"""Amounts of money as decisions write them, in digits or capitals, to whole fen."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pipeline.base.normalise import by_character
from pipeline.base.numerals import DIGITS, MYRIADS, UNITS, read_number
from pipeline.base.patterns import lazy

_NUMERAL = f"[{''.join((*DIGITS, *UNITS, *MYRIADS))}]"
_DIGIT = f"[{''.join(DIGITS)}]"
_AMOUNT = lazy(
    r"(?P<digits>\d[\d,]*(?:\.\d+)?) ?(?P<unit>百万|千万|万|亿|千)? ?元"
    rf"|(?P<capitals>{_NUMERAL}+)[元圆](?:(?P<jiao>{_DIGIT})角)?(?:零?(?P<fen>{_DIGIT})分)?"
)
_TIMES = {"": 1, "千": 1000, "万": 10_000, "百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000}
_CLAUSE = lazy(r"[；;。\n]|(?<!\d)(?=\d[.、](?!\d))")


def amounts(text: str) -> Iterator[tuple[int, int, int]]:
    """(start, end, fen) of every amount in `text`, which is normalised."""
    for m in _AMOUNT.finditer(text):
        if m["digits"]:
            fen = Decimal(m["digits"].replace(",", "")) * _TIMES[m["unit"] or ""] * 100
            if fen == int(fen):
                yield m.start(), m.end(), int(fen)
        elif m["capitals"][0] not in MYRIADS and (yuan := read_number(m["capitals"])):
            parts = 10 * DIGITS[m["jiao"] or "零"] + DIGITS[m["fen"] or "零"]
            yield m.start(), m.end(), yuan * 100 + parts


def stated(text: str, word: str, other: str) -> list[int]:
    """The amounts in fen that `text` states for `word` (罚款, 没收), without those for `other`.

    In each clause an amount follows the nearer of the two words, or precedes it (处5000元罚款).
    """
    found: list[int] = []
    for clause in _CLAUSE.split(by_character(text)):
        at = clause.find(word)
        if at < 0:
            continue
        behind = [
            f for a, _, f in amounts(clause) if clause.rfind(word, 0, a) > clause.rfind(other, 0, a)
        ]
        other_at = clause.find(other)
        first = other_at + len(other) if 0 <= other_at < at else 0
        before = [fen for a, b, fen in amounts(clause) if first <= a and b <= at]
        found += behind or (before if first == 0 else before[-1:])
    return found
