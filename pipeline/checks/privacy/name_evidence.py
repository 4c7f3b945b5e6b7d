"""Evidence for and against a person's name at a place in a Chinese text.

A text is an array of folded characters (`fold`). A candidate is a start and a length. Around each
there is a window; in it, two things count: how well the characters read as a name against how
well they read as words, and which words stand in front and behind.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from pipeline.base import parse_cache
from pipeline.base.normalise import by_character
from pipeline.checks.privacy.dictionary import (
    LONGEST,
    PERSON,
    PLACE,
    TAGS,
    UNKNOWN,
    dictionary,
    pack,
)
from pipeline.checks.privacy.name_statistics import COMPOUND, log_shares
from pipeline.checks.privacy.person_words import ACTS, ROLES, TITLES

Codes = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]
LEFT, NAME, RIGHT = 8, 4, 12  # columns of a window: before, of, and behind a candidate
_WIDE = LEFT + NAME + RIGHT
_NONE = np.float32(-99)
#: The log share of names of others among the words of such texts, about one in fifty.
_NAMES_AMONG_WORDS = -4.0

# ---------------------------------------------------------------- characters

DIGIT, LATIN = ord("0"), ord("A")
#: Stands between texts that are searched together; a private-use character.
BETWEEN = "\ue000"
_ENDS = "。;!?"
#: Classes of characters that are no words; a token's class is its tag, or one of these behind them.
_CLASSES = (_ENDS, ",", "、", ":", "([{<〔【《〈「『“‘", ")]}>〕】》〉」』”’\"'", "0", "A", "某*")
NOTHING, HAN, OTHER = len(TAGS), len(TAGS) + 1, len(TAGS) + 2
_FIRST = len(TAGS) + 3
#: Kinds of evidence that are words or characters; the others are numbers of classes.
_IN_FRONT = ("left word", "left begin", "left end")
_BEHIND = ("right word", "right begin", "right end", "right next")
WORDS = frozenset((*_IN_FRONT, *_BEHIND, "surname", "name end"))


@cache
def _folded() -> Codes:
    """By code point the character that stands for it here; 0 for blanks and invisible ones."""
    return parse_cache.parsed("characters", unicodedata.unidata_version, _fold_each)


def _fold_each() -> Codes:
    every = "".join(" " if 0xD800 <= code < 0xE000 else chr(code) for code in range(1 << 16))
    wide = np.frombuffer(by_character(every).encode("utf-32-le"), np.uint32)
    codes = np.minimum(wide, 0xFFFF).astype(np.uint16)
    for code, c in enumerate(every):
        if chr(codes[code]).isspace() or unicodedata.category(c) in ("Mn", "Me", "Cf", "Cc"):
            codes[code] = 0
    codes[ord("0") : ord("9") + 1] = DIGIT
    for first, last in ("az", "AZ"):
        codes[ord(first) : ord(last) + 1] = LATIN
    # a second time, for those whose plain form is a digit or a letter
    return codes[codes]


@cache
def _classes() -> npt.NDArray[np.uint8]:
    """By folded character its class where it is no word of the dictionary."""
    classes = np.full(1 << 16, OTHER, np.uint8)
    classes[0x3400:0xA000] = HAN
    classes[0] = classes[ord(BETWEEN)] = NOTHING
    classes[0xFFFF] = HAN  # stands for every character outside the Basic Multilingual Plane
    for at, characters in enumerate(_CLASSES):
        for c in characters:
            classes[ord(c)] = _FIRST + at
    return classes


def fold(text: str) -> tuple[Codes, npt.NDArray[np.int64]]:
    """(the characters of `text` without blanks, numbers and Latin words as one character each; the
    offset of each in `text`).
    """
    wide = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = _folded()[np.minimum(wide, 0xFFFF)]
    codes[wide > 0xFFFF] = 0xFFFF
    codes[_in_amounts(codes)] = DIGIT
    keep = codes != 0
    same = (codes[1:] == codes[:-1]) & ((codes[1:] == DIGIT) | (codes[1:] == LATIN))
    keep[1:] &= ~same
    at = np.flatnonzero(keep)
    return codes[at], at


def _in_amounts(codes: Codes) -> npt.NDArray[np.bool_]:
    """Where three or more numerals of amounts in words (肆拾陆万) stand side by side: some of them
    are surnames.
    """
    numeral = _among("零〇壹贰叁肆伍陆柒捌玖拾佰仟万亿")[codes]
    three = numeral[:-2] & numeral[1:-1] & numeral[2:]
    found = np.zeros(len(codes), bool)
    for shift in range(3 if len(codes) > 2 else 0):
        found[shift : len(codes) - 2 + shift] |= three
    return found


# ---------------------------------------------------------------- names


@cache
def _surnames() -> tuple[Floats, npt.NDArray[np.uint64], Floats]:
    """Log shares: of surnames of one character by code; of two, with the sorted packed ones."""
    single = np.full(1 << 16, _NONE, np.float32)
    shares = log_shares()
    for name, share in shares.items():
        if len(name) == 1:
            single[ord(name)] = share
    pairs = sorted((pack(name), shares[name]) for name in COMPOUND)
    return (
        single,
        np.array([number for number, _ in pairs], np.uint64),
        np.array([share for _, share in pairs], np.float32),
    )


def _pair_share(first: Codes, second: Codes) -> Floats:
    """The log share of compound surnames; that of none where two characters are not one."""
    _, pairs, shares = _surnames()
    packed = first.astype(np.uint64) << np.uint64(16) | second
    at = np.searchsorted(pairs, packed).clip(max=len(pairs) - 1)
    return np.where(pairs[at] == packed, shares[at], _NONE)


def name_share(names: Codes, lengths: npt.NDArray[np.int64]) -> Floats:
    """The log share of each name (rows of `NAME` columns, used up to its length) among names."""
    single, given = _surnames()[0], dictionary().given
    a, b, c, d = (names[:, i] for i in range(NAME))
    pair = _pair_share(a, b)
    two = single[a] + given[2][b] - 1.9  # of names 15 % have two characters
    three = single[a] + given[0][b] + given[1][c] - 0.2
    three = np.maximum(three, pair + given[2][c] - 1.9)
    double = single[a] + single[b] - 3.0  # both parents' surnames
    four = np.maximum(pair, double) + given[0][c] + given[1][d] - 0.2
    share: Floats = np.select([lengths == 2, lengths == 3], [two, three], four)
    return share.astype(np.float32)


def surname_at(codes: Codes) -> npt.NDArray[np.bool_]:
    """Where a surname begins."""
    begins: npt.NDArray[np.bool_] = _surnames()[0][codes] > _NONE
    if len(codes) > 1:
        begins[:-1] |= _pair_share(codes[:-1], codes[1:]) > _NONE
    return begins


def candidates(codes: Codes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(starts, lengths) of everything in `codes` that may be a name of two to four characters."""
    is_han = _classes()[codes] == HAN
    run = np.concatenate([is_han, np.zeros(NAME, bool)])
    surname = surname_at(codes)
    # one character three times over is no name
    same = codes[1:] == codes[:-1]
    surname[:-2] &= ~(same[:-1] & same[1:])
    surname[1:-1] &= ~(same[:-1] & same[1:])
    surname[2:] &= ~(same[:-1] & same[1:])
    begins = np.flatnonzero(surname)
    starts, lengths = [], []
    for length in (2, 3, 4):
        fits = begins
        for at in range(1, length):
            fits = fits[run[fits + at]]
        if length == 4:
            second = np.concatenate([codes, np.zeros(NAME, np.uint16)])[fits + 1]
            twin = _surnames()[0][second] > np.log(2e-4)
            fits = fits[twin | (_pair_share(codes[fits], second) > _NONE)]
        starts.append(fits)
        lengths.append(np.full(len(fits), length))
    return np.concatenate(starts), np.concatenate(lengths)


