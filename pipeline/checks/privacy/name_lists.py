"""Names that stand in a list with a name: 张三丰、李四海和王五洲, 张三丰 李四海, one to a line.

A list is evidence: what stands beside a name, set off by the same kind of mark, and reads as a
name, is one. Between blanks a name has bounds of its own, so several of them are a list without a
word that goes with persons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from pipeline.base.patterns import lazy
from pipeline.checks.privacy.found_names import Name, apart, places
from pipeline.checks.privacy.name_odds import odds_of_names
from pipeline.checks.privacy.names import ENDS_NAME
from pipeline.checks.privacy.person_list import may_stand_alone

_HAN = r"[\u3400-\u9fff]"
#: A cheap sign (RE2) of a list by blanks.
SIGN_OF_BLANKS = rf"{_HAN.replace(chr(92) + 'u3400', chr(92) + 'x{3400}').replace(chr(92) + 'u9fff', chr(92) + 'x{9fff}')}[ \t\n\r\x{{3000}}/|]+[\x{{3400}}-\x{{9fff}}]{{2}}"
_JOINT = r"(?:\s*[、,，;；/|]\s*|\s*(?:以及|[和与及])\s*|\s+)"
_NAME = rf"{_HAN}[ \u3000]{{0,2}}{_HAN}{{1,3}}"
_NEXT = lazy(rf"{_JOINT}({_NAME})")
_BEFORE = lazy(rf"({_NAME}){_JOINT}$")
#: A name that is masked already, which begins or ends a list too.
_MASKED = lazy(
    rf"{_HAN}{{1,2}}某{{1,2}}(?={_JOINT})|(?<=[、,，;；/|和与及 ]){_HAN}{{1,2}}某{{1,2}}"
)
_WORD = lazy(rf"{_HAN}+")
_BLANKS = lazy(r"[ \t\n\r\u3000\u00a0\u2002-\u200a/|]+")
_BOUND = lazy(r"\s*(?:[、,，;；/|。.:：()（）]|等|以及|[和与及]|$)|\s")
_PLACES = frozenset("店庄村镇乡街路县区州市屯湾沟坡河桥寨营集岭")
_NO_ONE = frozenset(("安全", "高效", "方便", "主任", "经理", "公司"))
#: Log odds of reading as a name against words: a neighbour in a list, an entry between blanks.
NEIGHBOUR, ENTRY = 1.0, 2.0


def with_neighbours(text: str, names: Sequence[Name]) -> list[Name]:
    """`names` of `text`, and those in a list with one of them."""
    waiting = [n for n in names if n.sure]
    if "某" in text:
        waiting += [Name(m.start(), m.end(), True) for m in _MASKED.finditer(text)]
    if not waiting:
        return list(names)
    taken, more = places([*waiting, Name(len(text), len(text), True)]), list[Name]()
    while waiting:
        for near in _beside(text, waiting.pop(), taken):
            if not any(taken[near.start : near.end]):
                taken[near.start : near.end] = b"\1" * (near.end - near.start)
                more.append(near)
                waiting.append(near)
    return apart(names, more)


def _may_be_one(entry: str) -> bool:
    """Whether a part of a list may be a whole name: no village, no word that a name never ends with."""
    name = "".join(entry.split())
    last = name[-1:]
    is_other = "某" in name or last in ENDS_NAME or last in _PLACES or name in _NO_ONE
    return not is_other and may_stand_alone(name)


@lru_cache(1 << 14)
def _odds(name: str) -> float:
    return odds_of_names([name])[0]


def _beside(text: str, name: Name, taken: bytearray) -> Iterator[Name]:
    """Names right behind and right in front of `name`, set off from it, where none is known yet."""
    if (m := _NEXT.match(text, name.end)) and not taken[m.start(1)]:
        start = m.start(1)
        bounded = [e for e in range(start + 2, m.end(1) + 1) if _BOUND.match(text, e)]
        ends = bounded[:1] or range(start + 2, m.end(1) + 1)
        yield from _best(text, [(start, end) for end in ends])
    if (m := _BEFORE.search(text, max(0, name.start - 12), name.start)) and not taken[m.end(1) - 1]:
        end = m.end(1)
        yield from _best(text, [(start, end) for start in range(m.start(1), end - 1)])


def _best(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Name]:
    """Of `spans` the one that reads most like a name, if it reads so."""
    fit = [(s, e) for s, e in spans if _may_be_one(text[s:e])]
    odds = [_odds(text[s:e]) for s, e in fit]
    if fit and max(odds) >= NEIGHBOUR:
        start, end = fit[odds.index(max(odds))]
        yield Name(start, end, True)


def between_blanks(text: str) -> list[Name]:
    """The names of a list by blanks or line breaks: of entries that are each a whole name at least
    one, and what they stand beside.
    """
    words = [m.span() for m in _WORD.finditer(text)]
    entries = [
        (s, e)
        for s, e in words
        if 2 <= e - s <= 4 and "某" not in text[s:e] and may_stand_alone(text[s:e])
    ]
    odds = odds_of_names([text[s:e] for s, e in entries])
    sure = [span for span, value in zip(entries, odds, strict=True) if value >= ENTRY]
    found, free = list[Name](), 0
    for start, end in sure:
        if start < free:
            continue
        near = with_neighbours(text, [Name(start, end, True)])
        free = max(n.end for n in near)
        if len(near) > 1 and _is_between_blanks(text, near):
            found += near
    return found


def _is_between_blanks(text: str, names: Sequence[Name]) -> bool:
    gaps = (text[a.end : b.start] for a, b in pairwise(names))
    return all(_BLANKS.fullmatch(gap) for gap in gaps)
