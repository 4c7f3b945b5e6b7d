"""Normalised text in three strengths, each with offsets in the original.

`half_width_numbers` and `by_character` keep every offset, and the neighbours of a number.
`normalise` undoes everything that may disguise a value, and gives the origin of each character.
What it removes or joins can also hide where a number ends (①0376-6661234), so a search for values
uses both.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.base import escapes
from pipeline.base.numerals import DIGITS
from pipeline.base.patterns import lazy
from pipeline.base.script import simplified_by_character

#: Invisible characters that break matching, inside a class of `re` or RE2: control, zero-width,
#: bidirectional and soft-hyphen characters, and two codes that are none and no workbook can hold.
#: Intake removes them from cells.
INVISIBLE = "\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
#: Further ones that Unicode calls ignorable by default, besides its marks and format characters.
_IGNORABLE = "\u115f\u1160\u3164\uffa0\u2065\ufff0-\ufff8\U000e0000-\U000e0fff"
_UNSEEN = lazy(f"[{INVISIBLE}{_IGNORABLE}]")
_LINES = "\n\r"
_DASHES = "‐‑‒–—―−－﹣﹘⁃˗➖"
_ALIKE = {**dict.fromkeys(_DASHES, "-"), "•": "·", "\u2800": " ", **dict.fromkeys("×ХхΧχ", "x")}
_KEPT = 1 << 17  # entries of a table at most; Chinese text uses a few thousand characters
_HANGZHOU = "〡〢〣〤〥〦〧〨〩"  # merchants' numerals, the only letters (Nl) that are digits
_SPELT = {c: str(value) for c, value in DIGITS.items() if c not in "两"} | {"幺": "1"}
_SPELT_TABLE = str.maketrans(_SPELT)
_HAN_DIGITS = "".join(_SPELT)
#: From this many Chinese digits side by side, they are a number and not words.
_SPELT_FROM = 7
_NUMBER = lazy(f"[{_HAN_DIGITS}]{{{_SPELT_FROM},}}")
#: The same mixed with 0 to 9. Text after the sign of an escape is left: it would become an escape.
_MIXED = lazy(
    rf"(?P<escape>[%&\\]#?[0-9A-Za-z{_HAN_DIGITS}]*)|[0-9{_HAN_DIGITS}]{{{_SPELT_FROM},}}"
)
_JAMO = lazy("[\u1100-\u11ff]")

_PLAIN = (
    "\t\n\r -~\u00a0\u3000\u3400-\u4dbf\u4e00-\u9fff！-～“”‘’·、。《》「」『』【】〔〕〖〗〇○•×‐-―−"
)
_WIDE_SIGN = r"[&＆][#＃A-Za-zＡ-Ｚａ-ｚ]|[%％][0-9A-Fa-f０-９Ａ-Ｆａ-ｆ]{2}|[\\＼][uｕ](?:[0-9A-Fa-f０-９Ａ-Ｆａ-ｆ]{4}|\{)|[\\＼][xｘ][0-9A-Fa-f]{2}"
_HAN_OR_WIDE = f"{_HAN_DIGITS}貳陸叄"
#: A cheap test, for `re` and RE2, for text that `normalise` and `by_character` treat differently.
DISGUISED = (
    rf"[^{_PLAIN}]|{_WIDE_SIGN}|[0-9０-９][{_HAN_OR_WIDE}]|[{_HAN_OR_WIDE}][0-9０-９]"
    rf"|[%&\\％＆＼][#＃]?[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]*[{_HAN_OR_WIDE}]"
)


@dataclass(frozen=True, slots=True)
class Normalised:
    """Normalised `text`, and in `origins` for each of its characters the offset in `original`.

    Origins never decrease; characters made from one character share its offset.
    """

    text: str
    origins: Sequence[int]
    original: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The offsets in the original of `text[start:end]`, which is not empty.

        They cover whole characters and escapes, and invisible characters after the last.
        """
        after = bisect_right(self.origins, self.origins[end - 1], end)
        stop = self.origins[after] if after < len(self.origins) else len(self.original)
        return self.origins[start], stop


