"""A disk that is full, without one: what Python writes below a folder fails as the system has it fail.

As on a real disk the file can be made and the error names no file. What libraries in C write is not
reached; for them there is a limit on the size of files (`limited`), which fails at the same places.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def full(folder: Path, room: int = 0, number: int = errno.ENOSPC) -> Iterator[None]:
    """Only `room` bytes more can be written to all files below `folder` together; then error `number`."""
    left, honest = [room], io.open

    class Full(io.FileIO):
        def fileno(self) -> int:  # nothing is to be written but by `write`
            raise io.UnsupportedOperation

        def write(self, data: Any, /) -> int:
            left[0] -= len(data)
            if left[0] < 0:
                raise OSError(number, os.strerror(number))
            return super().write(data)

    def opened(file: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
        is_there = isinstance(file, str | os.PathLike) and Path(file).absolute().is_relative_to(
            folder
        )
        if not is_there or mode[0] not in "wxa":
            return honest(file, mode, *rest, **more)
        raw = io.BufferedWriter(Full(file, mode.replace("t", "").replace("b", "")))
        if "b" in mode:
            return raw
        text = {name: more[name] for name in ("encoding", "errors", "newline") if name in more}
        return io.TextIOWrapper(
            raw, **(text or {"encoding": rest[1] if len(rest) > 1 else "utf-8"})
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(io, "open", opened)
        patch.setattr(builtins, "open", opened)
        yield


@contextmanager
def limited(size: int) -> Iterator[None]:
    """No file can grow beyond `size` bytes: each library fails to write, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
