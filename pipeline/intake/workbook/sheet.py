"""The result of the workbook readers: a sheet as rows of text, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.intake.table.find_headers import Merged


class Unreadable(Exception):
    """A workbook that cannot be opened; `rule` names the finding."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: rows of text, the first being row 1; `skipped` names why it was not read."""

    name: str
    rows: Sequence[Sequence[str]] = ()
    skipped: str = ""  # "", hidden, empty, vast, broken, chart
    merged: tuple[Merged, ...] = ()
    errors: dict[tuple[int, int], str] = field(default_factory=dict)  # (row, column): #N/A
    is_1904: bool = False
    hidden: frozenset[int] = frozenset()  # rows
    struck: frozenset[int] = frozenset()  # rows with text struck through
    hidden_columns: frozenset[int] = frozenset()  # from 0
