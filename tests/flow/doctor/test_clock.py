"""The clock, its zone and the calendar of working days as `gongshi doctor` finds them."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from pipeline.flow.doctor import clock
from pipeline.flow.doctor.result import Place
from tests.flow.doctor.conftest import BEIJING, Finds


def at(place: Place, *when: int) -> Place:
    return replace(place, now=datetime(*when, tzinfo=BEIJING))  # type: ignore[arg-type, misc]


def test_a_clock_that_is_ahead_of_everything_is_right(place: Place, finds: Finds) -> None:
    finds(clock.clock(place), "right", "clock-good")


def test_a_clock_is_right_before_the_first_release(place: Place, finds: Finds) -> None:
    finds(clock.clock(replace(place, site=place.site / "new")), "right", "clock-good")


def test_a_day_before_that_of_the_release_is_wrong(place: Place, finds: Finds) -> None:
    result = clock.clock(at(place, 2025, 3, 30, 23, 59))
    finds(result, "wrong", "clock-before-release")
    assert result.params == {"now": "2025-03-30 23:59", "day": "2025-03-31"}


@pytest.mark.parametrize("file", ["site/current/manifest.json", "site/.lock", "private/key", "private/.lock"])  # fmt: skip
def test_a_clock_behind_the_newest_file_is_wrong(place: Place, finds: Finds, file: str) -> None:
    later = place.now + timedelta(hours=2)
    os.utime(place.site.parent / file, (later.timestamp(), later.timestamp()))
    result = clock.clock(place)
    finds(result, "wrong", "clock-before-file")
    assert result.params["file"] == f"{later:%Y-%m-%d %H:%M}"


def test_a_file_server_may_be_some_minutes_ahead(place: Place, finds: Finds) -> None:
    later = (place.now + timedelta(minutes=9)).timestamp()
    os.utime(place.private / "key", (later, later))
    finds(clock.clock(place), "right", "clock-good")


def test_a_clock_behind_the_program_itself_is_wrong(place: Place, finds: Finds) -> None:
    finds(clock.clock(at(place, 2025, 3, 31)), "wrong", "clock-before-file")


def test_the_time_of_beijing_is_right(place: Place, finds: Finds) -> None:
    result = clock.zone(place)
    finds(result, "right", "zone-china")
    assert result.params["zone"] == "UTC+08:00"


@pytest.mark.parametrize(("hours", "zone"), [(0, "UTC+00:00"), (9, "UTC+09:00"), (-5, "UTC-05:00")])
def test_another_zone_is_worth_a_look(place: Place, finds: Finds, hours: int, zone: str) -> None:
    now = place.now.astimezone(timezone(timedelta(hours=hours)))
    result = clock.zone(replace(place, now=now))
    finds(result, "look", "zone-other")
    assert result.params["zone"] == zone


@pytest.mark.parametrize(("day", "state", "key"), [((2026, 11, 30), "right", "good"), ((2026, 12, 1), "look", "ends"), ((2026, 12, 31), "look", "ends"), ((2027, 1, 1), "look", "over")])  # fmt: skip
def test_the_calendar_has_to_know_this_year_and_at_its_end_the_next(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, day: tuple[int, int, int], state: str, key: str) -> None:  # fmt: skip
    monkeypatch.setattr(clock, "_last_known_day", lambda: date(2026, 12, 31))
    finds(clock.calendar(at(place, *day)), state, f"calendar-{key}")  # type: ignore[arg-type]


def test_the_last_known_day_is_the_end_of_a_year_with_holidays() -> None:
    import chinese_calendar

    last = clock._last_known_day()
    assert chinese_calendar.is_holiday(last.replace(month=10, day=1))
    with pytest.raises(NotImplementedError):
        chinese_calendar.is_holiday(last + timedelta(days=1))
