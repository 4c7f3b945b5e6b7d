"""Letters that stand for digits in a number of a person hide nothing, and stay in other numbers."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipeline.checks.privacy.screen import screened
from pipeline.checks.privacy.spelt_digits import in_digits
from pipeline.checks.row.privacy import text_signs


def published(text: str) -> str:
    return screened(text)[0] if text_signs(pa.array([text]))[0].as_py() else text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("手机号l3O5l7763l6，已核实", "l3O5l7763l6"),
        ("身份证号5lOlO7OOOlOlO22", "5lOlO7OOOlOlO22"),
        ("经查询，llOlO565O6O642l有前科", "llOlO565O6O642l"),
        ("QQ：4763l6982O", "4763l6982O"),
        ("QQ号7l2l3l58", "7l2l3l58"),
        ("苏G89OK6货车", "G89OK6"),
        ("电话l38-OOl2-5678", "l38-OOl2-5678"),
        ("联系人，Ⅰ3326oo8I99、l 3 3 2 6 O O 8 l 9 9", "l 3 3 2 6 O O 8 l 9 9"),
        ("座机O376-22954l9", "22954l9"),
        ("身份证号码:46O1052oO5O70584I2", "46O1052oO5O70584I2"),
    ],
)
def test_letters_for_digits_hide_no_number_of_a_person(text: str, secret: str) -> None:
    assert secret not in published(text)


@pytest.mark.parametrize(
    "text",
    [
        "批号2O24O3l5Ol，抽检合格",
        "订单号l52l880l289",
        "产品编号：I9802100O0I",
        "设备型号l393951498I",
        "许可证号JYl4115030001234",
        "规格l0ml、l2Oml",
        "川IOSLOGAN字样广告牌",
        "第I类、第II类器械12件，Oil 1234",
    ],
)
def test_other_numbers_with_letters_stay(text: str) -> None:
    assert published(text) == text


def test_each_character_keeps_its_place() -> None:
    text = "l3O5l7763l6ml 一三八〇〇一三八〇〇〇 OOO l2"
    assert len(in_digits(text)) == len(text)
    assert in_digits("l3O5l7763l6") == "13051776316"
    assert in_digits("Oil 5l") == "Oil 5l"


@pytest.mark.parametrize("part", ["O", "l1", "O ", "1 l-", "O1a", "I.1 x", "QQ1O", "苏GO1"])
def test_a_long_text_of_such_letters_is_read_to_its_end(part: str) -> None:
    text = (part * 100_000)[:100_000]
    assert len(in_digits(text)) == len(text)  # quadratic: for hours
    assert published(text)
