"""A date is read where it can be read in one way; one order for a column, by all of its cells."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from pipeline.intake.table import columns, dates, terms, values
from pipeline.intake.table.spelling import Setting


@pytest.mark.parametrize(
    ("written", "setting", "canonical"),
    [
        ("2024-3-5", Setting(), "2024-03-05"),
        ("2024/03/05", Setting(), "2024-03-05"),
        ("2024.3.5", Setting(), "2024-03-05"),
        ("2024–3–5", Setting(), "2024-03-05"),
        ("20240305", Setting(), "2024-03-05"),
        ("2024年3月5日", Setting(), "2024-03-05"),
        ("'2024-03-05", Setting(), "2024-03-05"),
        ("＇2024-03-05", Setting(), "2024-03-05"),
        ("二〇二四年三月五日", Setting(), "2024-03-05"),
        ("二零二四年十二月三十一日", Setting(), "2024-12-31"),
        ("２０２４－３－５", Setting(), "2024-03-05"),
        ("2024-03-05 10:30:00", Setting(), "2024-03-05"),
        ("2024-03-05T10:30", Setting(), "2024-03-05"),
        ("2024-03-04T16:00:00.000Z", Setting(), "2024-03-05"),  # midnight in Beijing
        ("2024-03-05T23:30:00+08:00", Setting(), "2024-03-05"),
        ("长期", Setting(), "2099-12-31"),
        ("2099/12/31", Setting(), "2099-12-31"),
        ("45356", Setting(), "2024-03-05"),
        ("45356.5", Setting(), "2024-03-05"),
        ("43894", Setting(is_1904=True), "2024-03-05"),
        ("24/3/5", Setting(dates="short-year"), "2024-03-05"),
        ("24年3月5日", Setting(dates="short-year"), "2024-03-05"),
        ("113.3.5", Setting(dates="minguo"), "2024-03-05"),
        ("中華民國113年3月5日", Setting(dates="minguo"), "2024-03-05"),
        ("民国113年3月5日", Setting(dates="minguo"), "2024-03-05"),
        ("令和6年3月5日", Setting(dates="japanese"), "2024-03-05"),
        ("R6.3.5", Setting(dates="japanese"), "2024-03-05"),
        ("平成31年4月30日", Setting(dates="japanese"), "2019-04-30"),
        ("/", Setting(), ""),
    ],
)
def test_a_date_in_any_style_becomes_iso_8601(
    written: str, setting: Setting, canonical: str
) -> None:
    assert values.normalise(written, "date", setting)[0] == canonical


@pytest.mark.parametrize("written", ["2024-02-30", "104/09/298", "24/3/5", "2024-13-01", "113.3.5", "3月5日", "05/03/2024", "不日"])  # fmt: skip
def test_a_date_that_is_none_or_could_be_several_stays_for_the_checks(written: str) -> None:
    assert values.normalise(written, "date", Setting()) == (written, "")


def test_what_the_pattern_takes_for_a_date_is_a_day_of_the_calendar() -> None:
    days = [f"{y}-{m:02}-{d:02}" for y in (2023, 2024) for m in range(14) for d in range(33)]
    known = columns._canonical_already(pa.array(days), "date", Setting()).to_pylist()
    rest = {day for day, is_known in zip(days, known, strict=True) if not is_known}
    assert all(date.fromisoformat(day) for day in set(days) - rest)
    assert {day for day in rest if dates.day(day, Setting()) != (day, "")} == set()
    assert len(days) - len(rest) == 365 * 2


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("15-3月 -24", "2024-03-15"),
        ("06-JAN-23", "2023-01-06"),
        ("07-1月-2023 10.30.00 上午", "2023-01-07"),
        ("07-12月-23 10.30.00.000000 下午", "2023-12-07"),
        ("15-三月-24", "2024-03-15"),
        ("Mar 15, 2024", "2024-03-15"),
        ("Fri, 15 Mar 2024 20:00:00 GMT", "2024-03-16"),
        ("Tue Mar 12 2024 00:00:00 GMT+0800 (中国标准时间)", "2024-03-12"),
        ("Fri Mar 15 00:00:00 CST 2024", "2024-03-15"),
        ("1710432000", "2024-03-15"),  # midnight in Beijing
        ("1710431999", "2024-03-14"),
        ("1710432000000", "2024-03-15"),
        ("/Date(1710432000000)/", "2024-03-15"),
        (r"\/Date(1710432000000+0800)\/", "2024-03-15"),
        ("20240315103000", "2024-03-15"),
        ("2024/3/15 上午 10:30:00", "2024-03-15"),
        ("2024年3月15日 星期五", "2024-03-15"),
        ("2024-03-14T16:00:00.000Z[UTC]", "2024-03-15"),
        ("2024-03-14 11:30 PM +0000", "2024-03-15"),
        ("3/15/24", "2024-03-15"),
        ("15/3/2024 10:30", "2024-03-15"),
    ],
)
def test_what_programs_export_is_the_day_in_beijing(written: str, canonical: str) -> None:
    read, rule = dates.day(written, Setting())
    assert read == canonical and rule.startswith("date-")


@pytest.mark.parametrize("written", ["3/4/2024", "24/3/15", "24年3月15日", "3/15/85", "99/3/15", "3/15/0024", "Date(2024,2,15)", "2024031510", "13/13/2024", "2024-03", "3-Mar", "0/0/00", "30/2/2024"])  # fmt: skip
def test_what_may_be_another_day_is_never_read(written: str) -> None:
    read, _ = dates.day(written, Setting())
    assert read == written or not read.startswith("2")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Date(2024,1,15)", "2024-02-15"),
        ("new Date(2024, 11, 31)", "2024-12-31"),
        ("Date(2024,0,5,9,30,0)", "2024-01-05"),
        ("Date(2024,12,15)", ""),  # no month of JavaScript's
        ("Date(2024,1,30)", ""),
        ("Date(1710432000000)", ""),
        ("datetime.date(2024, 2, 15)", ""),
    ],
)
def test_months_that_may_count_from_0_are_told_with_the_day_and_never_read(
    written: str, meant: str
) -> None:
    assert dates.months_from_zero(written) == meant
    if meant:
        assert values.normalise(written, "date", Setting()) == (written, "")
        assert values.doubt(written, "date", Setting()) == ("date-months-from-zero", meant)


@pytest.mark.parametrize(
    ("written", "style", "canonical"),
    [
        ("3/4/2024", "mdy", "2024-03-04"),
        ("3/4/2024", "dmy", "2024-04-03"),
        ("3/4/24", "dmy", "2024-04-03"),
        ("24/3/4", "ymd", "2024-03-04"),
        ("24年3月4日", "ymd", "2024-03-04"),
        ("15/3/2024", "mdy", "15/3/2024"),  # not of the order that was said
        ("3/4/2024", "year-first", "3/4/2024"),
    ],
)
def test_an_order_that_is_said_decides(written: str, style: str, canonical: str) -> None:
    assert dates.day(written, Setting(dates=style))[0] == canonical


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("三年", "2027-03-12"),
        ("36个月", "2027-03-12"),
        ("一年半", "2025-09-12"),
        ("90天", "2024-06-10"),
        ("有效期3年", "2027-03-12"),
        ("自2024年3月11日起三年", "2027-03-11"),
        ("自20240229起一年", "2025-02-28"),
        ("自决定之日起3年", "2027-03-12"),
        ("自送达之日起三年", ""),
        ("自缴清罚款之日起三年", ""),
        ("3", ""),
        ("年", ""),
        ("三年级", ""),
        ("9999年", ""),
    ],
)
def test_a_length_in_words_counts_from_the_day_that_is_meant(written: str, end: str) -> None:
    assert terms.worked_out(written, "2024-03-12") == end
    assert terms.worked_out("三年", "") == terms.worked_out("三年", "不详") == ""


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("至2029年4月12日", "2029-04-12"),
        ("2029年4月11日止", "2029-04-11"),
        ("2024年3月15日至2027年3月14日", "2027-03-14"),
        ("自2024年3月15日起至2027年3月14日止", "2027-03-14"),
        ("2024.3.15-2027.3.14", "2027-03-14"),
        ("20240315-20270314", "2027-03-14"),
        ("2024年3月15日至长期", "2099-12-31"),
        ("2024-03-15", "2024-03-15"),
    ],
)
def test_the_end_of_a_range_is_the_date_of_a_term_and_of_no_other_column(
    written: str, end: str
) -> None:
    assert dates.day(written, Setting(is_term=True))[0] == end
    assert dates.day(written, Setting())[0] in (written, written if end != written else end)


@pytest.mark.parametrize("written", ["至案件公示期满", "公示期满", "至公示期届满之日止"])
def test_the_end_of_publication_is_known_in_words(written: str) -> None:
    assert terms.is_until_public(written)
    assert not terms.is_until_public("公示")
