"""Serving the site: uvicorn with as many workers as asked for, each following `current`."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import Any

import uvicorn

from pipeline.base.errors import UsageError
from pipeline.base.words import language, say
from pipeline.site.datasette import folder
from pipeline.site.server.app import application

_SITE = "GONGSHI_SITE"  # how the folder reaches the workers, which are processes of their own
_BACKLOG = 1024


def serve(site: Path, host: str, port: int, workers: int) -> None:
    """Serve what `site/current` points to until stopped.

    UsageError where there is no release or the address is taken, StoreError where the release is
    not whole.
    """
    site = site.resolve()
    folder.current(site)  # says at once what is wrong
    _check_free(host, port)
    os.environ[_SITE] = str(site)
    uvicorn.run(
        "pipeline.site.server.serve:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=max(1, workers),
        backlog=_BACKLOG,
        access_log=False,  # it would hold visitors' addresses and searches; ours does not
        server_header=False,
        date_header=True,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        timeout_keep_alive=10,
        log_config=_logging(),
    )


def from_environment() -> Any:
    """The app, for a worker of uvicorn."""
    return application(Path(os.environ[_SITE]))


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise UsageError(say("port-busy", language(), host=host, port=port, why=why)) from None


def _logging() -> dict[str, Any]:
    line = {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    handler = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line, "bare": {"format": "%(message)s"}},
        "handlers": {
            "err": {**handler, "formatter": "line"},
            "access": {**handler, "formatter": "bare"},
        },
        "loggers": {
            "uvicorn": {"handlers": ["err"], "level": logging.INFO, "propagate": False},
            "gongshi": {"handlers": ["err"], "level": logging.INFO, "propagate": False},
            "gongshi.access": {"handlers": ["access"], "level": logging.INFO, "propagate": False},
        },
    }
