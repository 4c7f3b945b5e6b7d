"""Chinese full-text search for SQLite's FTS5: segmentation of text for the index, and queries.

Neither of SQLite's tokenizers suits Chinese: `unicode61` takes a whole sentence for one word, and
`trigram` finds no word of two characters. So the index holds every overlapping pair of Chinese
characters and the last character of each run, separated by spaces, and a query is segmented the
same way::

    行政处罚2025  →  行政 政处 处罚 罚 2025
    398号院       →  398 号 号院 院

A word of two characters or more is then a phrase of neighbouring pairs, which finds exactly what a
search by substring would; one character is a prefix. Words of Latin letters and digits stay whole.
The character right behind one is also indexed alone: 398号 is then a phrase without a prefix, and
SQLite need not read all words that begin with 号. Text is normalised first (NFKC, lower case), so
that full-width forms find half-width ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

_CHINESE = (
    (0x3007, 0x3007),  # 〇, a digit among characters
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3347F),
)
_OTHER, _HAN, _WORD, _END = 0, 1, 2, 3
_SEPARATOR = "\0"  # between the values of a column; cleaned text never holds it
_BLOCK = 250_000  # characters segmented at a time, to bound memory

_TERM = re.compile(r'"([^"]*)"|([^\s"]+)')
_PREFIX_FROM = 3  # a shorter Latin word must match whole: as a prefix it would find too much


def segment_column(values: Sequence[str | None]) -> list[str]:
    """Each value as the index holds it: words separated by spaces, Chinese in pairs; None gives "".

    Each distinct value is segmented once.
    """
    segmented: dict[str | None, str] = {None: "", "": ""}
    fresh = list(dict.fromkeys(v for v in values if v))
    for block in _blocks(fresh):
        segmented.update(zip(block, _segment_block(block), strict=True))
    return [segmented[value] for value in values]


def match_query(query: str) -> str:
    """A user's query as an FTS5 MATCH expression; nothing in it can become an operator.

    All words separated by spaces must occur. Quotes make a phrase, whose Latin words must match
    whole; without quotes the last one also finds longer words. Syntax:
    https://www.sqlite.org/fts5.html, Full-text Query Syntax.
    """
    terms = [_term(quoted or plain, bool(quoted)) for quoted, plain in _TERM.findall(query or "")]
    return " AND ".join(term for term in terms if term) or '""'


# ---------------------------------------------------------------- queries


def _term(text: str, exact: bool) -> str:
    runs = list(_runs(_normalise(text)))
    if not runs:
        return ""
    words: list[str] = []
    for number, (kind, follows, run) in enumerate(runs, 1):
        if kind == _WORD:
            words.append(run)
            continue
        alone = len(run) == 1
        words += [run[0]] if follows or alone else []
        words += [a + b for a, b in pairwise(run)]
        # The last run may go on in the text, so its last character is no word there.
        words += [run[-1]] if number < len(runs) and not alone else []
    kind, follows, run = runs[-1]
    if kind == _HAN:
        longer = len(run) == 1 and not follows
    else:
        longer = len(run) >= _PREFIX_FROM and not exact
    return f'"{" ".join(words)}"' + (" *" if longer else "")


def _runs(text: str) -> Iterator[tuple[int, bool, str]]:
    """The runs of Chinese and of other word characters in normalised text: their kind, whether a
    word of the other kind is right in front, and the run."""
    kinds = _kinds()[_codes(text)]
    edges = np.flatnonzero(np.diff(kinds)) + 1
    before = _OTHER
    for start, end in zip([0, *edges], [*edges, len(text)], strict=True):
        kind = int(kinds[start]) if text else _OTHER
        if kind in (_HAN, _WORD):
            yield kind, before in (_HAN, _WORD), text[start:end]
        before = kind


# ---------------------------------------------------------------- segmentation


def _blocks(values: Sequence[str]) -> Iterator[list[str]]:
    block: list[str] = []
    size = 0
    for value in values:
        block.append(value)
        size += len(value) + 1
        if size > _BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


def _segment_block(block: list[str]) -> list[str]:
    text = _SEPARATOR.join(block)
    if text.count(_SEPARATOR) != len(block) - 1:
        block = [value.replace(_SEPARATOR, " ") for value in block]
        text = _SEPARATOR.join(block)
    codes = _codes(text)
    if (hard := _hard()[codes]).any():
        # Values with characters that depend on their neighbours are normalised one by one; all
        # others by the table of `_normalised`, many at once.
        ends = np.flatnonzero(codes == _codes(_SEPARATOR)[0])
        block = list(block)
        for place in np.unique(np.searchsorted(ends, np.flatnonzero(hard))):
            block[place] = _normalise(block[place])
        codes = _codes(_SEPARATOR.join(block))
    return [text.rstrip(" ") for text in _segment_codes(_normalised()[codes]).split(_SEPARATOR)]


def _cut(text: str) -> str:
    return _segment_codes(_codes(_normalise(text)))


def _segment_codes(codes: npt.NDArray[np.uint32]) -> str:
    """Segment normalised text by arithmetic on its code points: millions take a second or two.

    Every Chinese character is written with its right neighbour, if that is Chinese too, and a
    space, and before that alone if it comes right behind another word; the last character of any
    other word with a space; other characters not at all.
    """
    if not len(codes):
        return ""
    kinds = _kinds()[codes]
    following = np.append(kinds[1:], np.uint8(_OTHER))
    han, word = kinds == _HAN, kinds == _WORD
    paired = han & (following == _HAN)
    # `width`: how many characters each one takes in the result; their running total gives the
    # place of each, so that all are written by a few indexed assignments instead of a loop.
    width = (kinds != _OTHER).astype(np.int32)
    width[paired] = 3
    width += (han & ~paired) | (word & (following != _WORD))
    twice = np.append(False, word[:-1]) & paired
    width[twice] += 2
    at = np.cumsum(width, dtype=np.int64)
    out = np.full(int(at[-1]), ord(" "), dtype="<u4")
    at -= width
    out[at[twice]] = codes[twice]
    at[twice] += 2
    kept = width > 0
    out[at[kept]] = codes[kept]
    out[at[paired] + 1] = codes[1:][paired[:-1]]
    return out.tobytes().decode("utf-32-le").rstrip(" ")


def _normalise(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4")


_TABLED = 0x20000  # code points below have an entry each; of those above only ideographs matter


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """The kind of every code point of Unicode."""
    kinds = np.zeros(0x110000, np.uint8)
    kinds[:_TABLED] = (
        np.fromiter((chr(c).isalnum() for c in range(_TABLED)), np.uint8, _TABLED) * _WORD
    )
    for first, last in _CHINESE:
        kinds[first : last + 1] = _HAN
    kinds[ord(_SEPARATOR)] = _END
    return kinds


@cache
def _normalised() -> npt.NDArray[np.uint32]:
    """Code point → what `_normalise` makes of it, for those that are not `_hard`."""
    table = np.arange(0x110000, dtype=np.uint32)
    for code in range(_TABLED):
        made = _normalise(chr(code))
        table[code] = ord(made) if len(made) == 1 else code
    return table


@cache
def _hard() -> npt.NDArray[np.bool_]:
    """Whether a code point normalises to several, or depends on its neighbours.

    These are combining marks, the second characters of canonical compositions (Unicode Standard
    Annex 15, quick check Maybe), vowels and finals of Hangul, the sigma (its lower case differs at
    the end of a word), and all that becomes longer.
    """
    hard = np.zeros(0x110000, np.bool_)
    hard[[0x3A3, *range(0x1161, 0x1176), *range(0x11A8, 0x11C3)]] = True
    hard[0x2F800:0x2FA20] = hard[0xE0000:] = True
    normalised = {c: unicodedata.normalize("NFKC", c) for c in map(chr, range(_TABLED))}
    for character, made in normalised.items():
        parts = unicodedata.decomposition(character).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            hard[int(parts[1], 16)] = True
        if unicodedata.combining(character) or len(made.lower()) != 1:
            hard[ord(character)] = True
    for character, made in normalised.items():
        hard[ord(character)] |= any(hard[ord(c)] for c in made)
    return hard
