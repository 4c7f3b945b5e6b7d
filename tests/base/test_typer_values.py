"""Plain values are taken without Pydantic just as Typer would take them; what is refused is Typer's to refuse."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
import typer.main

from pipeline.base import typer_values

app = typer.Typer(rich_markup_mode=None)


@app.command()
def take(
    words: Annotated[list[str], typer.Argument()],
    text: Annotated[str, typer.Option()] = "",
    path: Annotated[Path, typer.Option()] = Path(),
    other: Annotated[Path | None, typer.Option()] = None,
    number: Annotated[int, typer.Option()] = 0,
    flag: Annotated[bool, typer.Option("--flag")] = False,
) -> None:
    typer.echo(repr((words, text, path, other, number, flag)))


@app.command()
def rest() -> None:
    """A sentence about what this does that is so long that a list of verbs would have no room for all of its words."""


def said(command: Any, *arguments: str) -> tuple[int, str]:
    """How a command ends, and what it says."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            command(list(arguments), prog_name="gongshi")
        except SystemExit as ended:
            return int(str(ended.code or 0)), out.getvalue()
    return 0, out.getvalue()


PATHS = [
    ("--path", value) for value in (".", "/", "no-such-file", "", "a b", "公示[2024]'#", "~", "-")
]
TEXTS = [("--text", value) for value in ("", " ", "中文", "a\nb", "\u3000", "1", "x\udcffy")]
NUMBERS = [("--number", value) for value in ("0", "7", "007", "-3", "+3", " 4", "1_0", "٣", "x", "", "1.5", "9" * 30)]  # fmt: skip
OTHERS = [("--other", "no-such-file"), ("--flag",), ("--no-such-option",), ("w", "w w", "中"), ()]


@pytest.mark.parametrize("arguments", [*PATHS, *TEXTS, *NUMBERS, *OTHERS])
def test_what_is_given_is_taken_or_refused_as_by_typer(arguments: tuple[str, ...]) -> None:
    given = ("take", "word", *arguments)
    theirs, ours = typer.main.get_command(app), typer_values.command(app)
    assert said(ours, *given) == said(theirs, *given)


def test_nothing_at_all_is_refused_as_by_typer() -> None:
    theirs, ours = typer.main.get_command(app), typer_values.command(app)
    assert said(ours, "take") == said(theirs, "take")


def test_the_list_of_verbs_tells_all_that_a_verb_says_of_itself() -> None:
    _, listed = said(typer_values.command(app), "--help")
    assert "for all of its words" in " ".join(listed.split())
