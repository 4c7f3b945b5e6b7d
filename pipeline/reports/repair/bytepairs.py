"""GBK's byte pairs, and those that show as nothing because no character has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from pipeline.reports.repair.characters import from_gbk, gbk, is_common, is_han, reads_as

_WIDE = 0xA3  # the row of full-width ASCII
_NUMERALS = "一二三四五六七八九十"


def first_bytes() -> range:
    """The bytes that may open a character."""
    return range(0x81, 0xFF)


def second_bytes() -> tuple[int, ...]:
    """The bytes that may close a character."""
    return (*range(0x40, 0x7F), *range(0x80, 0xFF))


@cache
def _shows_nothing(first: int, second: int) -> bool:
    """Do the two bytes stand for no character, so that a decoder or a cleaner drops them?"""
    char = from_gbk(bytes((first, second)))
    return not char or "\ue000" <= char <= "\uf8ff"


@cache
def _hidden_numeral() -> str:
    """The one numeral that shows as nothing between full-width brackets: 六."""
    hidden = [
        n
        for n in _NUMERALS
        if _shows_nothing(gbk("（")[1], gbk(n)[0]) and _shows_nothing(gbk(n)[1], _WIDE)
    ]
    return hidden[0] if len(hidden) == 1 else ""


@cache
def _before_dropped(pending: int, second: int) -> tuple[str, ...]:
    """Common characters `pending`·x where x·`second` shows as nothing."""
    return tuple(
        one
        for x in range(0xA1, 0xFF)
        if _shows_nothing(x, second) and (one := from_gbk(bytes((pending, x)))) and is_common(one)
    )


def before_dropped(before: str, pending: int, last: str, known: Callable[[str], int]) -> str:
    """The character between `before` and `last` whose second byte was dropped with `last`'s first.

    Empty where none, or more than one, is known to stand there.
    """
    found: dict[str, int] = {}
    for one in _before_dropped(pending, gbk(last)[0]):
        front, back = known(before + one), known(one + last)
        if front or back:
            found[one] = front + back
    best = [one for one, score in found.items() if score == max(found.values())]
    return best[0] if len(best) == 1 else ""


@cache
def read_with(first: int, syllable: str) -> tuple[str, ...]:
    """The characters that open with the byte `first` and may be read as `syllable`."""
    chars = (from_gbk(bytes((first, second))) for second in second_bytes())
    return tuple(c for c in chars if c and reads_as(c, syllable))


@cache
def common_characters(syllable: str) -> tuple[str, ...]:
    """The common characters that may be read as `syllable`, in either script."""
    return tuple(c for c in _common() if reads_as(c, syllable))


@cache
def _common() -> tuple[str, ...]:
    chars = (from_gbk(bytes((a, b))) for a in first_bytes() for b in second_bytes())
    return tuple(c for c in chars if c and is_han(c) and is_common(c))


@cache
def _pairs(pending: int, trail: int) -> tuple[str, ...]:
    """Two common characters `pending`·x and y·`trail` whose middle bytes x·y show as nothing."""
    return tuple(
        one + other
        for x in range(0xA1, 0xFF)
        if is_common(one := from_gbk(bytes((pending, x)))) and one
        for y in range(0xA1, 0xFF)
        if _shows_nothing(x, y) and is_common(other := from_gbk(bytes((y, trail)))) and other
    )


def dropped_between(
    before: str, pending: int, trail: int, behind: str, known: Callable[[str], int]
) -> str:
    """The character `pending`·`trail`, or two characters whose middle bytes were dropped.

    `before` and `behind` are the neighbours; `known` says how well two characters are known to
    stand together. `?` stands for what could not be told.
    """
    plain = from_gbk(bytes((pending, trail)))
    if before == "　" and pending == _WIDE and trail == gbk("）")[1] and _hidden_numeral():
        return f"（{_hidden_numeral()}）"
    rare = not plain or not is_common(plain)
    score = known(before + plain) + known(plain + behind) - 4 * rare
    price = 3 if score > 0 else 2  # of supposing that bytes were dropped
    scores = {
        pair: known(before + pair[0])
        + known(pair)
        + known(pair[1] + behind)
        - price
        + 6 * (before == "（" and pair[0] in _NUMERALS and pair[1] == "）")
        for pair in _pairs(pending, trail)
    }
    best = max(scores.values(), default=score)
    if best <= score:
        return plain or "?"
    found = [pair for pair, s in scores.items() if s == best]
    if len(found) == 1:
        return found[0]
    return "??" if rare else plain
