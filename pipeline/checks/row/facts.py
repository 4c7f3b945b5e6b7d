"""Facts about persons in the texts of rows: masked where it is sure that they are a person's, and
shown to a person where it is not.

Names are masked before: a masked name is the strongest evidence that somebody is spoken of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.checks.privacy.facts import KINDS, Fact, Kind, facts_in, sign, sign_alone, sign_of
from pipeline.checks.privacy.unlabelled_numbers import replaced
from pipeline.checks.row.privacy import signs_of

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
    for column, cells in texts.items():
        distinct = cells.dictionary_encode()
        values = distinct.dictionary.to_pylist()
        kinds = _suspected(distinct.dictionary)
        found = {at: some for at, among in kinds.items() if (some := facts_in(values[at], among))}
        if not found:
            continue
        clean = [_masked(text, found.get(at, [])) for at, text in enumerate(values)]
        told.texts[column] = pa.array(clean, pa.string()).take(distinct.indices)
        for row, at in enumerate(distinct.indices.to_pylist()):
            for fact in found.get(at, ()):
                if fact.sure:
                    told.masked.setdefault((fact.rule, column), []).append(row)
                elif row not in told.unsure.get(column, {}):
                    shown = _around(values[at], fact)
                    told.unsure.setdefault(column, {})[row] = shown
    return told


def _suspected(values: pa.Array) -> dict[int, list[Kind]]:
    """The index of each text that shows a sign of a fact → the kinds of which it shows one."""
    at = pc.indices_nonzero(signs_of(values, sign()))
    suspects: dict[int, list[Kind]] = {}
    if len(at):
        near = values.take(at)
        for kind in KINDS:
            of_kind = at.filter(
                pc.and_(signs_of(near, sign_of(kind)), signs_of(near, sign_alone(kind)))
            )
            for index in of_kind.to_pylist():
                suspects.setdefault(index, []).append(kind)
    return suspects


def _masked(text: str, found: list[Fact]) -> str:
    return replaced(text, [(f.start, f.end, f.instead) for f in found if f.sure])


def _around(text: str, fact: Fact) -> str:
    """The words around what may be a fact."""
    start, end = max(0, fact.start - AROUND), fact.end + AROUND
    before = ("…" if start else "") + text[start : fact.start]
    behind = text[fact.end : end] + ("…" if end < len(text) else "")
    return f"{before}【{text[fact.start : fact.end]}】{behind}"
