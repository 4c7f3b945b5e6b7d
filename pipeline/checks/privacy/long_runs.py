"""Which of many texts hold digits enough for a number of a person: a cheap sign, for whole columns.

The same by a regular expression, `D(marks{0,3} D){6,}`, costs a hundred times as much: RE2 cannot
keep the states of both counts.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.base import parse_cache
from pipeline.base.arrow import of_numpy
from pipeline.base.script import traditional_forms
from pipeline.checks.privacy.digit_runs import SPELT
from pipeline.checks.privacy.spelt_digits import MISREAD

#: Letters among them: those that are misread for digits.
DIGITS = f"0123456789０１２３４５６７８９○{SPELT}{MISREAD}ＯｏＩｌ"
MARKS = 3  # at most, between two digits of a run
_DIGIT, _WORD = 1, 2
#: Letters that stand for a dash or a comma.
_LETTERS_AS_MARKS = "ー丶丨"
_BETWEEN = "\ufffe"  # no character: it ends a run wherever it stands


@cache
def _classes() -> npt.NDArray[np.uint8]:
    """By code point: a digit, a letter or another number, or (0) a mark."""
    return parse_cache.parsed("marks", unicodedata.unidata_version + DIGITS, _class_each)


def _class_each() -> npt.NDArray[np.uint8]:
    classes = np.zeros(0x110000, np.uint8)
    for code in range(0x32400):  # beyond the last CJK extension there are no letters
        classes[code] = _WORD if unicodedata.category(chr(code))[0] in "LN" else 0
    classes[[ord(c) for c in _LETTERS_AS_MARKS]] = 0
    classes[[ord(form) for c in DIGITS for form in c + traditional_forms(c)]] = _DIGIT
    classes[ord(_BETWEEN)] = _WORD
    return classes


def have_long_runs(texts: pa.Array, least: int) -> pa.Array:
    """A mask of the texts with at least `least` digits of which each is followed by the next one
    with up to three marks between.
    """
    found = np.zeros(len(texts), bool)
    listed = texts.to_pylist()
    joined = _BETWEEN.join(listed)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = _classes()[codes]
    digits = np.flatnonzero(kinds == _DIGIT)
    if len(digits) >= least:
        words = np.flatnonzero(kinds == _WORD)
        before = np.searchsorted(words, digits)  # how many words stand before each digit
        joins = (np.diff(digits) <= MARKS + 1) & (np.diff(before) == 0)
        # where `least - 1` joins follow each other, a run is long enough
        sums = np.concatenate([[0], np.cumsum(joins)])
        begins = np.flatnonzero(sums[least - 1 :] - sums[: -(least - 1)] == least - 1)
        ends = np.cumsum([len(text) + 1 for text in listed])  # behind each text and its border
        found[np.searchsorted(ends, digits[begins], "right")] = True
    return of_numpy(found)
