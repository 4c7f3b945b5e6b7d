"""A Typer command that takes plain values as they are, without loading Pydantic.

Typer 0.29 builds a Pydantic validator for every option of the verb that is called, which takes longer
than to load Typer itself, and gives text and paths back as they came. Here text, paths and whole numbers
that are plainly right are taken at once. Everything else goes to Typer, so that what is refused is
refused in its words. A Typer that does not ask a parameter for `_runtime_param` works as before.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import typer.main


def command(app: typer.Typer) -> Any:
    """The command that runs `app`, its help unshortened in the list of verbs."""
    made: Any = typer.main.get_command(app)
    for verb in made.commands.values():
        verb.short_help = verb.help
    for each in (made, *made.commands.values()):
        for param in each.get_params(typer.Context(each)):  # --help among them
            wanted = getattr(param, "type_descriptor", None)
            if wanted and wanted.annotation in _PLAIN:
                param._runtime_param = _Plain(_PLAIN[wanted.annotation])
    return made


class _Plain:
    """Takes the place of what Typer converts one parameter's values with."""

    def __init__(self, convert: Any) -> None:
        self._convert = convert

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """`value` as the verb gets it. Raises what Typer raises where it does not fit."""
        if value is None:
            return None
        converted = self._convert(value)
        if converted is not None:
            return converted
        param._runtime_param = None  # Typer makes its own
        return param.get_runtime_param().coerce(value, param, ctx)


def _text(value: Any) -> str | None:
    """The text; None where it is none, or holds bytes that are no UTF-8."""
    return value if isinstance(value, str) and value.isprintable() else None


def _path(value: Any) -> Path | None:
    """The path; None where it is there and may not be read: Typer refuses it."""
    if isinstance(value, str) and (_text(value) is None or value == ""):
        return None
    path = Path(value)
    return path if os.access(path, os.R_OK) or not os.access(path, os.F_OK) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, int):
        return value
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


_PLAIN: dict[Any, Any] = {str: _text, Path: _path, int: _integer, bool: _flag}
