"""Serve the site: workers on one address, each of which follows `current`."""

from __future__ import annotations

import errno
import logging.config
import socket
import sys
from contextlib import suppress
from pathlib import Path

from pipeline.base.errors import StoreError, UsageError
from pipeline.base.words import language, say
from pipeline.site.datasette import folder
from pipeline.site.server import logs
from pipeline.site.server.deadlines import WORKER_START_S
from pipeline.site.server.slot import Slot
from pipeline.site.server.supervisor import Supervisor
from pipeline.site.server.worker import BACKLOG

_PORTS = range(65_536)


def serve(site: Path, host: str, port: int, workers: int, start_s: float = WORKER_START_S) -> None:
    """Serve what `site/current` points to until stopped; print the address once it answers.

    `start_s`: seconds that a worker may take until it answers. Raises UsageError where there is no
    release or the address cannot be used, StoreError where the release is incomplete or no worker
    can be started.
    """
    site = site.resolve()
    _check_release(site)
    with _listen(host, port) as listening:
        logging.config.dictConfig(logs.config())
        slots = [Slot(number + 1, site, listening) for number in range(max(1, workers))]
        address = _address(host, listening)
        Supervisor(slots, listening, start_s, lambda: _announce(address)).run()


def _check_release(site: Path) -> None:
    """Raise UsageError or StoreError for a bad release, before a worker is started."""
    try:
        folder.current(site)
    except (OSError, ValueError) as error:
        raise StoreError(say("release-unreadable", language(), site=site, why=error)) from error


def _listen(host: str, port: int) -> socket.socket:
    """The socket of all workers. UsageError where the address cannot be used.

    It listens from the start: the port is reserved, and a visitor who comes while workers start or
    are replaced waits and is then answered.
    """
    if port not in _PORTS:
        raise UsageError(say("port-range", language(), port=port, most=_PORTS[-1]))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        key = "host-unknown" if _is_about_host(error) else "port-busy"
        why = error.strerror or str(error)
        raise UsageError(say(key, language(), host=host, port=port, why=why)) from None
    return listening


def _is_about_host(error: OSError) -> bool:
    return isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL


def _address(host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]  # chosen by the system for port 0
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(address: str) -> None:
    with suppress(OSError):  # a closed stdout does not stop the site
        sys.stdout.write(say("serve-at", language(), address=address) + "\n")
        sys.stdout.flush()
