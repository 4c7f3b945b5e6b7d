"""The vocabulary of indicators (datapackage/codes/indicators.csv), and matching figures to it.

A phrase is a list of words that must all occur in the figure's sentence before the number or in its
label, the last of them in the label. `!word` must not occur in the label. Of several phrases that
match, the one with most characters wins. Only where none matches, words may also be in the
section's title.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.base.errors import UsageError
from pipeline.base.sql import Sql, trusted
from pipeline.reports.figures.units import alike


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that identify an indicator, and words that exclude it."""

    words: tuple[str, ...]
    not_words: tuple[str, ...] = ()
    weight: int = 0  # number of characters


@dataclass(frozen=True, slots=True)
class Indicator:
    """One thing that reports count; `query` counts it in the records of `dataset`, if any have it.

    It is a select of one value that may use `$year` and `$region_code`, and gives the same in
    SQLite and DuckDB.
    """

    code: str
    title: str
    title_en: str
    unit: str
    dataset: str
    query: Sql
    phrases: tuple[Phrase, ...]


def load(file: Path) -> tuple[Indicator, ...]:
    """The indicators of `file`, in its order. Raises `UsageError` where a column is missing."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        missing = {"code", "label", "unit", "dataset", "query", "phrases"} - set(
            rows.fieldnames or ()
        )
        if missing:
            raise UsageError(f"{file.name}: {', '.join(sorted(missing))}")
        return tuple(_indicator(row) for row in rows)


def _indicator(row: dict[str, str]) -> Indicator:
    phrases = tuple(_phrase(text) for text in row["phrases"].split("|") if text.strip())
    return Indicator(
        row["code"],
        row["label"],
        row.get("label_en", ""),
        row["unit"],
        row["dataset"],
        trusted(row["query"]),
        phrases,
    )


def _phrase(text: str) -> Phrase:
    words = tuple(w for w in text.split() if not w.startswith("!"))
    not_words = tuple(w[1:] for w in text.split() if w.startswith("!"))
    return Phrase(words, not_words, sum(map(len, words)))


def match(
    label: str, sentence: str, section: str, unit: str, indicators: Sequence[Indicator]
) -> str:
    """The code of the indicator of a figure, "" where none matches.

    `sentence` is its sentence up to the number, `section` the title above; in simplified form.
    """
    around = f"{sentence}\n{label}"
    return _best(label, around, unit, indicators) or _best(
        label, f"{section}\n{around}", unit, indicators
    )


def _best(label: str, around: str, unit: str, indicators: Sequence[Indicator]) -> str:
    best, weight = "", 0
    for indicator in indicators:
        if not alike(unit, indicator.unit):
            continue
        for phrase in indicator.phrases:
            if phrase.weight > weight and _fits(phrase, label, around):
                best, weight = indicator.code, phrase.weight
    return best


def _fits(phrase: Phrase, label: str, around: str) -> bool:
    if phrase.words[-1] not in label or any(word in label for word in phrase.not_words):
        return False
    return _all_in(phrase.words, around)


def _all_in(words: Iterable[str], text: str) -> bool:
    return all(word in text for word in words)
