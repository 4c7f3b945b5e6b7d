"""Repairs runs of GBK text that were decoded one byte off: `?。ㄒ唬┥钊` → `　（一）深入`.

A converter that cut or inserted between the two bytes of a character left one byte alone. From
there on each character is decoded from one character's second byte and the next one's first, until
an ASCII byte aligns them again. A run is repaired only if all of it decodes to common characters
and agrees with every gloss in it; else it is left, with a mark.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.reports.repair.bytepairs import FULL_WIDTH, first_bytes
from pipeline.reports.repair.characters import from_gbk, gbk, is_common, is_han, reads_as
from pipeline.reports.repair.decoded_runs import (
    LONGEST,
    LOST,
    SWALLOWED,
    UNKNOWN,
    Run,
    follow,
    two_bytes,
)
from pipeline.reports.repair.edits import Edit
from pipeline.reports.repair.glosses import SYLLABLE
from pipeline.reports.repair.known_pairs import Known

RULE = "stepped-off"
UNPROVEN = "unproven"
_LONE_LETTER = re.compile(
    rf"(?P<letter>[@-~])(?![A-Za-z])(?:\((?P<gloss>{SYLLABLE})\))?", re.IGNORECASE
)
_MARK = re.compile(  # three ? in a row hide something, they do not stand for lost bytes
    rf"[{LOST}](?![{LOST}]{{2}})(?<![{LOST}]{{3}})(?!(?<=[{LOST}]{{2}})[{LOST}])|(?<=[^\x00-\x7f])[@-~](?=\({SYLLABLE}\))",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[吗呢嗎]$|[么麼何谁誰哪几幾否啥怎][^，。；！？]{0,8}$")
_OPENS_SENTENCE = (
    "现現为為一二三四五六七八九十在今全同其此我经經通对對根深加进進下本截按依首围圍建推强強完"
)
_MOST_MARKS = 1_000  # places that are examined; a text with more of them is not prose


def find(text: str, known: Known, *, converter: bool) -> Iterator[Edit]:
    """Edits that repair the misaligned runs of `text`, in order; a mark where none is proven.

    `known`: how well two characters are known as neighbours; it decides between readings.
    `converter`: whether a converter damaged the text; then a ? that ends no question is damage too.
    """
    at = 0
    for number, match in enumerate(_MARK.finditer(text)):
        if match.start() < at:
            continue
        best = _reading(text, match.start(), at, known) if number < _MOST_MARKS else None
        if best is not None:
            yield Edit(best.start, best.end, best.text, RULE)
            if UNKNOWN in best.text or best.guessed:
                yield Edit(best.end, best.end, "", UNPROVEN)
            at = best.end
        elif _shows_damage(text, match.start(), converter):
            yield Edit(match.start(), match.end(), match[0], UNPROVEN)
            at = match.end()


def _shows_damage(text: str, at: int, converter: bool) -> bool:
    """Whether the mark at `at` cannot be an author's."""
    if text[at] not in LOST:
        return converter  # a gloss behind a letter
    if text[at] == "\ufffd" or SWALLOWED.match(text, at):
        return True
    if converter:
        return not _ASKS.search(text[max(0, at - 12) : at])
    behind = text[at + 1 : at + 2]
    return behind > "\u0250" and not is_common(behind) and not is_han(behind)


def _reading(text: str, at: int, floor: int, known: Known) -> Run | None:
    """The best believable reading of the damage at `at`, tried in the order of their likelihood."""
    swallowed = SWALLOWED.match(text, at)
    if swallowed:
        ways = [
            _gloss_inside(text, at, floor, swallowed, known),
            _lost_unseen(text, at, floor, known),
        ]
    elif text[at] in LOST:
        ways = [_lost_seen(text, at, known), _lost_before_letter(text, at, known)]
    else:
        ways = [_lost_unseen(text, at, floor, known)]
    for way in ways:
        best = _best(text, list(way), known)
        if best is not None and best.believable:
            return best
    return None


def _best(text: str, runs: Sequence[Run], known: Known) -> Run | None:
    def weight(run: Run) -> tuple[int, int, int]:
        framed = text[max(run.start - 1, 0) : run.start] + run.text + text[run.end : run.end + 1]
        pairs = sum(known(framed[i : i + 2]) for i in range(len(framed) - 1))
        supposed = len(run.text) - sum(c > "\u02ff" for c in run.shown)  # of dropped bytes
        return run.cost, 3 * supposed - pairs - (run.text[:1] == "。"), -run.start

    if not runs:
        return None
    weights = [weight(run) for run in runs]
    least = min(weights)
    readings = {run.text for run, w in zip(runs, weights, strict=True) if w == least}
    return replace(runs[weights.index(least)], rivals=len(readings) - 1)


