"""Checks within a report, and against last year's: whether its figures agree."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby, pairwise

from pipeline.base.model import Figure, Finding
from pipeline.base.script import simplified_by_character
from pipeline.reports.compare.corrections import current
from pipeline.reports.documents.text import finding
from pipeline.reports.figures.numerals import plain
from pipeline.reports.figures.units import alike

_SENTENCE_END = re.compile(r"[。！？!?\n]")
_RATE = re.compile(r"(?P<part>[\u4e00-\u9fff]{2,4}?)率$")
_GROWTH = re.compile(r"(?P<verb>增长|上升|增加|提高|提升|下降|减少|降低|回落|多|少)(?:了|到)?$")
_DOWN = frozenset(["下降", "减少", "降低", "回落", "少"])
_LAST_YEAR = re.compile(r"同比|(?:比|较|同)(?:上年|去年|上一年|同期)")


def check(text: str, figures: Sequence[Figure], name: str) -> list[Finding]:
    """Findings about `figures`, the figures of the report `name` whose repaired text is `text`."""
    exact = _certain(figures)
    result: list[Finding] = []
    ends = [match.start() for match in _SENTENCE_END.finditer(text)]
    for _, group in groupby(exact, key=lambda f: bisect_left(ends, f.start)):
        sentence = list(group)
        result += _rates(sentence, name)
        result += _totals(text, sentence, name)
    result += _twice(exact, name)
    return result


def growth(figures: Sequence[Figure], last_year: Sequence[Figure], name: str) -> list[Finding]:
    """Findings about the growth stated in the report `name`, by its and last year's figures."""
    return list(_growth(_certain(figures), current(last_year), name))


def _certain(figures: Sequence[Figure]) -> list[Figure]:
    return [f for f in current(figures) if f.status != "doubtful"]


def _rates(sentence: Sequence[Figure], name: str) -> Iterator[Finding]:
    """败诉5件 of 结案71件 makes 败诉率 7.04%."""
    for i, rate in enumerate(sentence):
        match = _RATE.search(simplified_by_character(rate.label))
        if rate.unit != "%" or rate.comparator != "=" or match is None:
            continue
        word = match["part"][-2:]
        counts = [
            f for f in sentence[:i] if f.unit not in ("%", "倍", "位次") and f.comparator == "="
        ]
        parts = [f for f in counts if word in simplified_by_character(f.label)]
        if not parts:
            continue
        pairs = [(p, w) for p in parts for w in counts if _whole_of(w, p)]
        if not pairs or any(_makes(p, w, rate) for p, w in pairs):
            continue
        part, whole = pairs[-1]
        exact = _value(part) / _value(whole) * 100
        yield finding(
            "report-rate-differs",
            name,
            value=rate.value,
            label=rate.label,
            stated=rate.value,
            part=part.value,
            whole=whole.value,
            counted=plain(round(exact, 2)),
        )


def _whole_of(whole: Figure, part: Figure) -> bool:
    """Could `part` be a part of `whole`, by place, unit and size?"""
    fits = whole.start < part.start and alike(whole.unit, part.unit)
    return fits and _value(whole) >= _value(part) and _value(whole) > 0


def _makes(part: Figure, whole: Figure, rate: Figure) -> bool:
    exact = _value(part) / _value(whole) * 100
    return abs(exact - _value(rate)) <= _rounding(rate.value)


def _rounding(written: str) -> Decimal:
    """The largest error of a rate from rounding or truncating to its written places."""
    _, _, fraction = written.partition(".")
    return Decimal(1).scaleb(-len(fraction))


def _value(figure: Figure) -> Decimal:
    return Decimal(figure.value)


_ALL_PARTS = re.compile(r"其中|分别为|包括|包含|[：:]")


def _totals(text: str, sentence: Sequence[Figure], name: str) -> Iterator[Finding]:
    """A total and its parts after 其中: findings for a list of one unit whose sum differs."""
    for i, total in enumerate(sentence[:-2]):
        following = sentence[i + 1]
        between = text[total.end : following.start]
        if total.comparator != "=" or not _ALL_PARTS.search(between):
            continue
        parts: list[Figure] = []
        mark = ""
        for part in sentence[i + 1 :]:
            gap = text[(parts[-1] if parts else total).end : part.start]
            if part.unit != total.unit or part.comparator != "=" or (parts and not _in_list(gap)):
                break
            if len(parts) > 1 and gap[0] in "；;" and mark not in "；;":
                break  # a list kept together by 、 or ， ends at ；
            mark = gap[:1]
            parts.append(part)
        counted = sum((_value(p) for p in parts), Decimal())
        open_list = bool(parts) and text.startswith("等", parts[-1].end)
        if len(parts) < 2 or counted == _value(total):
            continue
        if counted > _value(total) or (len(parts) > 2 and not open_list):
            yield finding(
                "report-total-differs",
                name,
                value=total.value,
                label=total.label,
                stated=total.value,
                counted=plain(counted),
            )


def _in_list(gap: str) -> bool:
    return (
        bool(re.match(r"[、，,；;]?[^，,。；;]{0,24}$", gap)) and "其中" not in gap and len(gap) > 0
    )


def _twice(figures: Sequence[Figure], name: str) -> Iterator[Finding]:
    """The same words and unit with another value."""
    seen: dict[tuple[str, str], Figure] = {}
    for figure in figures:
        label = _core_label(figure.label)
        if len(label) < 4 or figure.comparator != "=" or _GROWTH.search(label):
            continue
        first = seen.setdefault((label, figure.unit), figure)
        if first.value != figure.value and first.sentence != figure.sentence:
            yield finding(
                "report-stated-twice",
                name,
                value=figure.value,
                label=figure.label,
                stated=first.value,
                other=figure.value,
            )


def _core_label(label: str) -> str:
    return re.sub(r"^(?:全[省市县区年]|我[省市县区]|共|累计)+", "", simplified_by_character(label))


def _growth(figures: Sequence[Figure], before: Sequence[Figure], name: str) -> Iterator[Finding]:
    """A figure followed by its stated growth, against the same figure of last year's report."""
    last = {f.code: f for f in reversed(before) if f.code and f.comparator == "="}
    for figure, growth in pairwise(figures):
        match = _GROWTH.search(simplified_by_character(growth.label))
        base = last.get(figure.code)
        if not match or not base or not _value(base) or figure.comparator != "=":
            continue
        if not _LAST_YEAR.search(simplified_by_character(growth.label)) or base.unit != figure.unit:
            continue
        counted = _counted_growth(_value(figure), _value(base), growth.unit, figure.unit)
        if counted is None:
            continue
        stated = -_value(growth) if match["verb"] in _DOWN else _value(growth)
        slack = (
            _rounding(growth.value)
            if growth.comparator == "="
            else max(Decimal(1), abs(counted) / 10)
        )
        if abs(counted - stated) > slack:
            yield finding(
                "report-growth-differs",
                name,
                value=growth.value,
                label=figure.label,
                stated=figure.value,
                before=base.value,
                counted=f"{plain(round(counted, 2))}{growth.unit}",
                growth=f"{plain(stated)}{growth.unit}",
            )


def _counted_growth(now: Decimal, before: Decimal, unit: str, counted_in: str) -> Decimal | None:
    if unit == "%":
        return (now / before - 1) * 100
    if unit == "倍":
        return now / before - 1
    if unit == counted_in or unit == "个百分点":
        return now - before
    return None
