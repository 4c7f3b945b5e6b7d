"""The search for known values: what the never-fields of this run hold, in rows and in files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.base import escapes
from pipeline.base.patterns import lazy


class KnownValues:
    """A search for many values in a text in one pass, by their last bytes.

    Every seven bytes of the text are read as one number, and a table has the numbers that can end
    a value. The end is used because many addresses and numbers begin alike.
    """

    WIDTH = 7  # bytes; shorter values would be found by chance
    _MASK = np.uint64((1 << 8 * WIDTH) - 1)
    _ODD = np.uint64(0x9E37_79B9_7F4A_7C15)  # spreads numbers over the table (Knuth, TAOCP 6.4)

    def __init__(self, values: Iterable[str]) -> None:
        self.by_end: dict[int, list[bytes]] = {}
        for value in values:
            text = value.encode("utf-8", "replace")
            if len(text) >= self.WIDTH:
                end = int.from_bytes(text[-self.WIDTH :], "little")
                self.by_end.setdefault(end, []).append(text)
        self.ends = np.sort(np.array(list(self.by_end), np.uint64))
        bits = min(max((64 * len(self.ends)).bit_length(), 16), 24)
        self._shift = np.uint64(64 - bits)
        self.seen = np.zeros(1 << bits, bool)
        self.seen[self._short(self.ends)] = True

    def _short(self, numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        return ((numbers * self._ODD) >> self._shift).view(np.int64)

    def places(self, block: bytes) -> Iterator[tuple[int, int]]:
        """(start, end) of each value in `block` (UTF-8), in the order of their ends."""
        for end in self._ends_in(block) if self.by_end else ():
            for value in self.by_end[int.from_bytes(block[end - self.WIDTH : end], "little")]:
                start = end - len(value)
                if start >= 0 and block[start:end] == value and _stands_alone(block, start, end):
                    yield start, end

    def _ends_in(self, block: bytes) -> list[int]:
        """The offsets in `block` at which a value can end."""
        # The block is read as uint64 from each of eight offsets, so that every position is the
        # start of one number. A bit table of hashes excludes nearly all, a binary search the rest.
        padded, found = block + bytes(8), list[int]()
        for first in range(8):
            count = (len(padded) - first) // 8
            numbers = np.frombuffer(padded, "<u8", count, first) & self._MASK
            at = np.flatnonzero(self.seen[self._short(numbers)])
            near = np.searchsorted(self.ends, numbers[at]).clip(max=len(self.ends) - 1)
            at = at[self.ends[near] == numbers[at]]
            found += (at * 8 + first + self.WIDTH).tolist()
        return sorted(end for end in found if end <= len(block))


def _stands_alone(block: bytes, start: int, end: int) -> bool:
    """Whether the value is not part of a longer word or number, which is another value."""
    before = block[max(start - 1, 0) : start] + block[start : start + 1]
    after = block[end - 1 : end + 1]
    return not any(len(pair) == 2 and pair.isalnum() for pair in (before, after))


def ways_written(block: bytes) -> Iterator[bytes]:
    """`block`, and if it has escapes (`&#64;`, `%40`, `\\u0040`), the text without them.

    XML, HTML, addresses and JSON use escapes, and they can hide a value.
    """
    yield block
    if any(sign in block for sign in (b"&", b"%", b"\\")) and _ESCAPE.search(block):
        text, _ = escapes.undo_escapes(block.decode("utf-8", "replace"))
        yield text.encode("utf-8", "replace")


_ESCAPE = lazy(escapes.SIGN.encode())


def read_secrets(path: Path | None) -> Iterator[str]:
    """The distinct values of this run's never-fields, from the CSV at `path`; none without a file."""
    if path is None or not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        yield from {row[0] for row in rows if row}
