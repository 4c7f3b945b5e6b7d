"""Chinese words and how often they occur, and how often a character is part of a given name.

From the dictionary of the package jieba-py (about 349,000 words, with frequencies and parts of
speech, of which those of up to four characters are used). Only its file is read: the package's
code is not run.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.base import parse_cache
from pipeline.checks.privacy.name_statistics import COMMON, COMPOUND, GIVEN, LESS_COMMON

LONGEST = 4  # characters of a word that is looked up: four of 16 bits are one number
#: The log share of a character that is no word.
UNKNOWN = -18.0
_NAME_KNOWN_FROM = {2: 300, 3: 500}  # uses of a word tagged as a person's name that is kept
#: The log share, as a word, of a character that the dictionary has as a part of names.
_PART_OF_NAMES = -14.0
_DIVISION = -11.0
_GIVEN_UNSEEN = -12.0
#: Parts of speech in the order of their number here, by the first letter of the dictionary's tag;
#: S for names of places and institutions, R of persons, Z of other things.
TAGS = "?nvadprcmqfutsizyexlgjobSRZ"
_PROPER = {"ns": "S", "nt": "S", "nr": "R", "nrt": "R", "nrfg": "R", "nz": "Z"}
PLACE, PERSON = TAGS.index("S"), TAGS.index("R")


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Words as sorted numbers (`packed`), the log of each one's share of all uses, and its tag.

    `given`: the log shares of characters (index: code point) as the first and second of a given
    name of two, and as a given name of one. `foreign`: those in foreign names written in Chinese.
    """

    words: npt.NDArray[np.uint64]
    shares: npt.NDArray[np.float32]
    tags: npt.NDArray[np.uint8]
    given: npt.NDArray[np.float32]
    foreign: npt.NDArray[np.float32]

    def places(self, packed: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """The index of each packed word; -1 where it is none."""
        at = np.searchsorted(self.words, packed).clip(max=len(self.words) - 1)
        return np.where(self.words[at] == packed, at, -1)


@cache
def dictionary() -> Dictionary:
    """The dictionary of the installed package."""
    version = metadata.version("jieba-py")
    return parse_cache.parsed("dictionary", version, _read)


def pack(word: str) -> int:
    """A word of up to `LONGEST` characters as a number: 16 bits a character, the first highest."""
    number = 0
    for c in word:
        number = number << 16 | ord(c)
    return number


def _read() -> Dictionary:
    spec = util.find_spec("jieba")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("jieba-py is not installed")
    path = Path(next(iter(spec.submodule_search_locations)), "_data", "dict.txt")
    entries = [line.split() for line in path.read_text("utf-8").splitlines()]
    total = sum(int(uses) for _, uses, _ in entries)
    known: dict[int, tuple[float, int]] = {}
    names = list[str]()
    for word, uses, tag in entries:
        if tag.startswith("nr") and _like_a_name(word):
            names.append(word)
            if int(uses) < _NAME_KNOWN_FROM[len(word)]:
                continue
        if len(word) <= LONGEST and max(word) <= "\uffff" and word not in COMPOUND:
            share = math.log(int(uses) / total)
            if len(word) == 1 and tag == "nr":
                share = min(share, _PART_OF_NAMES)
            known[pack(word)] = (share, max(TAGS.find(_PROPER.get(tag, tag[0])), 0))
    for division in _divisions():
        known.setdefault(pack(division), (_DIVISION, PLACE))
    words = np.array(sorted(known), np.uint64)
    values = [known[int(word)] for word in words]
    return Dictionary(
        words,
        np.array([share for share, _ in values], np.float32),
        np.array([tag for _, tag in values], np.uint8),
        _given(names),
        _foreign([word for word, _, tag in entries if tag == "nrt" and len(word) >= 3]),
    )


def _divisions() -> set[str]:
    """The names of China's administrative divisions of up to four characters (GB/T 2260)."""
    from stdnum import numdb

    found = set[str]()
    for _, _, _, province, counties in numdb.get("cn/loc").prefixes:
        for about in (province, *(county for *_, county, _ in counties)):
            found.update(re.findall(r"[\u4e00-\u9fff]+", " ".join(about.values())))
    return {name for name in found if 2 <= len(name) <= LONGEST}


def _like_a_name(word: str) -> bool:
    return len(word) in (2, 3) and word[0] in COMMON + LESS_COMMON and word[:2] not in COMPOUND


def _foreign(names: list[str]) -> npt.NDArray[np.float32]:
    """Log shares of characters in foreign names."""
    counts = Counter("".join(names))
    total = counts.total() + 1000
    shares = np.full(1 << 16, math.log(1 / total), np.float32)
    for character, count in counts.items():
        shares[ord(character)] = math.log((count + 1) / total)
    return shares


def _given(names: list[str]) -> npt.NDArray[np.float32]:
    """Log shares of characters by their place in a given name, counted in `names`."""
    given = np.full((3, 1 << 16), _GIVEN_UNSEEN, np.float32)
    long = [name for name in names if len(name) == 3]
    for place, characters in enumerate(
        ([n[1] for n in long], [n[2] for n in long], [n[1] for n in names if len(n) == 2])
    ):
        counts = Counter(characters)
        for character in {*counts, *GIVEN}:
            # The dictionary's names are those of books and history, so half of the share is even
            # over the characters that are common today.
            past = (counts[character] + 0.1) / (len(characters) + 500)
            today = (character in GIVEN) / len(GIVEN)
            given[place, ord(character)] = math.log((past + today) / 2)
    return given
