"""Whole numbers that a spreadsheet shows inside a text: the format `"QZ-"000000` shows 42 as QZ-000042.

Source: ECMA-376 part 1, 18.8.31 (number formats).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.base.patterns import lazy

PLACE = "\0"  # a digit, in a pattern
#: Column from 0, first and last row from 1, pattern.
Run = tuple[int, int, int, str]

_TOKEN = lazy(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<zeros>#*0+)|(?P<digits>#+|General)'
    r"|(?P<literal>[ \-+/():!^&'~{}<>=]|[^\x00-\x7f¥￥€£])|\[\$-[0-9A-Fa-f]+\]|_.|\*.",
    re.I | re.S,
)
_ZEROS = lazy(r"(0{2,30})(?:;.*)?$")


def zeros(code: str) -> int:
    """The digits that a number format of zeros alone shows at least; 0 for any other."""
    match = _ZEROS.fullmatch(code)
    return len(match[1]) if match else 0


def pattern(code: str) -> str:
    """The text that a number format shows, with PLACE for each digit that it shows at least; "" for
    a format of amounts, decimals or dates, and for one that shows the digits alone.
    """
    parts, at = list[str](), 0
    while at < len(code) and code[at] != ";":
        token = _TOKEN.match(code, at)
        if token is None:
            return ""
        if token["zeros"] or token["digits"]:
            parts.append(PLACE * max(1, token[0].count("0")))
        else:
            parts.append(token["quoted"] or token["escaped"] or token["literal"] or "")
        at = token.end()
    text = "".join(parts).strip()
    places, words = text.count(PLACE), any(c.isalnum() for c in text)
    is_shown = places > 1 and len(text) > places
    return text if places and (words or is_shown) else ""


def shown(digits: str, text: str) -> str:
    """What a cell with the whole number `digits` shows by a pattern."""
    places = text.count(PLACE)
    padded = digits.zfill(places)
    first = len(padded) - places + 1  # digits in the leftmost place
    each = iter([padded[:first], *padded[first:]])
    return "".join(next(each) if c == PLACE else c for c in text)


def pattern_of(text: str, digits: str) -> str:
    """The pattern by which `text` shows the whole number `digits`; "" where it is no such text."""
    found, left = list[str](), len(digits)
    for c in reversed(text):
        if left and c == digits[left - 1]:
            left -= 1
            found.append(PLACE)
        elif left and c.isdecimal():
            return ""
        else:
            is_zero = not left and c == "0" and not any(f.isdecimal() for f in found)
            found.append(PLACE if is_zero else c)
    made = "".join(reversed(found))
    return "" if left or re.search(r"[.,%$¥￥€£]", text) or made.strip(PLACE) == "" else made


@dataclass(slots=True)
class Runs:
    """The patterns of a sheet's cells; those of one column that are below each other are one run."""

    last: dict[int, Run] = field(default_factory=dict)
    done: list[Run] = field(default_factory=list)

    def add(self, row: int, column: int, text: str) -> None:
        """A cell's pattern; rows come in their order."""
        before = self.last.get(column)
        if before and before[2] + 1 == row and before[3] == text:
            self.last[column] = (column, before[1], row, text)
            return
        if before:
            self.done.append(before)
        self.last[column] = (column, row, row, text)

    def __iter__(self) -> Iterator[Run]:
        yield from self.done
        yield from self.last.values()
