"""Clusters for tests: a scheduler and its workers, each a process of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from distributed import Client

from tests.support.shop import ROOT

Process = subprocess.Popen[bytes]
#: What idle processes of a cluster would do all the time.
QUIET = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
}


@contextmanager
def running(
    workers: int, *, faults: Path | None = None, nanny: bool = True, **more: str
) -> Iterator[tuple[str, list[Process]]]:
    """The scheduler's address, and the processes: workers first, the scheduler last.

    `faults`: the folder that says what befalls the workers (tests/support/faulty.py). Where each has a `nanny`,
    one that dies is started again. `more` of the environment: settings of Dask.
    """
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    paths = str(ROOT)
    env = {**os.environ, "PYTHONPATH": paths, "FAULTS": str(faults or ""), **QUIET, **more}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    start = partial(subprocess.Popen, env=env, **quiet)
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler = start([*dask, "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"])
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1"]
    worker += ["--no-dashboard", "--nanny" if nanny else "--no-nanny"]
    worker += ["--preload", "tests.support.faulty"] if faults else []
    made = [start([*worker, "--name", str(n)]) for n in range(workers)]
    try:
        with Client(address, timeout=60, set_as_default=False) as client:
            if workers:
                client.wait_for_workers(workers, timeout=60)
        yield address, [*made, scheduler]
    finally:
        for processes in (made, [scheduler]):  # a worker that loses its scheduler waits for it
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(20)
