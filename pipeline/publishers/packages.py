"""The packages of other publishers that an inbox lists: fetched, verified, and compared with the
last ones.

The last package of each publisher is kept in PRIVATE::

    packages/<publisher>/
      taken.json       release, number, day, key of the package that was last verified and used
      <hash>/          its files that are used, with manifest, signature and key

A package is used only if it is signed by the publisher's key, every file is as signed, and it is
not older than the last one. Where it is refused or cannot be fetched, the last one is used instead,
without the records that were withdrawn since; where there is none, nothing of that publisher is
used. To start again with a publisher, the operator deletes its folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.base.files import write_durably
from pipeline.base.model import Finding, Location, found
from pipeline.intake.inbox.listed_publishers import Listed
from pipeline.publishers import download, proven
from pipeline.publishers.proven import Received, Refused

FOLDER, LAST_FILE = "packages", "taken.json"


@dataclass(frozen=True, slots=True)
class PackageResult:
    """The result of reading one listed package.

    `state`: taken (the package is used as it is now), kept (the last one is used), none (nothing is
    used). `received`: the package that is used. `before`: the folder of the last one, or None.
    """

    listed: Listed
    state: str
    received: Received | None
    findings: tuple[Finding, ...]
    before: Path | None = None

    @property
    def publisher(self) -> str:
        """The publisher's name in sources.yaml."""
        return self.listed.publisher


@dataclass(frozen=True, slots=True)
class _Last:
    """The last package of a publisher, from taken.json; all blank at first."""

    release: str = ""
    number: int = 0
    today: str = ""
    key: str = ""  # sha256 of its PEM
    folder: Path | None = None


def fetch(listed: Iterable[Listed], private: Path, wanted: Collection[str]) -> list[PackageResult]:
    """Fetch and verify each listed package; where that fails, its last version is used.

    `wanted`: names of the resources to read. `keep` is what makes the result the last version.
    """
    return [_fetch(each, private / FOLDER / each.publisher, wanted) for each in listed]


def _fetch(listed: Listed, home: Path, wanted: Collection[str]) -> PackageResult:
    last = _last(home)
    kept = _kept(listed, last, wanted)
    try:
        new = _new(listed, last, kept, home, wanted)
        return PackageResult(listed, "taken", new, tuple(_unpinned(listed, new)), last.folder)
    except Refused as refused:
        why, params = refused.rule, {"publisher": listed.publisher, **refused.params}
    finally:
        shutil.rmtree(home / "new", ignore_errors=True)
        shutil.rmtree(home / "fetched", ignore_errors=True)
    instead = "package-kept" if kept else "package-none"
    params |= {"kept": last.release, "day": last.today}
    findings = (found(rule, Location(listed.publisher), params=params) for rule in (why, instead))
    return PackageResult(listed, "kept" if kept else "none", kept, tuple(findings), last.folder)


def _kept(listed: Listed, last: _Last, wanted: Collection[str]) -> Received | None:
    """The last package, verified again; None where there is none, or it is damaged."""
    if last.folder is None:
        return None
    try:
        kept = proven.receive(last.folder, last.folder, wanted)
        _of_publisher(listed, last, kept)
    except Refused:
        return None
    return kept


def _new(
    listed: Listed, last: _Last, kept: Received | None, home: Path, wanted: Collection[str]
) -> Received:
    """The package that is at the address or path now, verified. Raises Refused."""
    place = _fetched(listed.address, kept, home) if listed.address else listed.path
    if place is None:
        assert kept  # the release at the address is the one that is kept
        return kept
    shutil.rmtree(home / "new", ignore_errors=True)
    new = proven.receive(place, home / "new", wanted)
    _of_publisher(listed, last, new)
    _not_older(last, new)
    folder = home / new.manifest_sha256[:16]
    shutil.rmtree(folder, ignore_errors=True)
    (home / "new").rename(folder)
    return replace(new, folder=folder)


def _fetched(address: str, kept: Received | None, home: Path) -> Path | None:
    """The downloaded ZIP; None where the kept release is still current. Raises Refused."""
    try:
        return download.package(address, kept.release if kept else "", home / "fetched")[0]
    except download.Unreachable as error:
        raise Refused("package-unreachable", why=str(error)) from error


def _of_publisher(listed: Listed, last: _Last, new: Received) -> None:
    """Raises Refused unless the key is the publisher's.

    That is the one pinned in sources.yaml, else that of the first package (trust on first use).
    """
    digest = _digest(new.key)
    pinned = listed.digest or (_digest(listed.key) if listed.key else last.key)
    if digest != (pinned or digest):
        raise Refused("package-key-changed", expected=pinned[:16], found=digest[:16])


def _digest(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()


def _not_older(last: _Last, new: Received) -> None:
    """Raises Refused where the package is older than the last one, or another of the same number.

    Releases of a store are numbered, so an old or forked one is recognised.
    """
    if last.key and last.key != _digest(new.key):
        return  # the operator has pinned another key: another store, with its own numbers
    about = {"release": new.release, "last": last.release}
    if new.number < last.number or new.today < last.today:
        raise Refused("package-older", **about)
    if new.number == last.number and new.release != last.release:
        raise Refused("package-forked", **about)


def _unpinned(listed: Listed, new: Received) -> Iterator[Finding]:
    """A finding where sources.yaml pins no key for the publisher."""
    if not listed.key and not listed.digest:
        about = {"fingerprint": new.fingerprint, "digest": _digest(new.key)}
        params = {"publisher": listed.publisher, **about}
        yield found("package-key-unpinned", Location(listed.publisher), params=params)


# ---------------------------------------------------------------- the last package


def _last(home: Path) -> _Last:
    try:
        content = json.loads((home / LAST_FILE).read_text("utf-8"))
        release, number, today, key = (content[n] for n in ("release", "number", "today", "key"))
        return _Last(release, number, today, key, home / content["folder"])
    except (OSError, ValueError, KeyError, TypeError):
        return _Last()


def keep(results: Iterable[PackageResult], private: Path) -> None:
    """Write taken.json of each new package, so that no older one follows; delete old files."""
    for each in results:
        home, new = private / FOLDER / each.publisher, each.received
        if new is None or each.state != "taken":
            continue
        content = {
            "release": new.release,
            "number": new.number,
            "today": new.today,
            "key": _digest(new.key),
            "folder": new.folder.name,
        }
        write_durably(home / LAST_FILE, json.dumps(content, indent=2) + "\n")
        for old in home.iterdir():
            if old.is_dir() and old != new.folder:
                shutil.rmtree(old, ignore_errors=True)
