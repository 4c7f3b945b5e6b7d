"""Verification of another publisher's package by signature and hashes, while its files are copied.

Only verified content is used. The manifest's signature is verified first; then the wanted files, by
the names, sizes and hashes in the signed manifest; no more bytes are read than it lists. Names
inside a ZIP cannot lead out of the target folder: only wanted files are copied, under their names
in the manifest.
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

MANIFEST_MOST = 64 << 20  # bytes of manifest.json, and of datapackage.json
DIRECTORY_MOST = 16 << 20  # bytes of a ZIP's list of files
UNPACKED_MOST = 64 << 30  # bytes of all files that are used
DESCRIPTOR = "datapackage.json"
_DATA = re.compile(
    r"data(?:/[\w%~][\w%~=.-]*){1,4}\.csv", re.ASCII
)  # parts too: release/package/parts.py
_RELEASE = re.compile(r"\w[\w.-]{0,80}", re.ASCII)
# What zipfile raises for a damaged ZIP, depending on where the damage is.
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
    """A package that is not used; `rule` and `params` are those of the finding."""

    def __init__(self, rule: str, **params: Any) -> None:
        super().__init__(rule)
        self.rule, self.params = rule, params


@dataclass(frozen=True, slots=True)
class Received:
    """A verified package, copied to `folder`.

    `release`, `number`, `today`: from its manifest. `key`: the public key that signed it.
    `files`: resource → names in `folder`.
    """

    folder: Path
    release: str
    number: int
    today: str
    key: bytes  # PEM
    manifest_sha256: str
    files: Mapping[str, tuple[str, ...]]
    sha256: Mapping[str, str]  # name → hash
    about: Mapping[str, Any]  # its datapackage.json
    withdrawals: tuple[Mapping[str, str], ...] = ()  # the rows of its table of withdrawals

    @property
    def fingerprint(self) -> str:
        """The fingerprint of `key`, for people to compare."""
        return manifest.fingerprint(self.key)


def receive(place: Path, target: Path, wanted: Collection[str]) -> Received:
    """Verify the package at `place` (a folder, a ZIP, a SITE), and copy its files to `target`.

    `wanted`: names of the resources to copy. Where `target` is `place` itself, nothing is copied.
    Raises Refused where anything is not as signed. The caller checks whose key signed it.
    """
    target.mkdir(parents=True, exist_ok=True)
    with _opened(place) as package:
        text, signature, key = (_small(package, name, MANIFEST_MOST) for name in SIGNED_FILES)
        for rule, params in manifest.problems_of_text(text, signature, key):
            raise Refused("package-forged", file=params["file"], why=rule)
        signed = _manifest_of(text)
        listed = signed["files"]
        _copy(package, DESCRIPTOR, listed, target, MANIFEST_MOST)
        about = _about(target / DESCRIPTOR)
        files = _files(about, listed, wanted)
        every = [name for names in files.values() for name in names]
        room = UNPACKED_MOST
        for name in every:
            room -= _copy(package, name, listed, target, room)
    for name, content in zip(SIGNED_FILES, (text, signature, key), strict=True):
        if target != place:
            (target / name).write_bytes(content)
    hashes = {name: str(listed[name]["sha256"]) for name in every}
    digest = hashlib.sha256(text).hexdigest()
    withdrawn = _withdrawals(target, files.get(TABLE, ()))
    return Received(
        target,
        signed["release"],
        signed["number"],
        signed["today"],
        key,
        digest,
        files,
        hashes,
        about,
        withdrawn,
    )


SIGNED_FILES = (manifest.MANIFEST, manifest.SIGNATURE, manifest.PUBLIC_KEY)


def _manifest_of(text: bytes) -> dict[str, Any]:
    """The manifest's content. Raises Refused where it lacks release, number, day or files."""
    try:
        content: dict[str, Any] = json.loads(text)
        date.fromisoformat(content["today"])
        number = content["number"]
        good = isinstance(content["files"], dict) and type(number) is int and number > 0
        if not good or not _RELEASE.fullmatch(content["release"]):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("package-incomplete", file=manifest.MANIFEST) from error
    return content


def _about(path: Path) -> dict[str, Any]:
    """The content of a datapackage.json. Raises Refused where it has no list of resources."""
    try:
        about: dict[str, Any] = json.loads(path.read_bytes())
        if not isinstance(about["resources"], list):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("package-incomplete", file=DESCRIPTOR) from error
    return about


def _withdrawals(folder: Path, names: Iterable[str]) -> tuple[Mapping[str, str], ...]:
    """The rows of the table of withdrawals, in the files `names`.

    Raises Refused where it cannot be read: it is then unknown what must not be public, so nothing
    of the package may be used.
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
    """Wanted resource → its files, in order. Tables without rows are left out.

    Raises Refused where a file is not in the manifest, or has a name that no release has.
    """
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
    """The names of all resources in a package's datapackage.json."""
    every = (r.get("name") for r in received.about["resources"] if isinstance(r, dict))
    return [name for name in every if isinstance(name, str)]


