"""Checksums of bytes that can be added: the checksums of all parts add up to that of the file.

A checksum is the number of bytes, their sum and their parity, whatever their order. Sum and parity
each detect a change of one byte; where several changes cancel out in one of them, the other detects
most. It takes a tenth of the time of a CRC, and is used where the content was already verified by
its SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Checksum:
    """Number, sum (modulo 256) and parity (XOR) of some bytes; + joins parts, - removes one."""

    size: int = 0
    sum: int = 0  # modulo 256
    parity: int = 0

    def __add__(self, other: Checksum) -> Checksum:
        total = (self.sum + other.sum) % 256
        return Checksum(self.size + other.size, total, self.parity ^ other.parity)

    def __sub__(self, other: Checksum) -> Checksum:
        rest = (self.sum - other.sum) % 256
        return Checksum(self.size - other.size, rest, self.parity ^ other.parity)


_PIECE = 1 << 18  # bytes that stay in the processor's cache from one step to the next


def of(data: bytes | np.ndarray) -> Checksum:
    """The checksum of `data`.

    NumPy adds in the width of a byte, so that the processor handles dozens of bytes in one
    instruction; overflow is the wanted modulo 256.
    """
    found, total, parity = np.frombuffer(data, np.uint8), 0, 0
    for piece in _pieces(found):
        total += int(np.add.reduce(piece, dtype=np.uint8))
        parity ^= int(np.bitwise_xor.reduce(piece))
    return Checksum(len(found), total % 256, parity)


def of_all(parts: Iterable[np.ndarray]) -> Checksum:
    """The checksum of all `parts` together."""
    return sum(map(of, parts), Checksum())


def breaks(data: bytes | np.ndarray) -> int:
    """Line feeds in `data`."""
    pieces = _pieces(np.frombuffer(data, np.uint8))
    return sum(int(np.count_nonzero(piece == ord("\n"))) for piece in pieces)


def _pieces(data: np.ndarray) -> Iterator[np.ndarray]:
    return (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))
