"""The store of releases: one writer, releases written in `.making`, `current` switched by one rename.

::

    SITE/
      .lock                  held while the store is written; a crash frees it
      .making/               the release being written; the holder of the lock may delete it
      .leaving/<id>          a release being replaced; put back if it was not, else deleted
      .gone/<id>             being deleted
      .pending               the name of a release in place that is not public yet
      releases/<id>/         immutable, except that withdrawals rewrite it
      current -> releases/<id>
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.base import files
from pipeline.base.errors import StoreError
from pipeline.base.words import language, say
from pipeline.release.package import manifest


@contextmanager
def writing(site: Path, private: Path | None = None) -> Iterator[Path]:
    """Lock the store; gives an empty folder in it to write releases in.

    `private`: the other folder that is written, which holds temporary tables. What an earlier run
    left unfinished is recovered first. Raises StoreError where another run holds the store, or
    where it cannot be written.
    """
    others = [private] if private else []
    with files.locked(site), files.faults(site, *others, temp_directory=private):
        (site / "releases").mkdir(exist_ok=True)
        _recover(site)
        making = site / ".making"
        making.mkdir()
        try:
            yield making
        finally:
            shutil.rmtree(making, ignore_errors=True)


def _recover(site: Path) -> None:
    """Recover from a crash: delete unfinished releases, put back one that was not replaced, and
    delete one that never became public.
    """
    shutil.rmtree(site / ".making", ignore_errors=True)
    shutil.rmtree(site / ".gone", ignore_errors=True)
    leaving = site / ".leaving"
    for old in leaving.iterdir() if leaving.is_dir() else ():
        place = site / "releases" / old.name
        if not place.exists():
            old.rename(place)
    shutil.rmtree(leaving, ignore_errors=True)
    pending = site / ".pending"
    if pending.exists():
        never_public = site / "releases" / pending.read_text("utf-8")
        if never_public.is_dir() and never_public.name and never_public != current(site):
            drop(site, never_public)
        pending.unlink()


# ---------------------------------------------------------------- reading


def current(site: Path) -> Path | None:
    """The folder of the release that is public now; None before the first."""
    link = site / "current"
    return link.resolve() if link.is_symlink() and link.exists() else None


def kept(site: Path) -> list[Path]:
    """The folders of all kept releases, in the order in which they were made.

    That is the order of their manifests' numbers: a clock can go backwards, a number does not.
    """
    folder = site / "releases"
    found = [p for p in folder.iterdir() if p.is_dir()] if folder.is_dir() else []
    return sorted(found, key=lambda p: (manifest.number(p), p.name))


def checked_current(site: Path) -> Path | None:
    """The folder of `current`, checked against its manifest; None before the first.

    Raises StoreError where it is damaged.
    """
    shown = current(site)
    if shown and (wrong := manifest.damaged(shown)):
        raise StoreError(
            say("store-damaged", language(), release=shown.name, file=wrong[0], site=site)
        )
    return shown


def named(site: Path, release: str) -> Path:
    """The folder of `release`, or of `current` for "". Raises StoreError where there is none."""
    place = site / "releases" / release if release else current(site)
    if place is None or not place.is_dir():
        known = ", ".join(p.name for p in kept(site)) or "-"
        raise StoreError(
            say("release-unknown", language(), release=release or "current", known=known)
        )
    return place


def free_name(site: Path, release: str) -> str:
    """`release`, or with the next free suffix (-2, -3, …) where a kept release has that name.

    That happens where earlier content returns on the same day: it is a new release all the same,
    and a kept one is never overwritten.
    """
    used = {p.name for p in kept(site)}
    more = (f"{release}-{n}" for n in range(2, len(used) + 3))
    return next(name for name in (release, *more) if name not in used)


# ---------------------------------------------------------------- writing


def place(site: Path, made: Path, release: str) -> Path:
    """Move the finished release in the folder `made` to its place, and give that.

    All of it is on disk before it has its name.
    """
    target = site / "releases" / release
    files.sync_tree(made)
    _leave(site, target)
    made.rename(target)
    files.sync(target.parent)
    shutil.rmtree(site / ".leaving", ignore_errors=True)
    return target


def make_current(site: Path, made: Path, release: str) -> None:
    """Move the finished release in the folder `made` to its place, and make it the public one.

    Until the switch its name is in `.pending`: after a crash, a release that never was public is
    not mistaken for a kept one.
    """
    pending = site / ".pending"
    files.write_durably(pending, release)
    place(site, made, release)
    switch(site, release)
    pending.unlink()


def switch(site: Path, release: str) -> None:
    """Make `release`, which is in its place, the public one, by one rename."""
    link = site / ".current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("releases") / release)
    link.replace(site / "current")
    files.sync(site)


def set_aside(site: Path, release: Path, private: Path) -> None:
    """Remove a damaged release from the public site; a copy is kept in PRIVATE/damaged."""
    place = private / "damaged" / release.name
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    shutil.copytree(release, place)
    drop(site, release)


def drop(site: Path, release: Path) -> None:
    """Delete a release, which must not be `current`."""
    if release == current(site):
        raise AssertionError("the public release cannot be deleted")
    deleting = site / ".gone"
    deleting.mkdir(exist_ok=True)
    shutil.rmtree(deleting / release.name, ignore_errors=True)
    release.rename(deleting / release.name)  # no half of it is ever among the kept releases
    files.sync(release.parent)
    shutil.rmtree(deleting)


def prune(site: Path, keep: int) -> None:
    """Delete all releases but the last `keep`, and but `current`, whatever its age."""
    shown = current(site)
    for old in kept(site)[: -max(keep, 1)]:
        if old != shown:
            drop(site, old)


def _leave(site: Path, target: Path) -> None:
    if target.exists():
        leaving = site / ".leaving"
        leaving.mkdir(exist_ok=True)
        target.rename(leaving / target.name)
