"""What an error of a disk, or of a database on it, means: cause, path, and what to do.

Python names the file where opening fails, but not where writing or closing does. SQLite and Arrow's
driver for it name none. DuckDB and Arrow have path and reason in their text, and xlsxwriter wraps
the error. All are brought to the system's error numbers (errno(3)) here, and to one sentence.
Libraries are recognised by name: importing them would slow down every command.
"""

from __future__ import annotations

import errno
import os
import pwd
import re
import resource
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.base.patterns import lazy
from pipeline.base.words import language, say

# Bytes: a disk with less space left may have been full before unfinished files were removed.
ROOM = 64 << 20
NO_BLOCK = 1 << 20  # bytes: a disk with less left is full
_PAGE = 64 << 10  # bytes: SQLite writes no more than this at once
_NUMBERS = {os.strerror(number): number for number in errno.errorcode}
_CAUSES = {
    **dict.fromkeys((errno.ENOSPC,), "full"),
    **dict.fromkeys((errno.EDQUOT,), "quota"),
    **dict.fromkeys((errno.EFBIG,), "too-large"),
    **dict.fromkeys((errno.EROFS,), "read-only"),
    **dict.fromkeys((errno.EACCES, errno.EPERM), "no-right"),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "open-files"),
    **dict.fromkeys((errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ESTALE), "gone"),
    **dict.fromkeys((errno.EIO,), "broken"),
    **dict.fromkeys((errno.EBUSY, errno.EAGAIN, errno.ETXTBSY), "busy"),
    **dict.fromkeys((errno.ELOOP,), "loop"),
    **dict.fromkeys((errno.ENOMEM,), "memory"),
    **dict.fromkeys((errno.ECHILD,), "ended"),
}
#: Errors that a retry, or another worker, does not solve: there is no room for the output.
NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS))
# What SQLite says (https://www.sqlite.org/rescode.html), and the system's number for it.
_SQLITE = {
    "disk is full": errno.ENOSPC,
    "disk I/O error": errno.EIO,
    "readonly database": errno.EROFS,
    "is locked": errno.EBUSY,
    "unable to open": errno.EIO,
    "failed to open": errno.EIO,  # ADBC
    "malformed": errno.EIO,
    "not a database": errno.EIO,
    "out of memory": errno.ENOMEM,
}
_DAMAGED = ("malformed", "not a database")
_VAGUE = ("disk I/O error", "unable to open", "failed to open")  # the system's reason is lost
_NO_TEMPORARY = "No usable temporary directory"
_DUCKDB = lazy(r'"(?P<path>[^"\\]+)\\?": (?P<why>[^"\\\n{}]+)')
_ARROW = lazy(r"(?:'(?P<path>[^']+)'.*)?Detail: \[errno \d+\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fault:
    """`number`: the system's, 0 where it is another; `why`: the reason in its own words; `path`:
    the file or folder that the error names, if any.
    """

    number: int
    why: str
    path: Path | None = None

    @property
    def cause(self) -> str:
        """`full`, `quota`, `too-large`, `read-only`, `no-right`, …:
        as the messages `disk-…` have it.
        """
        damaged = any(words in self.why for words in _DAMAGED)
        return "damaged" if damaged else _CAUSES.get(self.number, "other")


def fault_of(error: BaseException) -> Fault | None:
    """The fault of a disk, a database or memory behind `error`; None for any other error."""
    if isinstance(error, OSError):
        return None if isinstance(error, ConnectionError) else _of_system(error)
    names = {kind.__name__ for kind in type(error).__mro__}
    library = type(error).__module__.partition(".")[0].lstrip("_")
    said = next(iter(str(error).splitlines()), "") or type(error).__name__
    if names & {"MemoryError", "OutOfMemoryException"}:
        return Fault(errno.ENOMEM, said)
    if "BrokenExecutor" in names:  # a process of ours was killed
        return Fault(errno.ECHILD, said)
    if library == "xlsxwriter" and error.args and isinstance(error.args[0], OSError):
        return _of_system(error.args[0])
    if library == "duckdb" and "IOException" in names:
        return _of_duckdb(said)
    if library in ("sqlite3", "adbc_driver_manager") and "DatabaseError" in names:
        known = next((words for words in _SQLITE if words in said), "")
        return Fault(_SQLITE.get(known, 0), known if known in _VAGUE else said)
    return None


def _of_system(error: OSError) -> Fault:
    if isinstance(error, shutil.Error):  # of a whole folder: a list of source, target and reason
        _, target, said = error.args[0][0]
        return Fault(_number(said), said, Path(target))
    number, text = error.errno or 0, error.strerror or str(error)
    if text.startswith(_NO_TEMPORARY):  # tempfile tries to write into several and keeps the reasons
        return Fault(_likely(temporary() / "any"), text.partition(" in [")[0], temporary())
    if number and (arrow := _ARROW.search(text)):
        return Fault(number, os.strerror(number), Path(arrow["path"]) if arrow["path"] else None)
    # Of a copy, a link or a rename the second name is the one that was written.
    names = (error.filename2, error.filename)
    paths = [Path(os.fsdecode(name)) for name in names if isinstance(name, str | bytes)]
    if number == errno.ENOENT:
        paths.sort(key=_is_there)
    return Fault(number, text.splitlines()[0] if text else "", paths[0] if paths else None)


def _of_duckdb(said: str) -> Fault:
    if found := _DUCKDB.search(said):
        why = found["why"].strip()
        return Fault(_NUMBERS.get(why, 0), why, Path(found["path"]))
    return Fault(_number(said), said)


def _number(said: str) -> int:
    """The errno of the reason that `said` contains; 0 where it has none."""
    return next((number for why, number in _NUMBERS.items() if why in said), 0)


# ---------------------------------------------------------------- where it is


def at(fault: Fault, path: Path) -> Fault:
    """`fault`, whose error names no file, as a fault of `path`, which was being written or read.

    Where SQLite has lost the reason, it is determined at `path`. A full disk may be that of the
    temporary folder, which SQLite uses too.
    """
    number, why, place = fault.number, fault.why, path
    if any(words in why for words in _VAGUE):
        number = _likely(path)
        why = f"{os.strerror(number)} ({why})"
    if fault.cause == "full":
        place = _full_one(path, (temporary(),))
    return Fault(number, why, place)


def _likely(path: Path) -> int:
    """The errno of the first usual reason why `path` cannot be written that holds now, else EIO."""
    path = path.absolute()
    folder = _existing(path.parent)
    most, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = path.stat().st_size if _is_there(path) else 0
    reasons = {
        errno.ENOENT: folder != path.parent,
        errno.EROFS: bool((state := _state(folder)) and state.f_flag & os.ST_RDONLY),
        errno.EACCES: not os.access(path if _is_there(path) else folder, os.W_OK),
        errno.ENOSPC: free(folder) == 0,
        errno.EFBIG: most != resource.RLIM_INFINITY and size + _PAGE > most,
    }
    return next((number for number, true in reasons.items() if true), errno.EIO)


def temporary() -> Path:
    """The folder for temporary files, whether or not it can be used."""
    return Path(tempfile.tempdir or os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 - nothing is made


def free(folder: Path) -> int:
    """Bytes that can still be written on the disk of `folder`; 0 where no file can be added."""
    state = _state(_existing(folder))
    if state is None or (state.f_files > 0 and state.f_favail == 0):
        return 0
    return state.f_bavail * state.f_frsize


def _state(folder: Path) -> os.statvfs_result | None:
    """What the system says of the disk of `folder`; None where that fails too."""
    try:
        return os.statvfs(folder)
    except OSError:
        return None


def _full_one(first: Path, others: Iterable[Path]) -> Path:
    """The folder whose disk is full: `first`, which gets nearly all output, unless it has room now
    and one of `others` has none.
    """
    if free(first) < ROOM:
        return first
    return next((other for other in others if free(other) < NO_BLOCK), first)


def _existing(path: Path) -> Path:
    """`path`, or its nearest parent that exists."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if _is_there(place))


def _is_there(path: Path) -> bool:
    """Whether `path` exists, as far as this user may see."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where a folder is closed


def _around(path: Path, folders: Sequence[Path]) -> Path:
    """The innermost of `folders` that contains `path`; else its parent."""
    real = os.path.realpath(path)
    places = {os.path.realpath(folder): folder for folder in folders}
    inside = [place for place in places if Path(real).is_relative_to(place)]
    return places[max(inside, key=len)] if inside else _existing(path.parent)


# ---------------------------------------------------------------- in words


def sentence(fault: Fault, folders: Sequence[Path], temp_directory: Path) -> str:
    """What happened, where, and what to do, in one sentence of the user's language.

    `folders`: those that were written, the first being the one where an error names none.
    `temp_directory`: where that goes which does not fit in memory.
    """
    lang = language()
    if fault.cause == "memory":
        return say("store-no-room", lang, site=temp_directory, why=fault.why)
    if fault.cause == "ended":
        return say("process-ended", lang)
    known = (*folders, temporary())
    path = fault.path or folders[0]
    if fault.cause == "full" and fault.path is None:
        path = _full_one(folders[0], known[1:])
    if fault.cause == "gone":
        path = _missing(path)
    folder = _around(path, known)
    cause = "full-temporary" if fault.cause == "full" and folder == temporary() else fault.cause
    owner, user = _owner(path), _name(os.geteuid())
    fix = say(
        f"disk-{cause}", lang, folder=folder, free=_size(free(folder)), owner=owner, user=user
    )
    frame = _frame(fault, path)
    return say(frame, lang, site=path, why=fault.why, fix=fix).rstrip()


def _frame(fault: Fault, path: Path) -> str:
    if fault.cause == "no-right" and _is_there(path) and not os.access(path, os.R_OK):
        return "store-unreadable"
    unusable = fault.cause in ("gone", "broken", "damaged", "busy", "loop")
    return "store-unusable" if unusable else "store-unwritable"


def _missing(path: Path) -> Path:
    """The outermost folder of `path` that is not there."""
    path = path.absolute()
    return next((p for p in reversed((path, *path.parents)) if not os.path.lexists(p)), path)


def _owner(path: Path) -> str:
    return _name(_existing(path).lstat().st_uid)


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # a user of another machine
        return str(user)


def _size(count: int) -> str:
    amount, units = float(count), ["B", "KB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    return f"{amount:.0f} {units[0]}" if units[0] == "B" else f"{amount:.1f} {units[0]}"
