"""A cache of the results of intake and row checks, one entry for each file, under PRIVATE.

An entry's name is a keyed hash (BLAKE2b) of all that its content depends on: the file's bytes and
name, its entry in sources.yaml, the contract, the day, the pipeline's source, the libraries. A
second keyed hash proves an entry before it is unpickled; one that is damaged, cut short or made
with another key counts as missing. Deleting the folder costs only time.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from pipeline.base import software
from pipeline.base.files import link
from pipeline.base.model import Catalog, Checked, Finding, Part, Source
from pipeline.checks.results import parquet
from pipeline.intake import read
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.read import Opened
from pipeline.intake.table.match_columns import HeaderMatch
from pipeline.release.data.reuse import Reuse

Result = Finding | Opened | Checked  # what one file gives, in order
MADE = "made.json"  # in the same folder: what the files of the previous release depend on
_MAC = 32  # bytes
_SIZE = 8  # bytes of a record's length, compressed and uncompressed


@dataclass(frozen=True, slots=True)
class _Table:
    """An opened table without the functions that read it, which cannot be pickled."""

    source: Source
    dataset: str
    mapping: tuple[HeaderMatch, ...]
    findings: tuple[Finding, ...]
    precedence: int


class Cache:
    """The entries of one run's files. `key`: the publisher's secret key; `today`: the day of the
    run.

    An entry is a file of pickled results in order, and beside it the Parquet parts that they name.
    Its last record lists those parts, so that all are verified before one is used.
    """

    def __init__(self, private: Path, key: bytes, catalog: Catalog, today: date) -> None:
        self._folder, self._key, self._catalog = private / "cache", key, catalog
        self._about = (catalog.version, today.isoformat(), software.digest())
        self._used = {Path(MADE).stem}

    def kept(self, file: InboxFile) -> Iterator[Result] | None:
        """The results of `file` from an earlier run; None where there is no valid entry."""
        path = self._path(file)
        try:
            entry = path.open("rb")
        except OSError:
            return None
        if self._is_whole(entry) and all(self._has(part) for part in _listed(entry)):
            known = self._read(path, file)
        else:
            known = None
        entry.close()
        return known

    def keep(self, file: InboxFile) -> Keeper:
        """A writer for the entry of `file`."""
        return Keeper(self._path(file), self._mac())

    def prune(self) -> None:
        """Remove the entries that this run did not use."""
        with suppress(OSError):
            for path in self._folder.iterdir():
                if path.name.partition(".")[0] not in self._used:
                    path.unlink(missing_ok=True)

    def _path(self, file: InboxFile) -> Path:
        depends_on = repr((file.sha256, file.name, file.hint, *self._about))
        name = hashlib.blake2b(depends_on.encode(), key=self._key, digest_size=_MAC).hexdigest()
        self._used.add(name)
        return self._folder / name

    def _mac(self) -> Any:
        return hashlib.blake2b(key=self._key, digest_size=_MAC, person=b"gongshi-cache")

    # ------------------------------------------------------------ reading

    def _is_whole(self, entry: BinaryIO) -> bool:
        """Whether the keyed hash at the end fits the rest. Leaves `entry` at its start."""
        mac, left = self._mac(), entry.seek(0, io.SEEK_END) - _MAC
        entry.seek(0)
        try:
            while left > 0:
                block = entry.read(min(left, 1 << 20))
                mac.update(block)
                left -= len(block)
            whole = left == 0 and entry.read() == mac.digest()
        except OSError:
            whole = False
        entry.seek(0)
        return whole

    def _has(self, part: Part) -> bool:
        return parquet.is_whole(self._at(part), self._key)

    def _at(self, part: Part) -> Part:
        return replace(part, path=self._folder / part.path)

    def _read(self, path: Path, file: InboxFile) -> Iterator[Result]:
        with path.open("rb") as entry:
            end = _end(entry)
            entry.seek(0)
            while entry.tell() < end:
                result = _decompressed(entry)
                if isinstance(result, Checked):
                    result = _placed(result, self._at)
                yield self._opened(result, file) if isinstance(result, _Table) else result

    def _opened(self, table: _Table, file: InboxFile) -> Opened:
        """The table as if just opened; its file is read only where its rows are needed."""
        reopened = cache(partial(_reopened, file, self._catalog, table.source.source_id))
        return Opened(
            table.source,
            self._catalog.datasets.get(table.dataset),
            table.mapping,
            table.findings,
            lambda partitions=0: reopened().pieces(partitions),
            lambda piece: reopened().chunk(piece),
            table.precedence,
        )


def _reopened(file: InboxFile, catalog: Catalog, source_id: str) -> Opened:
    return next(
        opened
        for opened in read.open_file(file, catalog)
        if isinstance(opened, Opened) and opened.source.source_id == source_id
    )


def reuse_from(private: Path, catalog: Catalog, parent: Path | None) -> Reuse:
    """What a release after `parent`, which is verified, can reuse of its files."""
    return Reuse((catalog.version, software.digest()), private / "cache" / MADE, parent)


class Keeper:
    """Writes one entry. Where that fails there is none: the cache never stops a run."""

    def __init__(self, path: Path, mac: Any) -> None:
        self._path, self._mac, self._parts = path, mac, list[Part]()
        self._made = path.with_suffix(".new")
        self._out: BinaryIO | None = None
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            self._out = self._made.open("wb")

    def add(self, result: Result) -> None:
        """Add the file's next result."""
        if self._out is None:
            return
        with self._or_none():
            if isinstance(result, Checked):
                self._write(_placed(result, self._linked))
            elif isinstance(result, Opened):
                self._write(_table(result))
            else:
                self._write(result)

    def done(self) -> None:
        """Finish the entry: all results are added."""
        with self._or_none():
            if self._out is None:
                return
            end = self._out.tell()
            self._write(self._parts)
            self._put(end.to_bytes(_SIZE))
            self._out.write(self._mac.digest())
            self._out.close()
            self._made.replace(self._path)
            self._out = None

    def drop(self) -> None:
        """Discard an unfinished entry; nothing happens where it is finished."""
        if self._out is not None:
            self._out.close()
            self._out = None
            with suppress(OSError):
                for path in (self._made, *(self._path.with_name(p.path.name) for p in self._parts)):
                    path.unlink(missing_ok=True)

    @contextmanager
    def _or_none(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pickle.PicklingError, TypeError):
            self.drop()

    def _linked(self, part: Part) -> Part:
        """The part, linked into the cache under the entry's name."""
        target = self._path.with_name(f"{self._path.name}.{len(self._parts):06}.parquet")
        self._parts.append(replace(part, path=Path(target.name)))
        target.unlink(missing_ok=True)
        link(part.path, target)
        return self._parts[-1]

    def _write(self, value: object) -> None:
        pickled = pickle.dumps(value, protocol=5)
        compressed = pa.compress(pickled, "lz4", asbytes=True)
        self._put(len(compressed).to_bytes(_SIZE) + len(pickled).to_bytes(_SIZE) + compressed)

    def _put(self, data: bytes) -> None:
        assert self._out is not None
        self._mac.update(data)
        self._out.write(data)


def _table(opened: Opened) -> _Table:
    name = opened.dataset.name if opened.dataset else ""
    return _Table(opened.source, name, opened.mapping, opened.findings, opened.precedence)


def _placed(checked: Checked, place: Callable[[Part], Part]) -> Checked:
    """`checked` with its parts at other paths."""
    moved = {kind: place(part) for kind, part in checked.parts.items()}
    return replace(checked, parts=moved) if moved else checked


def _decompressed(entry: BinaryIO) -> Any:
    compressed, size = (int.from_bytes(entry.read(_SIZE)) for _ in range(2))
    pickled = pa.decompress(entry.read(compressed), size, "lz4")
    return pickle.loads(pickled)  # noqa: S301 - verified by its keyed hash


def _end(entry: BinaryIO) -> int:
    """The offset at which the results end and the list of parts begins."""
    entry.seek(-_MAC - _SIZE, io.SEEK_END)
    return int.from_bytes(entry.read(_SIZE))


def _listed(entry: BinaryIO) -> list[Part]:
    """The Parquet parts of an entry that is whole. Leaves it at its start."""
    entry.seek(_end(entry))
    listed: list[Part] = _decompressed(entry)
    entry.seek(0)
    return listed
