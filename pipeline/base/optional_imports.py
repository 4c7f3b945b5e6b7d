"""Import a library without its optional dependencies."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Inside the `with` block, packages called `names` cannot be imported; loaded ones stay loaded.

    For libraries that use another one where it is installed, and work as well without it.
    """
    finder = _Hidden(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Hidden:
    """A finder of sys.meta_path that reports some packages as not installed (PEP 451)."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        """Raise ModuleNotFoundError for a hidden package; None passes others to the next finder."""
        if name in self._names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
