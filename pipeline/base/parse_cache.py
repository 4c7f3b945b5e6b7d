"""A cache of parsed files, valid until the files or the program change.

It is the folder `gongshi` in the user's cache folder (XDG Base Directory Specification:
`$XDG_CACHE_HOME`, else `~/.cache`). Loading a pickle can run any code, as loading Python's compiled
modules can. So only a file is read that this user wrote, in a folder where nobody else can write.
An entry that is cut or damaged counts as missing. Deleting the folder costs only time.
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
MOST = 32  # entries kept, the newest
_DIGEST = 32  # bytes of a sha256
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def parsed(kind: str, of: str, parse: Callable[[], Parsed]) -> Parsed:
    """What `parse` returns, from the cache where it was called before for the same `of`.

    `of` identifies the input in full (such as a hash of its content). `kind` begins the entry's
    name, for people who look into the folder. What `parse` raises is raised, and nothing is kept.
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
    """The cache folder, made where it is missing; None where other users may write to it."""
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
    """`path`, or its nearest parent that exists."""
    return path if path.exists() else _nearest(path.parent)


def _is_own(about: os.stat_result) -> bool:
    return about.st_uid == os.geteuid()


def _is_private(about: os.stat_result) -> bool:
    return _is_own(about) and not about.st_mode & _OTHERS_WRITE


def _read(path: Path) -> bytes | None:
    """The content of the entry at `path`; None where it is missing, damaged or not this user's."""
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
    """Write an entry atomically, and remove the oldest ones beyond MOST."""
    made = path.with_name(f".{os.getpid()}.new")
    made.unlink(missing_ok=True)
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:  # noqa: PTH123 - made just now, by nobody else
        file.write(hashlib.sha256(content).digest() + content)
    made.replace(path)
    kept = sorted(path.parent.glob("*-*"), key=lambda p: p.stat().st_mtime_ns)
    for old in kept[:-MOST]:
        old.unlink(missing_ok=True)
