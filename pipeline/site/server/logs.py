"""Logging of the server and its workers: to stderr, without visitors' personal data."""

from __future__ import annotations

import logging
from typing import Any


def config() -> dict[str, Any]:
    """The configuration for `logging.config.dictConfig`, in the server and in each worker."""
    line = {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    handler = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line, "plain": {"format": "%(message)s"}},
        "handlers": {
            "err": {**handler, "formatter": "line"},
            "access": {**handler, "formatter": "plain"},
        },
        "loggers": {
            # Its messages on start and stop come from the server, in the operator's language.
            "uvicorn": {"handlers": ["err"], "level": logging.WARNING, "propagate": False},
            "gongshi": {"handlers": ["err"], "level": logging.INFO, "propagate": False},
            "gongshi.access": {"handlers": ["access"], "level": logging.INFO, "propagate": False},
        },
    }
