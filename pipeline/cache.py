"""What intake and checks made of a file, kept under PRIVATE until the file or anything else changes.

An entry's name is a keyed hash over all that its content depends on: the file's bytes, its name, what
sources.yaml says of it, the contract, the day, the pipeline's own source, the libraries. An entry is
proven whole by a keyed hash before any of it is read; one that is damaged, cut short or made with
another key is as if it were not there. Deleting the folder costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from pipeline.intake import read
from pipeline.intake.headers import HeaderMatch
from pipeline.intake.read import Opened
from pipeline.intake.sources import InboxFile
from pipeline.model import Catalog, Checked, Finding, Source

Part = Finding | Opened | Checked  # what one file gives, in order
_MAC = 32  # bytes
_SIZE = 8  # bytes of a record's length, packed and unpacked


@dataclass(frozen=True, slots=True)
class _Table:
    """An opened table without the means to read it."""

    source: Source
    dataset: str
    mapping: tuple[HeaderMatch, ...]
    findings: tuple[Finding, ...]
    precedence: int


class Cache:
    """The entries of one run's files; `key` is the publisher's, `today` the day of the run."""

    def __init__(self, private: Path, key: bytes, catalog: Catalog, today: date) -> None:
        self._folder, self._key, self._catalog = private / "cache", key, catalog
        self._about = (catalog.version, today.isoformat(), _software())
        self._used: set[str] = set()

    def parts(self, file: InboxFile, fresh: Iterable[Part]) -> Iterator[Part]:
        """What `file`, known by its hash, gives: as it was kept, else `fresh`, which is then kept."""
        path = self._folder / self._name(file)
        self._used.add(path.name)
        try:
            kept = path.open("rb")
        except OSError:
            return self._keeping(path, fresh)
        if not self._is_whole(kept):
            kept.close()
            return self._keeping(path, fresh)
        return self._kept(kept, file)

    def prune(self) -> None:
        """Drop what this run did not use."""
        with suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in self._used:
                    path.unlink(missing_ok=True)

    def _name(self, file: InboxFile) -> str:
        told = repr((file.sha256, file.name, file.hint, *self._about))
        return hashlib.blake2b(told.encode(), key=self._key, digest_size=_MAC).hexdigest()

    def _mac(self) -> Any:
        return hashlib.blake2b(key=self._key, digest_size=_MAC, person=b"gongshi-cache")

    # ------------------------------------------------------------ writing

    def _keeping(self, path: Path, fresh: Iterable[Part]) -> Iterator[Part]:
        made = path.with_suffix(".new")
        out = _begun(made)
        mac = self._mac()
        try:
            for part in fresh:
                if out and not _written(out, mac, part):
                    out = None
                yield part
            if out:
                with suppress(OSError):
                    out.write(mac.digest())
                    out.close()
                    made.replace(path)
        finally:
            if out:
                out.close()
            with suppress(OSError):
                made.unlink(missing_ok=True)

    # ------------------------------------------------------------ reading

    def _is_whole(self, kept: BinaryIO) -> bool:
        """Does the hash at the end stand for all in front of it? Leaves `kept` at its start."""
        mac, left = self._mac(), kept.seek(0, io.SEEK_END) - _MAC
        kept.seek(0)
        try:
            while left > 0:
                block = kept.read(min(left, 1 << 20))
                mac.update(block)
                left -= len(block)
            whole = left == 0 and kept.read() == mac.digest()
        except OSError:
            whole = False
        kept.seek(0)
        return whole

    def _kept(self, kept: BinaryIO, file: InboxFile) -> Iterator[Part]:
        with kept:
            end = kept.seek(0, io.SEEK_END) - _MAC
            kept.seek(0)
            while kept.tell() < end:
                packed, size = (int.from_bytes(kept.read(_SIZE)) for _ in range(2))
                plain = pa.decompress(kept.read(packed), size, "lz4")
                part = pickle.loads(plain)  # noqa: S301 - proven to be our own by its keyed hash
                yield self._opened(part, file) if isinstance(part, _Table) else part

    def _opened(self, table: _Table, file: InboxFile) -> Opened:
        """The table as if just opened; it is opened indeed only where its rows are asked for."""
        again = cache(partial(_again, file, self._catalog, table.source.source_id))
        return Opened(
            table.source,
            self._catalog.datasets.get(table.dataset),
            table.mapping,
            table.findings,
            lambda: again().pieces(),
            lambda piece: again().chunk(piece),
            table.precedence,
        )


def _again(file: InboxFile, catalog: Catalog, source_id: str) -> Opened:
    return next(
        opened
        for opened in read.open_file(file, catalog)
        if isinstance(opened, Opened) and opened.source.source_id == source_id
    )


def _begun(path: Path) -> BinaryIO | None:
    """A file to write to; None where there can be none: the cache is no reason to stop."""
    try:
        path.parent.mkdir(exist_ok=True)
        return path.open("wb")
    except OSError:
        return None


def _written(out: BinaryIO, mac: Any, part: Part) -> bool:
    told: object = part
    if isinstance(part, Opened):
        name = part.dataset.name if part.dataset else ""
        told = _Table(part.source, name, part.mapping, part.findings, part.precedence)
    try:
        plain = pickle.dumps(told, protocol=5)
        packed = pa.compress(plain, "lz4", asbytes=True)
        record = len(packed).to_bytes(_SIZE) + len(plain).to_bytes(_SIZE) + packed
        mac.update(record)
        out.write(record)
    except (OSError, pickle.PicklingError, TypeError):
        with suppress(OSError):
            out.close()
        return False
    return True


@cache
def _software() -> str:
    """A hash over the pipeline's own files, and the versions of Python and of what it needs."""
    digest = hashlib.sha256(sys.version.encode())
    root = Path(__file__).parent
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".yaml")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    for need in sorted(requires("gongshi") or ()):
        name = re.split(r"[^\w.-]", need, maxsplit=1)[0]
        with suppress(PackageNotFoundError):
            digest.update(f"{name}=={version(name)}\n".encode())
    return digest.hexdigest()
