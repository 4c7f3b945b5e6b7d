"""Facts about persons in the texts of rows: masked where it is sure that they are a person's, and
shown to a person where it is not.

Names are masked before: a masked name is the strongest evidence that somebody is spoken of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from pipeline.checks.privacy.fact_signs import suspected
from pipeline.checks.privacy.facts import KINDS, Fact, facts_in
from pipeline.checks.privacy.unlabelled_numbers import replaced

SEARCHED_AT_ONCE = 30  # texts of a table, each without looking for a sign first
AROUND = 12  # characters shown on either side of what may be a fact


@dataclass(frozen=True, slots=True)
class Told:
    """`texts` by column, with facts masked; by rule and column the rows in which facts are masked;
    by column the rows (index → what may be shown of the text around) in which something may be one.
    """

    texts: dict[str, pa.Array] = field(default_factory=dict)
    masked: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    unsure: dict[str, dict[int, str]] = field(default_factory=dict)


def screen(texts: Mapping[str, pa.Array]) -> Told:
    """The columns of `texts`, all of one table, without facts about persons."""
    told = Told()
    distinct = {column: cells.dictionary_encode() for column, cells in texts.items()}
    for column, found in _found({c: d.dictionary for c, d in distinct.items()}).items():
        values, indices = distinct[column].dictionary.to_pylist(), distinct[column].indices
        clean = [_masked(text, found.get(at, [])) for at, text in enumerate(values)]
        told.texts[column] = pa.array(clean, pa.string()).take(indices)
        for row, at in enumerate(indices.to_pylist()):
            for fact in found.get(at, ()):
                if fact.sure:
                    told.masked.setdefault((fact.rule, column), []).append(row)
                elif row not in told.unsure.get(column, {}):
                    shown = _around(values[at], fact)
                    told.unsure.setdefault(column, {})[row] = shown
    return told


def _found(columns: Mapping[str, pa.Array]) -> dict[str, dict[int, list[Fact]]]:
    """By column the facts of its texts, by their index; columns without any are left out.

    One search for signs over all columns: to compile the patterns costs more than a few texts.
    """
    if not columns:
        return {}
    texts = pa.concat_arrays(list(columns.values()))
    few = len(texts) <= SEARCHED_AT_ONCE
    suspects, first = dict.fromkeys(range(len(texts)), KINDS) if few else suspected(texts), 0
    found: dict[str, dict[int, list[Fact]]] = {}
    for column, values in columns.items():
        for at in range(first, first + len(values)):
            if at in suspects and (facts := facts_in(texts[at].as_py(), suspects[at])):
                found.setdefault(column, {})[at - first] = facts
        first += len(values)
    return found


def _masked(text: str, found: list[Fact]) -> str:
    return replaced(text, [(f.start, f.end, f.instead) for f in found if f.sure])


def _around(text: str, fact: Fact) -> str:
    """The words around what may be a fact."""
    start, end = max(0, fact.start - AROUND), fact.end + AROUND
    before = ("…" if start else "") + text[start : fact.start]
    behind = text[fact.end : end] + ("…" if end < len(text) else "")
    return f"{before}【{text[fact.start : fact.end]}】{behind}"
