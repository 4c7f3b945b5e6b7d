"""Files on other machines, by fsspec (s3://, github://, zip://…::https://…).

Some kinds of address need another package (s3fs, adlfs, gcsfs); the error names it. Addresses:
https://filesystem-spec.readthedocs.io/
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from pipeline.base import paths
from pipeline.base.disk_faults import NO_ROOM
from pipeline.base.errors import GongshiError, UnreadableInput, UsageError
from pipeline.base.files import faults
from pipeline.base.words import language, say


def is_address(given: str) -> bool:
    """Whether `given` is an address and not a path."""
    return "://" in given


def path(given: Path | str) -> Path:
    """The absolute path of `given`, shown as given. UsageError where it is not UTF-8.

    SQL and Parquet allow no other names. Files inside an inbox may have other names.
    """
    try:
        os.fsencode(given).decode()
    except UnicodeDecodeError as error:
        raise UsageError(say("path-not-utf8", language(), path=Path(given))) from error
    return paths.resolved(given)


def plain(given: str) -> Path | None:
    """The absolute path of a path or a file:// address; None for any other address.

    UsageError as in `path`.
    """
    if not is_address(given):
        return path(given)
    parts = urlsplit(given)
    if parts.scheme != "file" or "::" in given or parts.netloc not in ("", "localhost"):
        return None
    from urllib.request import url2pathname  # loads http and ssl

    return path(url2pathname(parts.path))


def folder(given: str) -> Path:
    """The absolute path of `given`, for commands that work on local files only.

    UsageError where it is an address of another machine.
    """
    found = plain(given)
    if found is None:
        raise UsageError(say("remote-not-here", language(), address=shown(given)))
    return found


def shown(address: str) -> str:
    """An address without user name and password, for messages."""
    return re.sub(r"//[^/@]*@", "//", address)


@contextmanager
def reached(address: str, error: type[GongshiError]) -> Iterator[tuple[Any, str]]:
    """(fsspec's file system of `address`, the path in it). Any failure is raised as `error`.

    Every exception is converted, since each file system raises its own kinds.
    """
    try:
        from fsspec.core import url_to_fs

        yield url_to_fs(address)
    except GongshiError:
        raise
    except ImportError as missing:
        said = say("remote-extra", language(), address=shown(address), name=missing.name or missing)
        raise error(said) from missing
    except Exception as problem:
        lines = str(problem).splitlines()
        why = f"{type(problem).__name__} {shown(lines[0]) if lines else ''}".strip()
        raise error(
            say("remote-unreached", language(), address=shown(address), why=why)
        ) from problem


def inside(name: str) -> bool:
    """Whether a name from another machine stays inside the folder that it is written to."""
    parts = name.split("/")
    return bool(name) and not {"", ".", ".."} & set(parts) and "\0" not in name


@contextmanager
def inbox(given: str, private: Path) -> Iterator[Path]:
    """The inbox as a local folder; a remote one is copied to PRIVATE, and the copy removed at the
    end.

    Files that are read are kept by their hash, as of every inbox. UnreadableInput where the address
    cannot be reached, is empty, or has a name that leads out of it.
    """
    if here := plain(given):
        yield here
        return
    copy = private / "fetched"
    shutil.rmtree(copy, ignore_errors=True)
    with faults(private):
        copy.mkdir(mode=0o700, parents=True)
    try:
        _fetch(given, copy)
        yield copy
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _fetch(address: str, copy: Path) -> None:
    with reached(address, UnreadableInput) as (files, root):
        top = root.rstrip("/")
        found = [path for path in files.find(root) if not path.endswith("/")]
        if not found:
            raise UnreadableInput(say("inbox-empty", language(), path=shown(address)))
        for path in sorted(found):
            name = path.removeprefix(top).lstrip("/") if path != top else PurePosixPath(path).name
            if not inside(name):
                raise UnreadableInput(
                    say("remote-outside", language(), address=shown(address), name=name)
                )
            with faults(copy):
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
            try:
                files.get_file(path, str(copy / name))
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise  # an error of the other machine
                with faults(copy):
                    raise
