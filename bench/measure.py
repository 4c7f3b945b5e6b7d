"""Runs a command and measures it: wall time, processor time and peak memory, children included.

Standard library only: on Linux a child's peak memory starts at that of the process that started
it, so the measuring process has to be small.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Measured:
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    exit_code: int


def run(
    command: list[str], folder: Path, log: Path, env: Mapping[str, str] | None = None
) -> Measured:
    """Runs `command` in `folder`, in our own environment or in `env`; what it says goes to `log`."""
    with log.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT
        )
        with _TreeMemory(process.pid) as memory:
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    # The kernel knows the peak of the largest single process exactly, the samples know sums.
    largest = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Measured(
        seconds,
        usage.ru_utime + usage.ru_stime,
        max(largest, memory.peak),
        process.returncode,
    )


class _TreeMemory:
    """Samples the memory of a process and all below it while the `with` block lasts."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _TreeMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            family = _family(self._pid)
            if len(family) > 1:
                self.peak = max(self.peak, sum(map(_share, family)))


def _family(pid: int) -> list[int]:
    """`pid` and all processes below it; just `pid` where the system does not say."""
    children: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += map(int, listing.read_text().split())
        except OSError:  # that process has ended meanwhile
            continue
    return [pid, *(member for child in children for member in _family(child))]


def _share(pid: int) -> int:
    """Bytes in memory, of pages shared with others only the share: so that sums count once."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
