"""The results of `gongshi doctor` as text and as JSON."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import cache

from rich.cells import cell_len

from pipeline.base.words import Lang, say
from pipeline.flow.doctor.examine import CHECKS
from pipeline.flow.doctor.result import Result, State

MARKS: dict[State, str] = {"right": "✓", "look": "!", "wrong": "✗"}
WIDTH = 100  # of a line in a file or a pipe
NARROWEST = 24  # cells that a sentence gets on any terminal
GAP = "  "
# A line may end after a Latin word or a Chinese character, each with its punctuation.
_PIECE = re.compile(r"\s+|[“（《]*(?:[!-~]+|\S)[，。；：、）”》？！]*")


def text(result: Result, lang: Lang, width: int = 0) -> str:
    """One result: its mark, title and message; below that, what to do.

    No line is longer than `width` cells (0: as the terminal is) unless a single word,
    such as a path, is.
    """
    width, wide = width or _width(), _wide(lang)
    title = result.title(lang)
    head = f"{MARKS[result.state]}{GAP}{title}{' ' * (wide - cell_len(title))}{GAP}"
    indent = " " * cell_len(head)
    room = max(width - len(indent), NARROWEST)
    lines = _under(head, indent, folded(result.message(lang), room))
    if advice := result.advice(lang):
        lines += _under(f"{indent}→ ", f"{indent}  ", folded(advice, room - 2))
    return "\n".join(lines)


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH


@cache
def _wide(lang: Lang) -> int:
    """Cells of the longest title, so that lines are aligned from the first on."""
    return max(cell_len(say(f"doctor-{name}", lang)) for name in CHECKS)


def _under(first: str, later: str, lines: Iterable[str]) -> list[str]:
    return [(later if number else first) + line for number, line in enumerate(lines)]


def closing(results: Collection[Result], lang: Lang) -> str:
    """How many things are right, worth a look, wrong."""
    count = Counter(result.state for result in results)
    summary = say(
        "doctor-sum", lang, right=count["right"], look=count["look"], wrong=count["wrong"]
    )
    return f"\n{summary}"


def folded(text: str, width: int) -> Iterator[str]:
    """`text` in lines of at most `width` cells, broken between Chinese characters too."""
    line = ""
    for piece in _PIECE.findall(text):
        if line and cell_len(line + piece.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += piece if line else piece.lstrip()
    yield line.rstrip()


def as_json(results: Collection[Result], lang: Lang) -> str:
    """The results for a program: names, states and keys stay within a version,
    sentences may change.
    """
    checks = [
        {
            "check": result.check,
            "state": result.state,
            "key": result.key,
            "title": result.title(lang),
            "message": result.message(lang),
            "advice": result.advice(lang),
        }
        for result in results
    ]
    content = {"format": "gongshi-doctor", "version": 1, "checks": checks}
    return json.dumps(content, ensure_ascii=False, indent=2)
