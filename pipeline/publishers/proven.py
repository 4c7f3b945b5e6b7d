"""A package that another publisher released: proven by signature and hashes,
and copied in while it is.

Only what was proven is ever read. First the manifest's signature; then the files that are wanted,
by the names, sizes and hashes that the signed manifest gives them, none of them larger than it
says. Names inside a ZIP lead nowhere: a file is copied if it is wanted,
under the name it is wanted by.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

from pipeline.release.package import manifest
from pipeline.release.removal.tombstones import TABLE

MANIFEST_MOST = 64 << 20  # bytes; as of datapackage.json
DIRECTORY_MOST = 16 << 20  # bytes of a ZIP's list of files
UNPACKED_MOST = 64 << 30  # bytes of all files that are taken
DESCRIPTOR = "datapackage.json"
_DATA = re.compile(r"data(?:/[\w%~][\w%~=.-]*){1,4}\.csv", re.ASCII)  # parts too: release/parts.py
_RELEASE = re.compile(r"\w[\w.-]{0,80}", re.ASCII)
# What Python's reader raises of a ZIP that is damaged, depending on where.
_BROKEN = (
    zipfile.BadZipFile,
    ValueError,
    OSError,
    NotImplementedError,
    LookupError,
    struct.error,
    RuntimeError,
    zlib.error,
    EOFError,
)


class Refused(Exception):
    """A package that is not taken: `rule` and `params` make the finding."""

    def __init__(self, rule: str, **params: Any) -> None:
        super().__init__(rule)
        self.rule, self.params = rule, params


@dataclass(frozen=True, slots=True)
class Received:
    """A proven package: `files` (resource → names inside `folder`), with what its manifest says."""

    folder: Path
    release: str
    number: int
    today: str
    key: bytes  # PEM
    manifest_sha256: str
    files: Mapping[str, tuple[str, ...]]
    sha256: Mapping[str, str]  # name → hash
    about: Mapping[str, Any]  # its datapackage.json
    withdrawals: tuple[Mapping[str, str], ...] = ()  # its table of what must not be public

    @property
    def fingerprint(self) -> str:
        return manifest.fingerprint(self.key)


def receive(place: Path, target: Path, wanted: Collection[str]) -> Received:
    """Prove the package at `place` (a folder, a ZIP,
    a SITE) and copy what is `wanted` into `target`.

    `wanted`: names of resources. Where `target` is `place` itself, nothing is copied, only proven.
    Raises Refused where anything is not as signed; whose key signed is for the caller to judge.
    """
    target.mkdir(parents=True, exist_ok=True)
    with _opened(place) as inside:
        text, signature, key = (_small(inside, name, MANIFEST_MOST) for name in PROOF)
        for rule, params in manifest.problems_of_text(text, signature, key):
            raise Refused("package-forged", file=params["file"], why=rule)
        told = _told(text)
        listed = told["files"]
        _take(inside, DESCRIPTOR, listed, target, MANIFEST_MOST)
        about = _about(target / DESCRIPTOR)
        files = _files(about, listed, wanted)
        every = [name for names in files.values() for name in names]
        room = UNPACKED_MOST
        for name in every:
            room -= _take(inside, name, listed, target, room)
    for name, content in zip(PROOF, (text, signature, key), strict=True):
        if target != place:
            (target / name).write_bytes(content)
    hashes = {name: str(listed[name]["sha256"]) for name in every}
    digest = hashlib.sha256(text).hexdigest()
    withdrawn = _withdrawals(target, files.get(TABLE, ()))
    return Received(
        target,
        told["release"],
        told["number"],
        told["today"],
        key,
        digest,
        files,
        hashes,
        about,
        withdrawn,
    )


PROOF = (manifest.MANIFEST, manifest.SIGNATURE, manifest.PUBLIC_KEY)


def _told(text: bytes) -> dict[str, Any]:
    """A manifest that says which release it is of, and when it was made."""
    try:
        told: dict[str, Any] = json.loads(text)
        date.fromisoformat(told["today"])
        number = told["number"]
        good = isinstance(told["files"], dict) and type(number) is int and number > 0
        if not good or not _RELEASE.fullmatch(told["release"]):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("package-incomplete", file=manifest.MANIFEST) from error
    return told


def _about(path: Path) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads(path.read_bytes())
        if not isinstance(about["resources"], list):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("package-incomplete", file=DESCRIPTOR) from error
    return about


def _withdrawals(folder: Path, names: Iterable[str]) -> tuple[Mapping[str, str], ...]:
    """The rows of the table of withdrawals. Where it cannot be read, nobody can say what must not
    be public, so nothing of the package is used.
    """
    rows: list[Mapping[str, str]] = []
    for name in names:
        try:
            with (folder / name).open(encoding="utf-8", newline="") as file:
                reader = csv.DictReader(file, strict=True)
                if not {"record_id", "dataset", "reason"} <= set(reader.fieldnames or ()):
                    raise ValueError
                rows += [
                    {k: v or "" for k, v in row.items() if isinstance(k, str)} for row in reader
                ]
        except (csv.Error, ValueError) as error:
            raise Refused("package-incomplete", file=name) from error
    return tuple(rows)


def _files(
    about: Mapping[str, Any], listed: Mapping[str, Any], wanted: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Resource → its files, in order; one file or several. A table without rows brings nothing."""
    found: dict[str, tuple[str, ...]] = {}
    for resource in about["resources"]:
        name = resource.get("name") if isinstance(resource, dict) else None
        if name in wanted and (name == TABLE or resource.get("gongshi:rows") != 0):
            path = resource.get("path")
            names = tuple(path) if isinstance(path, list) else (path,)
            for each in names:
                if not isinstance(each, str) or not _DATA.fullmatch(each) or each not in listed:
                    raise Refused("package-incomplete", file=str(each)[:80])
            found[str(name)] = names
    return found