def _gloss_inside(
    text: str, at: int, floor: int, swallowed: re.Match[str], known: Known
) -> Iterator[Run]:
    """The gloss was put between the two bytes of a character, of which `?` was the first.

    It belongs to that character, or to the one that the bytes at its border happened to make.
    """
    before = gbk(text[at - 1]) if at > floor else b""
    behind = (
        two_bytes(text, swallowed.end())[:1] or text[swallowed.end() : swallowed.end() + 1].encode()
    )
    for lead in first_bytes():
        by_accident = bool(before) and _may_read(before[1], lead, swallowed[1])
        own = len(behind) == 1 and _may_read(lead, behind[0], swallowed[1])
        if not by_accident and not own:
            continue
        for run in follow(text, swallowed.end(), lead, known, text[at - 1 : at]):
            if by_accident or (run.text and reads_as(run.text[0], swallowed[1])):
                framed = text[at - 1 : at] + run.text + text[run.end : run.end + 1]
                guessed = not by_accident and not _supported(framed, known)
                shown = text[at : run.end]
                yield replace(run, start=at, shown=shown, glossed=True, guessed=guessed)


def _may_read(first: int, second: int, syllable: str) -> bool:
    return reads_as(from_gbk(bytes((first, second))), syllable)


def _supported(framed: str, known: Known) -> bool:
    """Whether each character but the outer two is known beside one of its neighbours."""
    pairs = [bool(known(framed[i : i + 2])) for i in range(len(framed) - 1)]
    return all(a or b for a, b in itertools.pairwise(pairs))


def _lost_seen(text: str, at: int, known: Known) -> Iterator[Run]:
    """`?` stands for a first byte; its second opens the run."""
    opening = two_bytes(text, at + 1)
    if not opening:
        return
    before = "　" if _opens_line(text, at) and opening[0] == 0xA1 else ""
    for run in follow(text, at + 2, opening[1], known, before):
        yield from _first(text, at, opening[0], run, known)


def _lost_before_letter(text: str, at: int, known: Known) -> Iterator[Run]:
    """`?` stands for the first byte of a single character whose second shows as a letter."""
    letter = _LONE_LETTER.match(text, at + 1)
    if letter is None:
        return
    gloss = letter["gloss"]
    for lead in first_bytes():
        char = from_gbk(bytes((lead, ord(letter["letter"]))))
        if not char or not is_common(char) or (gloss and not reads_as(char, gloss)):
            continue
        behind = text[letter.end() : letter.end() + 1]
        sides = bool(known(text[at - 1 : at] + char)), bool(known(char + behind))
        if gloss or any(sides):
            end = letter.end("letter")
            yield Run(at, end, char, text[at:end], glossed=True, guessed=not all(sides))


def _lost_unseen(text: str, at: int, floor: int, known: Known) -> Iterator[Run]:
    """A first byte was lost without a sign, somewhere before the place where damage shows."""
    start = at
    while start > floor and at - start < LONGEST and text[start - 1] > "\x7f":
        start -= 1
        code = gbk(text[start])
        if not code or text[start - 1 : start] in LOST:
            return
        for run in follow(text, start + 1, code[1], known):
            if run.end > at:
                yield from _first(text, start, code[0], run, known)


def _first(text: str, at: int, trail: int, run: Run, known: Known) -> Iterator[Run]:
    """`run` with each character in front that may have lost its first byte and kept `trail`."""
    whole = replace(run, start=at, shown=text[at : run.end])
    opens_line = _opens_line(text, at)
    if opens_line and trail == 0xA1:
        yield replace(whole, text="　" + run.text)
        return
    yield replace(whole, text=UNKNOWN + run.text)
    if trail == FULL_WIDTH and not opens_line:
        opens = run.text[:1] in _OPENS_SENTENCE
        yield replace(whole, text="。" + run.text, guessed=not opens)
    before, behind = text[at - 1 : at], run.text[:1]
    for lead in first_bytes():
        char = from_gbk(bytes((lead, trail)))
        if not char or not is_common(char):
            continue
        sides = bool(known(before + char)), bool(known(char + behind))
        if any(sides):
            yield replace(whole, text=char + run.text, guessed=not all(sides))


def _opens_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()
