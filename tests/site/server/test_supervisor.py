"""Starting and ending the server: slow, dying, silent and killed workers, signals, taken addresses."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from textwrap import indent

import httpx
import psutil
import pytest

from pipeline.base.errors import StoreError, UsageError
from pipeline.site.server.deadlines import TRIES
from pipeline.site.server.health import HealthCheck
from pipeline.site.server.serve import serve
from pipeline.site.server.slot import how_it_ended
from tests.site.conftest import free_port
from tests.support.site_sample import ROOT, make_release

pytestmark = pytest.mark.slow  # each starts servers

BOUND_S = 180  # for what must come to pass on a slow machine
MAIN = "from pipeline.cli import main; main()"
UNTIL_PARENT_ENDS = "time.sleep(600)"


class Server:
    """A running `gongshi serve`."""

    def __init__(self, process: subprocess.Popen[bytes], address: str, log: Path) -> None:
        self.process, self.address, self._log = process, address, log
        self.parent = psutil.Process(process.pid)

    @property
    def said(self) -> str:
        return self._log.read_text("utf-8")

    def workers(self) -> list[psutil.Process]:
        return [child for child in self.parent.children() if child.status() != psutil.STATUS_ZOMBIE]

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/-/health", timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    def is_announced(self) -> bool:
        return self.address in self.said

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + BOUND_S
        while not condition():
            assert time.monotonic() < end, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.1)

    def until_it_is_deaf(self) -> None:
        """Until it takes no new visitor, as it does on its way to the end."""
        host, _, port = self.address.removeprefix("http://").partition(":")
        with suppress(ConnectionError):
            while True:
                socket.create_connection((host, int(port)), BOUND_S).close()

    def ended(self) -> int:
        """The exit code, once it has ended."""
        return self.process.wait(BOUND_S)


@pytest.fixture
def public(site: Path, tmp_path: Path) -> Path:
    """A folder with `public`, the site of one release, which no test changes."""
    (tmp_path / "public").symlink_to(site)
    return tmp_path


@contextmanager
def started(
    tmp_path: Path, *options: str, fault: str = "", code: str = MAIN, workers: int = 2
) -> Iterator[Server]:
    """The command on `public`. `fault` is what every worker does before anything else."""
    faults, log, port = tmp_path / "faults", tmp_path / "said.txt", free_port()
    faults.mkdir()
    if fault:
        body = indent(f"import os, time\n{fault}", "    ")
        is_worker = "'pipeline.site.server.worker' in ' '.join(sys.orig_argv)"
        (faults / "sitecustomize.py").write_text(f"import sys\nif {is_worker}:\n{body}\n", "utf-8")
    command = ["serve", "--site", str(tmp_path / "public"), "--port", str(port), "--workers", str(workers)]  # fmt: skip
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *command, "--lang", "en", *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": f"{faults}{os.pathsep}{ROOT}"},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Server(process, f"http://127.0.0.1:{port}", log)
    finally:
        process.terminate()
        process.wait(BOUND_S)


def gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, BOUND_S)[1]


def test_workers_that_take_long_to_start_end_in_a_site_that_answers(public: Path) -> None:
    with started(public, fault="time.sleep(8)") as server:
        server.until(server.is_announced)
        assert server.answers()
        assert "still starting" in server.said.partition(server.address)[0]
        assert "did not start" not in server.said
        assert server.said.count(server.address) == 1


def test_no_address_is_printed_before_it_answers(public: Path) -> None:
    with started(public, fault=UNTIL_PARENT_ENDS) as server:
        server.until(lambda: "still starting" in server.said)
        assert not server.is_announced()


def test_who_comes_while_workers_start_is_answered_when_they_have(public: Path) -> None:
    with started(public, fault="time.sleep(3)", workers=1) as server:
        server.until(lambda: len(server.workers()) == 1)
        assert httpx.get(f"{server.address}/about", timeout=BOUND_S).status_code == 200


def test_a_port_is_taken_from_the_start_on(public: Path) -> None:
    with started(public, fault=UNTIL_PARENT_ENDS) as server:
        server.until(lambda: len(server.workers()) == 2)
        with pytest.raises(UsageError, match="--port"):
            serve(public / "public", "127.0.0.1", int(server.address.rpartition(":")[2]), 2)


def test_a_worker_that_is_killed_is_replaced(public: Path) -> None:
    with started(public) as server:
        server.until(server.is_announced)
        killed = server.workers()[0]
        killed.kill()
        server.until(lambda: "is started again" in server.said)
        assert server.answers()
        assert len(server.workers()) == 2
        assert re.search(rf"process {killed.pid}\) died .* SIGKILL", server.said)


def test_a_killed_worker_turns_no_visitor_away(public: Path) -> None:
    with started(public, workers=1) as server:
        server.until(server.is_announced)
        server.workers()[0].kill()
        assert httpx.get(f"{server.address}/about", timeout=BOUND_S).status_code == 200


def test_a_worker_that_stands_still_is_replaced(public: Path) -> None:
    impatient = f"from pipeline.site.server import supervisor; supervisor.WORKER_SILENT_S = 5; {MAIN}"  # fmt: skip
    with started(public, code=impatient, workers=1) as server:
        server.until(server.is_announced)
        [stopped] = server.workers()
        stopped.suspend()
        server.until(lambda: "is started again" in server.said)
        assert f"process {stopped.pid}) died and will be replaced: it stood still" in server.said
        assert server.answers()


def test_a_worker_that_dies_at_its_first_start_only_is_started_again(public: Path) -> None:
    once = f"try:\n    open({str(public / 'died')!r}, 'x').close()\n    os._exit(7)\nexcept FileExistsError:\n    pass"  # fmt: skip
    with started(public, fault=once) as server:
        server.until(lambda: "is started again" in server.said and server.is_announced())
        assert "did not start: exit code 7" in server.said
        assert len(server.workers()) == 2


def test_workers_that_die_at_each_start_end_in_one_sentence(public: Path) -> None:
    with started(public, fault="sys.modules['uvicorn'] = None") as server:
        assert server.ended() == StoreError.exit_code
        assert server.said.count("ModuleNotFoundError") == 1
        assert "No worker could be started" in server.said.splitlines()[-1]
        assert "Traceback" not in server.said
        assert not server.is_announced()


def test_workers_that_die_without_a_word_are_tried_a_few_times(public: Path) -> None:
    with started(public, fault="os._exit(7)") as server:
        assert server.ended() == StoreError.exit_code
        assert server.said.count("exit code 7") == 2 * TRIES


def test_a_system_that_makes_no_process_ends_the_start_in_one_sentence(public: Path) -> None:
    full = f"import subprocess\ndef no_more(*_, **__): raise BlockingIOError(11, 'no more')\nsubprocess.Popen = no_more\n{MAIN}"  # fmt: skip
    with started(public, code=full) as server:
        assert server.ended() == StoreError.exit_code
        assert "made no process for worker 1: no more" in server.said
        assert "Traceback" not in server.said


def test_workers_that_never_answer_end_in_one_sentence(public: Path) -> None:
    with started(public, "--start-timeout", "2", fault=UNTIL_PARENT_ENDS) as server:
        assert server.ended() == StoreError.exit_code
        assert server.said.count("did not answer within 2 s") == 2 * TRIES
        assert "--start-timeout" in server.said
        assert not server.is_announced()


def test_a_database_that_cannot_be_read_ends_the_start_with_its_reason_once(tmp_path: Path) -> None:
    (make_release(tmp_path / "public") / "disclosure.db").write_bytes(b"x" * 9000)
    with started(tmp_path, workers=1) as server:
        assert server.ended() == StoreError.exit_code
        assert server.said.count("file is not a database") == 1


def test_where_one_worker_serves_the_other_is_tried_on(public: Path) -> None:
    first = f"try:\n    open({str(public / 'first')!r}, 'x').close()\nexcept FileExistsError:\n    os._exit(7)"  # fmt: skip
    with started(public, fault=first) as server:
        server.until(server.is_announced)
        server.until(lambda: server.said.count("exit code 7") > TRIES)
        assert server.answers()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_server_and_all_its_workers(public: Path, number: int) -> None:
    with started(public) as server:
        server.until(server.is_announced)
        workers = server.workers()
        server.process.send_signal(number)
        assert server.ended() == 0
        assert gone(workers)
        assert not server.answers()


def test_ctrl_c_while_workers_import_ends_all_without_a_traceback(public: Path) -> None:
    with started(public, fault=UNTIL_PARENT_ENDS) as server:
        server.until(lambda: len(server.workers()) == 2)
        workers = server.workers()
        os.killpg(server.process.pid, signal.SIGINT)  # as a terminal does
        assert server.ended() == 0
        assert gone(workers)
        assert "Traceback" not in server.said


def test_workers_end_when_their_server_is_killed(public: Path) -> None:
    with started(public) as server:
        server.until(server.is_announced)
        workers = server.workers()
        server.process.kill()
        assert gone(workers)


def test_a_download_that_has_begun_is_sent_whole_before_the_end(tmp_path: Path) -> None:
    size = 40 << 20  # more than sockets hold of what nobody has read
    download = make_release(tmp_path / "public") / "downloads" / "penalty_filings.csv.gz"
    download.write_bytes(bytes(size))
    with started(tmp_path, workers=1) as server:
        server.until(server.is_announced)
        address = f"{server.address}/downloads/penalty_filings.csv.gz"
        with httpx.stream("GET", address, timeout=BOUND_S) as answer:
            server.process.terminate()
            server.until_it_is_deaf()
            assert sum(map(len, answer.iter_raw())) == size
        assert server.ended() == 0


def test_a_port_that_cannot_be_is_said(site: Path) -> None:
    with pytest.raises(UsageError, match=r"--port.*99999"):
        serve(site, "127.0.0.1", 99_999, 1)


def test_an_address_that_this_machine_has_not_is_said(site: Path) -> None:
    with pytest.raises(UsageError, match=r"203\.0\.113\.7.*--host"):  # RFC 5737: nobody's
        serve(site, "203.0.113.7", 0, 1)


def test_words_that_are_not_json_are_said_before_a_worker_starts(tmp_path: Path) -> None:
    (make_release(tmp_path) / "metadata.json").write_text("{", "utf-8")
    with pytest.raises(StoreError, match="gongshi verify"):
        serve(tmp_path, "127.0.0.1", 0, 1)


def test_a_site_that_answers_with_an_error_has_not_passed() -> None:
    class Broken(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(503)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Broken) as server:
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        health = HealthCheck(server.socket)
        assert health._once() == "HTTP 503"
        answering.join()


def test_how_a_worker_ended_names_the_code_or_the_signal() -> None:
    assert "7" in how_it_ended(7)
    assert "SIGSEGV" in how_it_ended(-signal.SIGSEGV)
    assert "内存" in how_it_ended(-signal.SIGKILL)
