"""A site served by uvicorn from a made-up release, and a browser to look at it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.site_sample import ROOT, make_release

_START = (
    "import sys; from pathlib import Path; from pipeline.site.server.serve import serve; "
    "serve(Path(sys.argv[1]), '127.0.0.1', int(sys.argv[2]), int(sys.argv[3]))"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(site: Path, workers: int = 1) -> Iterator[str]:
    """The address of a server of `site`, which lives as long as the block."""
    port = free_port()
    log = site.parent / f"serve-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", _START, str(site), str(port), str(workers)],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONWARNINGS": "default"},
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{address}/-/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one release, in whose first rows hostile values stand in every column."""
    folder = tmp_path_factory.mktemp("site") / "public"
    make_release(folder, hostile=True)
    return folder


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    with served(site) as where:
        yield where


@pytest.fixture(scope="session")
def web(address: str) -> Iterator[httpx.Client]:
    """A client of the served site."""
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client
