"""The persons whose names this run keeps from the public, looked for in everything it publishes.

A listed name that reads as nothing but a name is the person wherever it stands. Any other (高峰,
王伟) is weighed by what stands around it, as names that nobody listed are; to be listed counts for
it. A name is found with blanks, dots or invisible characters inside, in either script, and one in
Latin letters whatever the order of its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

import numpy as np
import numpy.typing as npt

from pipeline.base.normalise import by_character
from pipeline.base.patterns import lazy
from pipeline.checks.privacy.dictionary import LONGEST
from pipeline.checks.privacy.found_names import Name, without_escapes
from pipeline.checks.privacy.name_evidence import BETWEEN, Codes, Floats, fold
from pipeline.checks.privacy.name_odds import odds_of_codes
from pipeline.checks.privacy.name_search import DOUBT, SURE, batches, score
from pipeline.checks.privacy.names import mask_name
from pipeline.checks.privacy.unlabelled_numbers import replaced

Ints = npt.NDArray[np.int64]
#: How much likelier (log) it has to be a name than words, to be nothing but a name.
DISTINCT = 3.0
#: Below this log share a name (索朗旺堆) does not read as a surname with what follows it; it is
#: distinct where its log share as words is so low that nobody writes it by chance.
NO_CHINESE_NAME, RARE = -60.0, -23.0
#: What being listed adds to the log odds of a name of two characters, and of a longer one.
LISTED_SHORT, LISTED = 4.0, 6.0
SHORTEST_DISTINCT = 3  # characters: shorter names also arise between two words
_DOTS = np.array(sorted(map(ord, "·•.・‧∙⋅･")), np.uint16)
_HAN = lazy(r"[\u3400-\u9fff\s·•.・‧∙⋅･]+")
_LATIN_NAME = lazy(r"[A-Za-z]{2,}(?:[\s.·'-]+[A-Za-z]+){1,3}")
_LETTERS = lazy(r"[A-Za-z]+")
_MOST_WORDS = 4
_SHORTEST_JOINED = 8  # letters of a Latin name that is looked for written as one word


class KnownPersons:
    """A search for all listed names at once; `NOBODY` where none is listed."""

    def __init__(self, names: Iterable[str]) -> None:
        listed = {_plain(name) for name in names}
        han = sorted(name for name in listed if _HAN.fullmatch(name))
        codes = {name: bytes_of(name) for name in han}
        short = [name for name in han if 2 <= len(codes[name]) // 2 <= LONGEST]
        self._by_length = _packed_by_length([codes[name] for name in short])
        self._long: dict[bytes, set[bytes]] = {}
        for name in han:
            if len(codes[name]) // 2 > LONGEST:
                self._long.setdefault(codes[name][: 2 * LONGEST], set()).add(codes[name])
        self._long_starts = _sorted_packed([*self._long])
        self._latin = frozenset(
            form for name in listed if _LATIN_NAME.fullmatch(name) for form in _orders(name)
        )

    def __bool__(self) -> bool:
        return bool(self._by_length or self._long or self._latin)

    def names_in(self, texts: Sequence[str]) -> list[list[Name]]:
        """For each text the listed names in it, sure or not; they do not overlap."""
        return without_escapes(self._names_in, texts)

    def _names_in(self, texts: Sequence[str]) -> list[list[Name]]:
        found: list[list[Name]] = [[] for _ in texts]
        for first, some in batches(texts) if self._by_length or self._long else ():
            codes, at = fold(BETWEEN.join(some))
            begins = np.cumsum([0, *(len(text) + 1 for text in some)])
            for start, end, sure in _without_overlaps(self._spans(codes)):
                first_at, last_at = int(at[start]), int(at[end - 1])
                text = int(np.searchsorted(begins, first_at, "right")) - 1
                origin = int(begins[text])
                found[first + text].append(Name(first_at - origin, last_at + 1 - origin, sure))
        for names, content in zip(found, texts, strict=True) if self._latin else ():
            names += [Name(start, end, True) for start, end in self._latin_in(content)]
        return found

    def masked(self, texts: Sequence[str]) -> list[str]:
        """`texts` with the names masked that are surely the persons'."""
        return [
            replaced(text, [(n.start, n.end, mask_name(text[n.start : n.end])) for n in found])
            for text, names in zip(texts, self.names_in(texts), strict=True)
            for found in ([n for n in names if n.sure],)
        ]

    def _spans(self, codes: Codes) -> Iterator[tuple[int, int, float]]:
        """(start, end, log odds) of every listed name in `codes`, which may overlap."""
        undotted = np.flatnonzero(~np.isin(codes, _DOTS))
        plain = codes[undotted]
        for start in np.flatnonzero(_among(_grams(plain, LONGEST), self._long_starts)).tolist():
            head = plain[start : start + LONGEST].tobytes()
            for name in self._long[head]:
                end = start + len(name) // 2
                if plain[start:end].tobytes() == name:
                    yield int(undotted[start]), int(undotted[end - 1]) + 1, np.inf
        for length, listed in self._by_length.items():
            starts = np.flatnonzero(_among(_grams(plain, length), listed))
            yield from _weighed(codes, undotted[starts], undotted[starts + length - 1] + 1, length)

    def _latin_in(self, text: str) -> Iterator[tuple[int, int]]:
        words = [m.span() for m in _LETTERS.finditer(text)]
        free = 0
        for first in range(len(words)):
            for last in range(min(first + _MOST_WORDS, len(words)) - 1, first - 1, -1):
                start, end = words[first][0], words[last][1]
                spelling = " ".join(text[s:e].casefold() for s, e in words[first : last + 1])
                if start >= free and spelling in self._latin:
                    yield start, end
                    free = end
                    break


