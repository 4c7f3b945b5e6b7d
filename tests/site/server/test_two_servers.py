"""Two servers of one site behind nginx: a switch and a dead server that no visitor notices."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.site_sample import ROOT, make_release

pytestmark = pytest.mark.slow

PAGES = ("/", "/disclosure/penalty_filings", "/search?q=食品", "/disclosure/certificates.json", "/en/quality")  # fmt: skip
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


def free_ports() -> int:
    """A port with two free ones above it."""
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = int(s.getsockname()[1])
        try:
            for above in (1, 2):
                with socket.socket() as s:
                    s.bind(("127.0.0.1", port + above))
        except OSError:
            continue
        return port


@pytest.fixture
def balanced(tmp_path: Path) -> Iterator[tuple[str, list[int]]]:
    """The address of nginx, and the processes of the two servers behind it."""
    if NGINX is None and not os.environ.get("CI"):
        pytest.skip("nginx is not installed here")
    make_release(tmp_path / "site")
    gongshi = Path(sys.executable).parent / "gongshi"
    port = free_ports()
    process = subprocess.Popen(
        ["sh", str(ROOT / "examples/deploy/two-servers.sh"), str(tmp_path / "site"), str(port)],
        env={**os.environ, "GONGSHI": str(gongshi)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(3)]
    servers = [int(found[1]) for line in lines if (found := re.search(r"process (\d+)", line))]
    address = f"http://127.0.0.1:{port}"
    try:
        for each in (port + 1, port + 2, port):
            _until_it_answers(f"http://127.0.0.1:{each}/")
        yield address, servers
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stdout.close()


def _until_it_answers(address: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(address, timeout=60).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{address} does not answer")


def _until_it_shows(address: str, release: str) -> None:
    for asked in range(600):  # each time anew: nginx keeps the answer to what was asked before
        if release in httpx.get(f"{address}/releases", params={"n": asked}, timeout=60).text:
            return
        time.sleep(0.2)
    raise AssertionError(f"{address} does not show {release}")


class Visitors:
    """Several visitors who ask for page after page, and remember whatever was not well."""

    def __init__(self, address: str, count: int = 4) -> None:
        self.answers, self.wrong, self.over = 0, list[str](), threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(address, n)) for n in range(count)]  # fmt: skip

    def _visit(self, address: str, number: int) -> None:
        with httpx.Client(base_url=address, timeout=30) as web:
            while not self.over.is_set():
                path = PAGES[(self.answers + number) % len(PAGES)]
                try:
                    answer = web.get(path, params={"n": str(self.answers % 50)} if "json" in path else None)  # fmt: skip
                    if answer.status_code != 200:
                        self.wrong.append(f"{path} {answer.status_code}")
                except httpx.HTTPError as error:
                    self.wrong.append(f"{path} {error!r}")
                self.answers += 1

    def __enter__(self) -> Visitors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join()


def test_no_request_fails_while_one_server_is_killed_and_a_release_is_switched(
    balanced: tuple[str, list[int]], tmp_path: Path
) -> None:
    address, servers = balanced
    with Visitors(address) as visitors:
        time.sleep(1)
        make_release(tmp_path / "site", release="2025-04-30-2", today="2025-04-30")
        time.sleep(2)
        os.kill(servers[0], signal.SIGKILL)
        _until_it_shows(address, "2025-04-30-2")
    assert visitors.wrong == []
    assert visitors.answers > 20


def test_what_is_asked_for_again_comes_from_the_cache(balanced: tuple[str, list[int]]) -> None:
    address, _ = balanced
    seen = [httpx.get(f"{address}/disclosure/penalty_filings").headers["x-cache"] for _ in range(3)]
    assert seen[0] == "MISS"
    assert seen[2] in ("HIT", "REVALIDATED")
