"""Runs of GBK text that were decoded one byte off: `?。ㄒ唬┥钊` → `　（一）深入`.

A converter that cut or inserted at byte borders left a character's first byte alone. From there
on each character shown is made of one character's second byte and the next one's first, until an
ASCII byte brings the two back into step. A run is put right only if all of it decodes, reads as
common characters, and agrees with every gloss on its way; else it stays, marked.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.reports.repair.bytepairs import (
    before_dropped,
    common_characters,
    dropped_between,
    first_bytes,
    read_with,
)
from pipeline.reports.repair.characters import from_gbk, gbk, is_common, is_han, reads_as
from pipeline.reports.repair.edits import Edit
from pipeline.reports.repair.glosses import SYLLABLE

LOST = "?\ufffd"  # how decoders write a byte that they could not read
UNKNOWN = "?"  # stands for a character that could not be told
RULE = "stepped-off"
UNPROVEN = "unproven"
_GLOSS = re.compile(rf"\({SYLLABLE}\)", re.IGNORECASE)
_SWALLOWED = re.compile(rf"[{LOST}]({SYLLABLE})\)", re.IGNORECASE)  # with the bracket that it ate
_LETTER_GLOSS = re.compile(rf"(?<=[^\x00-\x7f])[@-~]\(({SYLLABLE})\)", re.IGNORECASE)
_BARE_LETTER = re.compile(
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
_FULL_WIDTH = 0xA3  # the row of GBK that holds full-width ASCII
_MOST_LOST = 2  # with more bytes gone in one run, nothing is proven
_MOST_MARKS = 1_000  # places that are looked into; a text with more of them is no text
_LONGEST = 200  # characters: an ASCII byte ends a run, and those are never far

Known = Callable[[str], int]  # how well two characters are known to stand together


@dataclass(frozen=True, slots=True)
class Run:
    """What `start`:`end` reads as, once in step, and what speaks for it."""

    start: int
    end: int
    text: str
    shown: str = ""  # what stands there now
    glossed: bool = False  # a gloss agrees with what could otherwise not be told
    rivals: int = 0  # other readings that are as good
    guessed: bool = False  # the first character is known from one side only

    @property
    def cost(self) -> int:
        """How much of the reading is odd: rare characters, and characters not told."""
        return sum(1 if c == UNKNOWN else 2 for c in self.text if c == UNKNOWN or not is_common(c))

    @property
    def believable(self) -> bool:
        """Does it read well, and better than what is shown?"""
        if self.rivals or self.cost > 1 + len(self.text) // 6:
            return False
        odd_now = sum(1 for c in self.shown if c > "\u017f" and not is_common(c))
        return self.glossed or odd_now > self.cost // 2


def find(text: str, known: Known, *, converter: bool) -> Iterator[Edit]:
    """Edits that put the stepped-off runs of `text` right, in order; a mark where none is proven.

    `known` tells how well two characters are known to stand together; it decides between
    readings. Where a `converter` was at work, a ? that asks nothing is damage as well.
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
    """Can the mark at `at` be nothing that an author wrote?"""
    if text[at] not in LOST:
        return converter  # a gloss behind a letter
    if text[at] == "\ufffd" or _SWALLOWED.match(text, at):
        return True
    if converter:
        return not _ASKS.search(text[max(0, at - 12) : at])
    behind = text[at + 1 : at + 2]
    return behind > "\u0250" and not is_common(behind) and not is_han(behind)


def _reading(text: str, at: int, floor: int, known: Known) -> Run | None:
    """The best believable reading of the damage at `at`, tried in the order of their likelihood."""
    swallowed = _SWALLOWED.match(text, at)
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
        _two_bytes(text, swallowed.end())[:1]
        or text[swallowed.end() : swallowed.end() + 1].encode()
    )
    for lead in first_bytes():
        by_accident = bool(before) and _may_read(before[1], lead, swallowed[1])
        own = len(behind) == 1 and _may_read(lead, behind[0], swallowed[1])
        if not by_accident and not own:
            continue
        for run in _follow(text, swallowed.end(), lead, known, text[at - 1 : at]):
            if by_accident or (run.text and reads_as(run.text[0], swallowed[1])):
                framed = text[at - 1 : at] + run.text + text[run.end : run.end + 1]
                guessed = not by_accident and not _supported(framed, known)
                shown = text[at : run.end]
                yield replace(run, start=at, shown=shown, glossed=True, guessed=guessed)


