"""Which program this is: what is kept from one run to the next is good for the same program alone."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path


@cache
def digest() -> str:
    """A hash over the pipeline's own files, Python's version and the names and versions of all that is installed.

    What is installed is told by the names of the folders that describe it (PEP 376: `name-version.dist-info`).
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