def _plain(name: str) -> str:
    """A name as it is compared: without blanks around it, in its usual characters."""
    return by_character(name).strip()


def bytes_of(name: str) -> bytes:
    """The folded characters of a name without dots, two bytes each."""
    codes = fold(name)[0]
    return codes[~np.isin(codes, _DOTS)].tobytes()


def _orders(name: str) -> Iterator[str]:
    """A Latin name's words in every order, in small letters, and as one word if that is long."""
    words = [word.casefold() for word in _LETTERS.findall(name)]
    for order in permutations(words):
        yield " ".join(order)
        if sum(map(len, order)) >= _SHORTEST_JOINED:
            yield "".join(order)


def _is_distinct_form(name: str) -> bool:
    """Whether a name can be distinct: long enough, and of characters that `fold` tells apart."""
    is_han = _HAN.fullmatch(name) is not None and len(bytes_of(name)) >= 2 * SHORTEST_DISTINCT
    return is_han or _LATIN_NAME.fullmatch(name) is not None


# ---------------------------------------------------------------- numbers of some characters


def _grams(codes: Codes, length: int) -> npt.NDArray[np.uint64]:
    """At each place the `length` characters from there as one number."""
    count = max(len(codes) - length + 1, 0)
    packed = np.zeros(count, np.uint64)
    for shift in range(length):
        packed = packed << np.uint64(16) | codes[shift : shift + count]
    return packed


def _sorted_packed(names: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    """Names of one length as sorted numbers."""
    if not names:
        return np.zeros(0, np.uint64)
    rows = np.frombuffer(b"".join(names), np.uint16).reshape(len(names), -1)
    packed = np.zeros(len(rows), np.uint64)
    for column in rows.T:
        packed = packed << np.uint64(16) | column
    return np.unique(packed)


def _packed_by_length(names: Sequence[bytes]) -> dict[int, npt.NDArray[np.uint64]]:
    by_length: dict[int, list[bytes]] = {}
    for name in names:
        by_length.setdefault(len(name) // 2, []).append(name)
    return {length: _sorted_packed(some) for length, some in sorted(by_length.items())}


_BITS = 20
_SPREAD = np.uint64(0x9E37_79B9_7F4A_7C15)  # odd; spreads numbers over a table


def _among(
    numbers: npt.NDArray[np.uint64], listed: npt.NDArray[np.uint64]
) -> npt.NDArray[np.bool_]:
    """Which of `numbers` are among the sorted `listed`; a table of bits excludes most of them."""
    found = np.zeros(len(numbers), bool)
    if not len(listed):
        return found
    shift = np.uint64(64 - _BITS)
    seen = np.zeros(1 << _BITS, bool)
    seen[(listed * _SPREAD >> shift).view(np.int64)] = True
    at = np.flatnonzero(seen[(numbers * _SPREAD >> shift).view(np.int64)])
    near = np.searchsorted(listed, numbers[at]).clip(max=len(listed) - 1)
    found[at[listed[near] == numbers[at]]] = True
    return found


# ---------------------------------------------------------------- how sure


def distinct(names: Iterable[str]) -> list[str]:
    """Those of `names` that are the person wherever they stand, as they are written."""
    written = [name for name in names if _is_distinct_form(name)]
    short = [name for name in written if len(name) <= LONGEST and _HAN.fullmatch(name)]
    odds = dict(zip(short, _odds_of([bytes_of(name) for name in short]), strict=True))
    return [name for name in written if odds.get(name, DISTINCT) >= DISTINCT]


def _weighed(
    codes: Codes, starts: Ints, ends: Ints, length: int
) -> Iterator[tuple[int, int, float]]:
    """(start, end, log odds) of occurrences of listed names of `length` characters; of those that
    may be another thing only what is not unlikely.
    """
    if not len(starts):
        return
    whole = ends - starts == length  # no dot inside
    odds = np.full(len(starts), np.inf)
    names = codes[starts[whole, None] + np.arange(length)]
    own = _odds_of([row.tobytes() for row in names])
    distinct = (own >= DISTINCT) & (length >= SHORTEST_DISTINCT)
    most = LISTED if length >= SHORTEST_DISTINCT else LISTED_SHORT
    bonus = np.clip(most + own, 0, most)  # for a name that is a word as well it says less
    around = score(codes, starts[whole], ends[whole] - starts[whole]) + bonus
    odds[whole] = np.where(distinct, np.inf, around)
    likely = odds >= DOUBT
    at = (each[likely].tolist() for each in (starts, ends, odds))
    yield from zip(*at, strict=True)


def _odds_of(names: Sequence[bytes]) -> Floats:
    """The log odds of names of two to four characters; `DISTINCT` for those that are foreign."""
    odds, share, words = odds_of_codes([np.frombuffer(name, np.uint16) for name in names])
    odds[(share < NO_CHINESE_NAME) & (words <= RARE)] = DISTINCT
    return odds


def _without_overlaps(
    spans: Iterable[tuple[int, int, float]],
) -> list[tuple[int, int, bool]]:
    """(start, end, whether it is sure), the surer first where two overlap, then the longer."""
    found = list[tuple[int, int, bool]]()
    by_odds = sorted(spans, key=lambda s: (-s[2], s[0] - s[1], s[0]))
    occupied = set[int]()
    for start, end, odds in by_odds:
        if not any(at in occupied for at in range(start, end)):
            occupied.update(range(start, end))
            found.append((start, end, odds >= SURE))
    return sorted(found)


NOBODY = KnownPersons(())
