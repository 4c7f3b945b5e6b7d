"""The inbox: which files there are, and a copy of each that stays as it is while it is read."""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath

from pipeline.base.errors import UnreadableInput
from pipeline.base.files import naming
from pipeline.base.model import Catalog, Finding, Location, found
from pipeline.base.words import language, say
from pipeline.intake.inbox.listed_publishers import Listed, is_package, read_listed
from pipeline.intake.table.sources_yaml import Hint, read_hints

TABLES = {".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".json", ".jsonl", ".html", ".htm"}
REPORTS = {".txt", ".docx", ".html", ".htm", ".pdf"}
TRIES = 3  # to copy a file that changes while it is copied


@dataclass(frozen=True, slots=True)
class InboxFile:
    path: Path
    name: str  # inside the inbox, with forward slashes; of a package: publisher, path inside it
    is_report: bool
    hint: Hint
    sha256: str = ""  # where it is known already

    @property
    def suffix(self) -> str:
        """What the name ends in, in small letters: `.csv`."""
        return PurePosixPath(self.name).suffix.lower()


@dataclass(frozen=True, slots=True)
class Inbox:
    files: tuple[InboxFile, ...]  # by name
    findings: tuple[Finding, ...]  # files that are not read, and why
    packages: tuple[Listed, ...] = ()  # other publishers' releases, wherever they are


def scan(folder: Path, catalog: Catalog) -> Inbox:
    """Every file of the inbox. Raises UnreadableInput where there is none to read.

    Symbolic links that leave the inbox, what is no plain file, and hidden tables are findings; other
    hidden files and Excel's lock files are passed over.
    """
    lang = language()
    with _readable():
        if not folder.is_dir():
            raise UnreadableInput(say("inbox-missing", lang, path=folder))
        hints = read_hints(folder / "sources.yaml", catalog)
        packages = read_listed(folder / "sources.yaml", catalog)
    beside = {path.resolve() for each in packages for path in each.beside}
    files, findings, unlisted = list[InboxFile](), list[Finding](), set[Path]()
    closed, hidden = list[OSError](), set[str]()
    for path in sorted(_walk(folder, closed.append)):
        name = shown(path.relative_to(folder))
        if name == "sources.yaml" or _is_listed(path, beside):
            continue
        if _is_hidden(name):
            hidden |= _worth_a_word(name)
            continue
        if package := _package(path, folder, unlisted):
            unlisted.add(package)
            continue
        is_report = "reports" in PurePosixPath(name).parts[:-1]
        if name.endswith(".corrections.csv") and is_report:
            continue  # read with the report it corrects
        if finding := _not_read(path, name, folder.resolve(), is_report):
            findings.append(finding)
            continue
        hint = next((h for h in hints if matches(name, h.match)), Hint())
        files.append(InboxFile(path, name, is_report, hint))
    findings += _closed(closed, folder)
    findings += [found("file-hidden", Location(name)) for name in sorted(hidden)]
    if not files and not packages:
        raise UnreadableInput(say("inbox-empty", lang, path=folder))
    names = (shown(path.relative_to(folder)) for path in sorted(unlisted))
    findings += [found("package-not-listed", Location(name)) for name in names]
    return Inbox(tuple(files), tuple(findings), packages)


def _is_listed(path: Path, beside: set[Path]) -> bool:
    """Whether a file is, or is in, what an entry of sources.yaml about a package names."""
    return bool(beside) and not beside.isdisjoint((path.resolve(), *path.resolve().parents))


def _package(path: Path, folder: Path, known: Collection[Path]) -> Path | None:
    """The released package that a file is or is in, though sources.yaml does not list it: its rows
    are not a department's.
    """
    for around in path.parents:
        if around == folder:
            break
        if around in known or is_package(around):
            return around
    return path if path.suffix.lower() == ".zip" and is_package(path) else None


@contextmanager
def _readable() -> Iterator[None]:
    """An error of reading the inbox is UnreadableInput, and names what cannot be read."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise UnreadableInput(
            say("inbox-unreadable", language(), path=error.filename, why=why)
        ) from error


def _closed(errors: Iterable[OSError], folder: Path) -> Iterator[Finding]:
    """A finding for each folder in the inbox that cannot be read.

    UnreadableInput where it is the inbox.
    """
    for error in errors:
        if Path(error.filename) == folder:
            with _readable():
                raise error
        yield _unreadable(shown(Path(error.filename).relative_to(folder)), error)


def _unreadable(name: str, error: OSError) -> Finding:
    return found("file-unreadable", Location(name), params={"why": error.strerror or ""})


def _walk(folder: Path, closed: Callable[[OSError], None]) -> Iterator[Path]:
    """Files, and the links to folders, which are not followed.

    `closed` is called with the error of each folder that cannot be read.
    """
    for at, folders, names in os.walk(folder, onerror=closed):
        if not os.access(at, os.X_OK):
            closed(PermissionError(errno.EACCES, os.strerror(errno.EACCES), at))
            folders.clear()
            continue
        yield from (Path(at) / name for name in names)
        yield from (path for name in folders if (path := Path(at) / name).is_symlink())


def shown(path: PurePath) -> str:
    """A name as text, whatever its bytes: UTF-8, else GB18030 as old archives have it."""
    raw = os.fsencode(path.as_posix())
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "~$")) for part in PurePosixPath(name).parts)


def _worth_a_word(name: str) -> set[str]:
    """The hidden file or folder that keeps a table from being read; what programs write for
    themselves (locks of Excel, `._…` of a Mac) is none."""
    parts = PurePosixPath(name).parts
    at = next(n for n, part in enumerate(parts) if _is_hidden(part))
    is_ours = parts[at].startswith(("~$", "._")) or parts[-1].startswith("._")
    is_table = PurePosixPath(name).suffix.lower() in TABLES
    return {"/".join(parts[: at + 1])} if is_table and not is_ours else set()


def _not_read(path: Path, name: str, root: Path, is_report: bool) -> Finding | None:
    """Why a file is not read; None where it is."""
    try:
        inside, is_file = path.resolve(strict=True).is_relative_to(root), path.is_file()
    except PermissionError as error:
        return _unreadable(name, error)
    except (OSError, RuntimeError):  # a link to nowhere, or to itself
        return found("file-link-broken", Location(name))
    if not inside:
        return found("file-outside", Location(name))
    if not is_file:
        return found("file-special", Location(name))
    if not os.access(path, os.R_OK):
        return _unreadable(name, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    suffix = PurePosixPath(name).suffix
    if suffix.lower() not in (REPORTS if is_report else TABLES):
        return found("file-kind", Location(name), params={"suffix": suffix or "–"})
    return None


def matches(name: str, pattern: str) -> bool:
    """Whether `pattern` matches the file, or the file whose corrected feedback it is: a.csv for
    a.csv.xlsx.
    """
    names = (name, name[: -len(".xlsx")]) if name.endswith(".xlsx") else (name,)
    return any(n == pattern or fnmatch.fnmatchcase(n, pattern) for n in names)


def snapshot(file: InboxFile, folder: Path) -> InboxFile | Finding:
    """The file as it is now, copied into `folder` under its hash, so that nothing can change it
    while it is read. A finding where it cannot be read, or keeps changing while it is copied.

    A file whose hash is known is kept already: it came out of a package that was proven.
    """
    if file.sha256:
        return file
    folder.mkdir(exist_ok=True)
    made = folder / f".{os.getpid()}.new"
    try:
        for _ in range(TRIES):
            before = _state(file.path)
            digest, size = _copied(file.path, made)
            if before == _state(file.path) and size == before[0]:
                place = folder / digest
                made.replace(place)
                return replace(file, path=place, sha256=digest)
    except OSError as error:
        if error.filename and Path(error.filename).parent == folder:  # it is the copy that failed
            raise
        return _unreadable(file.name, error)
    finally:
        made.unlink(missing_ok=True)
    return found("file-changed", Location(file.name))


def _state(path: Path) -> tuple[int, int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns, about.st_ino


def _copied(path: Path, target: Path) -> tuple[str, int]:
    """sha256 and size of what was copied. OSError names the one of both that is at fault."""
    digest, size = hashlib.sha256(), 0
    with naming(target), target.open("wb") as copy:
        for block in _blocks(path):
            digest.update(block)
            copy.write(block)
            size += len(block)
    return digest.hexdigest(), size


def _blocks(path: Path) -> Iterator[bytes]:
    with naming(path), path.open("rb") as source:
        while block := source.read(1 << 20):
            yield block
