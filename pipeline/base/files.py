"""Files that last: written whole or not at all, on disk when told so, under a lock;
and what went wrong.

Whatever a disk refuses becomes one StoreError that names the folder at fault and says what to do
(`faults`). What is deep inside, on a worker or before the folders are known, gives its errors the
path that they lack and lets them pass (`naming`).
"""

from __future__ import annotations

import fcntl
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
    """An error of a disk, a database or memory becomes one StoreError that says what it is.

    `folder`: what is written in here, and so what an error means that names no file; `others`: what
    may be written besides, and be meant where its disk is full. `temp_directory`: the folder to which that
    goes which does not fit in memory, `folder` if it is not given. Errors of other kinds pass.
    """
    try:
        yield
    except GongshiError:
        raise
    except Exception as error:  # of any library: disk_faults tells which are of the disk
        fault = disk_faults.fault_of(error)
        if fault is None:
            raise
        said = disk_faults.sentence(fault, (folder, *others), temp_directory or folder)
        raise StoreError(said) from error


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An error of a disk or of a database on it becomes an OSError that names its file.

    `path`: the file that is written or read in here, or the folder of several;
    it is named where the error names none.
    """
    try:
        yield
    except GongshiError:
        raise
    except Exception as error:  # of any library: disk_faults tells which are of the disk
        fault = disk_faults.fault_of(error)
        if fault is None or not fault.number or fault.cause == "memory":
            raise
        if isinstance(error, OSError) and fault.path:
            raise
        named = fault if fault.path else disk_faults.at(fault, path)
        raise OSError(named.number, named.why, str(named.path)) from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """`folder`, made where it is missing, for one run alone. A crash frees it.

    StoreError where another run has it, or where it cannot be written.
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
        with suppress(OSError):  # a full disk has the lock, only nobody learns whose it is
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def sync(path: Path) -> None:
    """Force a file's content, or a folder's list of names, to disk."""
    with naming(path):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_tree(folder: Path) -> None:
    """Force all files and folders under `folder` to disk, and itself."""
    for at, _, names in os.walk(folder):
        for name in names:
            sync(Path(at) / name)
        sync(Path(at))


def write_durably(path: Path, text: str, mode: int = 0o644) -> None:
    """`text` in place of the file at `path`: whole or not at all, and on disk when this returns."""
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
    with suppress(OSError):  # some file systems do not let folders be forced
        sync(path.parent)


def link(old: Path, new: Path) -> None:
    """The file `old` also at `new`, whose folder is made; copied where it cannot be linked."""
    new.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(old, new)
    except OSError:
        copy(old, new)


def copy(old: Path, new: Path) -> None:
    """The content of the file `old` at `new`."""
    with naming(new):
        shutil.copyfile(old, new)
