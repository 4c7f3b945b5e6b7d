"""A mirror of the store at an address: the publisher pushes to it, site servers pull from it.

::

    ADDRESS/
      current                the id of the public release, and a line end
      releases/<id>/…        its files; manifest.json is written last and deleted first

An object store has no links and no renames, so `current` is a small file that is written after all
of its release, and a release without a manifest is one that is being changed. Only files that a
signed manifest lists are pushed, and only files that match the manifest are pulled.
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


class Mirror:
    """The mirror at an address. `files`: an fsspec file system; `root`: the mirror's path in it."""

    def __init__(self, files: Any, root: str) -> None:
        self.files, self.root = files, root.rstrip("/")
        files.invalidate_cache()

    def at(self, name: str) -> str:
        """The path of a file or folder of the mirror."""
        return f"{self.root}/{name}"

    def read(self, name: str) -> bytes | None:
        """The bytes of a small file; None where there is none."""
        try:
            found: bytes = self.files.cat_file(self.at(name))
        except FileNotFoundError:
            return None
        return found

    def pointer(self) -> str:
        """The id of the public release; "" before the first."""
        name = (self.read(POINTER) or b"").decode("utf-8", "replace").strip()
        return name if addresses.inside(name) and "/" not in name else ""

    def releases(self) -> set[str]:
        """The ids of all releases, complete or not."""
        top = self.at("releases")
        found = self.files.ls(top, detail=False) if self.files.isdir(top) else []
        return {path.rstrip("/").rpartition("/")[2] for path in found} - {"releases", ""}

    def names(self, release: str) -> set[str]:
        """The files of a release, whether listed or not."""
        top = self.at(f"releases/{release}")
        found = self.files.find(top) if self.files.isdir(top) else []
        return {path.removeprefix(top).lstrip("/") for path in found}

    def remove(self, name: str) -> None:
        """Delete a file, or a folder with its content."""
        path = self.at(name)
        if glob.has_magic(path):  # `rm` would read it as a pattern, and delete other folders
            inside = self.files.find(path, withdirs=True, detail=True)
            for each, about in sorted(inside.items(), reverse=True):
                delete = self.files.rmdir if about["type"] == "directory" else self.files.rm_file
                delete(each)
        elif self.files.exists(path):
            self.files.rm(path, recursive=True)


def _listed(text: bytes | None) -> dict[str, dict[str, Any]]:
    """The files of a manifest; {} where it cannot be read."""
    try:
        found = json.loads(text or b"")["files"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


# ---------------------------------------------------------------- push


def push(site: Path, address: str) -> None:
    """Make the mirror at `address` hold exactly what the store at `site` holds.

    The public release is pushed first, then `current`, then the other releases; at the end those
    that are no longer kept are deleted. So withdrawn records leave `current` before anything else
    is changed. The next push completes one that was cut short. Raises StoreError where it fails.
    """
    with locked(site), addresses.reached(address, StoreError) as (files, root):
        mirror, shown = Mirror(files, root), store.current(site)
        if shown is None:
            return
        _push(mirror, shown)
        if mirror.pointer() != shown.name:
            mirror.files.pipe_file(mirror.at(POINTER), f"{shown.name}\n".encode())
        kept = store.kept(site)
        for release in kept:
            if release != shown:
                _push(mirror, release)
        for name in mirror.releases() - {release.name for release in kept}:
            mirror.remove(f"releases/{name}/{manifest.MANIFEST}")
            mirror.remove(f"releases/{name}")


def _push(mirror: Mirror, release: Path) -> None:
    """Push one release, unless the mirror has the same."""
    top = f"releases/{release.name}"
    before, now = (
        mirror.read(f"{top}/{manifest.MANIFEST}"),
        (release / manifest.MANIFEST).read_bytes(),
    )
    if before == now:
        return
    was, files = _listed(before), _listed(now)
    mirror.remove(f"{top}/{manifest.MANIFEST}")
    for name in sorted(mirror.names(release.name) - files.keys() - set(_LAST)):
        mirror.remove(f"{top}/{name}")
    changed = (name for name, entry in files.items() if was.get(name) != entry)
    _put(mirror, release, (*changed, *_LAST))


def _put(mirror: Mirror, release: Path, names: Iterable[str]) -> None:
    for name in names:
        place = mirror.at(f"releases/{release.name}/{name}")
        mirror.files.makedirs(place.rpartition("/")[0], exist_ok=True)
        mirror.files.put_file(str(release / name), place)


# ---------------------------------------------------------------- pull


def exists(address: str) -> bool:
    """Whether anything was pushed to `address`. Raises StoreError where it cannot be reached."""
    with addresses.reached(address, StoreError) as (files, root):
        return bool(Mirror(files, root).pointer())


def pull(address: str, site: Path) -> str:
    """Make the store at `site` hold what the mirror holds; gives the id of the public release.

    A release that is being changed at the mirror, or does not match its manifest, is deleted from
    the store: its records may have been withdrawn. Raises StoreError, and changes nothing, where
    the public release is such a one or the mirror cannot be reached; UsageError where nothing was
    ever pushed.
    """
    with addresses.reached(address, StoreError) as (files, root), store.writing(site) as making:
        mirror = Mirror(files, root)
        shown = mirror.pointer()
        if not shown:
            raise UsageError(say("no-release", language(), site=addresses.shown(address)))
        if not _pull(mirror, shown, site, making):
            raise StoreError(
                say("mirror-damaged", language(), release=shown, address=addresses.shown(address))
            )
        store.switch(site, shown)
        complete = {n for n in mirror.releases() - {shown} if _pull(mirror, n, site, making)}
        for release in store.kept(site):
            if release.name not in {*complete, shown}:
                store.drop(site, release)
        return shown


def _pull(mirror: Mirror, name: str, site: Path, making: Path) -> bool:
    """Pull one release, unless the store has the same; whether it is complete and verified."""
    text = mirror.read(f"releases/{name}/{manifest.MANIFEST}")
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
            mirror.files.get_file(mirror.at(f"releases/{name}/{each}"), str(place))
        except FileNotFoundError:
            return False
    if manifest.problems(making / name):
        return False
    store.place(site, making / name, name)
    return True
