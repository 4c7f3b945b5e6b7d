"""Files that are not on this machine, by whatever fsspec reaches (s3://, github://, zip://…::https://…).

Some kinds of address need one more package (s3fs, adlfs, gcsfs): what is missing is said in one
sentence. Addresses: https://filesystem-spec.readthedocs.io/
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
    """Whether `given` is an address and no path."""
    return "://" in given


def path(given: Path | str) -> Path:
    """The whole path that `given` means, shown as it is given. UsageError where it is no UTF-8.

    SQL and Parquet have no other names; what is in an inbox may have them.
    """
    try:
        os.fsencode(given).decode()
    except UnicodeDecodeError as error:
        raise UsageError(say("path-not-utf8", language(), path=Path(given))) from error
    return paths.resolved(given)


def plain(given: str) -> Path | None:
    """The whole path that `given` is, or that a file:// address names; None for any other address.

    UsageError as of `path`.
    """
    if not is_address(given):
        return path(given)
    parts = urlsplit(given)
    if parts.scheme != "file" or "::" in given or parts.netloc not in ("", "localhost"):
        return None
    from urllib.request import url2pathname  # loads http and ssl

    return path(url2pathname(parts.path))


def folder(given: str) -> Path:
    """The path that `given` is.

    UsageError where the command works on this machine's files alone.
    """
    found = plain(given)
    if found is None:
        raise UsageError(say("remote-not-here", language(), address=shown(given)))
    return found


def shown(address: str) -> str:
    """An address as it may be printed: without a user's name and password."""
    return re.sub(r"//[^/@]*@", "//", address)


@contextmanager
def reached(address: str, error: type[GongshiError]) -> Iterator[tuple[Any, str]]:
    """The file system of `address`, and the path in it. Whatever goes wrong there is one `error`.

    Each file system raises kinds of its own, so that any kind is taken.
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
    """Whether a name from elsewhere stays in the folder that it is put in."""
    parts = name.split("/")
    return bool(name) and not {"", ".", ".."} & set(parts) and "\0" not in name


@contextmanager
def inbox(given: str, private: Path) -> Iterator[Path]:
    """The inbox as a folder: what is elsewhere is copied to PRIVATE and leaves it in the end.

    What is read of it stays by its hash, as of every inbox. UnreadableInput where it cannot be
    reached, is not there, or has a name that leads out of it.
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
                    raise  # of what is there
                with faults(copy):
                    raise
