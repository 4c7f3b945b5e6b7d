"""Numbers as prose writes them: 1,119, 4.2亿, 七十一, 近百, 一百二十余, 数万余, 20余万."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from pipeline.base.numerals import DIGITS, MYRIADS, UNITS, read_number

HAN_NUMERAL = "零〇一二两三四五六七八九十百千万亿"

# Words of exactness before a number. Lookbehinds exclude words that merely end like one of these
# (特约, 附近, 送达).

BEFORE = (
    r"(?P<near>将近|接近|(?<![附最临就靠亲邻])近)"
    r"|(?P<about>大约|约为|约有|大概|(?<![签违履制节公预特合邀相守])约)"
    r"|(?P<more>超过|超出|超|突破|不少于|不低于|不下|至少|高于|多于|大于|(?<![不无])逾|达到或超过|[≥＞>])"
    r"|(?P<less>不足|不到|不超过|不多于|不高于|至多|最多|低于|少于|小于|[≤＜<])"
)
_MIXED = r"\d{1,4}亿(?:\d{1,4}万|\d千万)|\d{1,4}万(?:\d{4}(?!\d)|\d千)"  # 1万3千, 2亿3000万
_ARABIC = _MIXED + r"|\d{1,3}(?:[,， \u2009]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
_HAN = rf"[{HAN_NUMERAL}]+(?:点[零〇一二三四五六七八九]+)?"
_VAGUE = r"(?:数|几|好几|上|成)(?=[十百千万亿])"
NUMBER = re.compile(
    rf"(?:(?:{BEFORE})[ ]?)?"
    rf"(?P<percent>百分之|千分之)?"
    rf"(?:(?P<arabic>{_ARABIC})|(?P<vague>{_VAGUE})?(?P<han>{_HAN}))"
    r"(?: ?(?P<some>余|多|几|来(?![自源访信函电到临说的])))?[ ]?(?P<scale>[十百千]?[万亿]亿?|[百千](?=[余多 ]?\D))?"
    r"(?P<rest>余|多(?!样|元化|种)|几(?!乎))?"
)
BEHIND = re.compile(
    r"(?P<least>(?:及|或)?以上|之多|开外)|(?P<most>(?:及|或)?以下|以内|之内)|(?P<round>左右|上下|许)"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number's value, its upper bound where it has one, and how exact it is (= ≈ ≥ ≤)."""

    value: Decimal
    comparator: str = "="
    upper: Decimal | None = None
    per: str = ""  # % or ‰ where written in words


def han_value(text: str) -> Decimal | None:
    """七十一 → 71, 一百二 → 120, 九十八点五 → 98.5; None where `text` is no number."""
    whole, _, fraction = text.partition("点")
    number = read_number(whole, short=True)
    if number is None or not all(c in DIGITS for c in fraction):
        return None
    behind = "".join(str(DIGITS[c]) for c in fraction)
    return Decimal(number) + Decimal(f"0.{behind}") if behind else Decimal(number)


def arabic_value(text: str) -> Decimal:
    """1,119 → 1119, 1 286 → 1286, 2亿3000万 → 230000000."""
    total = Decimal()
    for digits, scale in re.findall(r"([\d.]+)([千万亿]*)", re.sub(r"[,，\s]", "", text)):
        total += Decimal(digits) * _scale(scale)
    return total


def _scale(text: str) -> int:
    factor = 1
    for c in text:
        factor *= UNITS.get(c) or MYRIADS[c]
    return factor


def read(match: re.Match[str], behind: str) -> tuple[Number, int] | None:
    """(the number of a `NUMBER` match, the length of the words of exactness in `behind`), or None."""
    base = arabic_value(match["arabic"]) if match["arabic"] else han_value(match["han"])
    if base is None:
        return None
    scale = _scale(match["scale"] or "")
    step = _last_place(base) * scale
    value = base * scale
    per = {"百分之": "%", "千分之": "‰"}.get(match["percent"] or "", "")
    tail = BEHIND.match(behind)
    comparator, upper = _exactness(match, tail, value, step)
    return Number(value, comparator, upper, per), tail.end() if tail else 0


def _exactness(
    match: re.Match[str], tail: re.Match[str] | None, value: Decimal, step: Decimal
) -> tuple[str, Decimal | None]:
    if match["vague"] and match["vague"] != "上" and match["vague"] != "成":
        return "≥", value * 10
    if match["near"]:
        return "≈", value
    if match["some"] or match["rest"]:
        return "≥", value + step
    if match["more"] or match["vague"] or (tail and tail["least"]):
        return "≥", None
    if match["less"] or (tail and tail["most"]):
        return "≤", value
    if match["about"] or (tail and tail["round"]):
        return "≈", None
    return "=", None


def _last_place(value: Decimal) -> Decimal:
    """The place of the last digit that is not 0: 50 → 10, 1760 → 10, 1.5 → 0.1."""
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    trailing = len(digits) - len("".join(map(str, digits)).rstrip("0")) if any(digits) else 0
    return Decimal(1).scaleb(exponent + trailing)


def plain(value: Decimal) -> str:
    """An exact decimal without exponent or trailing zeros: 961500, 7.04."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