def _may_read(first: int, second: int, syllable: str) -> bool:
    return reads_as(from_gbk(bytes((first, second))), syllable)


def _supported(framed: str, known: Known) -> bool:
    """Is each character but the outer two known to stand beside a neighbour?"""
    pairs = [bool(known(framed[i : i + 2])) for i in range(len(framed) - 1)]
    return all(a or b for a, b in itertools.pairwise(pairs))


def _lost_seen(text: str, at: int, known: Known) -> Iterator[Run]:
    """`?` stands for a first byte; its second opens the run."""
    opening = _two_bytes(text, at + 1)
    if not opening:
        return
    before = "　" if _opens_line(text, at) and opening[0] == 0xA1 else ""
    for run in _follow(text, at + 2, opening[1], known, before):
        yield from _first(text, at, opening[0], run, known)


def _lost_before_letter(text: str, at: int, known: Known) -> Iterator[Run]:
    """`?` stands for the first byte of a single character whose second shows as a letter."""
    letter = _BARE_LETTER.match(text, at + 1)
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
    """A first byte went missing without a trace, somewhere before the place where that shows."""
    start = at
    while start > floor and at - start < _LONGEST and text[start - 1] > "\x7f":
        start -= 1
        code = gbk(text[start])
        if not code or text[start - 1 : start] in LOST:
            return
        for run in _follow(text, start + 1, code[1], known):
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
    if trail == _FULL_WIDTH and not opens_line:
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


def _two_bytes(text: str, at: int) -> bytes:
    """The two bytes that the character at `at` was shown for; half-width marks were full-width."""
    char = text[at : at + 1]
    if not char or char.isspace() or (char.isascii() and char.isalpha()) or _GLOSS.match(text, at):
        return b"" if char != "　" else gbk(char)
    return gbk(char) if char > "\x7f" else bytes((_FULL_WIDTH, ord(char) | 0x80))


def _follow(text: str, at: int, pending: int, known: Known, before: str = "") -> Iterator[Run]:
    """Decode on from `at` with the first byte `pending`, to where the bytes fall into step."""
    read, odd, lost = before, 0, 0
    for i in range(at, min(len(text), at + _LONGEST)):
        so_far = read[len(before) :]
        if text[i] in LOST:
            lost += 1
            if lost > _MOST_LOST:
                return
            yield from _closed_by_lost(text, at, i, pending, so_far, known)
        elif "@" <= text[i] <= "~":
            yield from _closed_by_letter(text, at, i, pending, so_far)
        code = _two_bytes(text, i)
        if not code:
            return
        after = _two_bytes(text, i + 1)[:1]
        behind = from_gbk(bytes((code[1], *after))) if after else ""
        read += dropped_between(read[-1:], pending, code[0], behind, known)
        if not is_common(read[-1]):
            odd += 1
        pending = code[1]
        if odd > 2 + (i - at) // 4:
            return


def _closed_by_letter(text: str, at: int, i: int, pending: int, read: str) -> Iterator[Run]:
    """A letter is the second byte of the run's last character, and brings the bytes into step."""
    whole = from_gbk(bytes((pending, ord(text[i]))))
    gloss = _LETTER_GLOSS.match(text, i)
    gloss = gloss or re.compile(rf"[@-~]\(({SYLLABLE})\)", re.IGNORECASE).match(text, i)
    if whole and (gloss is None or reads_as(whole, gloss[1])):
        yield Run(at, i + 1, read + whole, glossed=gloss is not None)


def _closed_by_lost(
    text: str, at: int, i: int, pending: int, read: str, known: Known
) -> Iterator[Run]:
    """`?` took the last second byte with it: the gloss behind tells the character, or nothing."""
    swallowed = _SWALLOWED.match(text, i)
    if swallowed is None:
        yield Run(at, i + 1, read + UNKNOWN)
        return
    for char in read_with(pending, swallowed[1]):
        yield Run(at, swallowed.end(), read + char, glossed=True)
    for char in common_characters(swallowed[1]):
        between = before_dropped(read[-1:], pending, char, known)
        if between:
            yield Run(at, swallowed.end(), read + between + char, glossed=True)
