"""Bytes to UTF-8, decided on the whole file; bytes that cannot be decoded are counted and reported.

Encodings: UTF-8, UTF-8 and UTF-16 with a byte order mark, GB18030 (GB 18030-2022, which includes
GBK and GB 2312), Big5 (with the extensions of Hong Kong) where the headers match only in it. What
was encoded twice is read only where sources.yaml says so.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from pipeline.base.engine import ordered_map
from pipeline.intake.text import checksums, encoded_twice
from pipeline.intake.text.checksums import Checksum

BLOCK = 20 << 20  # bytes of text in a block; about four of them are in memory at once
BIG5 = "big5hkscs"
LOST = "\ufffd"  # replaces bytes that cannot be decoded
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLACED_MOST = 1 << 20  # bytes of one line up to which the offset of each stray byte is reported
#: Encodings in which a line's end can be part of another character.
_WIDE = ("utf-16", "utf-16-le", "utf-16-be", *encoded_twice.CODECS)


@dataclass(frozen=True, slots=True)
class Stretch:
    """At most `BLOCK` bytes of a file, and the facts that decide where it can be cut."""

    start: int
    is_utf8: bool  # every character that begins in it is UTF-8
    has_quotes: bool
    has_returns: bool  # carriage returns
    is_regular: bool  # every carriage return is followed by a line feed
    breaks: int  # line feeds
    before: Checksum  # of the bytes up to the last line feed, itself included
    behind: Checksum  # of the rest


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one pass over a file's bytes finds."""

    sha256: str
    size: int
    head: bytes  # the first 64 kB
    stretches: tuple[Stretch, ...]

    @property
    def is_utf8(self) -> bool:
        return all(stretch.is_utf8 for stretch in self.stretches)


@dataclass(frozen=True, slots=True)
class BadByte:
    """Bytes that cannot be decoded: their offset in the file (from 0; -1: unknown) and hex digits."""

    offset: int
    hex: str


def is_utf32(path: Path) -> bool:
    """Whether a file is UTF-32: by its mark, or since each four bytes hold one small number."""
    with path.open("rb") as file:
        start = file.read(4096)
    start = start[: len(start) & ~3]
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return len(start) > 4
    if len(start) < 64:
        return False
    lows = [start[i::4].count(0) * 4 for i in range(4)]
    return (lows[3] == lows[2] == len(start)) or (lows[0] == lows[1] == len(start))


def scan(path: Path, sha256: str = "") -> FileFacts:
    """Hash (unless it is known), size, whether the file is UTF-8 and where it can be cut."""
    with path.open("rb") as file:
        head, size = file.read(1 << 16), os.fstat(file.fileno()).st_size
        step = _step(size)
        read = ordered_map(partial(_stretch, file.fileno(), step), range(0, size, step))
        stretches = tuple(read)
        file.seek(0)
        sha256 = sha256 or hashlib.file_digest(file, "sha256").hexdigest()
    return FileFacts(sha256, size, head, stretches)


