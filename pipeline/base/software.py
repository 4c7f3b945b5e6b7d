"""Identifies the program: a cache is valid for the same code and libraries only."""

from __future__ import annotations

import hashlib
import sys
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
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".yaml")):
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    for name in sorted(_installed()):
        found.update(f"{name}\n".encode())
    return found.hexdigest()


def _installed() -> set[str]:
    folders = (Path(entry) for entry in sys.path if entry)
    return {about.name for at in folders if at.is_dir() for about in at.glob("*.dist-info")}
