"""All that is needed to read the cells of one table, decided before its first row is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.base.model import Catalog, Dataset, Source
from pipeline.intake.table import columns, not_records
from pipeline.intake.table.find_headers import HeaderBlock, Merged
from pipeline.intake.table.match_columns import HeaderMatch
from pipeline.intake.table.sources_yaml import Hint
from pipeline.intake.table.spelling import Setting

_NUMBERS = frozenset(("integer", "number", "money"))


@dataclass(frozen=True, slots=True)
class Layout:
    """A table's header, and what a workbook says of its cells.

    `units`: field → unit of its amounts, as somebody named it. `dates`: field → `Setting.dates` that
    the whole column shows. `numbered`: fields whose values are documents' numbers
    (`numbers_as_days`). `is_1904`: whether its days count from 1904. `merged`: ranges of the body that were filled down.
    `banners`: rows in which one cell reaches over most of the table.
    """

    block: HeaderBlock
    units: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    numbered: frozenset[str] = frozenset()
    is_1904: bool = False
    merged: Sequence[Merged] = ()
    banners: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """All that is needed to read the pieces of one table."""

    source: Source
    dataset: Dataset
    mapping: tuple[HeaderMatch, ...]
    settings: Mapping[str, Setting]
    constants: Mapping[str, str]
    heads: tuple[tuple[str, ...], ...]  # the header's rows as written in the file
    layout: Layout

    @property
    def needed(self) -> int:
        """The number of fields that the contract requires."""
        return sum(bool(c.constraints.get("required")) for c in self.dataset.columns)

    @property
    def numbered(self) -> tuple[int, int]:
        """(the row under the header, the number of columns; 0 where one of them holds numbers)."""
        fields = [self.dataset.column(m.field) for m in self.mapping if m.field]
        is_bare = not any(c.kind in _NUMBERS for c in fields)
        return self.source.header_row + 1, len(self.source.header) if is_bare else 0

    @property
    def checked_for_cut_codes(self) -> frozenset[str]:
        """Fields for which the contract has its own rule about codes in scientific notation."""
        uses = (u for u in self.dataset.rules if u.rule == "scientific-notation")
        return frozenset(str(use.params.get("field")) for use in uses)

    def field_at(self, position: int) -> str:
        """The field in a column of the file, "" where there is none."""
        return next((m.field for m in self.mapping if m.position == position), "")

    def header_at(self, position: int) -> str:
        header = self.source.header
        return header[position] if 0 <= position < len(header) else f"#{position + 1}"


def prepare(
    source: Source,
    dataset: Dataset,
    mapping: tuple[HeaderMatch, ...],
    hint: Hint,
    catalog: Catalog,
    layout: Layout,
) -> Work:
    """How to read a table's cells, from the contract, the header and `sources.yaml` (`hint`)."""
    settings = {
        c.name: columns.setting_for(
            c,
            catalog,
            layout.units.get(c.name, ""),
            hint.dates or layout.dates.get(c.name, ""),
            hint.values.get(c.name, {}),
            layout.is_1904,
        )
        for c in dataset.columns
    }
    settings |= {name: replace(settings[name], is_numbered=True) for name in layout.numbered}
    head = layout.block
    rows = tuple(dict.fromkeys(map(not_records.stripped, (*head.rows, head.names))))
    return Work(source, dataset, mapping, settings, hint.constants, rows, layout)
