"""A column's cells as the bytes that they are in memory.

A pass over bytes is several times faster than a pattern over cells, so it goes first where it can
tell that a whole column has nothing to look for.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.intake import values

# What is taken away, what becomes "\n", and U+FFFD, which stands for lost characters.
_UNSEEN = values.INVISIBLE + "\r\ufffd"
_PATTERN = "".join(
    rf"\x{{{ord(m[0]):x}}}-\x{{{ord(m[-1]):x}}}" for m in re.findall("(.-.|.)", _UNSEEN, re.S)
)
_IS_UNSEEN = np.array([bool(re.match(f"[{_UNSEEN}]", chr(i))) for i in range(1 << 16)])
PIECE = 1 << 18  # bytes that stay in the processor's cache from one test to the next


def bytes_of(cells: pa.Array) -> np.ndarray:
    """The bytes of a column's cells, one behind the other, as they lie in memory."""
    _, offsets, data = cells.buffers()
    if data is None:
        return np.empty(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    return np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]


def unseen(raw: pa.Array) -> pa.Array:
    """True for each cell of text that holds what does not show: an invisible character, a blank at
    either end, a lost character; and for one that begins with #, as #N/A does."""
    edges = pc.not_equal(pc.utf8_trim_whitespace(raw), raw)
    edges = pc.or_(edges, pc.starts_with(raw, pattern="#"))
    if not _may_hold_unseen(bytes_of(raw)):
        return edges
    return pc.or_(edges, pc.match_substring_regex(raw, f"[{_PATTERN}]"))


def _may_hold_unseen(data: np.ndarray) -> bool:
    """False where no character of UTF-8 text is one; line breaks, tabs and all of C2 xx count as one."""
    for start in range(0, len(data), PIECE):
        piece = data[start : start + PIECE]
        if piece.min() < 0x20 or (piece == 0x7F).any() or (piece == 0xC2).any():
            return True
        at = np.flatnonzero((piece == 0xE2) | (piece == 0xEF)) + start
        if _IS_UNSEEN[_code_points(data, at)].any():
            return True
    return False


def _code_points(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The characters of three bytes that begin `at` these places (RFC 3629)."""
    first, second, third = (data[at + i].astype(np.uint16) for i in range(3))
    found: np.ndarray = (first & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F
    return found
