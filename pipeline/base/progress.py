"""How far a run has come, for whoever waits: a bar on a terminal, plain lines elsewhere.

Any stage calls `step`; it costs nothing where nobody listens. Who listens is the command line,
inside `with shown():`. Nothing shows in the first second, so that quick runs stay quiet.
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
    """What is being done, and which of how many it is; `of` is 0 where that is not known.

    `share`: how much of it is done already, from 0 to 1.
    """

    what: str
    done: int = 0
    of: int = 0
    share: float = 0

    def __str__(self) -> str:
        return f"[{self.done}/{self.of}] {self.what}" if self.of else self.what


@dataclass(slots=True)
class _Screen:
    """Shows the newest step once a second, from a thread of its own."""

    stream: TextIO
    now: Step | None = None
    shown: Step | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
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
        if self.now != self.shown:
            self.shown = self.now
            print(self.now, file=self.stream, flush=True)


_screen: _Screen | None = None


def step(what: str, done: int = 0, of: int = 0, share: float = 0) -> None:
    """Say that `what` begins, the `done`-th of `of`, or has come as far as `share`."""
    if _screen is not None:
        _screen.now = Step(what, done, of, share)


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[None]:
    """Show the steps of what runs inside on `stream` (standard error if not given)."""
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