def resources(received: Received) -> list[str]:
    """The names of all resources that a package says it has."""
    every = (r.get("name") for r in received.about["resources"] if isinstance(r, dict))
    return [name for name in every if isinstance(name, str)]


def tables(folder: Path, name: str) -> list[Path]:
    """The files of one resource in a folder that a package was copied into."""
    try:
        about = json.loads((folder / DESCRIPTOR).read_bytes())
        paths = next((r["path"] for r in about["resources"] if r["name"] == name), ())
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [folder / path for path in ([paths] if isinstance(paths, str) else paths)]


# ---------------------------------------------------------------- folders and ZIPs alike


class _Inside:
    """What is in a folder or a ZIP, by name."""

    def __init__(self, place: Path, packed: zipfile.ZipFile | None) -> None:
        self.place, self.packed = place, packed

    def open(self, name: str) -> IO[bytes]:
        if self.packed is not None:
            return self.packed.open(name)
        if not (self.place / name).is_file():  # a pipe would be waited for
            raise FileNotFoundError(name)
        return (self.place / name).open("rb")


@contextmanager
def _opened(place: Path) -> Iterator[_Inside]:
    """Raises Refused for what is neither a folder nor a ZIP that can be read."""
    with ExitStack() as open_files:
        try:
            inside = _open(place, open_files)
        except zipfile.BadZipFile as error:
            raise Refused("package-incomplete", file=place.name) from error
        except OSError as error:
            raise Refused("package-unreachable", why=error.strerror or "") from error
        yield inside


def _open(place: Path, open_files: ExitStack) -> _Inside:
    if place.is_dir():
        # A store switches `current` at any time: what it points to now is what is read.
        link = place / "current"
        return _Inside((link if link.is_symlink() else place).resolve(), None)
    file = open_files.enter_context(place.open("rb"))
    if not _has_small_directory(file):
        raise zipfile.BadZipFile
    return _Inside(place, open_files.enter_context(zipfile.ZipFile(file)))


def _has_small_directory(file: IO[bytes]) -> bool:
    """Whether a ZIP ends as ours do, and lists no more than we would ever put into one: Python's
    reader takes all of the list into memory (PKWARE APPNOTE 6.3, 4.3.14 to 4.3.16)."""
    file.seek(max(file.seek(0, 2) - 98, 0))
    tail = file.read()
    sizes = [int.from_bytes(tail[-10:-6], "little")]
    if tail[-42:-38] == b"PK\x06\x07":
        sizes += [int.from_bytes(tail[-58:-50], "little")]
    file.seek(0)
    return tail[-22:-18] == b"PK\x05\x06" and max(sizes) <= DIRECTORY_MOST


def _small(inside: _Inside, name: str, most: int) -> bytes:
    try:
        with inside.open(name) as file:
            content = file.read(most + 1)
    except _BROKEN as error:
        raise Refused("package-incomplete", file=name) from error
    if len(content) > most:
        raise Refused("package-too-large", file=name)
    return content


def _take(inside: _Inside, name: str, listed: Mapping[str, Any], target: Path, most: int) -> int:
    """Copy one file, which must be just what the manifest says; gives its size."""
    told = listed.get(name)
    if not isinstance(told, dict) or type(told.get("bytes")) is not int:
        raise Refused("package-incomplete", file=name)
    if not 0 <= told["bytes"] <= most:
        raise Refused("package-too-large", file=name)
    place = target / name
    in_place = inside.packed is None and inside.place == target.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    found = _copied(inside, name, None if in_place else place, told["bytes"])
    if found != (told["bytes"], told.get("sha256")):
        raise Refused("package-changed", file=name)
    return int(told["bytes"])


def _copied(inside: _Inside, name: str, place: Path | None, most: int) -> tuple[int, str]:
    """Bytes and sha256; no more is read than `most` and one byte."""
    digest, size = hashlib.sha256(), 0
    blocks = _blocks(inside, name, most + 1)
    if place is None:
        for block in blocks:
            digest.update(block)
            size += len(block)
        return size, digest.hexdigest()
    with place.open("wb") as out:
        for block in blocks:
            digest.update(block)
            size += len(block)
            out.write(block)
    return size, digest.hexdigest()


def _blocks(inside: _Inside, name: str, most: int) -> Iterator[bytes]:
    """At most `most` bytes of a file.

    Refused where it cannot be read, which writing it never raises.
    """
    try:
        with inside.open(name) as file:
            while most and (block := file.read(min(most, 1 << 20))):
                most -= len(block)
                yield block
    except _BROKEN as error:
        raise Refused("package-changed", file=name) from error
