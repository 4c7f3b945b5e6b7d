"""What all normalisers of cells share: how a column is read, and text without disguises."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.base.normalise import INVISIBLE
from pipeline.base.patterns import lazy

TEXT_MARKS = "'‘’`"  # Excel's prefix of a text cell; other programs write it to the file
_INVISIBLE = lazy(f"[{INVISIBLE}]")


@dataclass(frozen=True, slots=True)
class Setting:
    """How the values of a column are read, from the contract, the header and sources.yaml."""

    unit: str = ""  # of the written amounts: 元, 万元, 亿元
    dates: str = ""  # of sources.yaml, or as the whole column shows (`date_styles`)
    is_term: bool = False  # of dates: when a term ends, which may be said in words
    separator: str = ";"
    codes: Mapping[str, str] = field(default_factory=dict)  # folded spelling → code
    prefixes: Mapping[str, str] = field(default_factory=dict)  # folded beginning → code
    order: tuple[str, ...] = ()  # codes in the list's order
    as_meant: Mapping[str, str] = field(default_factory=dict)  # sources.yaml `values`
    is_1904: bool = False  # serial day numbers are counted from 1904-01-01
    is_numbered: bool = False  # its other values are documents' numbers (`numbers_as_days`)
    keep_blanks: bool = False  # of text: blanks around it are part of it


#: A normaliser gives the canonical text and the name of the rule that made it ("" if unchanged).
Normaliser = Callable[[str, Setting], tuple[str, str]]


def tidy(text: str) -> str:
    """`text` without invisible characters and outer white space; line breaks become `\\n`."""
    return visible(text).strip()


def visible(text: str) -> str:
    """`text` without invisible characters; line breaks become `\\n`."""
    return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def half_width(text: str) -> str:
    """`text` tidied, in the width that compatibility (NFKC) gives each character."""
    return tidy(unicodedata.normalize("NFKC", tidy(text)))


def unspaced(text: str) -> str:
    """`text` in half width without any blank.

    NFKC runs again at the end, because a combining mark can now follow a letter.
    """
    return unicodedata.normalize("NFKC", re.sub(r"\s+", "", half_width(text)))


def fold(text: str) -> str:
    """The form in which spellings of a code are compared: NFKC, no blanks, case folded."""
    if text.isalnum() and unicodedata.is_normalized("NFKC", text):
        return text.casefold()  # as nearly all are: letters and digits alone, half-width already
    return unspaced(text).casefold()


def changed(written: str, canonical: str, rule: str) -> tuple[str, str]:
    """A normaliser's result: `rule` where it changed more than the white space of `written`."""
    if canonical == written:
        return written, ""
    return canonical, rule if canonical != tidy(written) else "white-space"
