"""The streams of an OLE file (compound file), as old Office programs write them.

Source: MS-CFB. Everything is read within the file's own size, so that a damaged one ends.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from pipeline.intake.workbook.starts import OLE

_SMALL = 4096  # bytes; a smaller stream lies in the small sectors of the root's stream
_LAST_ID = 0xFFFFFFFA  # sectors from here on are no sectors
_ENTRY = 128  # bytes of a directory entry


class Broken(ValueError):
    """The file is damaged, or no OLE file."""


def streams(data: bytes) -> Mapping[str, tuple[int, int]]:
    """Name in small letters → (first sector, size) of each stream. Raises Broken."""
    found = dict[str, tuple[int, int]]()
    for entry in _entries(data):
        if entry[66] in (1, 2, 5):  # storage, stream, root
            length = max(min(struct.unpack_from("<H", entry, 64)[0], 64) - 2, 0)
            name = entry[:length].decode("utf-16-le", "replace").lower()
            start, size = struct.unpack_from("<II", entry, 116)
            found.setdefault("\0root" if entry[66] == 5 else name, (start, size))
    if not found:
        raise Broken
    return found


def stream(data: bytes, name: str) -> bytes:
    """The bytes of a stream. Raises Broken, or KeyError where there is none of this name."""
    found = streams(data)
    start, size = found[name]
    table = _table(data)
    if size >= _SMALL:
        return b"".join(_chain(data, table, start))[:size]
    root, root_size = found.get("\0root", (_LAST_ID, 0))
    held = b"".join(_chain(data, table, root))[:root_size]
    first = struct.unpack_from("<I", data, 60)[0]
    listed = b"".join(_chain(data, table, first))
    small = struct.unpack(f"<{len(listed) // 4}I", listed[: len(listed) // 4 * 4])
    return b"".join(held[n * 64 : n * 64 + 64] for n in _numbers(small, start))[:size]


def _entries(data: bytes) -> Iterator[bytes]:
    if len(data) < 512 or not data.startswith(OLE):
        raise Broken
    first = struct.unpack_from("<I", data, 48)[0]
    directory = b"".join(_chain(data, _table(data), first))
    for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        yield directory[at : at + _ENTRY]


def _sector(data: bytes) -> int:
    """Bytes of a sector."""
    shift = struct.unpack_from("<H", data, 30)[0]
    if shift not in (9, 12):
        raise Broken
    return 1 << int(shift)


def _table(data: bytes) -> tuple[int, ...]:
    """Sector → the one that follows it."""
    size = _sector(data)
    listed = list(struct.unpack_from("<109I", data, 76))
    more, count = struct.unpack_from("<II", data, 68)
    for _ in range(min(count, len(data) // size)):
        if more >= _LAST_ID:
            break
        block = data[(more + 1) * size : (more + 2) * size]
        if len(block) < size:
            raise Broken
        *numbers, more = struct.unpack(f"<{size // 4}I", block)
        listed += numbers
    blocks = [data[(n + 1) * size : (n + 2) * size] for n in listed if n < _LAST_ID]
    whole = b"".join(blocks[: len(data) // size + 1])
    return struct.unpack(f"<{len(whole) // 4}I", whole[: len(whole) // 4 * 4])


def _chain(data: bytes, table: tuple[int, ...], start: int) -> Iterator[bytes]:
    size = _sector(data)
    for number in _numbers(table, start):
        yield data[(number + 1) * size : (number + 2) * size]


def _numbers(table: tuple[int, ...], start: int) -> Iterator[int]:
    """The sectors of a chain. Raises Broken where it leaves the table or comes round."""
    left = len(table)
    while start < _LAST_ID:
        if start >= len(table) or left == 0:
            raise Broken
        yield start
        start, left = table[start], left - 1
