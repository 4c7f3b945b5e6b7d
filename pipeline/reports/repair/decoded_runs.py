"""Decodes a misaligned run of GBK again, up to where the bytes are aligned.

Characters are decided by their bytes (`bytepairs`); where bytes were dropped, by their neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.reports.repair.bytepairs import (
    FULL_WIDTH,
    NUMERALS,
    before_dropped,
    common_characters,
    dropped_pairs,
    hidden_numeral,
    read_with,
)
from pipeline.reports.repair.characters import from_gbk, gbk, is_common, reads_as
from pipeline.reports.repair.glosses import SYLLABLE
from pipeline.reports.repair.known_pairs import Known

LOST = "?\ufffd"  # how decoders write a byte that they could not read
UNKNOWN = "?"  # stands for a character that could not be decided
LONGEST = 200  # characters: an ASCII byte ends a run, and those are never far
SWALLOWED = re.compile(rf"[{LOST}]({SYLLABLE})\)", re.IGNORECASE)  # with the bracket that it ate
_GLOSS = re.compile(rf"\({SYLLABLE}\)", re.IGNORECASE)
_LETTER_GLOSS = re.compile(rf"[@-~]\(({SYLLABLE})\)", re.IGNORECASE)
_MOST_LOST = 2  # with more bytes lost in one run, nothing is proven


@dataclass(frozen=True, slots=True)
class Run:
    """A reading of `start`:`end` once aligned, and the evidence for it."""

    start: int
    end: int
    text: str
    shown: str = ""  # the damaged text
    glossed: bool = False  # a gloss confirms a character that is otherwise ambiguous
    rivals: int = 0  # other readings that are as good
    guessed: bool = False  # the first character is known from one side only

    @property
    def cost(self) -> int:
        """A penalty for rare and for undecided characters."""
        return sum(1 if c == UNKNOWN else 2 for c in self.text if c == UNKNOWN or not is_common(c))

    @property
    def believable(self) -> bool:
        """Whether the reading is plausible, and more so than the damaged text."""
        if self.rivals or self.cost > 1 + len(self.text) // 6:
            return False
        odd_now = sum(1 for c in self.shown if c > "\u017f" and not is_common(c))
        return self.glossed or odd_now > self.cost // 2


def two_bytes(text: str, at: int) -> bytes:
    """The two bytes that the character at `at` was shown for; half-width marks were full-width."""
    char = text[at : at + 1]
    if not char or char.isspace() or (char.isascii() and char.isalpha()) or _GLOSS.match(text, at):
        return b"" if char != "　" else gbk(char)
    return gbk(char) if char > "\x7f" else bytes((FULL_WIDTH, ord(char) | 0x80))


def follow(text: str, at: int, pending: int, known: Known, before: str = "") -> Iterator[Run]:
    """Decode on from `at` with the first byte `pending`, to each place where the bytes are aligned
    again.
    """
    read, odd, lost = before, 0, 0
    for i in range(at, min(len(text), at + LONGEST)):
        so_far = read[len(before) :]
        if text[i] in LOST:
            lost += 1
            if lost > _MOST_LOST:
                return
            yield from _closed_by_lost(text, at, i, pending, so_far, known)
        elif "@" <= text[i] <= "~":
            yield from _closed_by_letter(text, at, i, pending, so_far)
        code = two_bytes(text, i)
        if not code:
            return
        after = two_bytes(text, i + 1)[:1]
        behind = from_gbk(bytes((code[1], *after))) if after else ""
        read += _dropped_between(read[-1:], pending, code[0], behind, known)
        if not is_common(read[-1]):
            odd += 1
        pending = code[1]
        if odd > 2 + (i - at) // 4:
            return


def _closed_by_letter(text: str, at: int, i: int, pending: int, read: str) -> Iterator[Run]:
    """A letter is the second byte of the run's last character, and aligns the bytes."""
    whole = from_gbk(bytes((pending, ord(text[i]))))
    gloss = _LETTER_GLOSS.match(text, i)
    if whole and (gloss is None or reads_as(whole, gloss[1])):
        yield Run(at, i + 1, read + whole, glossed=gloss is not None)


def _closed_by_lost(
    text: str, at: int, i: int, pending: int, read: str, known: Known
) -> Iterator[Run]:
    """`?` took the last second byte with it: the gloss after it decides the character, or nothing."""
    swallowed = SWALLOWED.match(text, i)
    if swallowed is None:
        yield Run(at, i + 1, read + UNKNOWN)
        return
    for char in read_with(pending, swallowed[1]):
        yield Run(at, swallowed.end(), read + char, glossed=True)
    for char in common_characters(swallowed[1]):
        between = _before_last(read[-1:], pending, char, known)
        if between:
            yield Run(at, swallowed.end(), read + between + char, glossed=True)


def _before_last(before: str, pending: int, last: str, known: Known) -> str:
    """The character between `before` and `last` whose second byte was dropped with `last`'s first.

    Empty where none, or more than one, is known to stand there.
    """
    found: dict[str, int] = {}
    for one in before_dropped(pending, gbk(last)[0]):
        front, back = known(before + one), known(one + last)
        if front or back:
            found[one] = front + back
    best = [one for one, score in found.items() if score == max(found.values())]
    return best[0] if len(best) == 1 else ""


def _dropped_between(before: str, pending: int, trail: int, behind: str, known: Known) -> str:
    """The character `pending`·`trail`, or two characters whose middle bytes were dropped.

    `before` and `behind` are the neighbours. `?` stands for an undecided character.
    """
    plain = from_gbk(bytes((pending, trail)))
    if before == "　" and pending == FULL_WIDTH and trail == gbk("）")[1] and hidden_numeral():
        return f"（{hidden_numeral()}）"
    rare = not plain or not is_common(plain)
    score = known(before + plain) + known(plain + behind) - 4 * rare
    price = 3 if score > 0 else 2  # of supposing that bytes were dropped
    scores = {
        pair: known(before + pair[0])
        + known(pair)
        + known(pair[1] + behind)
        - price
        + 6 * (before == "（" and pair[0] in NUMERALS and pair[1] == "）")
        for pair in dropped_pairs(pending, trail)
    }
    best = max(scores.values(), default=score)
    if best <= score:
        return plain or UNKNOWN
    found = [pair for pair, s in scores.items() if s == best]
    if len(found) == 1:
        return found[0]
    return UNKNOWN * 2 if rare else plain
