"""One worker as the server sees it: its current process, and how earlier ones ended."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.base.words import language, say
from pipeline.site.server.deadlines import PAUSE_MOST_S, PAUSE_S, STABLE_S
from pipeline.site.server.worker import FAILED

_MOST_DOUBLED = 10
_KILL_S = 5.0


class Slot:
    """A worker's number and process. Times are seconds of the supervisor's clock."""

    def __init__(self, number: int, site: Path, listening: socket.socket) -> None:
        self.number, self._site, self._listening = number, site, listening
        self._process: subprocess.Popen[bytes] | None = None
        self.line: socket.socket | None = None  # to the process
        self.starts = 0
        self.failed = 0  # starts in a row of workers that never answered
        self._early = 0  # deaths in a row of workers that served less than STABLE_S
        self.began = self.heard = self.next_start = 0.0
        self._ready_since: float | None = None
        self._said = b""

    @property
    def is_empty(self) -> bool:
        """Whether there is no process, not even a dead one to remove."""
        return self._process is None

    @property
    def is_ready(self) -> bool:
        """Whether the worker answers requests."""
        return self._ready_since is not None

    @property
    def exit_code(self) -> int | None:
        """The dead process's exit code, negative for a signal; None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def named(self) -> dict[str, int]:
        """The worker's number and process id, as parameters of messages."""
        return {"number": self.number, "pid": self._process.pid if self._process else 0}

    def start(self, now: float) -> socket.socket:
        """Start a process. Returns the socket on which it reports.

        Raises OSError where the system allows no more processes or files.
        """
        self.starts += 1
        self.began = self.heard = now
        try:
            self._process, self.line = self._started()
        except OSError:
            self._note_end(now)
            raise
        return self.line

    def _started(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        # The worker finds modules where this process does, not first in the working directory.
        path = f"import sys; sys.path[:] = {sys.path!r}"
        code = f"{path}; from pipeline.site.server.worker import main; main()"
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        numbers = (self._listening.fileno(), theirs.fileno())
        command = [sys.executable, "-P", "-c", code, str(self._site), *map(str, numbers)]
        with theirs, _ctrl_c_blocked():
            try:
                process = subprocess.Popen(  # noqa: S603 - this Python and a module of ours
                    command, pass_fds=numbers, stdin=subprocess.DEVNULL
                )
            except OSError:
                ours.close()
                raise
        return process, ours

    def hear(self, now: float) -> bool:
        """Read what the worker has sent. False when its socket is closed."""
        assert self.line
        try:
            got = self.line.recv(4096)
        except BlockingIOError:
            return True
        except OSError:
            got = b""
        if not got:
            return False
        self.heard = now
        if FAILED in got or self._said:
            self._said += got
        elif not self.is_ready:
            self._ready_since, self.failed = now, 0
        return True

    def terminate(self) -> None:
        """Ask the process to end."""
        if self._process:
            self._process.terminate()

    def clear(self, now: float) -> str:
        """Remove the process, dead or alive, and note when the next may start.

        Returns the worker's own message why it could not start; "" where it sent none.
        """
        if not self._process or not self.line:
            return ""
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # a process in disk sleep cannot be ended
            self._process.wait(_KILL_S)
        with suppress(OSError):  # no data, or a connection that broke
            while got := self.line.recv(4096):
                self._said += got
        self.line.close()
        why = self._said.partition(FAILED)[2].decode("utf-8", "replace")
        self._note_end(now)
        self._process = self.line = self._ready_since = None
        self._said = b""
        return why

    def _note_end(self, now: float) -> None:
        """Set the time of the next start: the more early ends in a row, the longer the pause."""
        was_stable = self._ready_since is not None and now - self._ready_since >= STABLE_S
        self._early = 0 if was_stable else self._early + 1
        self.failed += not self.is_ready
        pause = min(PAUSE_S * 2 ** min(self._early, _MOST_DOUBLED), PAUSE_MOST_S)
        self.next_start = self.began + pause


def how_it_ended(code: int) -> str:
    """A message for a process's exit code, or for the signal that ended it (negative)."""
    if code >= 0:
        return say("worker-code", language(), code=code)
    known = {each.value: each.name for each in signal.Signals}
    name = known.get(-code, f"SIG{-code}")
    key = "worker-killed" if -code == signal.SIGKILL else "worker-signal"
    return say(key, language(), signal=name)


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Block SIGINT around the start of a worker, which inherits that.

    Ctrl-C reaches every process of a terminal, and a worker that is still importing would print a
    traceback. The server ends its workers itself.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
