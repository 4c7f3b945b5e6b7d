"""A workbook's cell as a person would have typed it."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal


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
        return _duration(cell)
    return str(cell)


def _number(cell: float) -> str:
    if abs(cell) >= 1e15 or not math.isfinite(cell):
        return f"{cell:.5E}"
    if cell == int(cell):
        return str(int(cell))
    return f"{cell:.15g}" if abs(cell) >= 1e-4 else f"{Decimal(f'{cell:.15g}'):f}"


def _duration(cell: timedelta) -> str:
    """Hours and minutes, as a spreadsheet shows them (26:30), and seconds where there are any.

    A spreadsheet keeps days as a float, so that a whole second is rarely exact.
    """
    seconds = round(abs(cell).total_seconds())
    sign = "-" if cell < timedelta() and seconds else ""
    hours, minutes = divmod(seconds // 60, 60)
    text = f"{sign}{hours}:{minutes:02}"
    return f"{text}:{seconds % 60:02}" if seconds % 60 else text
