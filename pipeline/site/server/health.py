"""Checks by HTTP, as a visitor's browser would, that the site answers at its address."""

from __future__ import annotations

import http.client
import socket
import threading

_PATH = "/-/health"
_PATIENCE_S = 30.0
_PAUSE_S, _PAUSE_MOST_S = 0.2, 5.0
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to connect, not where to listen


class HealthCheck:
    """Requests /-/health in a thread until the response is 200; then `passed` is set."""

    def __init__(self, listening: socket.socket) -> None:
        host, self._port = listening.getsockname()[:2]
        self._host = _ANYWHERE.get(host, host)
        self.problem = ""  # of the last request; "" for none
        self.passed, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    @property
    def url(self) -> str:
        """The address that is requested."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}{_PATH}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the requests."""
        self._over.set()

    def _ask(self) -> None:
        pause = _PAUSE_S
        while not self._over.is_set():
            self.problem = self._once()
            if not self.problem:
                self.passed.set()
                return
            self._over.wait(pause)
            pause = min(2 * pause, _PAUSE_MOST_S)

    def _once(self) -> str:
        """The problem of one request; "" where the response is 200."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_PATIENCE_S)
        try:
            connection.request("GET", _PATH)
            answer = connection.getresponse()
            return "" if answer.status == http.client.OK else f"HTTP {answer.status}"
        except (OSError, http.client.HTTPException) as error:
            return str(error) or type(error).__name__
        finally:
            connection.close()
