"""The store of releases: one writer, releases made aside, `current` switched by one rename.

::

    SITE/
      .lock                  held while a release is made; a crash frees it
      .making/               the release being made; whoever holds the lock may clear it
      releases/<id>/         immutable
      current -> releases/<id>
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.words import language, say


@contextmanager
def writing(site: Path) -> Iterator[Path]:
    """An empty folder to make a release in. StoreError where another run holds the store."""
    try:
        (site / "releases").mkdir(parents=True, exist_ok=True)
        lock = os.open(site / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(
            say("store-unwritable", language(), site=site, why=error.strerror)
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(say("store-busy", language(), site=site)) from error
        making = site / ".making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        try:
            yield making
        finally:
            shutil.rmtree(making, ignore_errors=True)
    finally:
        os.close(lock)


def current(site: Path) -> Path | None:
    """The folder of the release that is public now; None before the first."""
    link = site / "current"
    return link.resolve() if link.is_symlink() and link.exists() else None


def make_current(site: Path, made: Path, release: str) -> None:
    """Move a finished release in place and switch `current`: all of it is on disk before it shows."""
    place = site / "releases" / release
    for path in sorted(made.rglob("*")):
        if path.is_file():
            _sync(path)
    if place.exists():
        shutil.rmtree(place)
    made.rename(place)
    _sync(place.parent)
    link = site / ".current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("releases") / release)
    link.replace(site / "current")
    _sync(site)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def prune(site: Path, keep: int) -> None:
    """Keep the last `keep` releases, and `current` whatever its age."""
    shown = current(site)
    releases = sorted(
        (p for p in (site / "releases").iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime_ns
    )
    for old in releases[:-keep]:
        if old != shown:
            shutil.rmtree(old)
