"""Checks of the store: the target of `current`, locks, and the key that signs."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

from pipeline.flow.doctor.result import Place, Result, look, right, wrong

KEY_BYTES = 32
LISTED = Path("/proc/locks")  # where Linux lists who has which lock
#: What only an interrupted run leaves: in SITE, in PRIVATE.
LEFT_IN_SITE = (".making", ".leaving", ".gone", ".pending")
LEFT_IN_PRIVATE = ("work", "fetched")


def current(place: Place) -> Result:
    """The link `current`: it points to a kept release in SITE whose files have their full length."""
    link, kept = place.site / "current", place.site / "releases"
    found = _releases(place.site)
    if not os.path.lexists(link):
        if found:
            return wrong("current", "current-missing", path=link, count=len(found))
        return look("current", "current-none", site=place.site)
    if not link.is_symlink():
        return wrong("current", "current-no-link", path=link)
    target = Path(os.path.realpath(link))
    if not link.exists():
        return wrong("current", "current-dangling", path=link, target=link.readlink())
    if target.parent != Path(os.path.realpath(kept)):
        return wrong("current", "current-outside", path=link, target=target, releases=kept)
    if lacking := _lacking(target):
        return wrong(
            "current", "current-damaged", release=target.name, count=len(lacking), file=lacking[0]
        )
    if link.readlink().is_absolute():
        return look("current", "current-absolute", path=link, release=target.name)
    return right("current", "current-good", release=target.name, count=len(found))


def _releases(site: Path) -> list[Path]:
    folder = site / "releases"
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _lacking(release: Path) -> list[str]:
    """Files of a release that are missing or not of their length.

    Their content is for `gongshi verify`.
    """
    from pipeline.release.package import manifest

    listed = manifest.read(release).get("files")
    if not isinstance(listed, dict):
        return [manifest.MANIFEST]
    return [
        name
        for name, listed_file in listed.items()
        if _length(release / name) != listed_file["bytes"]
    ]


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


# ---------------------------------------------------------------- who is writing


def locks(place: Place) -> Result:
    """Whether a run holds SITE or PRIVATE, or an interrupted run has left files there."""
    for folder in (place.site, place.private):
        if _is_held(folder / ".lock"):
            return _held(folder)
    left = [place.site / name for name in LEFT_IN_SITE]
    left += [place.private / name for name in LEFT_IN_PRIVATE]
    if there := [path for path in left if os.path.lexists(path)]:
        return look("locks", "locks-left", path=there[0], count=len(there))
    return right("locks", "locks-free")


def _is_held(lock: Path) -> bool:
    """Whether another process holds a lock.

    The lock asked for is shared and released at once, so that no run is refused for it.
    """
    try:
        handle = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _held(folder: Path) -> Result:
    lock = folder / ".lock"
    process = _holder(lock)
    if not process:
        return look("locks", "locks-held-unknown", path=folder, lock=lock)
    if not _is_alive(process):  # a child process has inherited the lock
        return wrong("locks", "locks-orphan", path=folder, lock=lock, process=str(process))
    return look("locks", "locks-held", path=folder, process=str(process))


def _holder(lock: Path) -> int:
    """The process that took a lock, by Linux's list of locks; 0 where that does not say."""
    about = lock.stat()
    device = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}"
    try:
        lines = LISTED.read_text("utf-8").splitlines()
    except OSError:
        return 0
    for line in lines:  # 1: FLOCK  ADVISORY  WRITE 4321 fe:00:1234 0 EOF
        words = line.split()
        if words[1] == "FLOCK" and words[5] == f"{device}:{about.st_ino}":
            return max(int(words[4]), 0)
    return 0


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


# ---------------------------------------------------------------- the key


def key(place: Place) -> Result:
    """The key in PRIVATE: there, whole, closed to others, and that of the release on show."""
    path = place.private / "key"
    if not path.exists():
        if _releases(place.site):
            return wrong("key", "key-lost", path=path)
        return look("key", "key-none", path=path)
    secret = _secret(path)
    if len(secret) != KEY_BYTES:
        return wrong("key", "key-damaged", path=path)
    about = path.stat()
    mode = stat.S_IMODE(about.st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return wrong("key", "key-open", path=path, mode=f"{mode:04o}")
    return _signs(place, path, secret) or _owned(path, about.st_uid) or _good(secret)


def _secret(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text("utf-8").strip())
    except ValueError:
        return b""


def _signs(place: Place, path: Path, secret: bytes) -> Result | None:
    """The result where another key signed the current release; else None."""
    from pipeline.release.package import manifest

    shown = place.site / "current" / manifest.PUBLIC_KEY
    if not shown.is_file():
        return None
    own, other = manifest.public_pem(manifest.signing_key(secret)), shown.read_bytes()
    if own == other:
        return None
    prints = {"own": manifest.fingerprint(own), "other": manifest.fingerprint(other)}
    return wrong("key", "key-other", path=path, **prints)


def _owned(path: Path, owner: int) -> Result | None:
    if owner == os.geteuid():
        return None
    return look("key", "key-owner", path=path, owner=str(owner), user=str(os.geteuid()))


def _good(secret: bytes) -> Result:
    from pipeline.release.package import manifest

    pem = manifest.public_pem(manifest.signing_key(secret))
    return right("key", "key-good", fingerprint=manifest.fingerprint(pem))
