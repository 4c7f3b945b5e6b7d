"""Checks of time: the clock against existing files, the time zone, the known working days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from pipeline.flow.doctor.result import Place, Result, look, right, wrong

SKEW = timedelta(minutes=10)  # by which the clock of a file server may be ahead
CHINA = timedelta(hours=8)
ANNOUNCED = 12  # the month by which the State Council has announced next year's holidays


def clock(place: Place) -> Result:
    """The clock: not before the day of the last release, nor before the newest file."""
    from pipeline.release.package import manifest

    day = str(manifest.read(place.site / "current").get("today", ""))
    now = f"{place.now:%Y-%m-%d %H:%M}"
    if day > place.now.date().isoformat():
        return wrong("clock", "clock-before-release", now=now, day=day)
    newest = _newest(place)
    if newest and newest > place.now + SKEW:
        return wrong("clock", "clock-before-file", now=now, file=f"{newest:%Y-%m-%d %H:%M}")
    return right("clock", "clock-good", now=now)


def _newest(place: Place) -> datetime | None:
    """The newest modification time of the files that every run writes, and of the program."""
    files = (
        place.site / "current" / "manifest.json",
        place.site / ".lock",
        place.private / ".lock",
        place.private / "key",
        Path(__file__),
    )
    times = [path.stat().st_mtime for path in files if path.is_file()]
    return datetime.fromtimestamp(max(times), place.now.tzinfo) if times else None


def zone(place: Place) -> Result:
    """The time zone, in which days, and so publication periods, begin and end."""
    offset = place.now.utcoffset() or timedelta()
    written = f"UTC{place.now.isoformat()[-6:]}"
    if offset != CHINA:
        return look("zone", "zone-other", zone=written)
    return right("zone", "zone-china", zone=written)


def calendar(place: Place) -> Result:
    """Whether the calendar of working days covers today, and in December the next year."""
    last, today = _last_known_day(), place.now.date()
    if today > last:
        return look("calendar", "calendar-over", last=last, year=str(today.year))
    if today.year == last.year and today.month >= ANNOUNCED:
        return look("calendar", "calendar-ends", last=last, year=str(today.year + 1))
    return right("calendar", "calendar-good", last=last)


def _last_known_day() -> date:
    """The last day of the last year whose holidays the calendar has.

    Source: 国务院办公厅关于节假日安排的通知 of each year, as chinesecalendar has them.
    """
    from chinese_calendar.constants import holidays

    return date(max(holidays).year, 12, 31)
