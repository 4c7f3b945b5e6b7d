"""Dates as people and programs write them, as ISO 8601: the day in Beijing.

A date that can be read in one way only is read so. 3/4/2024 can be read in two: which one is meant
is said by sources.yaml, or shown by the other cells of its column (`date_styles`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

from pipeline.base.numerals import read_digits, read_number
from pipeline.base.patterns import lazy
from pipeline.intake.table import terms
from pipeline.intake.table.spelling import TEXT_MARKS, Setting, changed, half_width, tidy

LONG_TERM = "2099-12-31"  # 424 layout: the date that means 长期
#: The orders in which three small numbers can be a date, and the place of year, month and day.
ORDERS = {"mdy": (2, 0, 1), "dmy": (2, 1, 0), "ymd": (0, 1, 2)}
#: `Setting.dates` of a column in which nothing shows the order, as one finding has told already.
UNCERTAIN = "?"
BEIJING = timezone(timedelta(hours=8))

_HALF_DAY = r"(?:上午|下午|凌晨|中午|晚上|[AP]\.?M\.?)"
_TIME = (
    rf"{_HALF_DAY}?\s*(?P<h>\d{{1,2}})[:.时点](?P<min>\d{{2}})(?:[:.分](?P<sec>\d{{2}})秒?(?:[.,:]\d+)?)?"
    rf"分?\s*(?P<half>{_HALF_DAY})?"
)
_ZONE = r"\s*(?P<zone>Z|UTC|(?:GMT|UTC)?[+-]\d{2}:?\d{2}|GMT)?(?:\s*\([^()]*\)|\[[\w/]+\])?"
_WEEKDAY = r"(?:[(（]?(?:星期|周|礼拜)?[一二三四五六日天][)）]?|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*[,.]?)"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<mon>(?:{'|'.join(_MONTHS)})[a-z]*\.?|(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月)"


def _whole(pattern: str, behind: str = rf"(?:[T\s]\s*{_TIME}{_ZONE})?") -> re.Pattern[str]:
    """`pattern` with a time behind it, and a zone."""
    return re.compile(rf"(?:{pattern}){behind}", re.I)


_YMD = _whole(
    rf"(?P<y>\d{{4}})(?P<s>[-/.。–—−])\s?(?P<m>\d{{1,2}})(?P=s)\s?(?P<d>\d{{1,2}})\.?(?:\s*{_WEEKDAY})?"
)
_COMPACT = _whole(
    r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?P<t>(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?"
)
_WORDS = lazy(
    rf"(?P<y>\d{{4}})年(?P<m>\d{{1,2}})月(?P<d>\d{{1,2}})[日号]?(?:{_WEEKDAY})?(?:{_HALF_DAY}?\d{{1,2}}[时点:].*)?"
)
_CHINESE = lazy(
    r"(?P<y>[〇零○oO一二三四五六七八九]{4})年(?P<m>[元正一二三四五六七八九十]{1,2})月(?P<d>[一二三四五六七八九十廿卅]{1,3})[日号]?"
)
#: 15-3月 -24, 06-JAN-23: the day is first, as Oracle and spreadsheets write it.
_DAY_MONTH = _whole(rf"(?P<d>\d{{1,2}})\s*[-./ ]\s*{_MONTH}\s*[-./, ]\s*(?P<y>\d{{4}}|\d{{2}})")
#: Fri, 15 Mar 2024; Mar 15, 2024; Fri Mar 15 2024 08:00:00 GMT+0800 (CST).
_ENGLISH = _whole(
    rf"(?:{_WEEKDAY}\s+)?(?:(?P<d>\d{{1,2}})\s+)?{_MONTH}(?(d)|\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?),?\s+(?P<y>\d{{4}})"
)
_UNIX = lazy(
    rf"{_WEEKDAY}\s+{_MONTH}\s+(?P<d>\d{{1,2}})\s+[\d:]+\s+(?:CST|[A-Z]{{3,4}}\s)?\s*(?P<y>\d{{4}})",
    re.I,
)
_THREE = _whole(r"(?P<a>\d{1,2})\s*(?P<s>[-/.])\s*(?P<b>\d{1,2})\s*(?P=s)\s*(?P<c>\d{4}|\d{1,2})")
_SHORT = lazy(r"(?P<y>\d{2})年(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]?")
_MINGUO = lazy(
    r"(?:(?:中[华華])?民[国國])?(?P<y>\d{2,3})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?"
)
_JAPANESE = lazy(
    r"(?P<era>[MTSHR]|明治|大正|昭和|平成|令和)(?P<y>\d{1,2}|元)[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?",
    re.I,
)
_SERIAL = lazy(r"(?P<n>[2-7]\d{4})(?:\.\d+)?")  # 1954 to 2119 as Excel counts days
#: Seconds or milliseconds since 1970, 1990 to 2099; bare, or as .NET and JavaScript write them.
_EPOCH = lazy(
    r"(?!\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])$)(?:\\?/)?(?:new\s+)?(?:Date\()?(?P<n>\d{9,10}|\d{12,13})(?:[+-]\d{4})?\)?(?:\\?/)?"
)
#: As JavaScript and Google's tables write a day, with months from 0.
_FROM_ZERO = lazy(
    r"(?:new\s+)?Date\(\s*(?P<y>\d{4})\s*,\s*(?P<m>\d{1,2})\s*,\s*(?P<d>\d{1,2})(?:\s*,\s*\d{1,3})*\s*\)"
)
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA_LETTERS = dict(zip("MTSHR", _ERAS.values(), strict=True))
_FOREVER = frozenset(("长期", "永久", "长期有效", "永久有效", "无期限", "無期限", "長期"))

Reading = tuple[str, int, int, int]  # rule, year, month, day


def day(written: str, setting: Setting) -> tuple[str, str]:
    """A date as ISO 8601. One that no calendar has (2024-02-30) is left for the checks to find."""
    plain = _plain(written)
    if plain in _FOREVER:
        return LONG_TERM, "date-long-term"
    if found := _first(_readings(plain, setting)):
        return changed(written, found[0].isoformat(), found[1])
    if setting.is_term and (inside := terms.end_inside(plain)) and inside != written:
        canonical, rule = day(inside, setting)
        if terms.is_day(canonical):
            return canonical, rule if rule == "date-long-term" else "date-term"
    return changed(written, tidy(written), "white-space")


def _plain(written: str) -> str:
    return half_width(written).lstrip(TEXT_MARKS).replace("︰", ":")


def _first(readings: Iterator[Reading]) -> tuple[date, str] | None:
    """(the day, its rule) of the first reading that the calendar has."""
    for rule, year, month, dom in readings:
        try:
            return date(year, month, dom), rule
        except ValueError:
            continue
    return None


def _readings(plain: str, setting: Setting) -> Iterator[Reading]:
    """Every way in which `plain` can be read as a date."""
    tight = re.sub(r"\s+", "", plain)
    yield from _year_first(plain, tight)
    yield from _named_months(plain)
    yield from _of_order(plain, tight, setting.dates)
    if setting.dates == "minguo" and (match := _MINGUO.fullmatch(tight)):
        yield "date-minguo", 1911 + int(match["y"]), int(match["m"]), int(match["d"])
    if setting.dates == "japanese" and (match := _JAPANESE.fullmatch(tight)):
        start = _ERAS.get(match["era"]) or _ERA_LETTERS[match["era"].upper()]
        year = start + (1 if match["y"] == "元" else int(match["y"]))
        yield "date-japanese", year, int(match["m"]), int(match["d"])
    yield from _counted(plain, tight, setting)


def _year_first(plain: str, tight: str) -> Iterator[Reading]:
    if match := _YMD.fullmatch(plain) or _YMD.fullmatch(tight):
        day = int(match["y"]), int(match["m"]), int(match["d"])
        yield _in_beijing(match, *day) or ("date-style", *day)
    if match := _COMPACT.fullmatch(tight) or _WORDS.fullmatch(tight):
        yield "date-style", int(match["y"]), int(match["m"]), int(match["d"])
    if match := _CHINESE.fullmatch(tight):
        month = read_number(match["m"].replace("元", "一").replace("正", "一")) or 0
        yield "date-chinese", read_digits(match["y"]), month, read_number(match["d"]) or 0


def _named_months(plain: str) -> Iterator[Reading]:
    match = _DAY_MONTH.fullmatch(plain) or _ENGLISH.fullmatch(plain) or _UNIX.fullmatch(plain)
    if match is None:
        return
    named, year = match["mon"].lower().removesuffix("月"), int(match["y"])
    short = named[:3]
    month = _MONTHS.index(short) + 1 if short in _MONTHS else terms.number(named)
    groups = match.groupdict()
    day = year if year > 99 else 2000 + year, month, int(groups["d"] or groups["d2"])
    in_beijing = _in_beijing(match, *day) if "zone" in groups else None
    yield in_beijing or ("date-month-name", *day)


def _counted(plain: str, tight: str, setting: Setting) -> Iterator[Reading]:
    """Days since 1900 or 1904, seconds or milliseconds since 1970."""
    if match := _SERIAL.fullmatch(tight):
        start = date(1904, 1, 1) if setting.is_1904 else date(1899, 12, 30)
        counted = start + timedelta(days=int(match["n"]))
        yield "date-serial", counted.year, counted.month, counted.day
    if match := _EPOCH.fullmatch(plain):
        seconds = int(match["n"]) // (1000 if len(match["n"]) > 10 else 1)
        if 631_152_000 <= seconds < 4_102_444_800:
            moment = datetime.fromtimestamp(seconds, BEIJING)
            yield "date-epoch", moment.year, moment.month, moment.day


def _in_beijing(match: re.Match[str], year: int, month: int, dom: int) -> Reading | None:
    """The day in Beijing of a moment that names its zone; None where it names none."""
    if not match["zone"]:
        return None
    zone = match["zone"].upper().removeprefix("GMT").removeprefix("UTC")
    zone = "+00:00" if zone in ("", "Z") else zone
    hour = int(match["h"]) % 12 if match["half"] else int(match["h"])
    hour += 12 if match["half"] and match["half"][0] in "PpDd下晚" else 0
    moment = f"{year:04}-{month:02}-{dom:02}T{hour:02}:{match['min']}{zone}"
    try:
        there = datetime.fromisoformat(moment).astimezone(BEIJING)
    except (ValueError, OverflowError):
        return None
    return "date-zone", there.year, there.month, there.day


def months_from_zero(written: str) -> str:
    """What `Date(2024,1,15)` means to JavaScript, which counts months from 0: 2024-02-15; "" where
    it is none.

    Never applied by itself: other programs write the same and count from 1.
    """
    match = _FROM_ZERO.fullmatch(_plain(written))
    try:
        return (
            date(int(match["y"]), int(match["m"]) + 1, int(match["d"])).isoformat() if match else ""
        )
    except ValueError:
        return ""


# ---------------------------------------------------------------- three small numbers


def _of_order(plain: str, tight: str, style: str) -> Iterator[Reading]:
    """Three small numbers in the order that `style` says, or in the only one that is possible."""
    order = {"short-year": "ymd"}.get(style, style)
    if style in ("", UNCERTAIN):
        order = certain_order(orders(plain))
    numbers = _three(plain, tight).get(order)
    if numbers:
        rule = "date-short-year" if order == "ymd" else f"date-{order}"
        yield rule, *numbers


def _three(plain: str, tight: str) -> dict[str, tuple[int, int, int]]:
    """Order → year, month and day of three small numbers, in each order that their digits allow."""
    match = _THREE.fullmatch(plain)
    short = None if match else _SHORT.fullmatch(tight)
    written = short.group("y", "m", "d") if short else match.group("a", "b", "c") if match else ()
    if not written:
        return {}
    possible = ["ymd"] if len(written[0]) == 2 and len(written[2]) <= 2 else []
    if match and len(written[2]) >= 2:
        possible = ["mdy", "dmy", *possible]
    numbers = dict[str, tuple[int, int, int]]()
    for order in possible:
        year, month, day = (int(written[place]) for place in ORDERS[order])
        is_full = max(map(len, written)) == 4
        numbers[order] = (year if is_full else 2000 + year, month, day)
    return numbers


def orders(written: str) -> dict[str, date]:
    """Order → day, of every order in which a cell of three small numbers can be a date.

    A year of two digits is one of 2000 to 2049: which century an earlier one is of is not certain.
    """
    plain = _plain(written)
    days = dict[str, date]()
    for order, (year, month, day) in _three(plain, re.sub(r"\s+", "", plain)).items():
        if 2050 <= year < 2100 and str(year) not in plain:
            continue
        try:
            days[order] = date(year, month, day)
        except ValueError:
            continue
    return days


def certain_order(days: dict[str, date]) -> str:
    """The order of a cell that can be read in one order only; "" where it can in several, or in none.

    Never the year first: 24/3/15 may also be a year of another calendar.
    """
    return next(iter(days)) if len(days) == 1 and "ymd" not in days else ""


def is_ambiguous(written: str, setting: Setting) -> bool:
    """Whether a cell is a date in several orders, in a column of which it is told that nothing
    shows the order.
    """
    if setting.dates != UNCERTAIN:
        return False
    days = orders(written)
    return bool(days) and not certain_order(days)
