"""Telephone numbers in a normalised text, in whatever groups: mobile, with an area, behind a word.

A mobile number has eleven digits and a segment of the numbering plan, a fixed line its area. Where
digits stand apart, the shape of their groups and the marks between decide, or a word in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.base.patterns import lazy
from pipeline.checks.privacy.digit_runs import Group, Window, runs, window, windows
from pipeline.checks.privacy.number_context import (
    OTHER_NUMBER,
    SEGMENT,
    Spot,
    behind,
    is_measured,
    stars,
)
from pipeline.checks.privacy.personal_numbers import is_birth_date
from pipeline.checks.privacy.spelt_digits import in_digits

_PHONE_WORD = r"电话|手机|联系|致电|拨|宅电|微信|传真|座机|固话|来电|去电|回拨|呼叫|留号|短信|机主|(?<![票据证件单])号码|tel|phone|mobile"
#: A word for telephone a few characters in front of a number, or a verb right in front of it.
_PHONE_LABEL = lazy(rf"(?:{_PHONE_WORD})[^，。；,;]{{0,6}}$|[打接宅]\W{{0,2}}$", re.I)
_MAY_BE_LABELLED = lazy(rf"{_PHONE_WORD}|[打接宅]", re.I)
_PHONE_BEHIND = lazy(r"\W{0,2}(?:宅电|电话|手机|座机|打来|来电)")
#: How a mobile number is cut by whoever writes one down; any cut where a label says what it is.
_MOBILE_SHAPES = {
    (11,), (3, 8), (7, 4), (3, 4, 4), (4, 4, 3), (4, 3, 4), (3, 3, 5), (3, 5, 3), (5, 6), (6, 5), (4, 7), (1, 10), (2, 9),
    (3, 2, 2, 2, 2), (3, 2, 3, 3), (3, 3, 3, 2), (3, 2, 2, 4), (3, 4, 2, 2), (2, 2, 2, 2, 2, 1), (1,) * 11,
}  # fmt: skip
_COUNTRY = lazy(r"(?:00)?86")
#: 010; 02x; 03xx to 09xx.
_AREA = lazy(r"010|02[0-57-9]|0[3-9]\d{2}")
#: The same behind the country's number.
_AREA_ABROAD = lazy(r"10|2[0-57-9]|[3-9]\d{2}")
_LOCAL_SHAPES = frozenset([(7,), (8,), (3, 4), (4, 4), (4, 3)])
#: The letters that numbers of licences begin with (JY, SC …).
_LICENCE = lazy(r"(?<![A-Za-z])[A-Z]{2,4}$")
_GROUP = lazy(r"\d+")
_ZERO = lazy("0(?=1)")  # dialled in front of a mobile number from another city
#: Prefixes by which calls go through another network, dialled in front of a number.
_CARRIER = lazy(r"(?:179\d\d|125[89]\d|10193|10131|11808|96688)(?=1[3-9]\d{9}$)")
_POSTCODE, _POST_LABEL = lazy(r"\d{6}(?=1[3-9]\d{9}$)"), lazy(r"邮政?编码?\W{0,2}$")
_DAY = lazy(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?=1[3-9]\d{9}$)")
_EXTENSION = lazy(r"\s?(?:-|转|分机号?|ext\.?)\s?(\d{1,5})(?![\d-])", re.I)
_BETWEEN_NUMBERS = lazy(r"[\W_或和及与转]{1,4}")
#: Numbers of services, which are public: 12345, 12315, 95xxx, 96xxx, 400, 800.
_PUBLIC = lazy(r"[48]00\d{7}|1[012]\d{1,3}|9[56]\d{3,6}")
#: By first digits and length: a mobile number, with what may stand in front; several; a fixed line.
_MAY_BE_TELEPHONE = lazy(
    r"(?:(?:00)?86|0|20\d{6}|\d{5,6})?1[3-9]\d{9}|(?:1[3-9]\d{9}){2,4}|(?:00)?(?:86)?0?[1-9]\d{8,10}|0[1-9]\d{8,10}"
)
_LABELLED = lazy(rf"{_MAY_BE_TELEPHONE.pattern}|[2-8]\d{{6,7}}")


def telephones(text: str) -> Iterator[Spot]:
    """Mobile numbers and fixed lines with their area, in any grouping; shorter ones behind a word for
    telephone, or in a list behind another number.
    """
    free, listed, text = 0, -1, in_digits(text)
    may = _LABELLED if _MAY_BE_LABELLED.search(text) else _MAY_BE_TELEPHONE
    for groups in runs(text):
        for w in windows(text, groups, may):
            if w.start < free:
                continue
            is_named = behind(_PHONE_LABEL, text, w.start) or _follows(text, listed, w.start)
            is_named |= _PHONE_BEHIND.match(text, w.end) is not None
            for start, end in _numbers_of(text, w, is_named):
                yield start, end, _masked_telephone(text[start:end])
                free = listed = end
            if free > w.start and (more := _EXTENSION.match(text, free)):
                yield more.start(1), more.end(1), stars(more[1])
                free = listed = more.end()
    for m in _ISLAND_MOBILE.finditer(text):
        yield m.start(1), m.end(1), stars(m[1])


def _numbers_of(text: str, w: Window, is_named: bool) -> list[tuple[int, int]]:
    """The telephone numbers that a window is, from its first digit to its last; [] for none."""
    if _is_mobile(text, w, is_named) or _is_fixed(text, w, is_named, _AREA):
        return [(w.start, w.end)]
    if w.is_solid and len(w.digits) in (22, 33, 44):
        starts = range(0, len(w.digits), 11)
        if all(SEGMENT.match(w.digits, at) for at in starts):
            return [(w.start + at, w.start + at + 11) for at in starts]
    of_a_place = (_POSTCODE,) if behind(_POST_LABEL, text, w.start) else ()
    for prefix in (_COUNTRY, _ZERO, _DAY, _CARRIER, *of_a_place):
        m = prefix.match(w.digits)
        inner = _without(text, w, m.end()) if m and w.shape[0] >= m.end() else None
        if m is None or inner is None:
            continue
        is_abroad = prefix is _COUNTRY and (len(m[0]) > 2 or "+" in text[w.start - 2 : w.start])
        is_apart = prefix is _COUNTRY and w.shape[0] == 2
        areas = (_AREA, _AREA_ABROAD) if is_abroad or is_named or is_apart else ()
        if _is_mobile(text, inner, is_named or is_abroad) and not _is_part(text, w):
            return [(inner.start, w.end)]
        if prefix is _COUNTRY and any(_is_fixed(text, inner, True, area) for area in areas):
            return [(inner.start, w.end)]
    return []


def _without(text: str, w: Window, count: int) -> Window | None:
    """The window without its first `count` digits, which are in its first group."""
    start = w.start + count
    groups = [Group(m.start(), m.end(), m[0]) for m in _GROUP.finditer(text, start, w.end)]
    return window(text, groups, 0, len(groups) - 1) if groups else None


def _follows(text: str, listed: int, start: int) -> bool:
    """Whether a number that begins at `start` is the next of a list after one that ends at `listed`."""
    return 0 <= listed < start and _BETWEEN_NUMBERS.fullmatch(text, listed, start) is not None


def _is_mobile(text: str, w: Window, is_named: bool) -> bool:
    """Whether a window is a mobile number; in odd groups only behind a word for telephone."""
    digits = w.digits
    if len(digits) != 11 or digits[0] != "1" or digits[1] not in "3456789":
        return False
    if is_named:
        return True
    if not SEGMENT.match(digits) or is_measured(text, w) or _is_part(text, w):
        return False
    if w.is_solid:  # a batch number lost costs less than a telephone number published
        return not (behind(_LICENCE, text, w.start) and behind(OTHER_NUMBER, text, w.start))
    is_thousands = w.shape == (2, 3, 3, 3) or ("." in w.gaps[-1] and w.shape[-1] == 2)
    return w.shape in _MOBILE_SHAPES and not is_thousands and (w.is_even or not w.is_listed)


def _is_part(text: str, w: Window) -> bool:
    """Whether a window continues a number: a decimal, a version, a code with hyphens."""
    return w.before in (".", "-", "_") or bool(
        re.search(r"\d\.$", text[max(0, w.start - 2) : w.start])
    )


def _is_fixed(text: str, w: Window, is_named: bool, area_of: re.Pattern[str]) -> bool:
    """Whether a window is a fixed line's number; without an area only behind a word for telephone."""
    if _PUBLIC.fullmatch(w.digits):
        return False
    area = area_of.match(w.digits)
    local = w.digits[area.end() :] if area else w.digits
    if len(local) not in (7, 8) or local[0] not in "2345678":
        return False
    if area is None:
        return is_named and _is_short(text, w)
    rest = w.shape[0] - area.end()
    if is_named or rest < 0:
        return is_named
    shape = (rest, *w.shape[1:]) if rest else w.shape[1:]
    is_code = behind(OTHER_NUMBER, text, w.start) or is_measured(text, w) or _is_part(text, w)
    is_apart = rest == 0 and len(shape) == 1  # 0376:2295479
    return not is_code and shape in _LOCAL_SHAPES and (is_apart or not w.is_listed)


def _is_short(text: str, w: Window) -> bool:
    """Whether seven or eight digits behind a word for telephone are a local number, and no day."""
    is_day = len(w.digits) == 8 and is_birth_date(w.digits)
    return not is_day and not is_measured(text, w)


def _masked_telephone(number: str) -> str:
    return number[:1] + stars(number[1:]) if number[0] == "1" else stars(number)


_ISLAND_MOBILE = lazy(
    r"(?:电话|手机|行动)(?:号码)?[:：是为\s]{0,3}(09\d{2}[ \-]?\d{3}[ \-]?\d{3})(?!\d)"
)


def is_mobile(value: str) -> bool:
    """Whether `value` is eleven digits of a range that mobile telephones have."""
    return re.fullmatch(r"1\d{10}", value) is not None and bool(SEGMENT.match(value))
