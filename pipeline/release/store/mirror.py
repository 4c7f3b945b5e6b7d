"""The store at an address: pushed there by whoever publishes, pulled from there by whoever serves.

::

    ADDRESS/
      current                the id of the release on show, and a line end
      releases/<id>/…        its files; manifest.json comes last and leaves first

An object store has no links and no renames, so that `current` is a small file that is written when
all of its release is there, and a release without a manifest is one that is being changed. Only
files that a signed manifest lists are pushed, and none is pulled that is not as the manifest says.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.base import addresses
from pipeline.base.errors import StoreError, UsageError
from pipeline.base.files import locked
from pipeline.base.words import language, say
from pipeline.release.package import manifest, store

POINTER = "current"
_LAST = (manifest.SIGNATURE, manifest.MANIFEST)


class There:
    """The mirror at an address: what it holds, and what changes it."""

    def __init__(self, files: Any, root: str) -> None:
        self.files, self.root = files, root.rstrip("/")
        files.invalidate_cache()

    def at(self, name: str) -> str:
        return f"{self.root}/{name}"

    def read(self, name: str) -> bytes | None:
        """A small file's bytes; None where there is none."""
        try:
            found: bytes = self.files.cat_file(self.at(name))
        except FileNotFoundError:
            return None
        return found

    def pointer(self) -> str:
        """The id of the release on show; "" before the first."""
        name = (self.read(POINTER) or b"").decode("utf-8", "replace").strip()
        return name if addresses.inside(name) and "/" not in name else ""

    def releases(self) -> set[str]:
        top = self.at("releases")
        found = self.files.ls(top, detail=False) if self.files.isdir(top) else []
        return {path.rstrip("/").rpartition("/")[2] for path in found} - {"releases", ""}

    def names(self, release: str) -> set[str]:
        """The files of a release, whether listed or not."""
        top = self.at(f"releases/{release}")
        found = self.files.find(top) if self.files.isdir(top) else []
        return {path.removeprefix(top).lstrip("/") for path in found}

    def remove(self, name: str) -> None:
        """A file, or a folder with all that is in it."""
        path = self.at(name)
        if glob.has_magic(path):  # for `rm` a pattern, which other folders' names may fit too
            inside = self.files.find(path, withdirs=True, detail=True)
            for each, about in sorted(inside.items(), reverse=True):
                take = self.files.rmdir if about["type"] == "directory" else self.files.rm_file
                take(each)
        elif self.files.exists(path):
            self.files.rm(path, recursive=True)


def _listed(text: bytes | None) -> dict[str, dict[str, Any]]:
    """The files of a manifest; {} where it cannot be read."""
    try:
        found = json.loads(text or b"")["files"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


# ---------------------------------------------------------------- to the address


def push(site: Path, address: str) -> None:
    """Make the mirror hold just what the store at `site` holds.

    The release on show comes first, then `current`, then the others as they are now, and in the end
    what is kept no more is deleted: records that were withdrawn are gone from `current` before
    anything else is touched. Cut short, it is completed by the next push.
    StoreError where that fails.
    """
    with locked(site), addresses.reached(address, StoreError) as (files, root):
        there, shown = There(files, root), store.current(site)
        if shown is None:
            return
        _push(there, shown)
        if there.pointer() != shown.name:
            there.files.pipe_file(there.at(POINTER), f"{shown.name}\n".encode())
        kept = store.kept(site)
        for release in kept:
            if release != shown:
                _push(there, release)
        for name in there.releases() - {release.name for release in kept}:
            there.remove(f"releases/{name}/{manifest.MANIFEST}")
            there.remove(f"releases/{name}")


def _push(there: There, release: Path) -> None:
    """One release, unless it is there as it is here."""
    top = f"releases/{release.name}"
    before, now = (
        there.read(f"{top}/{manifest.MANIFEST}"),
        (release / manifest.MANIFEST).read_bytes(),
    )
    if before == now:
        return
    was, files = _listed(before), _listed(now)
    there.remove(f"{top}/{manifest.MANIFEST}")
    for name in sorted(there.names(release.name) - files.keys() - set(_LAST)):
        there.remove(f"{top}/{name}")
    changed = (name for name, told in files.items() if was.get(name) != told)
    _put(there, release, (*changed, *_LAST))


def _put(there: There, release: Path, names: Iterable[str]) -> None:
    for name in names:
        place = there.at(f"releases/{release.name}/{name}")
        there.files.makedirs(place.rpartition("/")[0], exist_ok=True)
        there.files.put_file(str(release / name), place)


# ---------------------------------------------------------------- from the address


def exists(address: str) -> bool:
    """Whether anything was ever pushed there. StoreError where that cannot be told."""
    with addresses.reached(address, StoreError) as (files, root):
        return bool(There(files, root).pointer())


def pull(address: str, site: Path) -> str:
    """Make the store at `site` hold what the mirror holds; gives the id of the release on show.

    A release that is being changed at the mirror, or is not as its manifest says, leaves the store:
    what it held may be withdrawn. If that is the one on show, nothing is changed and StoreError
    says so, as it does where the mirror cannot be reached;
    UsageError where nothing was ever pushed.
    """
    with addresses.reached(address, StoreError) as (files, root), store.writing(site) as making:
        there = There(files, root)
        shown = there.pointer()
        if not shown:
            raise UsageError(say("no-release", language(), site=addresses.shown(address)))
        if not _pull(there, shown, site, making):
            raise StoreError(
                say("mirror-damaged", language(), release=shown, address=addresses.shown(address))
            )
        store.switch(site, shown)
        whole = {n for n in there.releases() - {shown} if _pull(there, n, site, making)}
        for release in store.kept(site):
            if release.name not in {*whole, shown}:
                store.drop(site, release)
        return shown


def _pull(there: There, name: str, site: Path, making: Path) -> bool:
    """One release, unless it is here as it is there; whether it is whole."""
    text = there.read(f"releases/{name}/{manifest.MANIFEST}")
    here = site / "releases" / name
    own = here / manifest.MANIFEST
    if text and own.is_file() and own.read_bytes() == text:
        return True
    names = (*_listed(text), *_LAST)
    if not addresses.inside(name) or not text or not all(map(addresses.inside, names)):
        return False
    for each in names:
        place = making / name / each
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            there.files.get_file(there.at(f"releases/{name}/{each}"), str(place))
        except FileNotFoundError:
            return False
    if manifest.problems(making / name):
        return False
    store.place(site, making / name, name)
    return True
