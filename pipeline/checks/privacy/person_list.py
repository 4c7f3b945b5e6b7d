"""The persons in a cell of names: one, or several with marks between, a note in brackets, a label.

`张三、李四等3人`, `张三 李四`, `某某小吃店（经营者：张三）`, `张三（小吃店）`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.base.normalise import by_character
from pipeline.base.patterns import lazy
from pipeline.base.script import traditional_forms
from pipeline.checks.privacy.name_evidence import fold
from pipeline.checks.privacy.names import (
    AMBIGUOUS,
    COMPOUND,
    SURNAMES,
    is_masked,
    looks_like_organisation,
    mask_name,
)
from pipeline.checks.privacy.unlabelled_numbers import replaced

Span = tuple[int, int]
_PART = lazy(r"[^、,;/|&\n()\[\]{}]+")
_LABEL = lazy(r"\s*[\u4e00-\u9fff]{2,8}[:：]\s*")
_OTHERS = lazy(r"\s*等\s*(?:共?[\d一二两三四五六七八九十百]+\s*[人名位]?|[人名])?\s*$")
_AND = lazy(r"(?<=[\u3400-\u9fff]{2})(?:和|与|及|以及)(?=[\u3400-\u9fff]{2})")
_WORDS = lazy(r"\S+")
_HAN_ONLY = lazy(r"[\u3400-\u9fff\U00020000-\U000323af]{2,4}")


def persons(cell: str) -> list[Span]:
    """The spans of `cell` that are persons' names, masked ones left out.

    In a cell that names an organisation only what a label or a bracket sets off is looked at.
    """
    plain = by_character(cell)
    spans = list[Span]()
    parts = [m.span() for m in _PART.finditer(plain)]
    several = len(parts) > 1
    for start, end in parts:
        if label := _LABEL.match(plain, start, end):
            start = label.end()
        elif several and is_organisation(plain[start:end].strip()):
            continue
        if others := _OTHERS.search(plain, start, end):
            end = others.start()
        spans += _names(plain, start, end)
    return [(s, e) for s, e in spans if not is_masked(plain[s:e])]


def _names(plain: str, start: int, end: int) -> Iterator[Span]:
    """The names in a part without marks: several where each by itself may be one."""
    words = [m.span() for m in _WORDS.finditer(plain, start, end)]
    if len(words) > 1 and all(may_stand_alone(plain[s:e]) for s, e in words):
        for s, e in words:
            yield from _names(plain, s, e)
        return
    for joint in _AND.finditer(plain, start, end):
        sides = (start, joint.start()), (joint.end(), end)
        if all(may_stand_alone(plain[s:e].strip()) for s, e in sides):
            for s, e in sides:
                yield from _names(plain, s, e)
            return
    if words:
        first, last = words[0][0], words[-1][1]
        for cut in (3, 2):  # two names whose blank between them was taken for one within a name
            if 5 <= last - first <= 6 and all(
                may_stand_alone(name)
                for name in (plain[first : first + cut], plain[first + cut : last])
            ):
                yield first, first + cut
                first += cut
                break
        yield first, last


def may_stand_alone(name: str) -> bool:
    """Whether it is whole as a name: a surname and one or two characters, or masked."""
    if not _HAN_ONLY.fullmatch(name):
        return False
    return name[:1] in SURNAMES or name[:1] in AMBIGUOUS or name[:2] in COMPOUND


def is_organisation(part: str) -> bool:
    """Whether a part ends as a business does and is no name: 刘宇轩 ends as a shop may, too."""
    return looks_like_organisation(part) and not may_stand_alone(part)


def mask_persons(cell: str) -> str:
    """`cell` with each person's name masked: 张三丰、李四 → 张某某、李某某."""
    return replaced(cell, [(s, e, mask_name(cell[s:e])) for s, e in persons(cell)])


def occurrences(text: str, name: str) -> list[Span]:
    """Where `name` stands in `text`, also with blanks or invisible characters inside, or in the
    other script; without overlaps.
    """
    if name in text:
        return [m.span() for m in re.finditer(re.escape(name), text)]
    if not _HAN_NAME.fullmatch(name):  # folding makes one character of a number
        return []
    if not _ODD.search(text) and not any(f in text for c in name for f in traditional_forms(c)):
        return []
    codes, at = fold(text)
    wanted = fold(name)[0].tobytes()
    content, found, start = codes.tobytes(), list[Span](), 0
    while wanted and (start := content.find(wanted, start)) >= 0:
        if start % 2:
            start += 1
            continue
        first, last = start // 2, (start + len(wanted)) // 2 - 1
        found.append((int(at[first]), int(at[last]) + 1))
        start += len(wanted)
    return found


_HAN_NAME = lazy(r"[\u3400-\u9fff\U00020000-\U000323af\s·]+")
#: Something between two Chinese characters that the eye passes over.
_ODD = lazy(
    r"[\u3400-\u9fff][\s\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]|[^\u0000-\uffff]"
)
