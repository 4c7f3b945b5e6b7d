"""Verification of a release, or of a downloaded package alone, against its signed manifest."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.base.errors import UsageError
from pipeline.base.files import faults
from pipeline.base.words import language, say
from pipeline.release.downloads import zip_gzip
from pipeline.release.package import manifest, store
from pipeline.release.package.manifest import Problem


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a verification: name, number of files, fingerprint of the key, problems."""

    name: str
    files: int
    fingerprint: str
    problems: tuple[Problem, ...]

    def lines(self) -> list[str]:
        """The verdict as lines of text for the user, one for each problem."""
        lang = language()
        if not self.problems:
            about = {"files": self.files, "fingerprint": self.fingerprint}
            return [say("verify-good", lang, release=self.name, **about)]
        head = say("verify-bad", lang, release=self.name, count=len(self.problems))
        return [head, *(f"  {say(key, lang, **params)}" for key, params in self.problems)]


def read_key(path: Path | None) -> bytes | None:
    """The public key in a PEM file; None where no `path` is given.

    Raises UsageError where it cannot be read.
    """
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(say("file-missing", language(), path=path)) from error


def release(site: Path, name: str, pem: bytes | None) -> Verdict:
    """Verify one kept release (`current` for ""), and its chain against the kept releases.

    `pem`: the public key that must have signed it; None: its own. Raises StoreError where there is
    no such release.
    """
    folder = store.named(site, name)
    with faults(site):
        found = manifest.problems(folder, pem)
        chain = [
            p
            for p in manifest.problems_of_chain(store.kept(site))
            if p[1]["release"] == folder.name
        ]
        key = folder / manifest.PUBLIC_KEY
        shown = manifest.fingerprint(key.read_bytes()) if key.is_file() else "-"
    files = len(manifest.read(folder).get("files", ()))
    return Verdict(folder.name, files, shown, (*found, *chain))


def package(path: Path, pem: bytes | None) -> Verdict:
    """Verify a downloaded package ZIP by the manifest in it, every byte of the file.

    `pem`: as of `release`. Raises UsageError where there is no such file.
    """
    if not path.is_file():
        raise UsageError(say("file-missing", language(), path=path))
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            parts = [_stored(path, entries.get(name)) for name in _SIGNED]
            problems = [*_problems(path, archive, parts, pem)]
    except _BROKEN:
        return Verdict(path.name, 0, "-", (("verify-changed", {"file": path.name}),))
    return Verdict(
        path.name, len(entries) - len(_SIGNED), manifest.fingerprint(parts[2]), tuple(problems)
    )


# What zipfile raises for a damaged ZIP, depending on where the damage is.
_BROKEN = (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, LookupError, struct.error)
_SIGNED = (manifest.MANIFEST, manifest.SIGNATURE, manifest.PUBLIC_KEY)


def _problems(
    path: Path, archive: zipfile.ZipFile, parts: list[bytes], pem: bytes | None
) -> Iterator[Problem]:
    text, signature, own = parts
    for name, part in zip(_SIGNED, parts, strict=True):
        if not part:
            yield "verify-missing", {"file": name}
            return
        # Base64 has unused bits: a changed key or signature may decode to the same bytes.
        if zlib.crc32(part) != archive.getinfo(name).CRC:
            yield "verify-changed", {"file": name}
    yield from manifest.problems_of_text(text, signature, pem or own)
    if pem and pem != own:
        yield "verify-key", {"file": manifest.PUBLIC_KEY}
    try:
        listed = json.loads(text)["files"]
    except (ValueError, KeyError, TypeError):
        yield "verify-changed", {"file": manifest.MANIFEST}
        return
    inner = [entry for entry in archive.infolist() if entry.filename not in _SIGNED]
    found = {entry.filename: _facts(path, archive, entry) for entry in inner}
    expected = {
        n: {**each, "sha256": each["sha256"] + each["packed_sha256"]} for n, each in listed.items()
    }
    yield from manifest.problems_of_files(expected, found)
    if not _canonical(path, archive.infolist()):
        yield "verify-changed", {"file": path.name}


def _stored(path: Path, entry: zipfile.ZipInfo | None) -> bytes:
    """The bytes of an entry that is stored without compression; b"" where there is none."""
    if entry is None:
        return b""
    with path.open("rb") as file:
        file.seek(_begins(entry))
        return file.read(entry.compress_size)


def _begins(entry: zipfile.ZipInfo) -> int:
    """Where the content of an entry begins in a file by `zip_gzip.Zip`."""
    large = max(entry.file_size, entry.compress_size) >= zip_gzip.LARGE
    return entry.header_offset + 30 + len(entry.filename.encode()) + (20 if large else 0)


def _facts(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[int, str]:
    """An entry's size, and the SHA-256 of its content followed by that of its compressed bytes.

    (-1, "") where it cannot be decompressed.
    """
    plain, raw, size = hashlib.sha256(), hashlib.sha256(), 0
    try:
        with archive.open(entry) as file:
            while block := file.read(1 << 20):
                plain.update(block)
                size += len(block)
    except Exception:  # zlib and zipfile raise many kinds for a damaged entry
        return -1, ""
    with path.open("rb") as whole:
        whole.seek(_begins(entry))
        left = entry.compress_size
        while left and (block := whole.read(min(left, 1 << 20))):
            raw.update(block)
            left -= len(block)
    return size, plain.hexdigest() + raw.hexdigest()


def _canonical(path: Path, entries: list[zipfile.ZipInfo]) -> bool:
    """Whether all headers are as `zip_gzip.Zip` writes them, and nothing is between the entries."""
    at, directory = 0, b""
    with path.open("rb") as file:
        for entry in entries:
            name, facts = entry.filename.encode(), (entry.CRC, entry.compress_size, entry.file_size)
            large = max(facts[1:]) >= zip_gzip.LARGE
            head = zip_gzip.local_header(name, entry.compress_type, facts, large)
            file.seek(at)
            if entry.header_offset != at or file.read(len(head)) != head:
                return False
            directory += zip_gzip.central_header(name, entry.compress_type, facts, at)
            at += len(head) + entry.compress_size
        file.seek(at)
        return file.read() == directory + zip_gzip.end_of(len(entries), at, len(directory))
