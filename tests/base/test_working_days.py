"""Working days are the State Council's, for arrays of days and for one, and none is guessed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import chinese_calendar
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.base.working_days import working_days, working_days_after


def days(*written: str) -> Any:
    return np.array([date.fromisoformat(d).toordinal() for d in written])


def test_working_days_follow_the_state_council() -> None:
    # Spring Festival 2024: free 10 to 17 February, worked on Sunday the 4th and Sunday the 18th.
    passed, known = working_days_after(days("2024-02-09", "2024-02-02"), days("2024-02-19", "2024-02-05"))  # fmt: skip
    assert passed.tolist() == [2, 2] and known.all()


@given(st.dates(date(2004, 1, 1), date(2025, 11, 1)), st.integers(0, 60))
def test_each_working_day_between_two_days_counts_once(start: date, count: int) -> None:
    each = (start + timedelta(n) for n in range(1, count + 1))
    assert working_days(start, start + timedelta(count)) == sum(
        map(chinese_calendar.is_workday, each)
    )


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ("2025-09-28", "2025-09-28", 0), ("2025-09-28", "2025-09-01", 0), ("2090-01-01", "2090-01-01", 0),
        ("2090-01-01", "2090-02-01", None), ("2025-01-01", "2090-02-01", None), ("1990-01-01", "2025-02-01", None),
    ],
)  # fmt: skip
def test_what_the_calendar_does_not_know_is_not_guessed(
    start: str, end: str, count: int | None
) -> None:
    assert working_days(date.fromisoformat(start), date.fromisoformat(end)) == count


def test_where_no_row_has_both_days_nothing_is_known() -> None:
    passed, known = working_days_after(np.array([0, 5]), np.array([5, 0]))
    assert passed.tolist() == [0, 0] and not known.any()
