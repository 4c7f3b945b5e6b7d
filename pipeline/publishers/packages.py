"""Other publishers' packages, as an inbox lists them: fetched, proven,
held against what was taken last.

What was taken last is kept under PRIVATE::

    packages/<publisher>/
      taken.json       release, number, day, key: what was proven and used last
      <hash>/          the files taken of it, with what proves them

A package is used only if its signature is that of the publisher's key, every file is as signed, and
it is not older than the one before. Where one is refused or cannot be had, the last one that was
proven stands in, less what has been withdrawn since; where there is none, nothing of that publisher
is used. Deleting the folder is how an operator says: begin anew with this publisher.
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

FOLDER, TAKEN = "packages", "taken.json"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one listed package.

    `state`: taken (what is there now), kept (the last one proven stands in), none. `before`: the
    folder of the one taken last, None at the first.
    """

    listed: Listed
    state: str
    received: Received | None
    findings: tuple[Finding, ...]
    before: Path | None = None

    @property
    def publisher(self) -> str:
        return self.listed.publisher


@dataclass(frozen=True, slots=True)
class _Last:
    """What was taken last; all blank at the first."""

    release: str = ""
    number: int = 0
    today: str = ""
    key: str = ""  # sha256 of its PEM
    folder: Path | None = None


def take(listed: Iterable[Listed], private: Path, wanted: Collection[str]) -> list[Taken]:
    """Each listed package as it is now, or as it was taken last. Nothing of it is kept by this.

    `wanted`: names of the resources to take.
    """
    return [_take(each, private / FOLDER / each.publisher, wanted) for each in listed]


def _take(listed: Listed, home: Path, wanted: Collection[str]) -> Taken:
    last = _last(home)
    kept = _kept(listed, last, wanted)
    try:
        new = _new(listed, last, kept, home, wanted)
        return Taken(listed, "taken", new, tuple(_unpinned(listed, new)), last.folder)
    except Refused as refused:
        why, params = refused.rule, {"publisher": listed.publisher, **refused.params}
    finally:
        shutil.rmtree(home / "new", ignore_errors=True)
        shutil.rmtree(home / "fetched", ignore_errors=True)
    stands_in = "package-kept" if kept else "package-none"
    params |= {"kept": last.release, "day": last.today}
    findings = (found(rule, Location(listed.publisher), params=params) for rule in (why, stands_in))
    return Taken(listed, "kept" if kept else "none", kept, tuple(findings), last.folder)


def _kept(listed: Listed, last: _Last, wanted: Collection[str]) -> Received | None:
    """What was taken last, proven once more; None where that is nothing, or damaged."""
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
    """What is at the address now, proven; raises Refused."""
    place = _fetched(listed.address, kept, home) if listed.address else listed.path
    if place is None:
        assert kept  # it is the very release that is kept
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
    try:
        return download.package(address, kept.release if kept else "", home / "fetched")[0]
    except download.Unreachable as error:
        raise Refused("package-unreachable", why=str(error)) from error


def _of_publisher(listed: Listed, last: _Last, new: Received) -> None:
    """The key is the publisher's: as pinned in sources.yaml, else as it was at first sight."""
    digest = _digest(new.key)
    pinned = listed.digest or (_digest(listed.key) if listed.key else last.key)
    if digest != (pinned or digest):
        raise Refused("package-key-changed", expected=pinned[:16], found=digest[:16])


def _digest(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()


def _not_older(last: _Last, new: Received) -> None:
    """Releases of a store are numbered; one that was taken is never followed by an earlier one, nor
    by another of the same number."""
    if last.key and last.key != _digest(new.key):
        return  # the operator has pinned another key: another store, which counts anew
    about = {"release": new.release, "last": last.release}
    if new.number < last.number or new.today < last.today:
        raise Refused("package-older", **about)
    if new.number == last.number and new.release != last.release:
        raise Refused("package-forked", **about)


def _unpinned(listed: Listed, new: Received) -> Iterator[Finding]:
    if not listed.key and not listed.digest:
        about = {"fingerprint": new.fingerprint, "digest": _digest(new.key)}
        params = {"publisher": listed.publisher, **about}
        yield found("package-key-unpinned", Location(listed.publisher), params=params)


# ---------------------------------------------------------------- what was taken last


def _last(home: Path) -> _Last:
    try:
        told = json.loads((home / TAKEN).read_text("utf-8"))
        release, number, today, key = (told[n] for n in ("release", "number", "today", "key"))
        return _Last(release, number, today, key, home / told["folder"])
    except (OSError, ValueError, KeyError, TypeError):
        return _Last()


def keep(taken: Iterable[Taken], private: Path) -> None:
    """Remember what was taken, so that nothing older ever follows; drop what stood there before."""
    for each in taken:
        home, new = private / FOLDER / each.publisher, each.received
        if new is None or each.state != "taken":
            continue
        told = {
            "release": new.release,
            "number": new.number,
            "today": new.today,
            "key": _digest(new.key),
            "folder": new.folder.name,
        }
        write_durably(home / TAKEN, json.dumps(told, indent=2) + "\n")
        for old in home.iterdir():
            if old.is_dir() and old != new.folder:
                shutil.rmtree(old, ignore_errors=True)
