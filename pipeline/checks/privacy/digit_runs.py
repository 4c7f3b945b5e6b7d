"""Digits of a text as runs of groups, whatever marks stand between them.

A run is digits with up to three marks of any kind between one and the next (blank, hyphen, comma,
bracket, line break …); a letter or a word ends it. Its groups are the digits that stand side by
side. What a number is, is judged by how groups follow each other (`personal_numbers`), not by a
list of the marks that people put between them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from pipeline.base.numerals import DIGITS
from pipeline.base.patterns import lazy

#: What is no letter and no digit, and letters that stand for a dash or a comma.
MARK = r"[\W_ー丶丨]"
#: Up to three marks; a tag or an escaped line break is one.
GAP = rf"(?:\0*(?:{MARK}|<[a-z/]{{1,5}}>|\\[nrt])){{0,3}}\0*"
_RUN = lazy(rf"\d(?:{GAP}\d){{6,}}")
SPELT_AS = {c: str(value) for c, value in DIGITS.items() if c != "两"}
SPELT_AS |= {"幺": "1", "參": "3", "参": "3", "叄": "3"}
SPELT_AS |= {"壱": "1", "弐": "2", "漆": "7"}
SPELT_AS |= {"洞": "0", "两": "2", "拐": "7", "勾": "9"}  # as spoken on the telephone
#: Chinese digits, in words for amounts and as spoken too.
SPELT = "".join(SPELT_AS)
#: A digit, Chinese ones too.
DIGIT = f"[0-9{SPELT}]"
MOST = 44  # digits of a window: four mobile numbers side by side
_GROUP = lazy(r"\d+")
#: Marks that stand between the items of a list and the parts of a sentence rather than in a number.
_LISTED = lazy(r"[、，,；;：:。！？!?]")


@dataclass(frozen=True, slots=True)
class Group:
    """Digits side by side: their place in the text."""

    start: int
    end: int
    digits: str


@dataclass(frozen=True, slots=True)
class Window:
    """Some groups of a run, one after the other.

    `digits`: of all groups together. `shape`: how many digits each group has. `gaps`: the marks
    between them. `before`, `after`: the marks between the window and its neighbours, None where it
    is the run's end.
    """

    start: int
    end: int
    digits: str
    shape: tuple[int, ...]
    gaps: tuple[str, ...]
    before: str | None
    after: str | None

    @property
    def is_solid(self) -> bool:
        return len(self.shape) == 1

    @property
    def is_listed(self) -> bool:
        """Whether a mark of a list or a sentence stands between two groups."""
        return any(_LISTED.search(gap) for gap in self.gaps)

    @property
    def is_even(self) -> bool:
        """Whether all gaps are alike."""
        return len({gap.strip() or " " for gap in self.gaps}) <= 1


def runs(text: str) -> Iterator[list[Group]]:
    """Every run of seven digits or more, as its groups."""
    for run in _RUN.finditer(text):
        yield [
            Group(run.start() + m.start(), run.start() + m.end(), m[0])
            for m in _GROUP.finditer(run[0])
        ]


def windows(text: str, groups: list[Group], may: re.Pattern[str]) -> Iterator[Window]:
    """Every window of at most `MOST` digits that `may` matches, from the left, of a place the longest
    first.

    `may` is a cheap test of all of a window's digits: most windows of a long run of figures are
    nothing, and to look at their marks and words would take hundreds of times longer.
    """
    every = "".join(group.digits for group in groups)
    at = [0, *accumulate(len(group.digits) for group in groups)]
    for first in range(len(groups)):
        last = bisect_right(at, at[first] + MOST, first) - 2
        for end in range(last, first - 1, -1):
            if may.fullmatch(every, at[first], at[end + 1]):
                yield window(text, groups, first, end)


def window(text: str, groups: list[Group], first: int, last: int) -> Window:
    """The window from the group `first` to the group `last`."""
    part = groups[first : last + 1]
    before = text[groups[first - 1].end : part[0].start] if first else None
    after = text[part[-1].end : groups[last + 1].start] if last + 1 < len(groups) else None
    return Window(
        part[0].start,
        part[-1].end,
        "".join(group.digits for group in part),
        tuple(len(group.digits) for group in part),
        tuple(text[a.end : b.start] for a, b in pairwise(part)),
        before,
        after,
    )