# ---------------------------------------------------------------- windows


def windows(codes: Codes, starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> Codes:
    """A row a candidate: `LEFT` characters before it, the name in `NAME` columns, and `RIGHT`
    behind. Nothing (0) stands beyond the end of a clause.
    """
    padded = np.concatenate([np.zeros(LEFT, np.uint16), codes, np.zeros(_WIDE, np.uint16)])
    rows = np.zeros((len(starts), _WIDE), np.uint16)
    rows[:, :LEFT] = padded[starts[:, None] + np.arange(LEFT)]
    behind = padded[starts[:, None] + LEFT + np.arange(NAME)]
    behind[np.arange(NAME) >= lengths[:, None]] = 0
    rows[:, LEFT : LEFT + NAME] = behind
    rows[:, LEFT + NAME :] = padded[(starts + lengths)[:, None] + LEFT + np.arange(RIGHT)]
    ends = is_end(rows)
    left = np.logical_or.accumulate(ends[:, LEFT - 1 :: -1], axis=1)[:, ::-1]
    right = np.logical_or.accumulate(ends[:, LEFT + NAME :], axis=1)
    rows[:, : LEFT - 1][left[:, 1:]] = 0
    rows[:, LEFT + NAME + 1 :][right[:, :-1]] = 0
    return rows


def is_end(codes: Codes) -> npt.NDArray[np.bool_]:
    """Where a clause ends: at a mark of a sentence or a comma, and at the end of the text (0)."""
    classes = _classes()[codes]
    ends: npt.NDArray[np.bool_] = classes == NOTHING
    ends |= (classes == _FIRST) | (classes == _FIRST + 1)
    return ends


@dataclass(frozen=True, slots=True)
class Features:
    """What is known about candidates: numbers (a column each), and kinds by name of the feature;
    `named_otherwise`: it is the name of a place, or the beginning of a company's.
    """

    numbers: Floats
    kinds: dict[str, npt.NDArray[np.uint64]]
    named_otherwise: npt.NDArray[np.bool_]


def features(rows: Codes, lengths: npt.NDArray[np.int64]) -> Features:
    """The evidence in windows."""
    before, names, behind = rows[:, :LEFT], rows[:, LEFT : LEFT + NAME], rows[:, LEFT + NAME :]
    share = name_share(names, lengths)
    left, in_front = _read(before)
    right, after = _read(behind, backward=True)
    whole = _read(_joined(before, names, behind, lengths))[0]
    gain = (left + share + _NAMES_AMONG_WORDS + right - whole).astype(np.float32)
    kinds = _of_sides(in_front, after) | _of_name(names, lengths)
    kinds["organisation"] = _organisation(behind)
    kinds["gain"] = np.clip((gain + 16) / 3, 0, 11).astype(np.uint64)
    for name, other in (
        ("gain, left", "left class"),
        ("gain, right", "right class"),
        ("gain, organisation", "organisation"),
        ("gain, length", "length"),
        ("gain, beside", "beside"),
    ):
        kinds[name] = _pair(kinds["gain"], kinds[other])
    clipped = np.clip(gain, -15, 20) / 10
    bent = (np.maximum(clipped, 0), np.maximum(clipped - 0.8, 0))
    numbers = np.stack([clipped, *bent, share / 10, _read(names)[0] / 20], axis=1)
    is_other = _is_place(names, lengths) | (kinds["organisation"] == COMPANY)
    return Features(numbers.astype(np.float32), kinds, is_other)


Tokens = npt.NDArray[np.uint64]


def _pair(first: Tokens, second: Tokens) -> Tokens:
    """Two classes as one number."""
    return first * np.uint64(64) + second


def _of_sides(in_front: tuple[Tokens, Tokens], after: tuple[Tokens, Tokens]) -> dict[str, Tokens]:
    """The evidence of the two words on either side, the nearer one first."""
    left, left_of_it = in_front
    right, right_of_it = after
    left_class, right_class = _class_of(left), _class_of(right)
    return {
        "left class": left_class,
        "left word": left,
        "left begin": _first(left),
        "left end": _last(left),
        "left pair": _pair(_class_of(left_of_it), left_class),
        "right class": right_class,
        "right word": right,
        "right begin": _first(right),
        "right end": _last(right),
        "right pair": _pair(right_class, _class_of(right_of_it)),
        "right next": right_of_it,
        "sides": _pair(left_class, right_class),
        "beside": _beside(left, right),
    }


def _of_name(names: Codes, lengths: npt.NDArray[np.int64]) -> dict[str, Tokens]:
    """The evidence of the candidate itself."""
    ends, length = names[np.arange(len(names)), lengths - 1], lengths.astype(np.uint64)
    return {
        "length": length,
        "surname": names[:, 0].astype(np.uint64),
        "name end": ends.astype(np.uint64),
        "place": _among(_PLACES)[ends] * np.uint64(8) + length,
    }


def _is_place(names: Codes, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether a candidate is the name of a place in the dictionary."""
    packed = np.zeros(len(names), np.uint64)
    for column in range(NAME):
        longer = packed << np.uint64(16) | names[:, column]
        packed = np.where(column < lengths, longer, packed)
    at = dictionary().places(packed)
    found: npt.NDArray[np.bool_] = (at >= 0) & (dictionary().tags[at] == PLACE)
    return found


def _beside(left: npt.NDArray[np.uint64], right: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Which words that go with persons stand beside a candidate: 1 a role in front, 2 a title
    behind, 4 what persons do behind; their sum.
    """
    found = np.zeros(len(left), np.uint64)
    for value, words, tokens in ((1, ROLES, left), (2, TITLES, right), (4, ACTS, right)):
        listed = _packed(words)
        at = np.searchsorted(listed, tokens).clip(max=len(listed) - 1)
        found += (listed[at] == tokens) * np.uint64(value)
    return found


@cache
def _packed(words: frozenset[str]) -> npt.NDArray[np.uint64]:
    return np.array(sorted(map(pack, words)), np.uint64)


def word_share(rows: Codes, names_too: bool = True) -> Floats:
    """The log share of the most frequent reading of each row as words; without `names_too` names
    that the dictionary has are no words.
    """
    return _read(rows, names_too=names_too)[0]


def _joined(before: Codes, names: Codes, behind: Codes, lengths: npt.NDArray[np.int64]) -> Codes:
    """The windows without the unused columns of the name, so that words may run over its end."""
    joined = np.zeros((len(names), _WIDE), np.uint16)
    joined[:, : LEFT + NAME] = np.concatenate([before, names], axis=1)
    at = np.arange(len(names))[:, None]
    joined[at, LEFT + lengths[:, None] + np.arange(RIGHT)] = behind
    return joined


def _read(
    rows: Codes, backward: bool = False, names_too: bool = True
) -> tuple[Floats, tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]]:
    """(the log share of the most frequent reading of each row as words; the two words at its end,
    the outer one second; with `backward` those at its beginning).

    The best division into words by dynamic programming (Viterbi 1967), all rows at once.
    """
    if backward:
        rows = rows[:, ::-1]
    count, wide = rows.shape
    words = dictionary()
    best = np.zeros((count, wide + 1), np.float32)
    step = np.zeros((count, wide + 1), np.int64)
    last = np.zeros((count, wide + 1), np.uint64)
    for end in range(1, wide + 1):
        score = np.full(count, -1e9, np.float32)
        packed = np.zeros(count, np.uint64)
        for length in range(1, min(LONGEST, end) + 1):
            c = rows[:, end - length].astype(np.uint64)
            if backward:
                packed = packed << np.uint64(16) | c
            else:
                packed = packed | c << np.uint64(16 * (length - 1))
            at = words.places(packed)
            known = at >= 0
            if length > 1 and not names_too:
                known &= words.tags[at] != PERSON
            share = np.where(
                known, words.shares[at], _single(rows[:, end - 1]) if length == 1 else -1e9
            )
            total = best[:, end - length] + share
            better = total > score
            score = np.where(better, total, score)
            step[:, end] = np.where(better, length, step[:, end])
            last[:, end] = np.where(better, packed, last[:, end])
        best[:, end] = score
    inner = last[:, wide]
    outer = last[np.arange(count), wide - step[:, wide]]
    return best[:, wide], (inner, outer)


def _single(codes: Codes) -> Floats:
    """The log share of a character that is no word: nothing for none, little for marks."""
    classes = _classes()[codes]
    return np.select([classes == NOTHING, classes == HAN], [0.0, UNKNOWN], -6.0).astype(np.float32)


def _class_of(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The class of words: the tag of the dictionary, or that of the one character."""
    at = dictionary().places(words)
    alone = _classes()[np.minimum(words, 0xFFFF).astype(np.uint16)]
    marked = (alone != HAN) & (words <= 0xFFFF)
    return np.where((at >= 0) & ~marked, dictionary().tags[at], alone).astype(np.uint64)


def _last(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    return words & np.uint64(0xFFFF)


def _first(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    for shift in (16, 16, 16):
        words = np.where(words > 0xFFFF, words >> np.uint64(shift), words)
    return words


#: The last characters of names of places; of organisations too.
_PLACES = "村镇乡路街道县区组屯寨湾桥楼市庄苑山河湖沟岭店寺庙巷弄"
_BODIES = f"{_PLACES}司厂社部馆所行坊场院校局站队会铺饭团摊城园屋阁吧"
COMPANY = 2
_BREAKS = "在于的与和及被对为由向将从至是系称有未已因并等到经把给,、:。;0A"


@cache
def _among(characters: str) -> npt.NDArray[np.bool_]:
    """By code point whether a character is one of `characters`."""
    table = np.zeros(1 << 16, bool)
    table[[ord(c) for c in characters]] = True
    return table


def _organisation(behind: Codes) -> npt.NDArray[np.uint64]:
    """Whether, behind a candidate, the name of a company, or (1) of another organisation or a
    place ends before the sentence goes on.
    """
    ends = _among(_BODIES)[behind]
    stop = _among(_BREAKS)[behind] | (behind == 0)
    stop[:, :-1] &= ~((behind[:, :-1] == ord("有")) & (behind[:, 1:] == ord("限")))
    open_to = ~np.logical_or.accumulate(stop, axis=1)
    limited = (behind[:, :-1] == ord("有")) & (behind[:, 1:] == ord("限"))
    limited |= (behind[:, :-1] == ord("公")) & (behind[:, 1:] == ord("司"))
    company = (limited & open_to[:, :-1]).any(axis=1)
    return np.where(company, COMPANY, (ends & open_to).any(axis=1)).astype(np.uint64)
