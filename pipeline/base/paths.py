"""Paths given by users: made absolute once, when the command starts, and shown as given.

A subprocess may run in another folder, and SQLite, DuckDB and Dask read relative names in their own
ways (`~`, `:memory:`, `file:…`). Messages show what the user wrote.
"""

from __future__ import annotations

import os
from pathlib import Path

_given: dict[Path, Path] = {}  # absolute path → as it was given


def resolved(given: Path | str) -> Path:
    """The absolute path of `given`, links not followed. `shown` gives back what was given."""
    absolute = Path(given).absolute()
    _given[absolute] = Path(given)
    return absolute


def shown(path: Path) -> str:
    """`path` for a message: as it was given, or relative to a folder that was given.

    Bytes that are not UTF-8 become �.
    """
    for folder in (path, *path.parents):
        if folder in _given:
            path = _given[folder] / path.relative_to(folder)
            break
    return os.fsencode(path).decode("utf-8", "replace")
