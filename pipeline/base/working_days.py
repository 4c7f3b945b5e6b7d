"""Working days by the State Council's yearly holiday calendar, make-up working weekends included.

From chinesecalendar, which ends with the last year announced; later days are unknown. The day of
the event itself does not count (民法典 §201). Source: 国务院办公厅关于节假日安排的通知 of each year.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt


def working_days_after(
    start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Arrays (working days in (start, end], whether the calendar covers both days).

    `start`, `end`: day numbers of `date.toordinal()`; a number below 1 stands for a missing date.
    The count is 0 where the second array is False.
    """
    if not ((start > 0) & (end > 0)).any():
        return np.zeros(len(start), np.int64), np.zeros(len(start), bool)
    first, last, counted = _known()
    # A difference of running totals: one lookup a date, whatever the distance.
    known = (start >= first) & (start <= last) & (end >= first) & (end <= last)
    passed = counted[_place(end, first, last)] - counted[_place(start, first, last)]
    return np.where(known, passed, 0), known


def working_days(start: date, end: date) -> int | None:
    """Working days in (start, end]; None where the calendar does not cover them.

    0 where `end` is not after `start`, in any year.
    """
    if end <= start:
        return 0
    days, known = working_days_after(
        np.array([start.toordinal()], np.int64), np.array([end.toordinal()], np.int64)
    )
    return int(days[0]) if known[0] else None


@cache
def _known() -> tuple[int, int, npt.NDArray[np.int64]]:
    """First and last day known, and how many working days lie in [first, first + i]."""
    import chinese_calendar
    from chinese_calendar.constants import holidays

    first, last = date(min(holidays).year, 1, 1), date(max(holidays).year, 12, 31)
    days = [first + timedelta(i) for i in range((last - first).days + 1)]
    is_workday: Callable[[date], bool] = chinese_calendar.is_workday
    return (
        first.toordinal(),
        last.toordinal(),
        np.cumsum([is_workday(d) for d in days]),
    )


def _place(days: npt.NDArray[np.int64], first: int, last: int) -> npt.NDArray[np.int64]:
    """Indexes into the running totals; dates outside are clipped, and ignored by the caller."""
    return np.clip(days, first, last) - first
