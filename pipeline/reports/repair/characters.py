"""Properties of single Chinese characters: script, readings, frequency, bytes in GBK.

All are computed from a library's table or from a character set's order. The tables are loaded on
first use: an undamaged simplified report needs none.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from pipeline.base import script

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_PUNCTUATION = frozenset("　、。·—…～〜‘’“”〔〕〈〉《》「」『』【】±×÷℃‰§№（），．：；！？％＋－／")
_FIRST_LEVEL = (0xB0A1, 0xD7F9)  # GB 2312 puts its 3,755 commonest characters first


def is_han(char: str) -> bool:
    """Is it a Chinese character?"""
    return HAN.match(char) is not None


def is_traditional(char: str) -> bool:
    """Does the character have another, simplified form?"""
    return script.simplified_by_character(char) != char


@cache
def is_common(char: str) -> bool:
    """Is it, in simplified form, one of the first-level characters of GB 2312, or a usual mark?"""
    if char in _PUNCTUATION or char.isascii():
        return True
    if "！" <= char <= "～":
        return not char.isalpha()  # full-width letters are as rare as they look
    code = gbk(script.simplified_by_character(char))
    return len(code) == 2 and _FIRST_LEVEL[0] <= int.from_bytes(code, "big") <= _FIRST_LEVEL[1]


def gbk(char: str) -> bytes:
    """The two bytes of `char` in GBK, its user-defined rows included; empty where it has none."""
    try:
        code = char.encode("gb18030")
    except UnicodeEncodeError:
        return b""
    return code if len(code) == 2 else b""


def from_gbk(code: bytes) -> str:
    """The one character that two bytes stand for in GBK, empty where they stand for none."""
    try:
        char = code.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return char if len(char) == 1 else ""


@cache
def readings(char: str) -> tuple[str, ...]:
    """All pinyin readings of `char` with tone marks, the usual one first."""
    from pypinyin.constants import PINYIN_DICT  # 0.1 s to load: only damaged text needs it

    return tuple(PINYIN_DICT.get(ord(char), "").split(",")) if char else ()


@cache
def spelling(gloss: str) -> str:
    """One way of writing a syllable: composed letters, the caron for the breve, plain g and a."""
    composed = unicodedata.normalize("NFC", gloss.lower())
    return composed.translate(str.maketrans("ăĕĭŏŭɡɑ", "ǎěǐǒǔga"))


def reads_as(char: str, gloss: str) -> bool:
    """May `char` be read as `gloss`?"""
    return spelling(gloss) in readings(char)


def toneless(syllable: str) -> bool:
    """Does a syllable carry no tone mark?"""
    return spelling(syllable).replace("ü", "u").isascii()
