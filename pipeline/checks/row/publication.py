"""Rows that are valid but that the law keeps from the public: withheld, with reason and date.

The rules are those of scope `publication` (pipeline.checks.rules); classes, terms and the dates
from which each holds are their parameters in the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from pipeline.base.arrow import of_numpy
from pipeline.base.model import Chunk, Dataset, Finding, Source, found
from pipeline.base.words import language, rules
from pipeline.checks.results.unpublished_rows import WITHHELD
from pipeline.checks.rules import RULES, Columns, Setting
from pipeline.checks.rules.base import NO_DAY


@dataclass(frozen=True, slots=True)
class Hidden:
    """Why a row is withheld, and since when."""

    rule: str
    since: str


def hidden(columns_of: pa.Table, dataset: Dataset, setting: Setting) -> dict[int, Hidden]:
    """Row number → why it is withheld: of several reasons the first in the contract's order."""
    columns, why = Columns(columns_of), dict[int, Hidden]()
    for use in dataset.rules:
        rule = RULES[use.rule]
        if rule.scope != "publication":
            continue
        judged = rule.check(columns, setting, rule.use(use.params))
        at = np.flatnonzero(judged.broken)
        rows = columns_of["_row"].take(of_numpy(at)).to_pylist() if len(at) else []
        for row, day in zip(rows, judged.params["since"][at].tolist(), strict=True):
            why.setdefault(row, Hidden(use.rule, _day(day, setting)))
    return why


def _day(number: int, setting: Setting) -> str:
    return (
        setting.today if number <= 1 or number == NO_DAY else date.fromordinal(number)
    ).isoformat()


def findings(source: Source, why: Mapping[int, Hidden]) -> Iterator[Finding]:
    """A finding for each withheld row; it shows nothing of the row."""
    for row, reason in sorted(why.items()):
        yield found(reason.rule, source, row=row, params={"since": reason.since})


def table(
    chunk: Chunk,
    is_hidden: pa.ChunkedArray,
    why: Mapping[int, Hidden],
    as_written: Callable[[Sequence[str], Sequence[str]], str],
) -> pa.Table:
    """The withheld rows as written, with reason, date and legal basis (columns `WITHHELD`, text)."""
    lines = []
    for record in chunk.raw.filter(is_hidden).to_pylist() if why else ():
        row = record.pop("_row")
        basis = rules()[why[row].rule].source.get(language(), "")
        written = as_written(chunk.source.header, list(record.values()))
        lines.append(
            (
                chunk.source.path,
                chunk.source.sheet,
                str(row),
                why[row].rule,
                why[row].since,
                basis,
                written,
            )
        )
    columns = list(zip(*lines, strict=True)) or [()] * len(WITHHELD)
    return pa.table([pa.array(c, pa.string()) for c in columns], names=list(WITHHELD))
