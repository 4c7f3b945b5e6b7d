"""GBK's byte pairs, and those that show as nothing because no character has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from pipeline.reports.characters import from_gbk, is_common

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
    before: str, pending: int, trail: int, behind: str, known: Callable[[str], bool]
) -> str:
    """The character `pending`·`trail`, or two characters whose middle bytes were dropped.

    `before` and `behind` are the neighbours, by which the better reading is told.
    """
    plain = from_gbk(bytes((pending, trail)))
    score = (
        -3
        if not plain
        else known(before + plain) + known(plain + behind) - 2 * (not is_common(plain))
    )
    if plain and score > 0:
        return plain
    scores = {
        pair: known(before + pair[0])
        + known(pair)
        + known(pair[1] + behind)
        - 1
        + 3 * (before == "（" and pair[0] in _NUMERALS and pair[1] == "）")
        for pair in _pairs(pending, trail)
    }
    best = max(scores.values(), default=score)
    if best <= score:
        return plain or "?"
    found = [pair for pair, s in scores.items() if s == best]
    return found[0] if len(found) == 1 else plain or "?"
