"""Amounts of money as decisions write them, in digits or capitals, to whole fen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from pipeline.checks.privacy.folded_text import fold

_DIGIT = {c: i for i, row in enumerate(("〇零○", "一壹", "二贰两贰弍", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")) for c in row}  # fmt: skip
_UNIT = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_NUMERAL = f"[{''.join(_DIGIT)}{''.join(_UNIT)}{''.join(_LARGE)}]"
_AMOUNT = re.compile(
    r"(?P<digits>\d[\d,]*(?:\.\d+)?) ?(?P<unit>百万|千万|万|亿|千)? ?元"
    rf"|(?P<capitals>{_NUMERAL}+)[元圆](?:(?P<jiao>[{''.join(_DIGIT)}])角)?(?:零?(?P<fen>[{''.join(_DIGIT)}])分)?"
)
_TIMES = {"": 1, "千": 1000, "万": 10_000, "百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000}
_CLAUSE = re.compile(r"[；;。\n]|(?<!\d)(?=\d[.、](?!\d))")


def numeral(text: str) -> int | None:
    """壹拾贰万伍仟 → 125000; None where the characters are no number."""
    total = section = digit = 0
    for c in text:
        if c in _DIGIT:
            digit = _DIGIT[c]
        elif c in _UNIT:
            section += (digit or 1) * _UNIT[c]
            digit = 0
        else:
            section = (total + section + digit) * _LARGE[c] if c == "亿" else (section + digit) * _LARGE[c]  # fmt: skip
            total, section, digit = (section if c == "亿" else total + section), 0, 0
    value = total + section + digit
    return value or None


def amounts(text: str) -> Iterator[tuple[int, int, int]]:
    """(start, end, fen) of every amount in `text`, which is folded."""
    for m in _AMOUNT.finditer(text):
        if m["digits"]:
            fen = Decimal(m["digits"].replace(",", "")) * _TIMES[m["unit"] or ""] * 100
            if fen == int(fen):
                yield m.start(), m.end(), int(fen)
        elif (yuan := numeral(m["capitals"])) is not None:
            parts = 10 * _DIGIT.get(m["jiao"] or "零", 0) + _DIGIT.get(m["fen"] or "零", 0)
            yield m.start(), m.end(), yuan * 100 + parts


def stated(text: str, word: str, other: str) -> list[int]:
    """The amounts in fen that `text` states of `word` (罚款, 没收), none that it states of `other`.

    In each clause they stand behind the word, nearer than the other, or in front (处5000元罚款).
    """
    found: list[int] = []
    for clause in _CLAUSE.split(fold(text)):
        at = clause.find(word)
        if at < 0:
            continue
        behind = [f for a, _, f in amounts(clause) if clause.rfind(word, 0, a) > clause.rfind(other, 0, a)]  # fmt: skip
        other_at = clause.find(other)
        first = other_at + len(other) if 0 <= other_at < at else 0
        before = [fen for a, b, fen in amounts(clause) if first <= a and b <= at]
        found += behind or (before if first == 0 else before[-1:])
    return found
