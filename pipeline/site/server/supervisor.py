"""The supervisor of `gongshi serve`: starts, watches, replaces and ends workers.

It replaces uvicorn's supervisor, which kills a worker that has not answered for some seconds even
while it is importing, logs no reason, and restarts it without end.
"""

from __future__ import annotations

import logging
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pipeline.base.errors import StoreError
from pipeline.base.words import language, say
from pipeline.site.server.deadlines import FIRST_NOTICE_S, STOP_S, TRIES, WORKER_SILENT_S
from pipeline.site.server.health import HealthCheck
from pipeline.site.server.slot import Slot, how_it_ended

log = logging.getLogger("gongshi.serve")

_TICK_S = 0.5


class Supervisor:
    """Keeps workers serving on one socket.

    `slots`: one for each worker. `start_s`: seconds each may take until it answers. `announce` is
    called once, when the site answers at its address.
    """

    def __init__(
        self,
        slots: list[Slot],
        listening: socket.socket,
        start_s: float,
        announce: Callable[[], None],
    ) -> None:
        self._slots, self._listening = slots, listening
        self._start_s, self._announce = start_s, announce
        self._selector = selectors.DefaultSelector()
        self._health = HealthCheck(listening)
        self._asked_since: float | None = None  # when the health check began
        self._is_announced = False
        self._next_notice: float = FIRST_NOTICE_S
        self._last_reason = ""
        self._stops = 0  # signals received that stop the server
        self._now = 0.0  # a clock that pauses while the machine sleeps or the job is stopped

    def run(self) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP.

        Raises StoreError where no worker can be started, or the site does not answer.
        """
        with self._signals():
            try:
                last = time.monotonic()
                while not self._stops:
                    for key, _ in self._selector.select(_TICK_S):
                        self._hear(key.data)
                    last, before = time.monotonic(), last
                    self._now += min(last - before, 2 * _TICK_S)
                    if not self._stops:
                        self._look()
            finally:
                self._end()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stops += 1

        ends = [signal.SIGTERM, signal.SIGINT]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as under `nohup`
            ends.append(signal.SIGHUP)
        before = {each: signal.signal(each, stop) for each in ends}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _hear(self, slot: Slot) -> None:
        was_ready, line = slot.is_ready, slot.line
        if not slot.hear(self._now) and line:
            self._selector.unregister(line)
        if slot.is_ready and not was_ready and slot.starts > 1:
            log.info(say("worker-back", language(), **slot.named))

    def _look(self) -> None:
        """At every tick: start and replace workers, announce the site, report progress."""
        for slot in self._slots:
            if slot.is_empty:
                # A worker that failed TRIES times is started only while others serve.
                if self._now >= slot.next_start and (slot.failed < TRIES or self._is_serving):
                    self._start(slot)
            elif (code := slot.exit_code) is not None:
                self._remove(slot, how_it_ended(code))
            elif slot.is_ready and self._now - slot.heard > WORKER_SILENT_S:
                self._remove(slot, say("worker-silent", language(), most=WORKER_SILENT_S))
            elif not slot.is_ready and self._now - slot.began > self._start_s:
                self._remove(slot, say("worker-slow", language(), most=round(self._start_s)))
        if all(slot.is_empty and slot.failed >= TRIES for slot in self._slots):
            raise StoreError(say("serve-none-started", language(), tries=TRIES))
        if not self._is_announced:
            self._await_answer()

    @property
    def _is_serving(self) -> bool:
        return any(slot.is_ready for slot in self._slots)

    def _start(self, slot: Slot) -> None:
        try:
            line = slot.start(self._now)
        except OSError as error:
            log.error(say("worker-not-made", language(), number=slot.number, why=error.strerror))
        else:
            self._selector.register(line, selectors.EVENT_READ, slot)

    def _remove(self, slot: Slot, how: str) -> None:
        """Remove a worker that died or must be replaced, and log why; a repeated reason once."""
        if slot.line and slot.line in self._selector.get_map():
            self._selector.unregister(slot.line)
        named, was_ready = slot.named, slot.is_ready
        reason = slot.clear(self._now)
        if reason and reason == self._last_reason:
            return
        self._last_reason = reason
        key = "worker-died" if was_ready else "worker-not-started"
        log.error(say(key, language(), **named, why=f"{how}: {reason}" if reason else how))

    def _await_answer(self) -> None:
        """Announce the site when it answers; until then log now and then that it starts."""
        if self._is_serving and self._asked_since is None:
            self._asked_since = self._now
            self._health.start()
        if self._health.passed.is_set():
            self._is_announced = True
            self._announce()
        elif self._asked_since is not None and self._now - self._asked_since > self._start_s:
            asked, why = self._health.url, self._health.problem
            raise StoreError(say("serve-no-answer", language(), address=asked, why=why))
        elif self._now >= self._next_notice:
            self._next_notice *= 2
            waited, most = round(self._now), round(self._start_s)
            log.info(say("serve-starting", language(), waited=waited, most=most))

    def _end(self) -> None:
        """End every worker: SIGTERM first, SIGKILL after STOP_S or at a second signal."""
        self._stops = 0
        self._health.stop()
        self._listening.close()  # new visitors must not wait for a server that ends
        for slot in self._slots:
            slot.terminate()
        until = time.monotonic() + STOP_S
        while (left := self._living()) and not self._stops and time.monotonic() < until:
            time.sleep(_TICK_S / 10)
        if left:
            log.warning(say("serve-cut", language(), count=left))
        for slot in self._slots:
            slot.clear(self._now)
        self._selector.close()

    def _living(self) -> int:
        return sum(not slot.is_empty and slot.exit_code is None for slot in self._slots)
