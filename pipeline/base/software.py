"""Identifies the program: a cache is valid for the same code and libraries only."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path


@cache
def digest() -> str:
    """A sha256 over the pipeline's files, Python's version and the installed packages' versions.

    Installed packages are read from the names of their metadata folders, `name-version.dist-info`
    (PEP 376).
    """
    found = hashlib.sha256(sys.version.encode())
    root = Path(__file__).parents[1]
    for path in sorted(_files(root)):
        found.update(path.removeprefix(str(root)).encode() + b"\0" + Path(path).read_bytes())
    for name in sorted(_installed()):
        found.update(f"{name}\n".encode())
    return found.hexdigest()


def _files(root: Path) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith((".py", ".yaml", ".csv")):
                yield f"{folder}/{name}"


def _installed() -> set[str]:
    folders = (Path(entry) for entry in sys.path if entry)
    return {about.name for at in folders if at.is_dir() for about in at.glob("*.dist-info")}
