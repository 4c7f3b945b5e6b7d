"""Tests on the bytes of a column's cells in Arrow's buffers.

A pass over bytes is several times faster than a pattern over cells, so it runs first and excludes
columns in which there is nothing to find.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.normalise import INVISIBLE

# Characters that are removed, that become "\n", and U+FFFD, which replaces lost characters.
_UNSEEN = INVISIBLE + "\r\ufffd"
_PATTERN = "".join(
    rf"\x{{{ord(m[0]):x}}}-\x{{{ord(m[-1]):x}}}" for m in re.findall("(.-.|.)", _UNSEEN, re.S)
)
_IS_UNSEEN = np.zeros(1 << 16, bool)
for _m in re.findall("(.-.|.)", _UNSEEN, re.S):
    _IS_UNSEEN[ord(_m[0]) : ord(_m[-1]) + 1] = True
LONG = 1 << 17  # bytes of a column from which on looking at bytes is faster than at cells
PIECE = 1 << 19  # bytes that stay in the processor's cache from one test to the next


def bytes_of(cells: pa.Array) -> np.ndarray:
    """The bytes of a column's cells in order, as a view of Arrow's buffer (no copy)."""
    data, ends = cells.buffers()[2], _ends(cells)
    if data is None:
        return np.empty(0, np.uint8)
    return np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]


def _ends(cells: pa.Array) -> np.ndarray:
    """Where each cell ends in the column's bytes, and before them where the first begins."""
    offsets = cells.buffers()[1]
    return np.frombuffer(offsets, np.int32, len(cells) + 1, 4 * cells.offset)


def unseen(raw: pa.Array) -> pa.Array:
    """True for each cell with an invisible character, a blank at either end or a lost character,
    and for one that begins with #, as #N/A does."""
    data = bytes_of(raw)
    is_long = len(data) > LONG
    found = pa.repeat(False, len(raw))
    if not is_long or _may_have_edges(data, _ends(raw)):
        found = pc.not_equal(pc.utf8_trim_whitespace(raw), raw)
        found = pc.or_(found, pc.starts_with(raw, pattern="#"))
    if not is_long or _may_hold_unseen(data):
        found = pc.or_(found, pc.match_substring_regex(raw, f"[{_PATTERN}]"))
    return found


def _may_have_edges(data: np.ndarray, ends: np.ndarray) -> bool:
    """False where no cell begins with # or a blank, or ends with a blank, of all that Unicode has.

    In UTF-8, blanks beyond ASCII begin with C2, E1, E2, or are E3 80 80.
    """
    ends = ends - ends[0]
    is_filled = ends[1:] > ends[:-1]
    first, last = ends[:-1][is_filled], ends[1:][is_filled] - 1
    opening, closing, lead = data[first], data[last], data[last - 2]
    if min(opening.min(initial=255), closing.min(initial=255)) <= 0x20:
        return True
    third = data[first[opening == 0xE3] + 2]
    odd = (
        (opening == ord("#")) | (opening == 0xC2) | (opening == 0xE1) | (opening == 0xE2),
        (data[last - 1] == 0xC2) | (lead == 0xE1) | (lead == 0xE2),
        (lead == 0xE3) & (closing == 0x80),
        third == 0x80,
    )
    return any(mask.any() for mask in odd)


def _may_hold_unseen(data: np.ndarray) -> bool:
    """False where no character of UTF-8 text is in `_UNSEEN`.

    Line breaks, tabs and every character C2 xx count as one, which saves decoding them.
    """
    for start in range(0, len(data), PIECE):
        piece = data[start : start + PIECE + 2]
        if piece.min() < 0x20 or (piece == 0x7F).any() or (piece == 0xC2).any():
            return True
        if any(_IS_UNSEEN[_code_points(piece, at)].any() for at in _suspects(piece)):
            return True
    return False


def _suspects(piece: np.ndarray) -> Iterator[np.ndarray]:
    """Offsets of characters that begin like invisible ones: E2 80, E2 81; EF BB, EF BF."""
    for lead, mask, second in ((0xE2, 0x01, 0x81), (0xEF, 0x04, 0xBF)):
        is_lead = piece[:-2] == lead
        if is_lead.any():
            yield np.flatnonzero(is_lead & (piece[1:-1] | mask == second))


def _code_points(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The characters of three bytes that begin `at` these places (RFC 3629)."""
    first, second, third = (data[at + i].astype(np.uint16) for i in range(3))
    found: np.ndarray = (first & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F
    return found
