"""A text in which whatever stands for a digit is one, character for character, so that offsets stay."""

from __future__ import annotations

import re

from pipeline.base.patterns import lazy
from pipeline.checks.privacy.digit_runs import DIGIT, GAP, SPELT, SPELT_AS
from pipeline.checks.privacy.number_context import OTHER_NUMBER, behind

_ESCAPED_BREAK = lazy("_x000[adAD]_")  # of a workbook's cell (ISO/IEC 29500, ST_Xstring)
_SPELT_RUN = lazy(rf"{DIGIT}(?:{GAP}{DIGIT}){{6,}}")
_HAN_DIGIT = lazy(f"[{SPELT}]")
_SPELT_TABLE = str.maketrans(SPELT_AS)
#: Letters that a reading of print takes for digits, or a typist writes for them.
MISREAD = "OoIl"
_MISREAD_TABLE = str.maketrans(MISREAD, "0011")
_GROUP = f"[0-9{MISREAD}]++"
_MISREAD = lazy(rf"(?<![A-Za-z0-9]){_GROUP}(?:{GAP}{_GROUP})*+")
_LAST_GROUP = lazy(f"[0-9{MISREAD}]+$")
_LETTER = lazy("[A-WYZa-wyz]")  # X may be an identity number's last
_OF_A_PERSON = lazy(r"(?:身[份分]证|公民身份|证件)[^，。；,;]{0,8}$")
_LEAST, _LEAST_DIGITS = 7, 4  # characters of such a run, and digits among them


def in_digits(text: str) -> str:
    """`text` with Chinese digits as 0 to 9 where seven digits or more stand in one run, letters
    misread for digits as these, and escaped line breaks as NUL.
    """
    if "_x000" in text:
        text = _ESCAPED_BREAK.sub("\0" * 7, text)
    text = _MISREAD.sub(_as_meant, text)
    return _SPELT_RUN.sub(_in_digits, text) if _HAN_DIGIT.search(text) else text


def _as_meant(run: re.Match[str]) -> str:
    """A run with misread letters as digits; a batch or a product may have letters in its number, and
    a group with another letter beside it is none.
    """
    kept = _LAST_GROUP.search(run[0]) if _LETTER.match(run.string, run.end()) else None
    part = run[0][: kept.start()] if kept else run[0]
    written = part.translate(_MISREAD_TABLE)
    digits, both = (sum("0" <= c <= "9" for c in each) for each in (part, written))
    if written == part or digits < _LEAST_DIGITS or both < _LEAST or _is_of_goods(run):
        return run[0]
    return written + run[0][len(part) :]


def _is_of_goods(run: re.Match[str]) -> bool:
    """Whether the word in front of a run calls it a number of something else than a person."""
    at = run.string, run.start()
    return behind(OTHER_NUMBER, *at) and not behind(_OF_A_PERSON, *at)


def _in_digits(run: re.Match[str]) -> str:
    """A run in digits; the character for one is a dash where it alone stands between figures."""
    if set(_HAN_DIGIT.findall(run[0])) == {"一"} and re.search("[0-9]", run[0]):
        return run[0].replace("一", "-")
    return run[0].translate(_SPELT_TABLE)
