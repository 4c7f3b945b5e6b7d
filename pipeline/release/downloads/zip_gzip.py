"""Deflate in blocks on all cores, and the two containers around it: gzip and ZIP,
both without time.

A block is compressed by itself (a full flush at its end), so that blocks can be compressed side by
side and yet make one ordinary stream. Formats: RFC 1951, RFC 1952, PKWARE APPNOTE 6.3.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator, Sized
from mmap import mmap
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import duckdb
import pyarrow as pa

from pipeline.base.engine import ordered_map
from pipeline.base.files import naming
from pipeline.base.sql import Sql

LEVEL = 4  # a fifth larger than 6, in half the time
BLOCK = 1 << 20  # bytes of text, about
BATCH = 10_000  # rows of text made at a time
LARGE = 0xF000_0000  # from here on a ZIP entry needs the 64-bit fields
_GZIP_HEADER = b"\x1f\x8b\x08\x00" + b"\0" * 4 + b"\x00\xff"  # no name, no time, no system
LAST = b"\x03\x00"  # an empty last block
DEFLATED, STORED = 8, 0
Pair = tuple[bytes, bytes]  # a block of text, and what it is deflated
_DAY = (0, 33)  # 1980-01-01 00:00: the first time that a ZIP can hold


def blocks_of(path: Path) -> Iterator[bytes]:
    """A file in blocks that end where a line does."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block + file.readline()


def joined(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Small pieces put together to blocks."""
    waiting, size = [], 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def texts_of(con: duckdb.DuckDBPyConnection, query: Sql) -> Iterator[bytes]:
    """A query's only column as one text after the other, a batch at a time."""
    for batch in con.sql(query).to_arrow_reader(BATCH):
        column = batch.column(0).cast(pa.large_string())
        _, offsets, data = column.buffers()
        ends = memoryview(offsets).cast("q")
        yield bytes(memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]])


def deflate(block: bytes) -> bytes:
    """One block, to be followed by others."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
    return compressor.compress(block) + compressor.flush(zlib.Z_FULL_FLUSH)


def deflated(blocks: Iterable[bytes]) -> Iterator[Pair]:
    """Each block and what it is deflated."""
    return ordered_map(lambda block: (block, deflate(block)), blocks)


def _stream(out: BinaryIO | _Digesting, pairs: Iterable[Pair]) -> tuple[int, int, int]:
    """Write a deflate stream of deflated blocks; gives crc32, bytes before and bytes after."""
    crc, before, after = 0, 0, len(LAST)
    for block, packed in pairs:
        crc, before, after = zlib.crc32(block, crc), before + len(block), after + len(packed)
        out.write(packed)
    out.write(LAST)
    return crc, before, after


def write_gzip(path: Path, pairs: Iterable[Pair]) -> None:
    """A gzip file of one member, with neither name nor time in it."""
    with naming(path), path.open("wb") as out:
        out.write(_GZIP_HEADER)
        crc, size, _ = _stream(out, pairs)
        out.write(struct.pack("<II", crc, size & 0xFFFF_FFFF))


def gzip_stream(content: Sized) -> tuple[int, int]:
    """From where to where the blocks of a gzip file of ours stand, the empty last one apart."""
    return len(_GZIP_HEADER), len(content) - 8 - len(LAST)


def gzip_facts(content: bytes | mmap) -> tuple[int, int]:
    """crc32 of the text in a gzip file, and its bytes as far as 32 bits tell."""
    crc, size = struct.unpack("<II", content[-8:])
    return crc, size


class Zip:
    """A ZIP file whose entries stand in the order given, each of the year 1980.

    Python's own writer cannot take what is compressed already, and it would compress on one core.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._directory: list[bytes] = []

    def __enter__(self) -> Self:
        self._out = self._path.open("wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._out.close()

    def add(self, name: str, pairs: Iterable[Pair], large: bool = False) -> str:
        """One entry; `large`: it may be of 4 GB or more. Gives the sha256 of its packed bytes."""
        at, encoded = self._out.tell(), name.encode()
        self._out.write(local_header(encoded, DEFLATED, (0, 0, 0), large))
        digesting = _Digesting(self._out)
        crc, before, after = _stream(digesting, pairs)
        if not large and max(before, after) > 0xFFFF_FFFF:
            raise OSError(f"{self._path.name}: {name} is larger than 4 GB")
        self._out.seek(at)
        self._out.write(local_header(encoded, DEFLATED, (crc, after, before), large))
        self._out.seek(0, 2)
        self._directory.append(central_header(encoded, DEFLATED, (crc, after, before), at))
        return digesting.digest.hexdigest()

    def take(self, name: str, facts: Facts, packed: bytes) -> str:
        """One entry that is deflated already; `facts` are those of `packed`.

        Gives the sha256 of it.
        """
        self._directory.append(central_header(name.encode(), DEFLATED, facts, self._out.tell()))
        self._out.write(local_header(name.encode(), DEFLATED, facts, False) + packed)
        return hashlib.sha256(packed).hexdigest()

    def store(self, name: str, content: bytes) -> None:
        """One small entry as it is."""
        facts = (zlib.crc32(content), len(content), len(content))
        self._directory.append(central_header(name.encode(), STORED, facts, self._out.tell()))
        self._out.write(local_header(name.encode(), STORED, facts, False) + content)

    def _finish(self) -> None:
        at, listing = self._out.tell(), b"".join(self._directory)
        self._out.write(listing + end_of(len(self._directory), at, len(listing)))


class _Digesting:
    """A file that is hashed while it is written."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self.digest = out, hashlib.sha256()

    def write(self, content: bytes) -> None:
        self.digest.update(content)
        self._out.write(content)


Facts = tuple[int, int, int]  # crc32, bytes packed, bytes unpacked


def local_header(name: bytes, method: int, facts: Facts, large: bool) -> bytes:
    """What stands in front of an entry."""
    crc, after, before = facts
    extra = struct.pack("<HHQQ", 1, 16, before, after) if large else b""
    shown = (0xFFFF_FFFF, 0xFFFF_FFFF) if large else (after, before)
    fixed = struct.pack(
        "<IHHHHHIIIHH", 0x04034B50, 45 if large else 20, 0x800, method, *_DAY, crc, *shown,
        len(name), len(extra),
    )  # fmt: skip
    return fixed + name + extra


def central_header(name: bytes, method: int, facts: Facts, at: int) -> bytes:
    """What the directory at the end says of an entry that begins at `at`."""
    crc, after, before = facts
    large = max(before, after, at) >= LARGE
    extra = struct.pack("<HHQQQ", 1, 24, before, after, at) if large else b""
    shown = (0xFFFF_FFFF, 0xFFFF_FFFF) if large else (after, before)
    fixed = struct.pack(
        "<IHHHHHHIIIHHHHHII", 0x02014B50, 0x0300 | 45, 45 if large else 20, 0x800, method, *_DAY,
        crc, *shown, len(name), len(extra), 0, 0, 0, 0o100644 << 16,
        0xFFFF_FFFF if large else at,
    )  # fmt: skip
    return fixed + name + extra


def end_of(count: int, at: int, size: int) -> bytes:
    """The end of a file of `count` entries whose directory of `size` bytes begins at `at`."""
    large = at + size >= LARGE
    end = b""
    if large:
        end = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, at)
        end += struct.pack("<IIQI", 0x07064B50, 0, at + size, 1)
    shown = (min(size, 0xFFFF_FFFF), 0xFFFF_FFFF if large else at)
    return end + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, *shown, 0)
