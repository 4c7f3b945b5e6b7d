"""What is known of a workbook's sheets beside the values that calamine gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.intake.workbook.shown_numbers import Run

CELLS_MOST = 40_000_000  # cells of the area between a sheet's first and last filled cell
ROWS_MOST, COLUMNS_MOST = 1 << 20, 1 << 14  # of a sheet, by the formats' own definition
FORMULA_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # by code (MS-XLS 2.5.10, MS-XLSB 2.5.97.2)

At = tuple[int, int]  # row from 1, column from 0


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """Cells whose text calamine does not give, such as #N/A; digits that a number format shows at
    least, or text that it shows around them; merged ranges (ODS; top, left, bottom, right as in
    Merged); too wide? Cells maybe elsewhere than calamine puts them? Rows and columns that are
    hidden, and rows with text struck through.
    """

    texts: dict[At, str] = field(default_factory=dict)
    widths: dict[At, int] = field(default_factory=dict)
    merged: tuple[tuple[int, int, int, int], ...] = ()
    is_vast: bool = False
    is_unclear: bool = False
    hidden: frozenset[int] = frozenset()
    struck: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    shown: tuple[Run, ...] = ()


NOTHING_KNOWN = SheetFacts()


@dataclass(frozen=True, slots=True)
class BookFacts:
    """The facts of each sheet, by name or by position from 0."""

    sheets: dict[str | int, SheetFacts] = field(default_factory=dict)
    is_1904: bool = False  # dates are counted from 1904-01-01 (workbooks of old Macs)
    is_plain: bool = True  # calamine finds the parts of the archive

    def of(self, position: int, name: str) -> SheetFacts:
        return self.sheets.get(name) or self.sheets.get(position) or NOTHING_KNOWN
