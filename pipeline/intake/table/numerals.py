"""Chinese numerals as they stand in dates and amounts of a table."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {
    c: i
    for i, group in enumerate(
        (
            "〇零○oO",
            "一壹",
            "二贰貳弍两",
            "三叁參",
            "四肆",
            "五伍",
            "六陆陸",
            "七柒",
            "八捌",
            "九玖",
        )
    )
    for c in group
}
_TENS = {"十": 10, "拾": 10, "廿": 20, "卅": 30, "百": 100, "佰": 100, "千": 1000, "仟": 1000}


def digits(text: str) -> int:
    """二〇二四 → 2024. KeyError where a character is no digit."""
    return int("".join(str(_DIGITS[c]) for c in text))


def small(text: str) -> int:
    """A number below 10,000: 十五 → 15, 三百零二 → 302. 0 where `text` is no such number."""
    total, current = 0, 0
    for c in text:
        if c in _DIGITS:
            current = _DIGITS[c]
        elif c in "廿卅":
            total, current = total + _TENS[c], 0
        elif c in _TENS:
            total, current = total + (current or 1) * _TENS[c], 0
        else:
            return 0
    return total + current


_CAPITALS = re.compile(
    r"^(?:人民币)?(?:(?P<yi>[零〇壹贰貳弍叁參肆伍陆陸柒捌玖拾佰仟一二两三四五六七八九十百千]+)亿)?"
    r"(?:(?P<wan>[零〇壹贰貳弍叁參肆伍陆陸柒捌玖拾佰仟一二两三四五六七八九十百千]+)万)?"
    r"(?P<one>[零〇壹贰貳弍叁參肆伍陆陸柒捌玖拾佰仟一二两三四五六七八九十百千]*)(?:[元圆](?P<yuan>))?"
    r"零?(?:(?P<jiao>[壹贰叁肆伍陆柒捌玖])角)?零?(?:(?P<fen>[壹贰叁肆伍陆柒捌玖])分)?[整正]?$"
)


def capital_amount(text: str) -> Decimal | None:
    """伍万元整 → 50000, 壹仟贰佰元伍角 → 1200.5, in yuan; None where `text` is no such amount."""
    match = _CAPITALS.match(text)
    if match is None or not (match["yi"] or match["wan"] or match["one"]):
        return None
    if match["yuan"] is None and not (match["wan"] or match["yi"]):
        return None  # 三 alone is a number, not an amount
    yuan = (
        small(match["yi"] or "") * 100_000_000
        + small(match["wan"] or "") * 10_000
        + small(match["one"] or "")
    )
    fen = digits(match["jiao"] or "零") * 10 + digits(match["fen"] or "零")
    return Decimal(yuan) + Decimal(fen) / 100
