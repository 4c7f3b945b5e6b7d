"""Checked rows on disk as Parquet parts, written where they were checked.

A worker that sees the run's folder writes its larger tables there, and only counts, findings,
checksums and the parts' paths travel; one that does not see it sends the tables themselves.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.base.files import naming
from pipeline.base.model import Checked, Part

KINDS = ("accepted", "left_out", "changes", "persons")
LEAST = 1 << 18  # bytes; a smaller table is sent and not written as a part


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of a run's parts, and a token that identifies it: another machine may have a folder
    with the same name.
    """

    folder: Path
    token: str
    least: int

    def is_here(self) -> bool:
        """Whether this process sees the folder of just this run."""
        try:
            return (self.folder / "token").read_text("utf-8") == self.token
        except OSError:
            return False


def made_home(folder: Path) -> Home:
    """An empty folder for parts. Raises OSError where there can be none."""
    folder.mkdir()
    home = Home(folder, secrets.token_hex(16), LEAST)
    with naming(folder):
        (folder / "token").write_text(home.token, "utf-8")
    return home


def laid_down(checked: Checked, home: Home, key: bytes) -> Checked:
    """`checked` with its larger tables in parts at `home`, where that is seen; `key` proves them.

    Raises OSError where they cannot be written.
    """
    large = [kind for kind in KINDS if getattr(checked, kind).nbytes >= home.least]
    if not large or not home.is_here():
        return checked
    parts = {kind: _part(getattr(checked, kind), home.folder, key) for kind in large}
    return replace(
        checked,
        parts=parts,
        **{kind: getattr(checked, kind).schema.empty_table() for kind in large},
    )


def _part(table: pa.Table, folder: Path, key: bytes) -> Part:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="lz4")
    data = sink.getvalue()
    path = folder / f"{secrets.token_hex(12)}.parquet"
    with naming(path), path.open("xb") as file:
        file.write(data)
    return Part(path, len(table), mac_of(data, key).digest())


def mac_of(data: Any, key: bytes) -> Any:
    """The keyed hash (BLAKE2b, RFC 7693) that proves that this run wrote a part."""
    return hashlib.blake2b(data, key=key, digest_size=32, person=b"gongshi-part")


def is_whole(part: Part, key: bytes) -> bool:
    """Whether the part is there, unchanged."""
    mac = mac_of(b"", key)
    try:
        with part.path.open("rb") as file:
            while block := file.read(1 << 20):
                mac.update(block)
    except OSError:
        return False
    return bool(mac.digest() == part.mac)


class Rows:
    """Rows of one kind in the order in which they were added, in files; the last may be open."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder, list[Path]()
        self._writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        """More rows, in this process's own file."""
        if self._writer is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.files.append(self.folder / f"{len(self.files):06}.parquet")
            self._writer = pq.ParquetWriter(self.files[-1], table.schema, compression="lz4")
        self._writer.write_table(table)

    def add(self, part: Part) -> None:
        """More rows, in a file that is there."""
        self.close()
        self.files.append(part.path)

    def close(self) -> None:
        """No file grows any more."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
