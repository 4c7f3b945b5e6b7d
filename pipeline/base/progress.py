"""Progress of a run: a bar on a terminal, plain lines in a file or pipe.

Any stage calls `step`, which costs nothing unless the command line shows progress, inside
`with shown():`. Nothing is shown in the first second, so that short runs print nothing.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

EVERY = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Step:
    """Step `done` of `of` (0: unknown) is `what`; `share` of it is done, from 0 to 1."""

    what: str
    done: int = 0
    of: int = 0
    share: float = 0

    def __str__(self) -> str:
        return f"[{self.done}/{self.of}] {self.what}" if self.of else self.what


@dataclass(slots=True)
class _Screen:
    """Shows the newest step once a second, from its own thread."""

    stream: TextIO
    now: Step | None = None
    shown: Step | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Show steps until `over` is set."""
        if not self.stream.isatty():
            while not self.over.wait(EVERY):
                self.line()
            return
        if self.over.wait(EVERY):
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            BarColumn(20),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
        )
        with Progress(*columns, console=Console(file=self.stream), transient=True) as bar:
            task = bar.add_task("", total=None)
            while not self.over.wait(EVERY / 10):
                if step := self.now:
                    completed, total = step.done - 1 + step.share, step.of or None
                    bar.update(task, description=str(step), completed=completed, total=total)

    def line(self) -> None:
        """Print the current step, unless it is shown already."""
        if self.now != self.shown:
            self.shown = self.now
            print(self.now, file=self.stream, flush=True)


_screen: _Screen | None = None


def step(what: str, done: int = 0, of: int = 0, share: float = 0) -> None:
    """Record that step `done` of `of`, `what`, begins or is done as far as `share` (0 to 1)."""
    if _screen is not None:
        _screen.now = Step(what, done, of, share)


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[None]:
    """Show the steps of the `with` block on `stream` (default: standard error)."""
    global _screen
    _screen = screen = _Screen(stream or sys.stderr)
    thread = threading.Thread(target=screen.watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        _screen = None
        screen.over.set()
        thread.join()
