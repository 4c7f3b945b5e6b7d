"""What was parsed before, kept for the next command until what it was parsed from, or the program, changes.

Kept in `gongshi` in the user's folder for such things (XDG Base Directory Specification:
`$XDG_CACHE_HOME`, else `~/.cache`). A pickle can run anything, as can the compiled modules that
Python keeps; so, as of those, only a file is read that this user wrote, in a folder where nobody else
can write. One that is cut or damaged is as if it were not there. Deleting the folder costs time and
nothing else.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pipeline.base import software

Parsed = TypeVar("Parsed")
MOST = 32  # files that are kept, the newest
_DIGEST = 32  # bytes of a sha256
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def parsed(kind: str, of: str, parse: Callable[[], Parsed]) -> Parsed:
    """What `parse` gives. It is asked only where that is not known of what `of` says in full.

    `kind` is a word for people who look into the folder. What `parse` raises is raised, and nothing kept.
    """
    folder = _folder()
    if folder is None:
        return parse()
    name = hashlib.sha256(repr((kind, of, software.digest())).encode()).hexdigest()
    path = folder / f"{kind}-{name}"
    content = _read(path)
    if content is not None:
        known: Parsed = pickle.loads(content)  # noqa: S301 - written by this user, and whole
        return known
    made = parse()
    with suppress(OSError):  # what cannot be kept is parsed again
        _write(path, pickle.dumps(made, protocol=5))
    return made


def _folder() -> Path | None:
    """The folder, made where there is none; None where it is not, or not surely, this user's alone."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        if not base.is_absolute() or not _is_own(_nearest(base).stat()):
            return None
        folder = base / "gongshi"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.lstat()
    except (OSError, RuntimeError):  # RuntimeError: nobody knows this user's home
        return None
    return folder if stat.S_ISDIR(about.st_mode) and _is_private(about) else None


def _nearest(path: Path) -> Path:
    """`path`, or what there is of the way to it."""
    return path if path.exists() else _nearest(path.parent)


def _is_own(about: os.stat_result) -> bool:
    return about.st_uid == os.geteuid()


def _is_private(about: os.stat_result) -> bool:
    return _is_own(about) and not about.st_mode & _OTHERS_WRITE


def _read(path: Path) -> bytes | None:
    """What was kept in the file at `path`; None where it is not there, not whole, or not ours."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(handle, "rb") as file:  # noqa: PTH123 - what is looked at below is what is read
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or not _is_private(about):
            return None
        try:
            digest, content = file.read(_DIGEST), file.read()
        except OSError:
            return None
    return content if hashlib.sha256(content).digest() == digest else None


def _write(path: Path, content: bytes) -> None:
    """Keep `content`, whole or not at all, and drop what is oldest."""
    made = path.with_name(f".{os.getpid()}.new")
    made.unlink(missing_ok=True)
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:  # noqa: PTH123 - made just now, by nobody else
        file.write(hashlib.sha256(content).digest() + content)
    made.replace(path)
    kept = sorted(path.parent.glob("*-*"), key=lambda p: p.stat().st_mtime_ns)
    for old in kept[:-MOST]:
        old.unlink(missing_ok=True)
