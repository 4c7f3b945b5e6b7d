"""Identity numbers in a normalised text, and what a single value is by its form and check digit.

An identity number is found by what it is, not by how it is written: whatever marks stand between
its digits (`digit_runs`), it has a division, a day of birth and a check digit (GB 11643-1999).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from stdnum import numdb
from stdnum.iso7064 import mod_11_2

from pipeline.base.normalise import by_character
from pipeline.base.patterns import lazy
from pipeline.checks.privacy.digit_runs import Group, Window, runs, windows
from pipeline.checks.privacy.number_context import (
    CODE_LETTERS,
    OTHER_NUMBER,
    SEGMENT,
    Spot,
    behind,
    stars,
)
from pipeline.checks.privacy.spelt_digits import in_digits

_IDENTITY_WORD = lazy(r"身[份分]证|公民身份|居民身份|证件号码?|身份号|身份证明|ID", re.I)
_IDENTITY_LABEL = lazy(rf"(?:{_IDENTITY_WORD.pattern})[^，。；,;]{{0,8}}$", re.I)


def has_check_digit(number: str) -> bool:
    """Whether 18 characters end in the check digit of GB 11643-1999 (ISO 7064 MOD 11-2)."""
    return bool(mod_11_2.is_valid(number.upper()))


def is_birth_date(digits: str) -> bool:
    """Whether eight digits are a day on which someone who has a number can have been born."""
    try:
        return 1880 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year < 2100
    except ValueError:
        return False


def birth_of(number: str) -> date | None:
    """The date of birth in an identity number of 18 or 15 digits, None where it has none."""
    number = re.sub(r"[\s\-]", "", by_character(number))
    if not re.fullmatch(r"\d{17}[\dXx]|\d{15}", number):
        return None
    digits = number[6:14] if len(number) == 18 else "19" + number[6:12]
    return (
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if is_birth_date(digits) else None
    )


@cache
def _is_division(code: str) -> bool:
    """Whether six digits are or were a division of GB/T 2260, or of those who live here from abroad
    (81 to 83, 91 to 93).
    """
    if code[:2] in ("81", "82", "83", "91", "92", "93"):
        return True
    return any("county" in about for _, about in numdb.get("cn/loc").info(code))


#: The first two digits of every division: of more of them than any list has, a number with a right
#: check digit shows that they are one.
_PROVINCE = lazy(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|[89][1-3]")
#: Years of birth of those who can be party to a case: a number with a wrong or missing check digit
#: is a person's only with one of these. A case's own number has its year instead.
_BORN = range(1915, 2016)


def identity_numbers(text: str) -> Iterator[Spot]:
    """Identity numbers of 18 and 15 digits (GB 11643-1999), whatever stands between the digits,
    also with one digit mistyped or the last one missing.
    """
    free, plain = 0, in_digits(text).translate(_DAY_MARKS)
    for start, end in sorted((*_right_ones(plain), *_padded(text), *_others(plain))):
        if start >= free:
            yield start, end, stars(text[start:end])
            free = end


#: The day of birth in a number may be written with its words.
_DAY_MARKS = str.maketrans("年月日", "---")
_WITH_DAY = lazy(
    r"(\d{6})[\W_]{0,3}((?:18|19|20)\d\d)年(\d{1,2})月(\d{1,2})日[\W_]{0,3}(\d{3}[\dXx])(?!\d)"
)


def _padded(text: str) -> Iterator[tuple[int, int]]:
    """Numbers in which month or day has lost its zero: 410105（1952年3月3日）6633."""
    for m in _WITH_DAY.finditer(text):
        division, year, month, day, rest = m.groups()
        if sure_identity(f"{division}{year}{month:0>2}{day:0>2}{rest}"):
            yield m.span()


_LAST_X = lazy(r"[\W_]{0,3}[xX]")


def _right_ones(text: str) -> Iterator[tuple[int, int]]:
    """Numbers of 18 characters with a right check digit, wherever in a run they stand."""
    for groups in runs(text):
        places = [at for group in groups for at in range(group.start, group.end)]
        digits = "".join(group.digits for group in groups)
        x = _LAST_X.match(text, places[-1] + 1)
        if x:
            places.append(x.end() - 1)
            digits += "X"
        at = 0
        while at + 18 <= len(digits):
            if sure_identity(digits[at : at + 18]) and not _has_days(groups, places[at]):
                yield places[at], places[at + 17] + 1
                at += 17
            at += 1


def _has_days(groups: list[Group], start: int) -> bool:
    """Whether two groups behind `start` are days: a period, and no number."""
    return (
        sum(len(g.digits) == 8 and is_birth_date(g.digits) for g in groups if g.start >= start) > 1
    )


_DAY_OF_BIRTH = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
#: By its length and day of birth; of any digits behind a label.
_MAY_BE_ONE = lazy(
    rf"[1-9]\d{{5}}(?:(?:19|20)\d\d{_DAY_OF_BIRTH}\d{{3,4}}|\d\d{_DAY_OF_BIRTH}\d{{3}})"
)
_ANY_OF_ITS_LENGTH = lazy(r"\d{15,18}")


def _others(text: str) -> Iterator[tuple[int, int]]:
    """Whole groups that are an identity number with a mistyped or missing digit, or an old one."""
    may = _ANY_OF_ITS_LENGTH if _IDENTITY_WORD.search(text) else _MAY_BE_ONE
    for groups in runs(text):
        for group in groups:
            if _begins_with_one(group.digits):
                yield group.start, group.start + 18
        for w in windows(text, groups, may):
            is_named = behind(_IDENTITY_LABEL, text, w.start)
            end = w.end
            if (
                len(w.digits) == 17
                and (x := _LAST_X.match(text, w.end))
                and not text[x.end() : x.end() + 1].isalpha()
            ):
                end = x.end()
            is_alone = w.before is None and w.after is None
            if (is_named and is_alone) or _is_almost_one(text, w, end - w.end > 0):
                yield w.start, end


def _begins_with_one(digits: str) -> bool:
    """Whether a mobile number, or a second one, is glued to a number with a slip in it."""
    is_glued = (SEGMENT.match(digits, 18) and len(digits) == 29) or len(digits) == 36
    return bool(is_glued and _is_division(digits[:6]) and _is_birth_of_one(digits[6:14]))


def _is_birth_of_one(digits: str) -> bool:
    return is_birth_date(digits) and int(digits[:4]) in _BORN


def _is_almost_one(text: str, w: Window, has_x: bool) -> bool:
    """Whether a window has a division and a day of birth where an identity number has them."""
    if len(w.digits) == 16 or not _is_division(w.digits[:6]):
        return False
    if behind(OTHER_NUMBER, text, w.start) or behind(CODE_LETTERS, text, w.start):
        return False
    if len(w.digits) == 15:
        code = is_credit_code(text[w.start : w.start + 18])
        return (
            (w.shape == (6, 6, 3) or not w.is_listed)
            and is_birth_date("19" + w.digits[6:12])
            and not code
        )
    return _is_birth_of_one(w.digits[6:14]) and (
        len(w.digits) == 17 or has_x or not is_credit_code(w.digits)
    )


# ---------------------------------------------------------------- a value by itself


def is_credit_code(number: str) -> bool:
    """Whether 18 characters are a social credit code, by the check digit of GB 32100-2015."""
    from stdnum.cn import uscc

    return bool(uscc.is_valid(number))


def is_organisation_code(value: str) -> bool:
    """Whether nine characters are an old organisation code, by the check digit of GB 11714-1997."""
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", value):
        return False
    total = sum(int(c, 36) * w for c, w in zip(value, (3, 7, 9, 10, 5, 8, 4, 2), strict=False))
    return "0X987654321"[total % 11] == value[8]


def sure_identity(value: str) -> bool:
    """Whether `value` is an identity number of 18 characters with a right check digit and no
    doubt.
    """
    return re.fullmatch(r"\d{17}[\dXx]", value) is not None and bool(
        _PROVINCE.match(value) and is_birth_date(value[6:14]) and has_check_digit(value)
    )
