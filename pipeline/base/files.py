"""Durable files: atomic writes, fsync, locks; and errors of disks as one sentence.

An error of a disk becomes one StoreError that names the folder at fault and says what to do
(`faults`). Code that does not know the folders, such as on a worker, adds the missing path to an
error and raises it again (`naming`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.base import disk_faults
from pipeline.base.errors import GongshiError, StoreError
from pipeline.base.words import language, say

_PID = 32  # bytes at most of a process's number


@contextmanager
def faults(folder: Path, *others: Path, temp_directory: Path | None = None) -> Iterator[None]:
    """Turn an error of a disk, a database or memory into one StoreError that says what it is.

    `folder`: the folder that is written, and the one at fault where an error names no file.
    `others`: further folders that may be written; a full disk may be theirs. `temp_directory`:
    where DuckDB puts temporary files, by default `folder`. Other errors are raised unchanged.
    """
    try:
        yield
    except GongshiError:
        raise
    except Exception as error:  # of any library: disk_faults decides which concern the disk
        fault = disk_faults.fault_of(error)
        if fault is None:
            raise
        said = disk_faults.sentence(fault, (folder, *others), temp_directory or folder)
        raise StoreError(said) from error


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn an error of a disk, or of a database on it, into an OSError that names its file.

    `path`: the file that is written or read, or the folder of several, for errors that name none.
    Other errors are raised unchanged.
    """
    try:
        yield
    except GongshiError:
        raise
    except Exception as error:  # of any library: disk_faults decides which concern the disk
        fault = disk_faults.fault_of(error)
        if fault is None or not fault.number or fault.cause in ("memory", "ended"):
            raise
        if isinstance(error, OSError) and fault.path:
            raise
        named = fault if fault.path else disk_faults.at(fault, path)
        raise OSError(named.number, named.why, str(named.path)) from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock (flock) on `folder`, created if missing. A crash releases it.

    StoreError where another run holds it, or where the folder cannot be written.
    """
    with faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(lock, _PID, 0).decode("ascii", "ignore").strip()
            who = say("store-busy-process", language(), pid=pid) if pid.isdigit() else ""
            raise StoreError(say("store-busy", language(), site=folder, who=who)) from error
        with suppress(OSError):  # on a full disk the lock holds, but nobody learns whose it is
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Force a file's content, or a folder's entries, to disk (fsync). OSError names `path`."""
    with naming(path):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_tree(folder: Path) -> None:
    """Force `folder` and all files and folders under it to disk."""
    for at, _, names in os.walk(folder):
        for name in names:
            sync(Path(at) / name)
        sync(Path(at))


def write_durably(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace the file at `path` by `text`, atomically; it is on disk when this returns.

    `mode`: the new file's permissions. OSError names `path`.
    """
    made = path.with_name(f".{path.name}.new")
    made.unlink(missing_ok=True)
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with naming(path), os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
    with suppress(OSError):  # some file systems cannot fsync a folder
        sync(path.parent)


def clear(folder: Path) -> None:
    """Delete all that is in `folder`, and keep the folder."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def link(old: Path, new: Path) -> None:
    """Hard-link the file `old` as `new`, whose folder is created; copy where linking fails."""
    new.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(old, new)
    except OSError:
        copy(old, new)


def copy(old: Path, new: Path) -> None:
    """Copy the content of the file `old` to `new`. OSError names `new`."""
    with naming(new):
        shutil.copyfile(old, new)
