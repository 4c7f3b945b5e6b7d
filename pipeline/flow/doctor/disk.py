"""Checks of the disks: the operations that a release needs, and the space left."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from pipeline.base import sql
from pipeline.flow.doctor.folders import device, nearest
from pipeline.flow.doctor.result import Place, Result, look, right, size, wrong

# Of the last release: it stays, the next is written beside it, and compression needs space too.
TIMES = 3
FIRST_BYTES = 1_000_000_000  # before there is a release to go by
FIRST_FILES = 10_000


def site_disk(place: Place) -> Result:
    """Whether the disk of SITE supports all operations that make and switch a release."""
    releases = place.site / "releases"
    if releases.exists() and device(releases) != device(place.site):
        return wrong("site-disk", "disk-split", path=releases, site=place.site)
    return _tried("site-disk", place.site, {"disk-no-links": _link, **_TRIALS})


def private_disk(place: Place) -> Result:
    """Whether the disk of PRIVATE supports all operations of a run."""
    return _tried("private-disk", place.private, _TRIALS)


def _tried(check: str, folder: Path, trials: dict[str, Callable[[Path], None]]) -> Result:
    """Try each of `trials` in a temporary folder; the result names the first that fails."""
    at, trial = nearest(folder), "disk-no-writing"
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=at) as made:
            (Path(made) / "file").write_bytes(b"doctor\n")
            for name, can in trials.items():
                trial = name
                can(Path(made))
            trial = "disk-no-writing"
    except (OSError, sqlite3.Error, _Ignored) as error:
        if _is_full(error):
            trial = "disk-no-writing"
        return wrong(check, trial, path=at, why=getattr(error, "strerror", None) or str(error))
    return right(check, "disk-good")


def _is_full(error: Exception) -> bool:
    """Whether the disk is full or read-only, which says nothing about what it supports."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


class _Ignored(Exception):
    """A call that raised nothing and had no effect."""


def _link(at: Path) -> None:
    """A link put in place of another by a rename: how `current` is switched."""
    for name in ("one", "two"):
        (at / name).symlink_to("file")
    (at / "two").replace(at / "one")
    if not (at / "one").is_symlink():
        raise _Ignored("symlink")


def _rename(at: Path) -> None:
    """A file in place of another, and a folder that has a file in it."""
    (at / "new").write_bytes(b"")
    (at / "new").replace(at / "file")
    (at / "folder").mkdir()
    (at / "folder" / "file").write_bytes(b"")
    (at / "folder").rename(at / "renamed")


def _sync(at: Path) -> None:
    """A file and a folder's list of names forced to disk."""
    for path in (at / "file", at):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _lock(at: Path) -> None:
    """A lock that a second one does not get past."""
    with (at / "lock").open("w") as first, (at / "lock").open("w") as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
    raise _Ignored("flock")


def _name(at: Path) -> None:
    """A Chinese name, and it comes back as it was given."""
    (at / "公示 é.txt").write_bytes(b"")
    if "公示 é.txt" not in {path.name for path in at.iterdir()}:
        raise _Ignored("公示 é.txt")


def _database(at: Path) -> None:
    """A SQLite database, which has its own locks and syncs."""
    with closing(sql.writing(at / "database.db")) as con:
        con.execute("create table t (x)")
        con.execute("insert into t values (1)")


_TRIALS: dict[str, Callable[[Path], None]] = {
    "disk-no-rename": _rename,
    "disk-no-sync": _sync,
    "disk-no-locks": _lock,
    "disk-no-names": _name,
    "disk-no-database": _database,
}


# ---------------------------------------------------------------- room


def space(place: Place) -> Result:
    """Bytes left on the tighter disk, against three times the last release and its inputs."""
    return _room(place, "space", _bytes_needed(place), _bytes_left)


def inodes(place: Place) -> Result:
    """Files that can still be made on the tighter disk,
    against three times those of the last release.
    """
    return _room(place, "inodes", _files_needed(place), _files_left)


def _room(
    place: Place, check: str, needed: tuple[int, int], left: Callable[[Path], int | None]
) -> Result:
    """`needed`: in SITE, in PRIVATE. `left`: None where there is no limit."""
    known = []
    for path, need in _by_disk(place, needed):
        if (free := left(path)) is not None:
            known.append((free / need, free, need, path))
    if not known:
        return right(check, f"{check}-endless")
    share, free, need, path = min(known)
    amounts = {"path": path, "free": _amount(check, free), "need": _amount(check, need)}
    if share >= 1:
        return right(check, f"{check}-good", **amounts)
    return (look if share * TIMES >= 1 else wrong)(check, f"{check}-short", **amounts)


def _by_disk(place: Place, needed: tuple[int, int]) -> list[tuple[Path, int]]:
    """A folder on each disk, and what is needed there: on a disk that has both, both together."""
    site, private = nearest(place.site), nearest(place.private)
    if device(site) == device(private):
        return [(site, sum(needed))]
    return [(site, needed[0]), (private, needed[1])]


def _amount(check: str, count: int) -> object:
    return size(count) if check == "space" else count


def _bytes_needed(place: Place) -> tuple[int, int]:
    listed = _manifest(place)
    if not listed:
        return FIRST_BYTES, FIRST_BYTES
    release = sum(int(file["bytes"]) for file in listed["files"].values())
    raw = (place.private / "raw" / sha256 for sha256 in set(listed["inputs"].values()))
    inputs = sum(path.stat().st_size for path in raw if path.is_file())
    return TIMES * release, TIMES * inputs or release


def _files_needed(place: Place) -> tuple[int, int]:
    listed = _manifest(place)
    if not listed:
        return FIRST_FILES, FIRST_FILES
    return TIMES * len(listed["files"]), FIRST_FILES + TIMES * len(listed["inputs"])


def _manifest(place: Place) -> dict[str, Any]:
    from pipeline.release.package import manifest

    return manifest.read(place.site / "current")


def _bytes_left(path: Path) -> int:
    return shutil.disk_usage(path).free


def _files_left(path: Path) -> int | None:
    about = os.statvfs(path)
    return about.f_favail if about.f_files else None  # some file systems have no such limit