def normalise(text: str) -> Normalised:
    """`text` without disguises; idempotent, in time linear in its length.

    Compatibility forms (NFKC) and every dash and blank as the plain one; format, combining,
    variation and invisible characters removed; escapes of HTML, addresses and JSON undone;
    digits of every alphabet, Chinese ones from seven side by side, as 0 to 9; traditional
    characters simplified. Source: Unicode Standard Annex 15; UTS 39 for what may be confused.
    """
    made = text.translate(_NORMAL)
    origins: Sequence[int] = range(len(text))
    if not _NORMAL.uneven.isdisjoint(text):
        lengths = [len(_NORMAL[ord(c)]) for c in text]
        origins = [at for at, length in enumerate(lengths) for _ in range(length)]
    if escapes.has_escapes(made):
        made, moved = escapes.undo_escapes(made, lambda c: c.translate(_NORMAL))
        origins = [origins[at] for at in moved]
    if _JAMO.search(made):
        made, origins = _composed(made, origins)
    return Normalised(_MIXED.sub(_as_number, made), origins, text)


def by_character(text: str) -> str:
    """`text` in half width, with one dash, one blank (also for invisible characters) and
    simplified.

    Character for character, so that offsets stay. Seven or more Chinese digits side by
    side are a number in 0 to 9.
    """
    return _NUMBER.sub(lambda m: m[0].translate(_SPELT_TABLE), text.translate(_SAME_LENGTH))


def half_width_numbers(text: str) -> str:
    """`text` with digits, X, @ and hyphen in half width, all else unchanged; offsets stay.

    A full-width letter beside a number still separates it from others.
    """
    return text.translate(_HALF)


_HALF = str.maketrans("０１２３４５６７８９Ｘｘ＠－", "0123456789Xx@-")


def _as_number(found: re.Match[str]) -> str:
    return found[0] if found["escape"] else found[0].translate(_SPELT_TABLE)


def _composed(text: str, origins: Sequence[int]) -> tuple[str, list[int]]:
    """Korean letters composed to syllables: the only composition left once marks are removed."""
    made, kept = list[str](), list[int]()
    for c, origin in zip(text, origins, strict=True):
        syllable = unicodedata.normalize("NFC", made[-1] + c) if made else ""
        if len(syllable) == 1:
            made[-1] = syllable
        else:
            made.append(c)
            kept.append(origin)
    return "".join(made), kept


# ---------------------------------------------------------------- one character


class _Table(dict[int, str]):
    """Code point → its replacement, computed when a text first has it (for str.translate)."""

    def __init__(self) -> None:
        super().__init__()
        self.uneven = set[str]()  # characters whose replacement is not one character

    def __missing__(self, code: int) -> str:
        made = self.of(chr(code))
        if len(made) != 1:
            self.uneven.add(chr(code))
        if len(self) < _KEPT:
            self[code] = made
        return made

    def of(self, character: str) -> str:
        """The replacement of one character."""
        raise NotImplementedError


class _Normal(_Table):
    """The replacements of `normalise`."""

    def of(self, character: str) -> str:
        digits = _digits(character)
        if digits:
            return digits
        parts = "".join(map(_alike, unicodedata.normalize("NFKD", character)))
        return unicodedata.normalize("NFC", parts)


class _SameLength(_Table):
    """The replacements of `by_character`: always one character."""

    def of(self, character: str) -> str:
        if "！" <= character <= "～":
            return chr(ord(character) - 0xFEE0)
        if character == "﹒":
            return "."
        return _alike(character) or (" " if _UNSEEN.match(character) else character)


_NORMAL, _SAME_LENGTH = _Normal(), _SameLength()


def _digits(character: str) -> str:
    """A digit or number of any alphabet as 0 to 9; "" for others, and for Chinese digits."""
    if unicodedata.category(character) in ("Nd", "No") or character in _HANGZHOU:
        value = unicodedata.numeric(character)
        if value == int(value):
            return str(int(value))
    return ""


def _alike(character: str) -> str:
    """The plain form of a decomposed character; "" for marks and invisible characters."""
    if character in _LINES:
        return character
    if character in _ALIKE:
        return _ALIKE[character]
    category = unicodedata.category(character)
    if category == "Zs" or character == "\t":
        return " "
    if category[0] == "M" or category == "Cf" or _UNSEEN.match(character):
        return ""
    return _simplified(character)


def _simplified(character: str) -> str:
    """The last of a character's simplified forms; 么 is one, though Taiwan writes it for 幺."""
    while character != "么" and (simpler := simplified_by_character(character)) != character:
        character = simpler
    return character
