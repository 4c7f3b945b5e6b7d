"""The contract, the port and a worker's start as `gongshi doctor` finds them."""

from __future__ import annotations

import errno
import importlib.util
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline.flow.doctor import serving
from pipeline.flow.doctor.result import Place
from tests.flow.doctor.conftest import RELEASE, Finds


def test_a_contract_that_loads_is_right(place: Place, finds: Finds) -> None:
    result = serving.contract(place)
    finds(result, "right", "contract-good")
    assert result.params["count"] == len(list(place.contract.glob("*.yaml"))) - 1  # package.yaml


def test_a_contract_that_does_not_load_is_wrong_with_its_own_sentence(place: Place, finds: Finds, tmp_path: Path) -> None:  # fmt: skip
    result = serving.contract(replace(place, contract=tmp_path / "none"))
    finds(result, "wrong", "contract-broken")
    assert str(tmp_path / "none") in str(result.params["why"])


# ---------------------------------------------------------------- the port


@contextmanager
def answering(answer: bytes, status: int = 200) -> Iterator[int]:
    """The port of a server that gives `answer` to /-/health."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/-/health" else 404)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def health(release: str) -> bytes:
    return json.dumps({"ok": True, "release": release, "today": "2025-03-31"}).encode()


def test_a_port_that_nobody_has_is_right(place: Place, finds: Finds) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    result = serving.port(replace(place, port=port))
    finds(result, "right", "port-free")
    assert result.params["port"] == str(port)


def test_a_port_where_the_site_shows_this_release_is_right(place: Place, finds: Finds) -> None:
    with answering(health(RELEASE)) as port:
        finds(serving.port(replace(place, port=port)), "right", "port-ours")


def test_a_port_where_a_site_shows_another_release_is_worth_a_look(place: Place, finds: Finds) -> None:  # fmt: skip
    with answering(health("2024-01-01-00000000")) as port:
        result = serving.port(replace(place, port=port))
    finds(result, "look", "port-other-release")
    assert (result.params["served"], result.params["current"]) == ("2024-01-01-00000000", RELEASE)


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"null", b'{"ok": false, "release": "a"}', b'{"ok": true}', b"{" * 20_000])  # fmt: skip
def test_a_port_that_another_program_has_is_wrong(place: Place, finds: Finds, answer: bytes) -> None:  # fmt: skip
    with answering(answer) as port:
        finds(serving.port(replace(place, port=port)), "wrong", "port-taken")


def test_a_port_that_never_answers_is_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(serving, "ANSWER_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        finds(serving.port(replace(place, port=mute.getsockname()[1])), "wrong", "port-taken")


def test_no_proxy_is_asked_for_the_port(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with answering(health(RELEASE)) as port:
        finds(serving.port(replace(place, port=port)), "right", "port-ours")


@pytest.mark.parametrize("port", [70_000, -1])
def test_a_number_that_is_no_port_is_wrong(place: Place, finds: Finds, port: int) -> None:
    finds(serving.port(replace(place, port=port)), "wrong", "port-none")


def test_a_port_that_this_user_may_not_have_is_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    class Refused(socket.socket):
        def bind(self, _: Any) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "socket", Refused)
    finds(serving.port(replace(place, port=80)), "wrong", "port-closed")


# ---------------------------------------------------------------- a worker


def test_a_worker_that_starts_in_time_is_right(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(serving, "WORKER", "pass")
    finds(serving.worker(replace(place, worker_deadline_s=600)), "right", "worker-good")


@pytest.mark.parametrize(("took", "state", "key"), [(30.0, "right", "good"), (30.1, "look", "slow")])  # fmt: skip
def test_a_start_that_takes_more_than_half_its_time_is_worth_a_look(finds: Finds, took: float, state: str, key: str) -> None:  # fmt: skip
    finds(serving.timed(took, 60), state, f"worker-{key}")  # type: ignore[arg-type]


def test_a_worker_that_does_not_start_in_time_is_wrong_and_is_ended(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(serving, "WORKER", "import time; time.sleep(3600)")
    finds(serving.worker(replace(place, worker_deadline_s=0.2)), "wrong", "worker-late")


@pytest.mark.parametrize(("code", "why"), [("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"), ("raise SystemExit(3)", "3")])  # fmt: skip
def test_a_worker_that_cannot_start_is_wrong_with_the_cause(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, code: str, why: str) -> None:  # fmt: skip
    monkeypatch.setattr(serving, "WORKER", code)
    result = serving.worker(place)
    finds(result, "wrong", "worker-fails")
    assert str(result.params["why"]) == why


def test_a_worker_finds_this_program_wherever_the_command_is_run(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # fmt: skip
    (tmp_path / "pipeline").mkdir()  # which is not the program
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(serving, "WORKER", "import pipeline.base.errors")
    finds(serving.worker(replace(place, worker_deadline_s=600)), "right", "worker-good")


def test_what_a_worker_loads_is_there() -> None:
    modules = re.findall(r"[\w.]+\.[\w.]+", serving.WORKER)
    assert modules
    assert all(importlib.util.find_spec(module) for module in modules)
