"""The result of the workbook readers: a sheet as rows of text, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.intake.workbook.shown_numbers import Run

if TYPE_CHECKING:  # the reader's process loads no Arrow
    from pipeline.intake.table.find_headers import Merged

#: Findings that say nothing of the file: another run may read it.
NOT_OF_THE_FILE = frozenset(
    ("reader-not-started", "reader-ended", "reader-too-slow", "reader-failed", "file-unreadable")
)


class Unreadable(Exception):
    """A workbook that cannot be opened; `rule` names the finding, `params` fill in its message."""

    def __init__(self, rule: str, params: Mapping[str, str] | None = None) -> None:
        super().__init__(rule)
        self.rule, self.params = rule, params or {}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: rows of text, the first being row 1; `skipped` names why it was not read."""

    name: str
    rows: Sequence[Sequence[str]] = ()
    skipped: str = ""  # "", hidden, empty, vast, too-large, broken, chart
    merged: Sequence[Merged] = ()
    is_1904: bool = False
    hidden: frozenset[int] = frozenset()  # rows
    struck: frozenset[int] = frozenset()  # rows with text struck through
    hidden_columns: frozenset[int] = frozenset()  # from 0
    shown: Sequence[Run] = ()  # numbers with a text around them, which `rows` do not have
