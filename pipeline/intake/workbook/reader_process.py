"""The processes that read workbooks, from outside: started, asked, and judged by how they end.

A process that is over its bounds of memory or processor time, or that crashes twice on the same
sheet, says something of the file. One that does not start, is ended from outside or has to wait too
long says something of this machine, which is no department's fault.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from threading import Lock, Timer
from typing import Any

Frame = list[Any]

START_S, WAIT_S = 60, 600  # seconds until it is up, and for each line of its output
IDLE_MOST = 2  # processes that wait for another file
PIPE = 1 << 20  # bytes that a process may be ahead of its reader
PROGRAM = [sys.executable, "-m", "pipeline.intake.workbook.reader"]
_SET_PIPE_SIZE = 1031  # of Linux; fcntl.F_SETPIPE_SZ
#: Signals that a process gets for what it does itself.
_CRASHES = ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS")
_LAST = frozenset(("done", "unreadable", "refused", "failed"))  # kinds of last lines
_NO_MEMORY = b"memory allocation of "  # of Rust, before it gives up


class Ended(Exception):
    """The process ended before its work was done; `rule` names the finding.

    `is_ours`: whether that says nothing of the file; `by_chance`: whether another try may help.
    """

    def __init__(self, rule: str, is_ours: bool, by_chance: bool) -> None:
        super().__init__(rule)
        self.rule, self.is_ours, self.by_chance = rule, is_ours, by_chance


class Reader:
    """One process of the reader."""

    def __init__(self) -> None:
        """Start it. Raises Ended."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._is_late = False
        self.is_free = True  # for another request
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this Python and a module of ours
                PROGRAM,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                cwd=Path(__file__).parents[3],
                env=os.environ | {"RUST_BACKTRACE": "0"},
                start_new_session=True,  # Ctrl-C is for whoever reads
            )
        except OSError as error:
            self._errors.close()
            raise Ended("reader-not-started", is_ours=True, by_chance=True) from error
        try:
            self._widen()
            if self._line(START_S) != ["ready"]:
                raise Ended("reader-not-started", is_ours=True, by_chance=False)
        except Ended as ended:
            self.close()
            rule = "reader-too-slow" if ended.rule == "reader-too-slow" else "reader-not-started"
            raise Ended(rule, is_ours=True, by_chance=ended.by_chance) from ended

    def frames(self, request: Frame) -> Iterator[Frame]:
        """The lines of output about one request, up to the last. Raises Ended."""
        assert self._process.stdin
        with suppress(BrokenPipeError):  # that it is gone is seen when its output is read
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        self.is_free = False
        while not self.is_free:
            frame = self._line(WAIT_S)
            self.is_free = frame[0] in _LAST
            yield frame

    def close(self) -> None:
        """End the process, whatever it does."""
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with suppress(OSError):
                if stream:
                    stream.close()

    def _widen(self) -> None:
        with suppress(ImportError, OSError):
            import fcntl

            assert self._process.stdout
            fcntl.fcntl(self._process.stdout.fileno(), _SET_PIPE_SIZE, PIPE)

    def _line(self, seconds: float) -> Frame:
        assert self._process.stdout
        late = Timer(seconds, self._stop)
        late.daemon = True
        late.start()
        try:
            line = self._process.stdout.readline()
        finally:
            late.cancel()
        if not line.endswith(b"\n"):
            raise self._ended()
        return decoded(line)

    def _stop(self) -> None:
        self._is_late = True
        self._process.kill()

    def _ended(self) -> Ended:
        """Why there is no more output."""
        code = self._process.wait()
        if self._is_late:
            return Ended("reader-too-slow", is_ours=True, by_chance=False)
        name = signal.Signals(-code).name if -code in [*signal.Signals] else ""
        self._errors.seek(0)
        if name == "SIGXCPU" or _NO_MEMORY in self._errors.read():
            return Ended("file-too-large", is_ours=False, by_chance=False)
        if name in _CRASHES:
            return Ended("file-broken", is_ours=False, by_chance=True)
        return Ended("reader-ended", is_ours=True, by_chance=True)


def decoded(line: bytes) -> Frame:
    """A line of output as `reader.encoded` has written it."""
    frame: Frame = json.loads(line.decode("utf-8", "surrogatepass"), object_hook=_untagged)
    return frame


_UNTAGGED: dict[str, Callable[[Any], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda parts: timedelta(*parts),
}


def _untagged(value: dict[str, Any]) -> Any:
    if len(value) == 1:
        ((kind, content),) = value.items()
        if kind in _UNTAGGED:
            return _UNTAGGED[kind](content)
    return value


# ---------------------------------------------------------------- processes that wait for a file

_idle: list[Reader] = []
_lock = Lock()


@contextmanager
def lent() -> Iterator[Reader]:
    """A process for one file, kept for another one if it has done all that was asked.

    Raises Ended.
    """
    with _lock:
        reader = _idle.pop() if _idle else None
    reader = reader or Reader()
    try:
        yield reader
    finally:
        with _lock:
            is_kept = reader.is_free and len(_idle) < IDLE_MOST
            if is_kept:
                _idle.append(reader)
        if not is_kept:  # also where the caller wants no more of its output
            reader.close()


def close_idle() -> None:
    """End the processes that wait for a file."""
    with _lock:
        waiting = [*_idle]
        _idle.clear()
    for reader in waiting:
        reader.close()


atexit.register(close_idle)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a fork must not speak to its parent's
