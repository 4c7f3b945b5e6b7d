"""Every number with a meaning in a report's text, in one pass over its sentences."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.base.script import simplified_by_character
from pipeline.reports.figures import counted_numbers, labels
from pipeline.reports.figures.counted_numbers import RANK, Counted
from pipeline.reports.figures.notfigures import masked
from pipeline.reports.figures.numerals import Number
from pipeline.reports.figures.units import is_noun

_BLANK = "\x00"
_CLAUSE = re.compile(r"[，,；;：:。！？!?\n（）()\x00]")
_SENTENCE = re.compile(r"[。！？!?\n]")
_QUIET_BRACKET = re.compile(r"[（(][^（）()\n。；;\d]{1,24}[）)]")
_BRACKET = re.compile(r"[（(][^（）()\n]*[）)]")


@dataclass(frozen=True, slots=True)
class Found:
    """A figure as found in a text; `start`:`end` cover the number and its unit."""

    start: int
    end: int
    number: Number
    unit: str
    label: str
    sentence: tuple[int, int]
    clause: int  # where the clause begins
    part: bool = False  # 其中: a part of the figure before it
    change: bool = False  # 比上年增长: a change of the figure before it


def find(text: str) -> list[Found]:
    """All figures of `text`, in order, with offsets in `text`."""
    view = simplified_by_character(text)
    working = _blanked(view, masked(view))
    return list(_with_labels(text, view, working, counted_numbers.find(view, working)))


def _blanked(view: str, places: list[tuple[int, int]]) -> str:
    """`view` with the text at `places` blanked, of the same length."""
    parts, at = [], 0
    for start, end in places:
        parts += [view[at:start], _BLANK * (end - start)]
        at = end
    return "".join([*parts, view[at:]])


@dataclass(slots=True)
class _Walk:
    """State while the figures of one sentence are labelled."""

    sentence: tuple[int, int] = (0, 0)
    last: str = ""  # the label before, brackets included
    outer: str = ""  # the same without text in brackets
    used_to: int = 0  # the offset up to which text is used for labels
    labels: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)  # 分别为: what the numbers to come count


def _with_labels(text: str, view: str, working: str, found: Sequence[Counted]) -> Iterator[Found]:
    borders = _borders(working, found)
    ends = [m.start() for m in _SENTENCE.finditer(view)]
    brackets = [m.span() for m in _BRACKET.finditer(working)]
    walk = _Walk()
    for i, item in enumerate(found):
        around = _around(ends, item.start, len(text))
        if around != walk.sentence:
            walk = _Walk(around, used_to=walk.used_to)
        inside = _within(brackets, item.start)
        last = walk.last if inside else walk.outer
        first, end = item.span
        clause = max(_border_before(borders, item.start), around[0])
        before = view[max(clause, walk.used_to) : first]
        if not inside and not labels.clean(before):
            before = _before_bracket(view, borders, brackets, first, around[0]) or before
        following = found[i + 1].span[0] if i + 1 < len(found) else len(text)
        behind = view[end : min(following, around[1], end + 40)]
        earlier = _clause_before(view, borders, clause, around[0], walk.used_to)
        phrase = _phrase(item, before, behind, last, earlier)
        if "分别" in before:
            walk.waiting = _respective(phrase.text, last, walk.labels, _run(view, found, i))
        elif not labels.only_listed(before):
            walk.waiting = []
        if walk.waiting:
            phrase = phrase._replace(text=walk.waiting.pop(0))
        yield Found(
            item.start,
            item.end,
            item.number,
            item.unit,
            _original_words(phrase.text, text, view, around),
            around,
            clause,
            part="其中" in before,
            change=phrase.change,
        )
        walk.last, walk.used_to = phrase.text, end + phrase.behind
        walk.outer = walk.outer if inside else walk.last
        walk.labels.append(phrase.text)


def _before_bracket(
    view: str, borders: list[int], brackets: list[tuple[int, int]], at: int, floor: int
) -> str:
    """审结（含上年结转73件）1390件: the label of a number after a bracket is before it."""
    b = bisect_right(brackets, (at, at)) - 1
    if b < 0 or view[brackets[b][1] : at].strip() or brackets[b][0] < floor:
        return ""
    opened = brackets[b][0]
    return view[max(_border_before(borders, opened), floor) : opened]


def _run(view: str, found: Sequence[Counted], at: int) -> int:
    """The length of the list of numbers that begins at `found[at]`: 1、2和3."""
    stop = at + 1
    while stop < len(found) and labels.only_listed(
        view[found[stop - 1].span[1] : found[stop].span[0]]
    ):
        stop += 1
    return stop - at


def _respective(phrase: str, last: str, before: list[str], count: int) -> list[str]:
    """The labels of numbers after 分别: the items named, else those of the numbers before."""
    named = labels.listed(phrase)
    if named or count < 2 or len(before) < count:
        return named
    share = phrase.removeprefix(labels.subject(last))
    return [label + share for label in before[-count:]]


def _phrase(item: Counted, before: str, behind: str, last: str, earlier: str) -> labels.Phrase:
    if item.unit == RANK:
        return labels.phrase(before, "", last, earlier)
    if is_noun(item.unit):  # what follows the number is itself what is counted
        phrase = labels.phrase(before, item.unit + behind, last, earlier)
        return phrase._replace(behind=max(0, phrase.behind - len(item.unit)))
    return labels.phrase(before, behind, last, earlier)


def _original_words(phrase: str, text: str, view: str, sentence: tuple[int, int]) -> str:
    """A phrase made of pieces of the simplified sentence, in the text's original script."""
    start, end = sentence
    if text[start:end] == view[start:end]:
        return phrase
    words, at = "", 0
    while at < len(phrase):
        size = len(phrase) - at
        while size > 1 and view.find(phrase[at : at + size], start, end) < 0:
            size -= 1
        place = view.find(phrase[at : at + size], start, end)
        words += text[place : place + size] if place >= 0 else phrase[at]
        at += size
    return words


def _borders(working: str, found: Sequence[Counted]) -> list[int]:
    """Where clauses begin: after a mark outside numbers and outside brackets without digits."""
    quiet = [m.span() for m in _QUIET_BRACKET.finditer(working)]
    starts, item_starts = [q[0] for q in quiet], [h.start for h in found]
    result = []
    for match in _CLAUSE.finditer(working):
        at = match.start()
        if match[0] == _BLANK:
            continue
        q = bisect_right(starts, at) - 1
        h = bisect_right(item_starts, at) - 1
        if (q >= 0 and at < quiet[q][1]) or (h >= 0 and at < found[h].span[1]):
            continue
        result.append(at + 1)
    return result


def _within(spans: list[tuple[int, int]], at: int) -> bool:
    i = bisect_right(spans, (at, len(spans) and spans[-1][1])) - 1
    return i >= 0 and spans[i][0] <= at < spans[i][1]


def _border_before(borders: list[int], at: int) -> int:
    i = bisect_right(borders, at) - 1
    return borders[i] if i >= 0 else 0


def _around(ends: list[int], at: int, length: int) -> tuple[int, int]:
    i = bisect_left(ends, at)
    return (ends[i - 1] + 1 if i else 0), (ends[i] + 1 if i < len(ends) else length)


def _clause_before(text: str, borders: list[int], clause: int, floor: int, used_to: int) -> str:
    """The clause before `clause` in the same sentence; "" where it holds a figure."""
    if clause <= floor:
        return ""
    start = max(_border_before(borders, clause - 2), floor)
    return "" if start < used_to else text[start : clause - 1]
