"""Does to clean text what a converter did to the reports that the web holds, in the same three ways."""

from __future__ import annotations

import opencc
from pypinyin.constants import PINYIN_DICT

_TO_TRADITIONAL = opencc.OpenCC("s2t")


def traditional(text: str) -> str:
    """Simplified text as the converter makes it traditional: character for character."""
    return "".join(_TO_TRADITIONAL.convert(c) for c in text)


def glossed(text: str, original: str) -> str:
    """Every character that changed with its pinyin in brackets behind it."""
    return "".join(
        f"{now}({PINYIN_DICT[ord(now)].split(',')[0]})" if now != before else now
        for now, before in zip(text, original, strict=True)
    )


def decoded(data: bytes) -> str:
    """GBK as a careless decoder reads it: ? for what it cannot, and the byte behind goes with it.

    Letters with tone marks, which glosses bring and GBK has, are kept as they are.
    """
    result, at = [], 0
    while at < len(data):
        byte = data[at]
        if byte < 0x80:
            result.append(chr(byte))
            at += 1
            continue
        pair = data[at : at + 2]
        if len(pair) < 2 or pair[1] < 0x40 or pair[1] in (0x7F, 0xFF):
            result.append("?")
        else:
            char = pair.decode("gb18030", "ignore")
            result.append("" if not char or "\ue000" <= char <= "\uf8ff" else char)
        at += 2
    return "".join(result)


def first_byte_lost(text: str, at: int) -> str:
    """The character at `at` loses its first byte; what follows is read one byte off."""
    lost = text[at].encode("gb18030")
    stop = next((i for i in range(at + 1, len(text)) if text[i].isascii()), len(text))
    stop = min(len(text), stop + 9)  # what an ASCII byte may be swallowed from
    tail = decoded(lost[1:] + text[at + 1 : stop].encode("gb18030"))
    return f"{text[:at]}?{tail}{text[stop:]}"


def gloss_inside(text: str, at: int, syllable: str) -> str:
    """`(syllable)` put between the two bytes of the character at `at`."""
    code = text[at].encode("gb18030")
    stop = next((i for i in range(at + 1, len(text)) if text[i].isascii()), len(text))
    stop = min(len(text), stop + 9)
    data = code[:1] + f"({syllable})".encode("gb18030") + code[1:]
    return text[:at] + decoded(data + text[at + 1 : stop].encode("gb18030")) + text[stop:]


def reading(char: str) -> str:
    """The usual reading of a character."""
    return PINYIN_DICT[ord(char)].split(",")[0]
