"""Unlabelled numbers: numbers and addresses that are personal by their form, whatever the word in
front of them.

`screen` lets a number pass behind 批号 or 订单号 where it may well be one. What reads as a whole
mobile number, identity number, bank card or mail address all the same is masked: a batch number
lost costs less than a telephone number published, and the exit guard,
which sees no words, would stop the release.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from stdnum import luhn

from pipeline.base.normalise import Normalised, half_width_numbers, normalise
from pipeline.base.patterns import lazy
from pipeline.checks.privacy.personal_numbers import sure_identity

Found = tuple[int, int, str]  # start, end, the rule of its kind


def found(text: str) -> list[Found]:
    """(start, end, rule) of each such value in `text`; they do not overlap.

    The text is searched as written, then without its disguises.
    """
    spots = _found(half_width_numbers(text))
    hidden = normalise(starred(text, spots))
    return spots + in_original(hidden, _found(hidden.text))


def _found(plain: str) -> list[Found]:
    spots = list[Found]()
    for rule, pattern, judge in _KINDS:
        more = [
            (m.start(1), m.end(1), rule)
            for m in pattern.finditer(plain)
            if judge(re.sub(r"[ \-]", "", m[1]))
        ]
        spots += more
        plain = starred(plain, more)
    return spots


def in_original(text: Normalised, spots: Iterable[Found]) -> list[Found]:
    """`spots` of a normalised text as offsets in the original; they do not overlap.

    One character of the original can be two of the text, and the end of one spot and the begin of
    the next; it is the first one's.
    """
    placed, free = list[Found](), 0
    for start, end, what in sorted(spots):
        first, stop = text.span(start, end)
        if free < stop:
            placed.append((max(first, free), stop, what))
            free = stop
    return placed


def starred(text: str, spots: Iterable[tuple[int, int, str]]) -> str:
    """`text` with stars in place of the spots, so that no other search finds a part of them."""
    return replaced(text, ((start, end, "*" * (end - start)) for start, end, _ in spots))


def replaced(text: str, spots: Iterable[tuple[int, int, str]]) -> str:
    """`text` with each spot (start, end, replacement) replaced; spots do not overlap."""
    parts, at = list[str](), 0
    for start, end, instead in sorted(spots):
        parts += [text[at:start], instead]
        at = end
    return "".join([*parts, text[at:]])


def _is_card(number: str) -> bool:
    return 16 <= len(number) <= 19 and bool(luhn.is_valid(number))


def _always(value: str) -> bool:
    return True


_FREE, _ALONE, _ENDS = r"(?<![0-9A-Za-z])", r"(?<![0-9A-Za-z.\-])", r"(?![0-9A-Za-z])"
_IDENTITY = r"(\d{6}[ \-]?\d{4}[ \-]?\d\d[ \-]?\d\d[ \-]?\d{3}[\dXx])"
_CARD = r"(62(?:[ \-]?\d){14,17})"
_MOBILE = r"(1(?:[38]\d|4[014-9]|5[0-35-9]|6[2567]|7[0-8]|9[0-35-9])[ \-]?\d{4}[ \-]?\d{4})(?!\s?(?:\.\d+)?\s?[万亿]?元)"
_MAIL = r"([A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,})"
_PASSPORT = r"护照号?码?[:：]?([A-Z]\d{8})(?!\d)"
_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("identity-number-in-text", lazy(_FREE + _IDENTITY + _ENDS, re.A), sure_identity),
    ("bank-card-in-text", lazy(_ALONE + _CARD + _ENDS, re.A), _is_card),
    ("telephone-in-text", lazy(_ALONE + _MOBILE + _ENDS, re.A), _always),
    ("e-mail-in-text", lazy(_MAIL), _always),
    ("passport-in-text", lazy(_PASSPORT, re.A), _always),
)
