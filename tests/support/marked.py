"""Reports of our own in which every figure is marked, and how well a reader's figures fit them.

A figure is written ⟦as it stands|value|unit|comparator|phrase⟧; the phrase must stand in the label.
All of it is made up (示例数据 / synthetic sample).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.base.model import Figure
from pipeline.base.script import simplified_by_character

FOLDER = Path(__file__).parent / "marked"
_MARK = re.compile(r"⟦(?P<written>[^|⟧]+)\|(?P<rest>[^⟧]+)⟧", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Expected:
    """A figure as a person reads it."""

    written: str
    value: str
    unit: str
    comparator: str
    phrase: str


def unmarked(source: str) -> tuple[str, list[Expected]]:
    """The text without marks, and the figures that they name, in order."""
    figures = [Expected(m["written"], *m["rest"].split("|")) for m in _MARK.finditer(source)]
    return _MARK.sub(lambda m: m["written"], source), figures


def fits(expected: Expected, figure: Figure) -> bool:
    """Same value, unit and comparator, and a label that holds the phrase."""
    return (
        expected.value == figure.value
        and simplified_by_character(expected.unit) == figure.unit
        and expected.comparator == figure.comparator
        and simplified_by_character(expected.phrase) in simplified_by_character(figure.label)
    )


def score(
    expected: Sequence[Expected], figures: Sequence[Figure]
) -> tuple[int, list[Expected], list[Figure]]:
    """How many fit, in order; which were missed, and which were too many."""
    missed, left, hits = [], list(figures), 0
    for one in expected:
        at = next((i for i, figure in enumerate(left) if fits(one, figure)), None)
        if at is None:
            missed.append(one)
        else:
            hits += 1
            del left[at]
    return hits, missed, left
