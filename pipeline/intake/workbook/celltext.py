"""A workbook's cell as a person would have typed it."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta


def as_text(cell: object) -> str:
    """A cell as a person would have typed it: whole numbers without `.0`, dates as ISO 8601.

    A whole number of more than 15 digits is shown as Excel shows it (9.14115E+17), since its last
    digits are not those that were typed.
    """
    if cell is None or cell == "":
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def _number(cell: float) -> str:
    if abs(cell) >= 1e15 or not math.isfinite(cell):
        return f"{cell:.5E}"
    if cell == int(cell):
        return str(int(cell))
    return f"{cell:.15g}" if abs(cell) >= 1e-4 else f"{cell:.15f}".rstrip("0")
