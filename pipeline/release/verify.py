"""Proving a release, or a downloaded package alone: every file against the signed list."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.release import manifest, store
from pipeline.release.manifest import Problem
from pipeline.words import language, say


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of proving one release: how many files, by which key, and what is wrong."""

    name: str
    files: int
    fingerprint: str
    problems: tuple[Problem, ...]

    def lines(self) -> list[str]:
        """The verdict in words; a problem a line."""
        lang = language()
        if not self.problems:
            return [say("verify-good", lang, release=self.name, files=self.files, fingerprint=self.fingerprint)]  # fmt: skip
        head = say("verify-bad", lang, release=self.name, count=len(self.problems))
        return [head, *(f"  {say(key, lang, **params)}" for key, params in self.problems)]


def read_key(path: Path | None) -> bytes | None:
    """The public key that must have signed, from a PEM file. UsageError where there is none."""
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(say("file-missing", language(), path=path)) from error


def release(site: Path, name: str, pem: bytes | None) -> Verdict:
    """Prove one kept release (`current` where `name` is ""), and that the chain fits those kept."""
    folder = store.named(site, name)
    with store.faults(site):
        found = manifest.problems(folder, pem)
        chain = [p for p in manifest.problems_of_chain(store.kept(site)) if p[1]["release"] == folder.name]  # fmt: skip
        key = folder / manifest.PUBLIC_KEY
        shown = manifest.fingerprint(key.read_bytes()) if key.is_file() else "-"
    files = len(manifest.read(folder).get("files", ()))
    return Verdict(folder.name, files, shown, (*found, *chain))


def package(path: Path, pem: bytes | None) -> Verdict:
    """Prove a downloaded package ZIP by what it holds itself."""
    try:
        with zipfile.ZipFile(path) as packed:
            found = {name: _facts(packed, name) for name in packed.namelist()}
            parts = [_part(packed, n) for n in (manifest.MANIFEST, manifest.SIGNATURE, manifest.PUBLIC_KEY)]  # fmt: skip
    except zipfile.BadZipFile:
        return Verdict(path.name, 0, "-", (("verify-changed", {"file": path.name}),))
    except OSError as error:
        raise UsageError(say("file-missing", language(), path=path)) from error
    text, signature, own = parts
    missing = [n for n, part in zip((manifest.MANIFEST, manifest.SIGNATURE, manifest.PUBLIC_KEY), parts, strict=True) if not part]  # fmt: skip
    if missing:
        return Verdict(path.name, 0, "-", tuple(("verify-missing", {"file": n}) for n in missing))
    problems = [*manifest.problems_of_text(text, signature, pem or own)]
    if pem and pem != own:
        problems.append(("verify-key", {"file": manifest.PUBLIC_KEY}))
    try:
        listed = json.loads(text)["files"]
    except (ValueError, KeyError, TypeError):
        problems.append(("verify-changed", {"file": manifest.MANIFEST}))
        listed = {}
    found.pop(manifest.PUBLIC_KEY)
    problems += manifest.problems_of_files(listed, found)
    return Verdict(path.name, len(listed), manifest.fingerprint(own), tuple(problems))


def _part(packed: zipfile.ZipFile, name: str) -> bytes:
    try:
        return packed.read(name)
    except (KeyError, zipfile.BadZipFile, OSError):
        return b""


def _facts(packed: zipfile.ZipFile, name: str) -> tuple[int, str]:
    """Bytes and sha256 of an entry; one that cannot be unpacked has neither."""
    digest, size = hashlib.sha256(), 0
    try:
        with packed.open(name) as file:
            while block := file.read(1 << 20):
                digest.update(block)
                size += len(block)
    except Exception:  # zlib and zipfile raise many kinds for one thing: it is broken
        return -1, ""
    return size, digest.hexdigest()
