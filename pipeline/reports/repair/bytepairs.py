"""Byte pairs of GBK, and those that are dropped because they encode no character.

Only properties of GBK, independent of any text: from bytes and syllables to characters.
"""

from __future__ import annotations

from functools import cache

from pipeline.reports.repair.characters import from_gbk, gbk, is_common, is_han, reads_as

FULL_WIDTH = 0xA3  # the row of full-width ASCII
NUMERALS = "一二三四五六七八九十"


def first_bytes() -> range:
    """The bytes that may open a character."""
    return range(0x81, 0xFF)


def second_bytes() -> tuple[int, ...]:
    """The bytes that may close a character."""
    return (*range(0x40, 0x7F), *range(0x80, 0xFF))


@cache
def _shows_nothing(first: int, second: int) -> bool:
    """Whether the two bytes encode no character, so that a decoder or a cleaner drops them."""
    char = from_gbk(bytes((first, second)))
    return not char or "\ue000" <= char <= "\uf8ff"


@cache
def hidden_numeral() -> str:
    """The one numeral that shows as nothing between full-width brackets: 六."""
    hidden = [
        n
        for n in NUMERALS
        if _shows_nothing(gbk("（")[1], gbk(n)[0]) and _shows_nothing(gbk(n)[1], FULL_WIDTH)
    ]
    return hidden[0] if len(hidden) == 1 else ""


@cache
def before_dropped(pending: int, second: int) -> tuple[str, ...]:
    """Common characters `pending`·x where x·`second` shows as nothing."""
    return tuple(
        one
        for x in range(0xA1, 0xFF)
        if _shows_nothing(x, second) and (one := from_gbk(bytes((pending, x)))) and is_common(one)
    )


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
def dropped_pairs(pending: int, trail: int) -> tuple[str, ...]:
    """Two common characters `pending`·x and y·`trail` whose middle bytes x·y show as nothing."""
    return tuple(
        one + other
        for x in range(0xA1, 0xFF)
        if is_common(one := from_gbk(bytes((pending, x)))) and one
        for y in range(0xA1, 0xFF)
        if _shows_nothing(x, y) and is_common(other := from_gbk(bytes((y, trail)))) and other
    )
