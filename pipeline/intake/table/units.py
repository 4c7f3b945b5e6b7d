"""The unit of a table's amounts: who names it, and what may be assumed where nobody does.

Named by sources.yaml, the header, the cell itself, the titles above the header or the sheet's name.
A column under our own name (`fine_yuan`) is in our own unit. Otherwise the unit of the contract's
`gongshi:source_unit` is assumed, with a warning; not where it makes the amounts absurd.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from pipeline.base.model import Dataset
from pipeline.base.patterns import lazy
from pipeline.intake.table import amounts
from pipeline.intake.table.amounts import MONEY_UNITS
from pipeline.intake.table.match_columns import HeaderMatch
from pipeline.intake.table.spelling import Setting

SAMPLE = 200  # rows that are looked at
#: Yuan. No authority's usual decision reaches it; the assumed unit is then wrong.
ABSURD_MEDIAN = 1_000_000

_UNIT = r"(?:人民币)?(亿元|万元|千元|元)(?![\u4e00-\u9fff])"
_NAMED = lazy(rf"(?<![报送供])单位\s*[为是:：]?\s*{_UNIT}|[(（\[【〔]\s*{_UNIT}\s*[)）\]】〕]")


def named(texts: Iterable[str]) -> str:
    """The unit that titles or a sheet's name give; "" where they give none, or several."""
    found = {a or b for text in texts for a, b in _NAMED.findall(text[:200])}
    return found.pop() if len(found) == 1 else ""


@dataclass(frozen=True, slots=True)
class Assumption:
    """A unit that nobody named: of which field, with an amount that shows what it leads to."""

    field: str
    unit: str
    written: str
    is_absurd: bool


def of_columns(
    dataset: Dataset, mapping: Sequence[HeaderMatch], listed: Mapping[str, str], title: str
) -> dict[str, str]:
    """Field → unit, of all columns of amounts whose unit somebody names.

    `listed`: of sources.yaml. `title`: the unit of the titles above, "" for none.
    """
    units = dict[str, str]()
    for match in mapping:
        if not match.field:
            continue
        own = dataset.column(match.field)
        if own.kind == "money":
            as_we_name_it = own.unit if match.matched_by == "name" else ""
            units[match.field] = listed.get(match.field) or match.unit or as_we_name_it or title
    return {field: unit for field, unit in units.items() if unit}


def assumptions(
    dataset: Dataset,
    mapping: Sequence[HeaderMatch],
    units: Mapping[str, str],
    rows: Iterable[Sequence[str]],
) -> Iterator[Assumption]:
    """What must be assumed of columns without a unit, by the first `rows` under the header."""
    sample = [row for row, _ in zip(rows, range(SAMPLE), strict=False)]
    for match in mapping:
        if not match.field or match.field in units:
            continue
        column = dataset.column(match.field)
        if column.kind != "money" or not column.source_unit or column.source_unit == column.unit:
            continue
        written = [row[match.position].strip() for row in sample if match.position < len(row)]
        bare = {text: amount for text in written if (amount := _bare(text)) is not None}
        if bare:
            there = [bare[text] for text in written if bare.get(text)]
            usual = median(there) * MONEY_UNITS[column.source_unit] if there else Decimal(0)
            shown = max(bare, key=lambda text: bare[text])
            yield Assumption(match.field, column.source_unit, shown, usual >= ABSURD_MEDIAN)


def _bare(text: str) -> Decimal | None:
    """The number of a cell that names no unit of its own; None where it does, or is no number."""
    ones, tens = (amounts.amount(text, Setting(unit=unit)) for unit in ("元", "万元"))
    return ones if (ones is not None and ones != tens) or ones == 0 else None
