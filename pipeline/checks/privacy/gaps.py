"""Blanks and line breaks between Chinese characters, and a text without them.

Chinese is written without blanks: they come from spreading a word over a cell (糖 尿 病), and breaks
from lines of a fixed width. A line break may also end a sentence, so what is found only without it
has to be judged by who asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.base.patterns import lazy

_HAN = "\u3400-\u9fff"
_INSIDE = rf"{_HAN}0-9()、,:〔〕#\-"  # what may stand in a fact
#: For `re`, in a normalised text: blanks between characters; blanks and breaks in what is one.
BLANKS = lazy(rf"(?<=[{_HAN}]) +(?=[{_HAN}0-9])|(?<=[0-9]) +(?=[{_HAN}])")
BREAKS = lazy(rf"(?<=[{_INSIDE}])\s+(?=[{_INSIDE}])")
#: A cheap sign (RE2) of any, in a text as it is written.
SIGN = rf"[{_INSIDE}（），：][\s\x{{a0}}\x{{3000}}]+[{_INSIDE}（），：]"
#: All that a cheap look at a text without gaps takes out (RE2).
ANY = r"[\s\x{a0}\x{3000}]+"


@dataclass(frozen=True, slots=True)
class Joined:
    """A text without gaps, and in `origins` where each of its characters was."""

    text: str
    origins: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]`, which is not empty, was."""
        return self.origins[start], self.origins[end - 1] + 1

    def spans_a_gap(self, start: int, end: int) -> bool:
        first, last = self.span(start, end)
        return last - first > end - start


def without(gaps: re.Pattern[str], text: str) -> Joined | None:
    """`text` without `gaps`; None where it has none. In linear time."""
    parts, origins, at = list[str](), list[int](), 0
    for gap in gaps.finditer(text):
        parts.append(text[at : gap.start()])
        origins += range(at, gap.start())
        at = gap.end()
    if not at:
        return None
    return Joined("".join((*parts, text[at:])), [*origins, *range(at, len(text))])
