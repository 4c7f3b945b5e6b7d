"""Amounts of money in capital characters, as written in a table's cells: 伍万元整."""

from __future__ import annotations

from decimal import Decimal

from pipeline.base.numerals import read_number
from pipeline.base.patterns import lazy

_CAPITALS = lazy(
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
    hundred_millions, ten_thousands, ones, jiao, fen = (
        read_number(match[part] or "零") or 0 for part in ("yi", "wan", "one", "jiao", "fen")
    )
    yuan = hundred_millions * 100_000_000 + ten_thousands * 10_000 + ones
    return Decimal(yuan) + Decimal(jiao * 10 + fen) / 100
