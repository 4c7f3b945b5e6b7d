"""Cells that a spreadsheet runs, and cells that it does not: examples, and what they have in common.

`is_run` is written apart from the product, from what spreadsheet programs do, so that each can find
the other wrong. A signed number is not run, but in a column of text it would not stay as written.
`DECIDED` are cells on which programs or people differ: text that begins with any sign counts as run,
dashes and the minus of mathematics do not, nor does a sign that stands behind other text or a quote.
"""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

_CELLS = json.loads(Path(__file__).with_name("formula_cells.json").read_text("utf-8"))
RUN: list[str] = _CELLS["run"]
HARMLESS: list[str] = _CELLS["harmless"]
NUMBERS: list[str] = _CELLS["numbers"]
DECIDED: list[tuple[str, bool]] = [(cell["text"], cell["marked"]) for cell in _CELLS["decided"]]
MARKED = [*RUN, *NUMBERS, *(text for text, marked in DECIDED if marked)]
LEFT = [*HARMLESS, *(text for text, marked in DECIDED if not marked)]
_NUMBER = re.compile(r"[+-](?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")


def is_run(text: str) -> bool:
    """Whether some spreadsheet would take `text`, a cell of a CSV, for a formula."""
    begun = text.lstrip("".join(c for c in set(text) if _is_unseen(c)))
    sign = _plain(begun[:1])
    return sign in ("=", "+", "-", "@") and text.strip() != "-" and not _NUMBER.match(text)


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cc", "Cf")


def _plain(character: str) -> str:
    """The ordinary form of a full-width or small character."""
    form = unicodedata.decomposition(character).partition(" ")[0] if character else ""
    return unicodedata.normalize("NFKC", character) if form in ("<wide>", "<small>") else character
