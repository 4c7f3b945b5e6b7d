"""Chinese numerals, in everyday and in capital characters: 三百零二, 叁佰零贰, 二〇二四.

The words around a number (元角分, 近, 余, 百分之) are read by the callers: amounts of a table, figures of
a report.
"""

from __future__ import annotations

DIGITS = {
    c: value
    for value, written in enumerate(
        ("〇零○", "一壹", "二贰貳弍两", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")
    )
    for c in written
}
UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
MYRIADS = {"万": 10_000, "亿": 100_000_000}
_SCORES = {"廿": 20, "卅": 30}
#: Letters that stand for 〇 where a keyboard has none.
_PLACED = DIGITS | {"o": 0, "O": 0}


def read_digits(text: str) -> int:
    """Digits side by side: 二〇二四 → 2024.

    KeyError where a character is no digit, ValueError for "".
    """
    return int("".join(str(_PLACED[c]) for c in text))


def read_number(text: str, *, short: bool = False) -> int | None:
    """The number that `text` is: 三百零二 → 302, 二〇二四 → 2024, 廿五 → 25; None where it is none.

    A unit without a digit counts once: 十五 → 15, 万 → 10000. `short`: as people speak, who leave
    out the last unit: 一百二 → 120. In amounts in capitals it is 102, a 零 left out.
    """
    if not text or not all(c in DIGITS or c in UNITS or c in MYRIADS or c in _SCORES for c in text):
        return None
    if all(c in DIGITS for c in text):
        return read_digits(text)
    total, section = 0, 0
    digit: int | None = None  # the last one, until a unit follows it
    left_out = 1  # the unit that a short number leaves out after its last digit
    for c in text:
        if c in DIGITS:
            digit = DIGITS[c]
            left_out = left_out if digit else 1
            continue
        if c in UNITS:
            section += (digit or 1) * UNITS[c]
            left_out = UNITS[c] // 10
        elif c in _SCORES:
            section, left_out = section + _SCORES[c], 1
        else:
            count = section + (digit or 0)
            if c == "亿":
                total, count = 0, total + count
            counts_once = not count and digit is None
            total, section = total + (1 if counts_once else count) * MYRIADS[c], 0
            left_out = MYRIADS[c] // 10
        digit = None
    return total + section + (digit or 0) * (left_out if short else 1)
