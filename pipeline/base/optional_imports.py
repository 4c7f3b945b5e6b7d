"""To load a library without what it would load beside itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Inside, packages called `names` cannot be found. One that is loaded already stays so.

    For libraries that make use of another where it is installed, and do as well without.
    """
    finder = _Hidden(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Hidden:
    """An importer that says of some packages that they are not installed."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        if name in self._names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
