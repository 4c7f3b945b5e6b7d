"""Checks of the machine: Python, packages, SQLite, encodings, limit of open files."""

from __future__ import annotations

import locale
import re
import resource
import sqlite3
import sys
from contextlib import closing
from importlib import metadata

from pipeline.base import sql
from pipeline.flow.doctor.result import Place, Result, look, right, wrong

OLDEST_PYTHON = (3, 11)  # requires-python of pyproject.toml
ENOUGH_FILES = 1024  # what Linux gives by default: a site with many visitors at once
LEAST_FILES = 256  # what macOS gives by default: less than a run may open
MOST_NAMED = 5  # packages that a line names
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+) *(;?)", re.MULTILINE)


def python(_place: Place) -> Result:
    """The version of Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    oldest = ".".join(map(str, OLDEST_PYTHON))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return wrong("python", "python-old", version=version, oldest=oldest)
    return right("python", "python-good", version=version)


def packages(place: Place) -> Result:
    """The installed packages, against those that requirements/run.txt pins."""
    lock = place.home / "requirements" / "run.txt"
    if not lock.is_file():  # installed as a wheel, which brings no lock file
        return right("packages", "packages-unpinned")
    pins = _PIN.findall(lock.read_text("utf-8"))
    installed = {name: version for name, _, _ in pins if (version := _version(name))}
    # What is pinned under a condition may not be needed here. Judging conditions takes a package
    # that is not pinned itself; where a needed one is missing,
    # the line on the site's start says so.
    missing = [name for name, _, condition in pins if not condition and name not in installed]
    if missing:
        return wrong(
            "packages", "packages-missing", count=len(missing), names=_some(missing), lock=lock
        )
    pinned = {(name, version) for name, version, _ in pins}
    others = [" ".join(each) for each in installed.items() if each not in pinned]
    if others:
        return look("packages", "packages-other", count=len(others), names=_some(others), lock=lock)
    return right("packages", "packages-good", count=len(installed))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _some(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")


def sqlite(_place: Place) -> Result:
    """Whether SQLite can make and search the index that the site searches by."""
    version = sqlite3.sqlite_version
    try:
        with closing(sql.in_memory()) as con:
            con.execute("create virtual table t using fts5(words, tokenize=ascii)")
            con.execute("insert into t values ('a')")
            con.execute("select * from t where t match 'a'").fetchone()
    except sqlite3.Error:
        return wrong("sqlite", "sqlite-no-search", version=version)
    return right("sqlite", "sqlite-good", version=version)


def encoding(_place: Place) -> Result:
    """The encodings of files' names and of what is printed."""
    names, printed = sys.getfilesystemencoding(), sys.stdout.encoding or locale.getencoding()
    if not _is_utf8(names):
        return wrong("encoding", "encoding-names", encoding=names)
    if not _is_utf8(printed):
        return look("encoding", "encoding-printed", encoding=printed)
    return right("encoding", "encoding-good")


def _is_utf8(name: str) -> bool:
    return name.lower().replace("-", "").replace("_", "") == "utf8"


def open_files(_place: Place) -> Result:
    """How many files a process may have open."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = str(ENOUGH_FILES)  # as a command takes it
    if limit == resource.RLIM_INFINITY:
        return right("open-files", "open-files-endless")
    if limit < LEAST_FILES:
        return wrong("open-files", "open-files-few", count=limit, enough=enough)
    if limit < ENOUGH_FILES:
        return look("open-files", "open-files-some", count=limit, enough=enough)
    return right("open-files", "open-files-good", count=limit)
