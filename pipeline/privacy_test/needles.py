"""Many words searched for at once in much text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

_PREFIXES = (8, 3)  # needles are found by their first characters, as many as they have of these
_BASE = np.uint64(1_000_003)


class Needles:
    """Folded words of three characters or more, found anywhere in folded text."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_prefix: dict[int, dict[str, list[str]]] = {p: defaultdict(list) for p in _PREFIXES}
        for word in dict.fromkeys(words):
            length = next(p for p in _PREFIXES if len(word) >= p)
            self._by_prefix[length][word[:length]].append(word)
        self._hashes = {
            length: np.unique(np.concatenate([_hashes(prefix, length) for prefix in prefixes]))
            for length, prefixes in self._by_prefix.items()
            if prefixes
        }

    def in_text(self, text: str) -> set[str]:
        """The words that `text` has."""
        return {word for length in self._hashes for word in self._found(text, length)}

    def _found(self, text: str, length: int) -> Iterator[str]:
        known = self._hashes[length]
        hashes = _hashes(text, length)
        nearest = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
        for at in np.flatnonzero(known[nearest] == hashes):
            for word in self._by_prefix[length].get(text[at : at + length], ()):
                if text.startswith(word, at):
                    yield word


def _hashes(text: str, length: int) -> npt.NDArray[np.uint64]:
    """A hash of each run of `length` characters."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    count = max(len(codes) - length + 1, 0)
    made = np.zeros(count, np.uint64)
    for place in range(length):
        made = made * _BASE + codes[place : place + count]
    return made
