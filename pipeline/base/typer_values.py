"""A Typer command that converts plain values itself, without loading Pydantic.

Typer 0.29 builds a Pydantic validator for every option of the verb that is called. That takes
longer than loading Typer, and returns text and paths unchanged. Here valid text, paths and whole
numbers are converted directly. Everything else goes to Typer, so that its error messages stay. A
version of Typer that does not use `_runtime_param` works as before.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import typer.main


def command(app: typer.Typer) -> Any:
    """The command that runs `app`, with each verb's full help in the list of verbs."""
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
    """Replaces Typer's converter of one parameter."""

    def __init__(self, convert: Any) -> None:
        self._convert = convert

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """`value` as the verb receives it. Raises what Typer raises where it is not valid."""
        if value is None:
            return None
        converted = self._convert(value)
        if converted is not None:
            return converted
        param._runtime_param = None  # Typer builds its own
        return param.get_runtime_param().coerce(value, param, ctx)


def _text(value: Any) -> str | None:
    """The text; None where it is not text, or holds bytes that are not UTF-8."""
    return value if isinstance(value, str) and value.isprintable() else None


def _path(value: Any) -> Path | None:
    """The path; None where it exists but may not be read: Typer refuses it."""
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
