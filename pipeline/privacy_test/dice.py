"""Choices that are the same for the same seed, on every machine and Python."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

_T = TypeVar("_T")
_BYTES = 8


class Dice:
    """A stream of choices that depends on nothing but the words it is made with."""

    def __init__(self, *words: object) -> None:
        self._key = repr(words).encode()
        self._count = 0

    def below(self, end: int) -> int:
        """A number from 0 to `end` - 1."""
        self._count += 1
        drawn = blake2b(self._key + str(self._count).encode(), digest_size=_BYTES).digest()
        return int.from_bytes(drawn) % end

    def between(self, first: int, last: int) -> int:
        """A number from `first` to `last`, both included."""
        return first + self.below(last - first + 1)

    def one_of(self, choices: Sequence[_T]) -> _T:
        """One of `choices`, which must not be empty."""
        return choices[self.below(len(choices))]

    def digits(self, count: int) -> str:
        """So many digits."""
        return "".join(str(self.below(10)) for _ in range(count))

    def shuffled(self, values: Sequence[_T]) -> list[_T]:
        """`values` in another order."""
        left = list(values)
        for last in range(len(left) - 1, 0, -1):
            other = self.below(last + 1)
            left[last], left[other] = left[other], left[last]
        return left
