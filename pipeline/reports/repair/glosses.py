"""Pinyin glosses that a converter printed behind characters: `實(shí)行` → `實行`.

People gloss a rare character, or an unusual reading, once. A converter glosses common characters
by their reading, everywhere. Only the second is damage.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.reports.repair.characters import (
    is_common,
    is_han,
    is_traditional,
    readings,
    reads_as,
    spelling,
    toneless,
)

_LETTERS = "a-zɡɑāáǎàăēéěèĕīíǐìĭōóǒòŏūúǔùŭüǖǘǚǜńňǹḿế\u0300\u0301\u0304\u0306\u0308\u030c"
SYLLABLE = rf"[{_LETTERS}]{{1,9}}"
GLOSS = re.compile(rf"\(({SYLLABLE})\)", re.IGNORECASE)
_ENOUGH = 3  # glosses behind common characters of either script that prove a converter


@dataclass(frozen=True, slots=True)
class Gloss:
    """A gloss at `start`:`end` that agrees with the character in front of it."""

    start: int
    end: int
    char: str
    syllable: str


def glosses(text: str) -> Iterator[Gloss]:
    """Every bracketed syllable that is a reading of the character in front of it."""
    for match in GLOSS.finditer(text):
        char = text[match.start() - 1] if match.start() else ""
        if not char or not is_han(char) or not reads_as(char, match[1]):
            continue
        yield Gloss(match.start(), match.end(), char, spelling(match[1]))


def made_by_converter(text: str, found: list[Gloss]) -> bool:
    """Whether the glosses of `text` are a converter's rather than an author's."""
    usual = [g for g in found if is_common(g.char) and g.syllable == readings(g.char)[0]]
    if not usual:
        return False
    glossed = Counter(g.char for g in found)
    standing = sum(text.count(char) for char in glossed)
    if sum(glossed.values()) * 2 < standing:
        return False  # a converter glosses every occurrence
    return len(usual) >= _ENOUGH or any(
        is_traditional(g.char) and not toneless(g.syllable) for g in usual
    )
