"""Repairs damage by scrapers in a report's text, as far as the text proves what was there.

Three layers, in reverse order of the damage: runs of GBK decoded one byte off
(`pipeline.reports.repair.gbk_misaligned`), pinyin glosses (`pipeline.reports.repair.glosses`),
simplified text made traditional. Each needs evidence of a converter; without it, simplified,
traditional and mixed text is unchanged to the byte. The page's layout
(`pipeline.reports.repair.layout`) comes last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipeline.base import script
from pipeline.reports.repair.characters import is_han, toneless
from pipeline.reports.repair.decoded_runs import LOST
from pipeline.reports.repair.edits import Edit, Repair, Traced
from pipeline.reports.repair.gbk_misaligned import RULE, UNPROVEN, find
from pipeline.reports.repair.glosses import GLOSS, glosses, made_by_converter
from pipeline.reports.repair.known_pairs import Known
from pipeline.reports.repair.layout import tidy

_HOLE = re.compile(rf"(?<=[\u3400-\u9fff，、；])[{LOST}]+(?=[\u3400-\u9fff，。、；\d])")
_ASKING = "吗呢嗎么麼何谁誰哪几幾否啥怎办辦"
_FEWEST_HOLES, _RAREST_HOLE = 5, 500  # and one in at most this many characters
_SIGN = re.compile(rf"[{LOST}]|{GLOSS.pattern}", re.IGNORECASE)  # a sign that every damage has


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired text, and every repair with its offset in the original text.

    `doubtful`: offsets in the repaired text where damage was found but not repaired.
    """

    text: str
    repairs: tuple[Repair, ...]
    doubtful: tuple[int, ...]


def repair(text: str) -> Repaired:
    """`text` as its author wrote it, where that can be proved."""
    traced = Traced.of(text)
    if _SIGN.search(text):
        traced = _converter_undone(traced)
        traced = traced.edit(list(_holes(traced)))
    traced = tidy(traced)
    repairs = tuple(traced.repairs())
    doubtful = tuple(traced.place(r.offset) for r in repairs if r.rule == UNPROVEN)
    return Repaired(traced.text, repairs, doubtful)


def _converter_undone(traced: Traced) -> Traced:
    converter = made_by_converter(traced.text, list(glosses(traced.text)))
    runs = list(find(traced.text, Known.of(traced.text), converter=converter))
    realigned = traced.edit(runs)
    converter = converter or made_by_converter(realigned.text, list(glosses(realigned.text)))
    proven = any(run.rule == RULE for run in runs)
    if not converter and not proven:
        return traced.edit([run for run in runs if run.rule == UNPROVEN])
    traced = realigned
    if converter:
        traced = traced.edit(list(_gloss_edits(traced.text)))
    if converter or proven:
        traced = traced.edit(list(_script_edits(traced.text)))
    return traced


def _holes(traced: Traced) -> Iterator[Edit]:
    """A ? inside sentences, where there are too many to be questions: lost characters."""
    holes = [m for m in _HOLE.finditer(traced.text) if traced.text[m.start() - 1] not in _ASKING]
    if len(holes) < _FEWEST_HOLES or len(holes) * _RAREST_HOLE < len(traced.text):
        return
    marked = {traced.place(mark.offset) for mark in traced.marks}
    for match in holes:
        if match.start() not in marked:
            yield Edit(match.start(), match.end(), match[0], UNPROVEN)


def _gloss_edits(text: str) -> Iterator[Edit]:
    agreeing = {g.start for g in glosses(text)}
    for match in GLOSS.finditer(text):
        behind_han = match.start() > 0 and is_han(text[match.start() - 1])
        if match.start() in agreeing:
            yield Edit(match.start(), match.end(), "", "pinyin-gloss")
        elif behind_han and not toneless(match[1]):
            yield Edit(match.start(), match.end(), match[0], UNPROVEN)


def _script_edits(text: str) -> Iterator[Edit]:
    """Edits from traditional to simplified characters, run by run."""
    simplified = script.simplified(text)
    if len(simplified) == len(text):
        for match in re.finditer(r"[\u3400-\u9fff]+", text):
            start, end = match.span()
            at = start
            while at < end:
                stop = at
                while stop < end and text[stop] != simplified[stop]:
                    stop += 1
                if stop > at:
                    yield Edit(at, stop, simplified[at:stop], "traditional")
                at = stop + 1
        return
    for tag, i, j, k, m in SequenceMatcher(None, text, simplified, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Edit(i, j, simplified[k:m], "traditional")