def _step(size: int) -> int:
    """At most `BLOCK` bytes; of a large file one of four or eight or … parts, so that no core waits."""
    parts = -(-size // BLOCK)
    return -(-size // (-(-parts // 4) * 4)) if parts > 1 else max(size, 1)


_memory = threading.local()


def _stretch(file: int, step: int, start: int) -> Stretch:
    """The facts of the `step` bytes from `start`. They are read into one buffer for each thread,
    because to allocate memory would cost as much as to scan it."""
    block: bytearray = getattr(_memory, "block", bytearray())
    if len(block) < step + 3:
        _memory.block = block = bytearray(step + 3)
    read = os.preadv(file, [memoryview(block)[: step + 3]], start)
    size, data = min(read, step), np.frombuffer(block, np.uint8, read)
    own = data[_continued(data[:3]) if start else 0 : size + _continued(data[size:])]
    border = block.rfind(b"\n", 0, size) + 1
    has_quotes, has_returns = (block.find(mark, 0, size) >= 0 for mark in (b'"', b"\r"))
    is_regular = not (has_returns and _lone_returns(data, size))
    before, behind = checksums.of(data[:border]), checksums.of(data[border:size])
    breaks = checksums.breaks(data[:border])
    return Stretch(
        start, _is_utf8(own), has_quotes, has_returns, is_regular, breaks, before, behind
    )


def _lone_returns(data: np.ndarray, size: int) -> bool:
    """Whether any carriage return among the first `size` bytes has no line feed behind it."""
    behind = np.flatnonzero(data[:size] == ord("\r")) + 1
    return bool(behind[-1] == len(data) or (data[behind] != ord("\n")).any())


def _continued(start: np.ndarray) -> int:
    """How many of these bytes continue a UTF-8 character that began before them."""
    is_middle = (start & 0xC0) == 0x80
    return len(start) if is_middle.all() else int(np.argmin(is_middle))


def _whole_characters(file: BinaryIO, size: int = 1 << 20) -> Iterator[memoryview]:
    """The file in blocks that do not cut a UTF-8 character."""
    while data := file.read(size):
        cut = _unfinished(data[-3:])
        if 0 < cut < len(data):
            file.seek(-cut, 1)
            yield memoryview(data)[:-cut]
        else:
            yield memoryview(data)


def _unfinished(tail: bytes) -> int:
    """How many bytes at the end begin a UTF-8 character without ending it."""
    for back in range(1, len(tail) + 1):
        byte = tail[-back]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2
            return back if needed > back else 0
    return 0


def _is_utf8(data: np.ndarray) -> bool:
    """Whether `data` is UTF-8; Arrow's validation takes a quarter of the time of decoding."""
    ends = pa.py_buffer(np.array([0, len(data)], np.int32))
    try:
        pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def decide(facts: FileFacts, path: Path) -> str:
    """The file's encoding: by its byte order mark, then UTF-8 if all of it is, or most lines at its
    beginning are, or nearly all characters; else GB18030.

    Text of another encoding is hardly ever UTF-8 by chance, so such a file is UTF-8 with a few
    stray bytes, or with a line that was pasted from another source.
    """
    for mark, name in _BOMS:
        if facts.head.startswith(mark):
            return name
    if b"\0" in facts.head and (wide := without_mark(facts.head)):
        return wide
    is_utf8 = facts.is_utf8 or _begins_as_utf8(facts.head) or _nearly_utf8(path)
    return "utf-8" if is_utf8 else "gb18030"


def _begins_as_utf8(head: bytes) -> bool:
    """Whether of the whole lines in `head` more are UTF-8 with Chinese in it than are no UTF-8."""
    is_chinese = [_is_chinese(line) for line in head[: head.rfind(b"\n") + 1].split(b"\n")]
    return is_chinese.count(True) > is_chinese.count(False)


def _is_chinese(line: bytes) -> bool | None:
    """Whether a line is UTF-8 with East Asian characters; None where it has neither these nor bytes
    that are no UTF-8. (Two bytes of GBK can look like one of another script.)"""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return False
    return True if max(text, default="") >= "\u2e80" else None


def without_mark(head: bytes) -> str:
    """The name of the UTF-16 encoding of text without a byte order mark; "" where it is none.

    In UTF-16 nearly every ASCII character has a NUL byte on the same side.
    """
    low, high = head[1::2].count(0), head[0::2].count(0)
    if max(low, high) * 8 < len(head) or min(low, high) * 8 > max(low, high):
        return ""
    return "utf-16-le" if low > high else "utf-16-be"


def _nearly_utf8(path: Path) -> bool:
    """Whether four of five characters beyond ASCII are well-formed UTF-8."""
    good = bad = 0
    with path.open("rb") as file:
        for data in _whole_characters(file, 1 << 18):
            text = str(data, "utf-8", "replace")
            lost = text.count(LOST)
            good += len(text) - len(text.encode("ascii", "ignore")) - lost
            bad += lost
            if bad > 1000 and bad * 4 > good:
                return False
    return bad * 4 <= good


def utf8_blocks(path: Path, encoding: str, bad: list[BadByte] | None) -> Iterator[bytes]:
    """The file as UTF-8 without byte order mark, in pieces of about `BLOCK` bytes.

    `bad` None says that every byte is known to be good. Else each stray byte becomes U+FFFD, and
    `bad` gets one entry for each U+FFFD given out, in their order.
    """
    with path.open("rb") as file:
        if encoding == "utf-8-sig":
            file.seek(len(codecs.BOM_UTF8))
        if bad is None and encoding in ("utf-8", "utf-8-sig"):
            yield from _cut_at_lines(file)
        elif encoding in _WIDE:
            yield from _wide(file, encoding, bad)
        else:
            start = file.tell()
            for lines in _whole_lines(file):
                yield decoded(lines, encoding.removesuffix("-sig"), start, bad)
                start += len(lines)


def _wide(file: BinaryIO, encoding: str, bad: list[BadByte] | None) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for data in (*iter(lambda: file.read(BLOCK), b""), b""):
        text = decoder.decode(data, final=not data)
        if bad is not None:
            bad += _unplaced(text)
        yield text.encode("utf-8", "replace")


def _cut_at_lines(file: BinaryIO) -> Iterator[bytes]:
    """The file in blocks that end with a line, where one ends near a block's end."""
    while data := file.read(_whole_block(file)):
        yield data


def _whole_block(file: BinaryIO) -> int:
    """How many bytes to read next.

    The end of a line is searched first, because to cut a block afterwards would copy it.
    """
    start, near = file.tell(), BLOCK // 128
    file.seek(BLOCK - near, 1)
    tail = file.read(near)
    file.seek(start)
    cut = tail.rfind(b"\n") + 1
    return BLOCK - near + cut if cut and len(tail) == near else BLOCK


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """The file cut behind line ends, bytes that are part of no other character in these encodings."""
    held = b""
    while data := file.read(BLOCK):
        cut = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if cut:
            yield held + data[:cut]
            held = data[cut:]
        else:
            held += data
    if held:
        yield held


def decoded(data: bytes, encoding: str, start: int, bad: list[BadByte] | None) -> bytes:
    """`data` as UTF-8; all at once where it is in order, else line by line."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        pieces = []
        for line in data.splitlines(keepends=True):
            pieces.append(_decoded_line(line, encoding, start, bad))
            start += len(line)
        return "".join(pieces).encode()
    if bad is not None:
        bad += _unplaced(text)
    return text.encode("utf-8", "replace")


def _decoded_line(line: bytes, encoding: str, start: int, bad: list[BadByte] | None) -> str:
    """A line with U+FFFD for each run of bytes that its encoding does not know."""
    pieces, at, found = list[str](), 0, list[BadByte]()
    while at < len(line):
        try:
            pieces.append(line[at:].decode(encoding))
            found += _unplaced(pieces[-1])
            break
        except UnicodeDecodeError as error:
            first, end = at + error.start, at + max(error.end, error.start + 1)
            pieces += [line[at:first].decode(encoding), LOST]
            found += [*_unplaced(pieces[-2]), BadByte(start + first, line[first:end].hex(" "))]
            at = end
        if at > _PLACED_MOST:
            pieces.append(line[at:].decode(encoding, "replace"))
            found += _unplaced(pieces[-1])
            break
    if bad is not None:
        bad += found
    return "".join(pieces)


def _unplaced(text: str) -> list[BadByte]:
    """Entries for each U+FFFD that is in the file itself: damage from an earlier conversion."""
    return [BadByte(-1, "")] * text.count(LOST)
