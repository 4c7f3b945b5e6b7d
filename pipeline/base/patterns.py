"""Regular expressions that are compiled when they are first used.

Hundreds stand at the top of modules, and a run over a small file uses few of them: to compile all
takes longer than to check the file.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def lazy(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile(pattern, flags)`, but compiled when first used.

    Where `re` itself wants a compiled pattern (`re.sub(pattern, …)`), it is not one: call its method.
    A `pattern` that is wrong raises `re.error` at its first use.
    """
    return cast("re.Pattern[AnyStr]", _Lazy(pattern, flags))


class _Lazy:
    """Stands for a pattern; takes over the methods of the compiled one, so that each is as fast."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """What is not here yet: an attribute of the compiled pattern, kept from now on."""
        value = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, value)
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        return lazy, (self.pattern, self._flags)
