"""The store of releases: one writer, releases made aside, `current` switched by one rename.

::

    SITE/
      .lock                  held while the store is written; a crash frees it
      .making/               what is being made; whoever holds the lock may clear it
      .leaving/<id>          to be replaced; put back if nothing took its place, else cleared
      .gone/<id>             being deleted
      .pending               the name of a release in place that is not public yet
      releases/<id>/         immutable, but for what the law withdraws
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
    """The store for one writer, and an empty folder in it to make releases in.

    `private`: the folder that is written besides, to which goes what does not fit in memory. What a
    run before left half done is settled first. StoreError where another run has the store, or where
    it cannot be written.
    """
    others = [private] if private else []
    with files.locked(site), files.faults(site, *others, temp_directory=private):
        (site / "releases").mkdir(exist_ok=True)
        _settle(site)
        making = site / ".making"
        making.mkdir()
        try:
            yield making
        finally:
            shutil.rmtree(making, ignore_errors=True)


def _settle(site: Path) -> None:
    """Clear what was being made; what was leaving comes back unless something took its place."""
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
        never_shown = site / "releases" / pending.read_text("utf-8")
        if never_shown.is_dir() and never_shown.name and never_shown != current(site):
            drop(site, never_shown)
        pending.unlink()


# ---------------------------------------------------------------- what is there


def current(site: Path) -> Path | None:
    """The folder of the release that is public now; None before the first."""
    link = site / "current"
    return link.resolve() if link.is_symlink() and link.exists() else None


def kept(site: Path) -> list[Path]:
    """Every release in the order in which they were made.

    The order is that of their manifests' numbers: a clock can go backwards, a number does not.
    """
    folder = site / "releases"
    found = [p for p in folder.iterdir() if p.is_dir()] if folder.is_dir() else []
    return sorted(found, key=lambda p: (manifest.number(p), p.name))


def sound(site: Path) -> Path | None:
    """`current`, which is as its manifest says; None before the first.

    StoreError where it is damaged.
    """
    shown = current(site)
    if shown and (wrong := manifest.damaged(shown)):
        raise StoreError(
            say("store-damaged", language(), release=shown.name, file=wrong[0], site=site)
        )
    return shown


def named(site: Path, release: str) -> Path:
    """The folder of `release`, or of `current` where it is "". StoreError where there is none."""
    place = site / "releases" / release if release else current(site)
    if place is None or not place.is_dir():
        known = ", ".join(p.name for p in kept(site)) or "-"
        raise StoreError(
            say("release-unknown", language(), release=release or "current", known=known)
        )
    return place


def free_name(site: Path, release: str) -> str:
    """`release`, or where a kept one has that name, the next that none has.

    It has it where content comes back that was there before on the same day: history goes on all
    the same, and what is kept is never written over.
    """
    taken = {p.name for p in kept(site)}
    more = (f"{release}-{n}" for n in range(2, len(taken) + 3))
    return next(name for name in (release, *more) if name not in taken)


# ---------------------------------------------------------------- what changes it


def place(site: Path, made: Path, release: str) -> Path:
    """Move a finished release in place, all of it on disk before it has its name."""
    target = site / "releases" / release
    files.sync_tree(made)
    _leave(site, target)
    made.rename(target)
    files.sync(target.parent)
    shutil.rmtree(site / ".leaving", ignore_errors=True)
    return target


def show(site: Path, made: Path, release: str) -> None:
    """Put a finished release in place and make it the public one.

    Until the switch its name stands in `.pending`, so that one that never was public is not taken
    for a kept one.
    """
    pending = site / ".pending"
    files.write_durably(pending, release)
    place(site, made, release)
    switch(site, release)
    pending.unlink()


def switch(site: Path, release: str) -> None:
    """Make `release`, which is in place, the public one: one rename."""
    link = site / ".current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("releases") / release)
    link.replace(site / "current")
    files.sync(site)


def set_aside(site: Path, release: Path, private: Path) -> None:
    """Take a damaged release off the public site; it is kept under PRIVATE."""
    place = private / "damaged" / release.name
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    shutil.copytree(release, place)
    drop(site, release)


def drop(site: Path, release: Path) -> None:
    """Take a release away; `current` never."""
    if release == current(site):
        raise AssertionError("the release on show cannot be dropped")
    gone = site / ".gone"
    gone.mkdir(exist_ok=True)
    shutil.rmtree(gone / release.name, ignore_errors=True)
    release.rename(gone / release.name)  # at once: no half of it is ever among the kept
    files.sync(release.parent)
    shutil.rmtree(gone)


def prune(site: Path, keep: int) -> None:
    """Keep the last `keep` releases, and `current` whatever its age."""
    shown = current(site)
    for old in kept(site)[: -max(keep, 1)]:
        if old != shown:
            drop(site, old)


def _leave(site: Path, target: Path) -> None:
    if target.exists():
        leaving = site / ".leaving"
        leaving.mkdir(exist_ok=True)
        target.rename(leaving / target.name)
