"""Chinese numerals in any of their characters have their value, and what is none has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.base.numerals import read_digits, read_number

EVERYDAY = ("零一二三四五六七八九", ("", "十", "百", "千"))
CAPITALS = ("零壹贰叁肆伍陆柒捌玖", ("", "拾", "佰", "仟"))


def spelt(number: int, digits: str, units: tuple[str, ...]) -> str:
    """`number` below 10¹² as GB/T 15835 and the rules for banks' forms have it spelt."""
    spelt, is_gap = "", False
    for large in (2, 1, 0):
        group = number // 10_000**large % 10_000
        for place in (3, 2, 1, 0):
            digit = group // 10**place % 10
            if digit:
                spelt += (digits[0] if is_gap and spelt else "") + digits[digit] + units[place]
            is_gap = not digit
        if group:
            spelt, is_gap = spelt + ("", "万", "亿")[large], False
        else:
            is_gap = True
    return spelt or digits[0]


@given(st.integers(0, 10**12 - 1), st.sampled_from([EVERYDAY, CAPITALS]))
def test_a_number_spelt_out_is_read(number: int, script: tuple[str, tuple[str, ...]]) -> None:
    assert read_number(spelt(number, *script)) == number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("壹拾贰万伍仟", 125_000), ("贰拾万", 200_000), ("叁佰贰拾", 320), ("壹万零伍佰", 10_500), ("拾", 10),
        ("壹亿贰仟万", 120_000_000), ("一百二十三万四千五百六十七", 1_234_567), ("两千", 2_000), ("零", 0),
        ("十五", 15), ("廿五", 25), ("三百零二", 302), ("二〇二四", 2024), ("貳仟參佰", 2_300), ("万", 10_000), ("零万", 0),
    ],
)  # fmt: skip
def test_numerals_in_every_way_of_writing_are_read(written: str, number: int) -> None:
    assert read_number(written) == number


@pytest.mark.parametrize(("written", "said", "exact"), [("一百二", 120, 102), ("三千五", 3500, 3005), ("一百零二", 102, 102), ("两万五", 25_000, 20_005)])  # fmt: skip
def test_a_last_unit_is_left_out_in_speech_only(written: str, said: int, exact: int) -> None:
    assert (read_number(written, short=True), read_number(written)) == (said, exact)


@pytest.mark.parametrize("written", ["", "元", "一元", "12", "百分之", "o"])
def test_what_is_no_numeral_has_no_value(written: str) -> None:
    assert read_number(written) is None


def test_digits_side_by_side_are_read_with_letters_for_their_zeros() -> None:
    assert [read_digits(t) for t in ("二〇二四", "二○零oO五")] == [2024, 200005]
    with pytest.raises(KeyError):
        read_digits("二十")
