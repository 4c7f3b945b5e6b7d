"""The inbox: which files there are, and a copy of each that stays as it is while it is read."""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath

from pipeline.base.errors import UnreadableInput
from pipeline.base.model import Catalog, Finding, Location, found
from pipeline.base.words import language, say
from pipeline.intake.inbox.listed_publishers import Listed, is_package, read_listed
from pipeline.intake.table.sources_yaml import Hint, read_hints

TABLES = {".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".json"}
REPORTS = {".txt", ".docx", ".html", ".htm", ".pdf"}
TRIES = 3  # to copy a file that changes while it is copied

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


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

    Symbolic links that leave the inbox and what is no plain file are findings; hidden files and
    Excel's lock files are passed over.
    """
    lang = language()
    if not folder.is_dir():
        raise UnreadableInput(say("inbox-missing", lang, path=folder))
    hints = read_hints(folder / "sources.yaml", catalog)
    packages = read_listed(folder / "sources.yaml", catalog)
    beside = {path.resolve() for each in packages for path in each.beside}
    files, findings, unlisted = list[InboxFile](), list[Finding](), set[Path]()
    for path in sorted(_walk(folder)):
        name = shown(path.relative_to(folder))
        if name == "sources.yaml" or _is_hidden(name) or _is_listed(path, beside):
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
        hint = next((h for h in hints if _matches(name, h.match)), Hint())
        files.append(InboxFile(path, name, is_report, hint))
    if not files and not packages:
        raise UnreadableInput(say("inbox-empty", lang, path=folder))
    names = (shown(path.relative_to(folder)) for path in sorted(unlisted))
    findings += [found("package-not-listed", Location(name)) for name in names]
    return Inbox(tuple(files), tuple(findings), packages)


def _is_listed(path: Path, beside: set[Path]) -> bool:
    """Whether a file is, or is in, what an entry of sources.yaml about a package names."""
    return bool(beside) and not beside.isdisjoint((path.resolve(), *path.resolve().parents))


def _package(path: Path, folder: Path, known: Collection[Path]) -> Path | None:
    """The package that a file is or is in, which nobody listed: its rows are no department's."""
    for around in path.parents:
        if around == folder:
            break
        if around in known or is_package(around):
            return around
    return path if path.suffix.lower() == ".zip" and is_package(path) else None


def _walk(folder: Path) -> Iterator[Path]:
    """Files, and the links to folders, which are not followed."""
    for at, folders, names in os.walk(folder):
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


def _not_read(path: Path, name: str, root: Path, is_report: bool) -> Finding | None:
    """Why a file is not read; None where it is."""
    try:
        inside, is_file = path.resolve(strict=True).is_relative_to(root), path.is_file()
    except (OSError, RuntimeError):  # a link to nowhere, or to itself
        return found("file-link-broken", Location(name))
    if not inside:
        return found("file-outside", Location(name))
    if not is_file:
        return found("file-special", Location(name))
    suffix = PurePosixPath(name).suffix
    if suffix.lower() not in (REPORTS if is_report else TABLES):
        return found("file-kind", Location(name), params={"suffix": suffix or "–"})
    return None


def _matches(name: str, pattern: str) -> bool:
    """Whether `pattern` means the file, or the one whose mended feedback it is: a.csv.xlsx, a.csv."""
    names = (name, name[: -len(".xlsx")]) if name.endswith(".xlsx") else (name,)
    return any(n == pattern or fnmatch.fnmatchcase(n, pattern) for n in names)


def snapshot(file: InboxFile, folder: Path) -> InboxFile | Finding:
    """The file as it is now, copied into `folder` under its hash, so that nothing can change it while
    it is read. A finding where it cannot be read, or keeps changing while it is copied.

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
        if error.errno in NO_ROOM:  # it is the copy that failed: the store's fault, not the file's
            raise
        return found("file-unreadable", Location(file.name), params={"why": error.strerror or ""})
    finally:
        made.unlink(missing_ok=True)
    return found("file-changed", Location(file.name))


def _state(path: Path) -> tuple[int, int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns, about.st_ino


def _copied(path: Path, target: Path) -> tuple[str, int]:
    """sha256 and size of what was copied."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source, target.open("wb") as copy:
        while data := source.read(1 << 20):
            digest.update(data)
            copy.write(data)
            size += len(data)
    return digest.hexdigest(), size
