"""Amounts as written become yuan to the fen, or stay for a person to say what they are."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.table import amounts, columns, values
from pipeline.intake.table.spelling import Setting


@pytest.mark.parametrize(
    ("written", "unit", "canonical"),
    [
        ("1,700元", "元", "1700.00"),
        ("'1700", "元", "1700.00"),
        ("5万", "元", "50000.00"),
        ("0.2", "万元", "2000.00"),
        ("2000元", "万元", "2000.00"),
        ("伍万元整", "万元", "50000.00"),
        ("貳萬圓整", "元", "20000.00"),
        ("壹仟贰佰元伍角", "元", "1200.50"),
        ("￥1，234．5", "元", "1234.50"),
        ("-￥5", "元", "-5.00"),
        ("￥-5", "元", "-5.00"),
        ("0", "元", "0.00"),
        ("", "元", ""),
        ("—", "元", ""),
        ("1.2亿元", "万元", "120000000.00"),
        ("12.345", "元", "12.345"),  # no whole fen
        ("约5万", "元", "约5万"),
        ("三", "元", "三"),
        ("贰零零元", "元", "200.00"),
    ],
)
def test_money_becomes_yuan_with_two_decimals(written: str, unit: str, canonical: str) -> None:
    assert values.normalise(written, "money", Setting(unit=unit))[0] == canonical


@given(st.decimals(min_value=0, max_value=10**8, places=6))
def test_money_is_exact_or_left_alone(amount: Decimal) -> None:
    read, _ = values.normalise(str(amount), "money", Setting(unit="万元"))
    assert Decimal(read) in (amount, amount * 10_000)
    assert (Decimal(read) == amount * 10_000) == ((amount * 1_000_000) % 1 == 0)


@pytest.mark.parametrize(
    ("written", "canonical", "rule"),
    [
        ("+112000", "112000.00", "money-unit"),
        ("112000.00000000001", "112000.00", "money-rounded"),
        ("33333.3333333333", "33333.33", "money-rounded"),
        ("0.30000000000000004", "0.30", "money-rounded"),
        ("33333.333", "33333.333", ""),  # nobody's float: a person has to say what it is
        ("1.2E5", "1.2E5", ""),
        ("9999999999999.99", "9999999999999.99", ""),
        ("10000000000000", "10000000000000", ""),
        ("9999999999999.99999", "9999999999999.99999", ""),  # ten trillion once it is rounded
    ],
)
def test_a_computed_tail_is_rounded_to_the_fen_and_nothing_else(
    written: str, canonical: str, rule: str
) -> None:
    assert values.normalise(written, "money", Setting(unit="元")) == (canonical, rule)


@pytest.mark.parametrize(
    ("written", "kind", "rule"),
    [
        ("1.2E5", "money", "amount-exponent"),
        ("33333.333", "money", "amount-below-fen"),
        ("33333.3333333333", "money", ""),
        ("10000000000000", "money", "number-too-large"),
        ("9999999999999.99999", "money", "number-too-large"),
        ("9007199254740992", "integer", ""),
        ("9007199254740993", "integer", "number-too-large"),
        ("1234567890123456", "number", ""),
        ("123456789012345678", "number", "number-too-large"),
        ("9223372036854775808", "number", "number-too-large"),
        ("100000000000000000000", "number", ""),
        ("0.30000000000000004", "number", ""),
        ("0.00005", "number", ""),
        ("0.1234567890123456789", "number", "number-digits"),
    ],
)
def test_a_number_that_no_store_holds_is_doubtful(written: str, kind: str, rule: str) -> None:
    assert values.doubt(written, kind, Setting())[0] == rule


@pytest.mark.parametrize("digits", [29, 40, 1_000, 1_000_000])
@pytest.mark.parametrize("unit", ["元", "亿元", amounts.UNKNOWN_UNIT])
def test_an_amount_of_however_many_digits_is_told_and_stops_nothing(digits: int, unit: str) -> None:
    for written in ("9" * digits, "9" * digits + ".5", "9" * digits + "亿元"):
        assert values.normalise(written, "money", Setting(unit=unit))[0] == written
        rule = "unit-unknown" if unit == amounts.UNKNOWN_UNIT and "亿" not in written else ""
        rule = "number-too-large" if digits > amounts.LONGEST else rule or "number-too-large"
        assert values.doubt(written, "money", Setting(unit=unit))[0] == rule


AMOUNTS = st.from_regex(r"\A([0-9]{1,12}([.][0-9]{1,6})?)?\Z")


@given(st.lists(AMOUNTS, max_size=20), st.sampled_from(["", *amounts.MONEY_UNITS]))
def test_plain_amounts_at_once_are_what_they_are_one_by_one(cells: list[str], unit: str) -> None:
    setting = Setting(unit=unit)
    done = columns._plain_amounts(pa.array(cells, pa.string()), setting)
    one_by_one = [amounts.money(c, setting) for c in cells]
    if done is None:  # too large, or no whole number of fen
        yuan = [Decimal(c or 0) * amounts.MONEY_UNITS.get(unit, 1) for c in cells]
        assert max(yuan) >= amounts.MOST_YUAN or any(y * 100 % 1 for y in yuan)
        return
    assert done.canonical.to_pylist() == [c for c, _ in one_by_one]
    assert done.rules is not None and done.rules.to_pylist() == [rule for _, rule in one_by_one]
