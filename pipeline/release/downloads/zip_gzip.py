"""Deflate in blocks on all cores, and the two containers around it, gzip and ZIP, both without
timestamps.

Each block is compressed alone (it ends in a full flush), so that blocks are compressed in parallel
and still make one ordinary stream. Formats: RFC 1951, RFC 1952, PKWARE APPNOTE 6.3.
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
LARGE = 0xF000_0000  # bytes from which on a ZIP entry gets 64-bit fields
_GZIP_HEADER = (
    b"\x1f\x8b\x08\x00" + b"\0" * 4 + b"\x00\xff"
)  # no name, no timestamp, no operating system
LAST = b"\x03\x00"  # an empty last block
DEFLATED, STORED = 8, 0
Pair = tuple[bytes, bytes]  # a block of text, and the same compressed
_DAY = (0, 33)  # 1980-01-01 00:00: the earliest timestamp of a ZIP


def blocks_of(path: Path) -> Iterator[bytes]:
    """A file's bytes in blocks of about `BLOCK` that end at the end of a line."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block + file.readline()


def joined(texts: Iterable[bytes]) -> Iterator[bytes]:
    """`texts` joined into blocks of about `BLOCK`."""
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
    """The texts of a query's only column, concatenated, a batch at a time.

    Arrow keeps the texts of a column one after the other in one buffer: the slice between the first
    and the last offset is their concatenation, without a Python object for each.
    """
    for batch in con.sql(query).to_arrow_reader(BATCH):
        column = batch.column(0).cast(pa.large_string())
        _, offsets, data = column.buffers()
        ends = memoryview(offsets).cast("q")
        yield bytes(memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]])


def deflate(block: bytes) -> bytes:
    """A block compressed alone; others, or `LAST`, may follow."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
    return compressor.compress(block) + compressor.flush(zlib.Z_FULL_FLUSH)


def deflated(blocks: Iterable[bytes]) -> Iterator[Pair]:
    """Each block and the same compressed, on all cores."""
    return ordered_map(lambda block: (block, deflate(block)), blocks)


def _stream(out: BinaryIO | _Digesting, pairs: Iterable[Pair]) -> tuple[int, int, int]:
    """Write compressed blocks as one stream; gives crc32, bytes before and after compression."""
    crc, before, after = 0, 0, len(LAST)
    for block, packed in pairs:
        crc, before, after = zlib.crc32(block, crc), before + len(block), after + len(packed)
        out.write(packed)
    out.write(LAST)
    return crc, before, after


def write_gzip(path: Path, pairs: Iterable[Pair]) -> None:
    """Write a gzip file of one member, without name and timestamp."""
    with naming(path), path.open("wb") as out:
        out.write(_GZIP_HEADER)
        crc, size, _ = _stream(out, pairs)
        out.write(struct.pack("<II", crc, size & 0xFFFF_FFFF))


def gzip_stream(content: Sized) -> tuple[int, int]:
    """Where the blocks of a gzip file by `write_gzip` start and end, without the empty last one."""
    return len(_GZIP_HEADER), len(content) - 8 - len(LAST)


def gzip_facts(content: bytes | mmap) -> tuple[int, int]:
    """crc32 of the text in a gzip file, and its number of bytes modulo 2³² (RFC 1952, 2.3.1)."""
    crc, size = struct.unpack("<II", content[-8:])
    return crc, size


class Zip:
    """Writes a ZIP file: entries in the order given, all with the timestamp 1980-01-01.

    Python's zipfile cannot add what is compressed already, and compresses on one core.
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
        """Add an entry; gives the sha256 of its compressed bytes.

        `large`: it may be of 4 GB or more. Raises OSError where it is, and is not `large`.
        """
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

    def add_compressed(self, name: str, facts: Facts, stream: bytes) -> str:
        """Add an entry that is compressed already: `stream`, with its `facts`; gives its sha256."""
        self._directory.append(central_header(name.encode(), DEFLATED, facts, self._out.tell()))
        self._out.write(local_header(name.encode(), DEFLATED, facts, False) + stream)
        return hashlib.sha256(stream).hexdigest()

    def store(self, name: str, content: bytes) -> None:
        """Add a small entry without compression."""
        facts = (zlib.crc32(content), len(content), len(content))
        self._directory.append(central_header(name.encode(), STORED, facts, self._out.tell()))
        self._out.write(local_header(name.encode(), STORED, facts, False) + content)

    def _finish(self) -> None:
        at, listing = self._out.tell(), b"".join(self._directory)
        self._out.write(listing + end_of(len(self._directory), at, len(listing)))


class _Digesting:
    """Writes to a file, and hashes what is written."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self.digest = out, hashlib.sha256()

    def write(self, content: bytes) -> None:
        self.digest.update(content)
        self._out.write(content)


Facts = tuple[int, int, int]  # crc32, bytes compressed, bytes uncompressed


def local_header(name: bytes, method: int, facts: Facts, large: bool) -> bytes:
    """The local file header of an entry (APPNOTE 4.3.7); `large`: with 64-bit sizes."""
    crc, after, before = facts
    extra = struct.pack("<HHQQ", 1, 16, before, after) if large else b""
    shown = (0xFFFF_FFFF, 0xFFFF_FFFF) if large else (after, before)
    fixed = struct.pack(
        "<IHHHHHIIIHH", 0x04034B50, 45 if large else 20, 0x800, method, *_DAY, crc, *shown,
        len(name), len(extra),
    )  # fmt: skip
    return fixed + name + extra


def central_header(name: bytes, method: int, facts: Facts, at: int) -> bytes:
    """The central directory header of an entry that begins at byte `at` (APPNOTE 4.3.12)."""
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
    """The end of a ZIP with `count` entries, whose directory of `size` bytes begins at byte `at`
    (APPNOTE 4.3.14 to 4.3.16).
    """
    large = at + size >= LARGE
    end = b""
    if large:
        end = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, at)
        end += struct.pack("<IIQI", 0x07064B50, 0, at + size, 1)
    shown = (min(size, 0xFFFF_FFFF), 0xFFFF_FFFF if large else at)
    return end + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, *shown, 0)
