"""When a term ends that is said in words: 三年, 自2024年3月15日起三年, 至2027年3月14日止.

Only in columns for which the contract has `gongshi:term`. A term in years or months ends on the day
of the same number, or on the month's last day where it has none (民法典 §201 to §203).
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from pipeline.base.numerals import read_number
from pipeline.base.patterns import lazy
from pipeline.intake.table.spelling import TEXT_MARKS, half_width

_LEAD = r"(?:(?:处罚|许可|证件)?(?:有效期限?|公示期限?|期限)(?:[为是]|[:：])?)?"
_DAY = r"(?P<{}>\d{{4}}\s*[-/.年]\s*\d{{1,2}}\s*[-/.月]\s*\d{{1,2}}\s*日?|\d{{8}})"
#: 2024年3月15日至2027年3月14日; 至2027年3月14日止; 2027年3月14日止; 截至2027-3-14.
_END = lazy(
    rf"{_LEAD}(?:[自从]?\s*{_DAY.format('start')}\s*起?\s*(?:[至到]|[-—–~～]+)|截?[至止]|到)\s*"
    rf"(?:{_DAY.format('end')}|(?P<forever>长期(?:有效)?))\s*(?:[止前]|为止)?"
    rf"|{_LEAD}{_DAY.format('only')}\s*(?:止|为止)"
)
_NUMBER = r"(?:\d{1,4}|[一二两三四五六七八九十百]{1,4})"
_LENGTH = lazy(
    rf"{_LEAD}(?:[自从](?P<start>{_DAY.format('day')}|(?:作出)?(?:行政)?(?:处罚|许可)?决定书?(?:作出|下达|签发)?之?日?)起(?:至|计算?|算)?)?"
    rf"(?:(?P<years>{_NUMBER})周?年(?P<half>半)?|(?P<only_half>半)年)?"
    rf"(?:零?(?P<months>{_NUMBER})个?月)?(?:零?(?P<days>{_NUMBER})[天日])?(?:整|止|内|以内|有效)?"
)
_UNTIL_PUBLIC = lazy(r"[至到]?(?:案件|信息|处罚)?公示期?(?:届?满|结束|截止)(?:之?日)?(?:为?止)?")


def is_day(text: str) -> bool:
    """Whether `text` is a date in ISO 8601."""
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None


def end_inside(plain: str) -> str:
    """The last day that words name, as written: that of a range, or behind 至; "" for none."""
    match = _END.fullmatch(plain)
    return (match["end"] or match["forever"] or match["only"]) if match else ""


def is_until_public(written: str) -> bool:
    """Whether a term ends with the term of publication: 至案件公示期满."""
    return bool(_UNTIL_PUBLIC.fullmatch(re.sub(r"\s+", "", half_width(written))))


def worked_out(written: str, start: str) -> str:
    """The last day (ISO 8601) of a length of time in words; "" where `written` is none.

    It counts from the day that it names itself, else from `start` (ISO 8601, "" where unknown).
    """
    plain = re.sub(r"\s+", "", half_width(written)).lstrip(TEXT_MARKS)
    match = _LENGTH.fullmatch(plain)
    if match is None:
        return ""
    named = re.findall(r"\d+", match["day"] or "")
    if len(named) == 1:  # 20240315
        named = [named[0][:4], named[0][4:6], named[0][6:]]
    from_day = "-".join(part.zfill(2) for part in named) or start
    months = 12 * number(match["years"]) + 6 * bool(match["half"] or match["only_half"])
    months += number(match["months"])
    days = number(match["days"])
    if not (months or days) or not is_day(from_day):
        return ""
    try:
        return (_months_after(date.fromisoformat(from_day), months) + timedelta(days)).isoformat()
    except (ValueError, OverflowError):
        return ""


def number(text: str | None) -> int:
    """A number in digits or Chinese numerals; 0 where there is none."""
    return (int(text) if text.isdigit() else read_number(text) or 0) if text else 0


def _months_after(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
