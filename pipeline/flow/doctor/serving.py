"""Checks for serving: the contract loads, the port is free, a worker starts in time."""

from __future__ import annotations

import errno
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from pipeline.base.errors import UsageError
from pipeline.flow.doctor.result import Place, Result, look, right, wrong

HOST = "127.0.0.1"  # where `gongshi serve` listens by default
ANSWER_S = 5.0  # how long the site may take to answer /-/health
LONGEST_ANSWER = 10_000  # bytes
# Imports of a worker. As text: this wing may not import the site's.
WORKER = "import pipeline.site.server.serve, pipeline.site.server.app"


def contract(place: Place) -> Result:
    """Whether the contract can be read; if not, the sentence that says where it is wrong."""
    from pipeline.checks.rules import RULES
    from pipeline.contract import catalog

    try:
        loaded = catalog.load(place.contract, RULES)
    except UsageError as error:
        return wrong("contract", "contract-broken", why=error)
    return right("contract", "contract-good", count=len(loaded.datasets))


def port(place: Place) -> Result:
    """The site's port: free, or our site answers there; else another program has it."""
    asked = str(place.port)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, place.port))
    except OverflowError:
        return wrong("port", "port-none", port=asked)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return wrong("port", "port-closed", port=asked, why=error.strerror)
    else:
        return right("port", "port-free", port=asked)
    return _occupied(place, asked)


def _occupied(place: Place, asked: str) -> Result:
    release = _served(place.port)
    if not release:
        return wrong("port", "port-taken", port=asked)
    shown = Path(os.path.realpath(place.site / "current")).name
    if release != shown:
        return look("port", "port-other-release", port=asked, served=release, current=shown)
    return right("port", "port-ours", port=asked, release=release)


def _served(port: int) -> str:
    """The release that a Gongshi site serves on a port; "" where another program listens."""
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_S)  # uses no proxy
    try:
        connection.request("GET", "/-/health")
        answer = json.loads(connection.getresponse().read(LONGEST_ANSWER))
        return str(answer["release"]) if answer["ok"] is True else ""
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return ""
    finally:
        connection.close()


def worker(place: Place) -> Result:
    """How long a worker takes to load the site, against how long `gongshi serve` waits for it."""
    deadline = place.worker_deadline_s
    before = time.monotonic()
    try:
        done = subprocess.run(  # noqa: S603 - this Python and a constant
            [sys.executable, "-P", "-c", WORKER],
            env=_environment(place.home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=deadline,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return wrong("worker", "worker-late", deadline=f"{deadline:.0f}")
    took = time.monotonic() - before
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return wrong("worker", "worker-fails", why=lines[-1] if lines else done.returncode)
    return timed(took, deadline)


def timed(took: float, deadline: float) -> Result:
    """The result for a start that took `took` of at most `deadline` seconds."""
    times = {"took": f"{took:.1f}", "deadline": f"{deadline:.0f}"}
    if took > deadline / 2:
        return look("worker", "worker-slow", **times)
    return right("worker", "worker-good", **times)


def _environment(home: Path) -> dict[str, str]:
    """The worker finds this program, and leaves no compiled files behind."""
    paths = [str(home), os.environ.get("PYTHONPATH", "")]
    found = os.pathsep.join(path for path in paths if path)
    return {**os.environ, "PYTHONPATH": found, "PYTHONDONTWRITEBYTECODE": "1"}
