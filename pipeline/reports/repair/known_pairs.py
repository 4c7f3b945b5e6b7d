"""How well two characters are known as neighbours, to decide between readings of bytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.base.script import simplified_by_character
from pipeline.reports.repair.characters import HAN
from pipeline.reports.repair.lexicon import PAIRS


@dataclass(frozen=True, slots=True)
class Known:
    """Pairs of simplified characters: those of the lexicon, and `here`, their counts in a text."""

    here: Mapping[str, int]

    @classmethod
    def of(cls, text: str) -> Known:
        """The pairs in the sound parts of `text`."""
        plain = simplified_by_character(re.sub(r"\([^()\n]{1,9}\)", "", text))
        return cls(Counter(plain[i : i + 2] for i in range(len(plain) - 1)))

    def __call__(self, pair: str) -> int:
        """How well `pair` is known, 0 to 5; 0 where it is no pair of Chinese characters."""
        if len(pair) != 2 or not (HAN.match(pair[0]) and HAN.match(pair[1])):
            return 0
        simplified = simplified_by_character(pair)
        return 2 * (simplified in PAIRS) + min(self.here.get(simplified, 0), 3)
