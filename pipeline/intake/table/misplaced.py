"""Tables whose titles are not above their values: one column off, or down the first column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from pipeline.base.model import Column, Dataset
from pipeline.intake.table import find_headers, values
from pipeline.intake.table.find_headers import HeaderBlock, Rows
from pipeline.intake.table.match_columns import HeaderMatch
from pipeline.intake.table.spelling import Setting

SAMPLE = 20  # rows that are looked at

#: What a value of these kinds looks like once it is canonical.
_PROVEN = {
    "date": r"\d{4}-\d{2}-\d{2}",
    "money": r"-?\d+\.\d{2}",
    "integer": r"-?\d+",
    "number": r"-?\d+(?:\.\d+)?",
    "year": r"\d{4}",
    "social-credit-code": r"[0-9A-Z]{18}",
}


def is_proven(text: str, column: Column, setting: Setting) -> bool | None:
    """Whether a cell is surely a value of its column; None where the column's kind shows nothing."""
    if column.kind in _PROVEN:
        canonical = values.normalise(text, column.kind, setting)[0]
        return re.fullmatch(_PROVEN[column.kind], canonical) is not None
    if column.kind in ("choice", "choices"):
        entries = values.normalise(text, "choices", setting)[0].split(setting.separator)
        return set(entries) <= set(setting.order)
    return None


def shift(
    rows: Rows,
    dataset: Dataset,
    mapping: Sequence[HeaderMatch],
    settings: Mapping[str, Setting],
) -> int:
    """By how many columns the values are to the right of their titles: 1, -1, or 0 where they are
    under them, or nothing is certain.

    `rows`: the first under the header. Numbers prove nothing here: serial numbers look the same.
    """
    known = [m for m in mapping if m.field and dataset.column(m.field).kind not in ("integer", "number", "money")]  # fmt: skip
    shares = dict[int, float]()
    for by in (0, 1, -1):
        good, bad, proven = 0, 0, set[str]()
        for row in rows[:SAMPLE]:
            for match in known:
                at = match.position + by
                text = row[at].strip() if 0 <= at < len(row) else ""
                column = dataset.column(match.field)
                is_good = is_proven(text, column, settings[match.field]) if text else None
                good, bad = good + (is_good is True), bad + (is_good is False)
                proven |= {match.field} if is_good else set()
        shares[by] = good / (good + bad) if good and (by == 0 or len(proven) >= 3) else 0
    if shares[0] > 0.34:
        return 0
    return next((by for by in (1, -1) if shares[by] >= 0.9), 0)


def is_transposed(rows: Rows, datasets: Sequence[Dataset], block: HeaderBlock | None) -> bool:
    """Whether the titles stand down the first columns, and each record in a column of its own.

    `block`: the header that was found in a row; where it is surely one, the table is not turned.
    """
    if block and (block.is_table or block.listed):
        return False
    sides = [list(row[: find_headers.HEAD]) for row in rows[: find_headers.HEAD]]
    turned = [tuple(column) for column in zip_longest(*sides, fillvalue="")]
    down = find_headers.find_block(turned, datasets)
    if down is None or len(turned) <= down.last:
        return False
    return down.is_table and down.matches > (block.matches if block else 0)