def held_back(received: Received) -> dict[str, str]:
    """Resource → the day of its rows, of those that the publisher holds back; "–" for no day."""
    found = dict[str, str]()
    for each in received.about["resources"]:
        held = each.get("gongshi:held_back") if isinstance(each, dict) else None
        if isinstance(held, dict) and isinstance(each.get("name"), str):
            found[each["name"]] = _day(held.get("day")) or "–"
    return found


def _day(written: Any) -> str:
    """A day in ISO 8601; "" for anything else."""
    try:
        return date.fromisoformat(written).isoformat()
    except (ValueError, TypeError):
        return ""


def tables(folder: Path, name: str) -> list[Path]:
    """The files of the resource `name` in a folder that a package was copied to; [] for none."""
    try:
        about = json.loads((folder / DESCRIPTOR).read_bytes())
        paths = next((r["path"] for r in about["resources"] if r["name"] == name), ())
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [folder / path for path in ([paths] if isinstance(paths, str) else paths)]


# ---------------------------------------------------------------- files in folders and ZIPs


class _Files:
    """The files in a folder or a ZIP, by name."""

    def __init__(self, place: Path, archive: zipfile.ZipFile | None) -> None:
        self.place, self.archive = place, archive

    def open(self, name: str) -> IO[bytes]:
        """A file for reading. Raises an error of `_BROKEN` where there is none."""
        if self.archive is not None:
            return self.archive.open(name)
        if not (self.place / name).is_file():  # reading a pipe would wait for ever
            raise FileNotFoundError(name)
        return (self.place / name).open("rb")


@contextmanager
def _opened(place: Path) -> Iterator[_Files]:
    """The files at `place`. Raises Refused where it is neither a folder nor a readable ZIP."""
    with ExitStack() as open_files:
        try:
            package = _open(place, open_files)
        except zipfile.BadZipFile as error:
            raise Refused("package-incomplete", file=place.name) from error
        except OSError as error:
            raise Refused("package-unreachable", why=error.strerror or "") from error
        yield package


def _open(place: Path, open_files: ExitStack) -> _Files:
    if place.is_dir():
        # A store may switch `current` while it is read, so the link is resolved once.
        link = place / "current"
        return _Files((link if link.is_symlink() else place).resolve(), None)
    file = open_files.enter_context(place.open("rb"))
    if not _has_small_directory(file):
        raise zipfile.BadZipFile
    return _Files(place, open_files.enter_context(zipfile.ZipFile(file)))


def _has_small_directory(file: IO[bytes]) -> bool:
    """Whether a ZIP ends as ours do, and its directory has at most `DIRECTORY_MOST` bytes.

    zipfile reads the whole directory into memory (PKWARE APPNOTE 6.3, 4.3.14 to 4.3.16).
    """
    file.seek(max(file.seek(0, 2) - 98, 0))
    tail = file.read()
    sizes = [int.from_bytes(tail[-10:-6], "little")]
    if tail[-42:-38] == b"PK\x06\x07":
        sizes += [int.from_bytes(tail[-58:-50], "little")]
    file.seek(0)
    return tail[-22:-18] == b"PK\x05\x06" and max(sizes) <= DIRECTORY_MOST


def _small(package: _Files, name: str, most: int) -> bytes:
    """The bytes of a file. Raises Refused where it cannot be read or is larger than `most`."""
    try:
        with package.open(name) as file:
            content = file.read(most + 1)
    except _BROKEN as error:
        raise Refused("package-incomplete", file=name) from error
    if len(content) > most:
        raise Refused("package-too-large", file=name)
    return content


def _copy(package: _Files, name: str, listed: Mapping[str, Any], target: Path, most: int) -> int:
    """Copy one file and compare it with the manifest's entry; gives its size.

    Raises Refused where it differs, or would be larger than `most`.
    """
    entry = listed.get(name)
    if not isinstance(entry, dict) or type(entry.get("bytes")) is not int:
        raise Refused("package-incomplete", file=name)
    if not 0 <= entry["bytes"] <= most:
        raise Refused("package-too-large", file=name)
    place = target / name
    in_place = package.archive is None and package.place == target.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    found = _copied(package, name, None if in_place else place, entry["bytes"])
    if found != (entry["bytes"], entry.get("sha256")):
        raise Refused("package-changed", file=name)
    return int(entry["bytes"])


def _copied(package: _Files, name: str, place: Path | None, most: int) -> tuple[int, str]:
    """Copy a file to `place` (None: only read it); gives its size and SHA-256.

    At most `most` bytes and one more are read.
    """
    digest, size = hashlib.sha256(), 0
    blocks = _blocks(package, name, most + 1)
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


def _blocks(package: _Files, name: str, most: int) -> Iterator[bytes]:
    """At most `most` bytes of a file. Raises Refused where it cannot be read.

    Errors of writing are not caught here: they are errors of our own disk.
    """
    try:
        with package.open(name) as file:
            while most and (block := file.read(min(most, 1 << 20))):
                most -= len(block)
                yield block
    except _BROKEN as error:
        raise Refused("package-changed", file=name) from error
