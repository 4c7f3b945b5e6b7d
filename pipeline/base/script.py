"""Traditional to simplified Chinese, by OpenCC's tables, which are loaded on first use.

One configuration for all, tw2s: it is t2s with Taiwan's forms too (裡, and 著 where 着 is meant),
which some converters of reports write. It is used in two ways: text that is read or published is
converted phrase by phrase, text that is searched character by character, so that offsets stay.
Source: https://github.com/BYVoid/OpenCC (TSCharacters, TSPhrases, TWVariantsRev).
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import opencc

_HAN = ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))
_BASIC = range(0x4E00, 0xA000)


def simplified(text: str) -> str:
    """`text` in simplified characters, ambiguous ones decided by the phrase around them.

    乾燥 → 干燥, but 乾隆 stays. Its length may change.
    """
    return str(_converter().convert(text))


def simplified_by_character(text: str) -> str:
    """`text` with each character in its simplified form: of the same length, offsets stay."""
    return text.translate(_TABLE)


@cache
def traditional_forms(character: str) -> str:
    """The traditional characters whose simplified form is `character`, in the order of Unicode."""
    return _forms().get(character, "")


def in_either_script(pattern: str) -> str:
    """A regular expression in simplified characters, extended to match traditional ones too."""
    parts, inside = list[str](), False
    for c in pattern:
        inside = c == "[" or (inside and c != "]")
        forms = traditional_forms(c)
        parts.append(c if not forms else c + forms if inside else f"[{c}{forms}]")
    return "".join(parts)


class _Table(dict[int, int]):
    """Code point → that of its simplified form, looked up when a text first has it."""

    def __missing__(self, code: int) -> int:
        found = code
        if any(first <= code <= last for first, last in _HAN):
            made = simplified(chr(code))
            found = ord(made) if len(made) == 1 else code
        self[code] = found
        return found


_TABLE = _Table()


@cache
def _forms() -> dict[str, str]:
    """Simplified character → its traditional forms, among the 20,992 characters in daily use."""
    forms: dict[str, str] = defaultdict(str)
    every = [chr(code) for code in _BASIC]
    for traditional, simple in zip(every, simplified("\n".join(every)).split("\n"), strict=True):
        if simple != traditional:
            forms[simple] += traditional
    return dict(forms)


@cache
def _converter() -> opencc.OpenCC:
    import opencc

    return opencc.OpenCC("tw2s")
