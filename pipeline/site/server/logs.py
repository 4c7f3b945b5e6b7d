"""What the server and its workers log: on stderr, and nothing about a visitor."""

from __future__ import annotations

import logging
from typing import Any


def config() -> dict[str, Any]:
    """For `logging.config.dictConfig`, in the server and in each of its workers."""
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
            # What it says of starting and ending, the server says in the operator's language.
            "uvicorn": {"handlers": ["err"], "level": logging.WARNING, "propagate": False},
            "gongshi": {"handlers": ["err"], "level": logging.INFO, "propagate": False},
            "gongshi.access": {"handlers": ["access"], "level": logging.INFO, "propagate": False},
        },
    }
