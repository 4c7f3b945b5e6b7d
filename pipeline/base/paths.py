"""Paths as people give them: made whole once, when the command starts,
and shown as they were given.

A process of ours may run in another folder, and SQLite, DuckDB and Dask have rules of their own for
names that are no whole paths (`~`, `:memory:`, `file:…`). Messages keep to what was written.
"""

from __future__ import annotations

import os
from pathlib import Path

_given: dict[Path, Path] = {}  # whole path → as it was given


def resolved(given: Path | str) -> Path:
    """The whole path that `given` means here and now; links stay as they are, `shown` knows it."""
    whole = Path(given).absolute()
    _given[whole] = Path(given)
    return whole


def shown(path: Path) -> str:
    """`path` for a message: as it was given, or as below a folder that was given.

    Bytes that are no UTF-8 show as �.
    """
    for folder in (path, *path.parents):
        if folder in _given:
            path = _given[folder] / path.relative_to(folder)
            break
    return os.fsencode(path).decode("utf-8", "replace")
