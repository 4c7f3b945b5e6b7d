"""What looks like a person's is known by its heading, in many languages, and by its values' form."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.flow.authoring.personal import are_births, look

PHONES, NAMES = ["13800000001", "13900000002"], ["张示例", "李四", "王小明"]


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("投诉人", ["某"]),
        ("舉報人", []),
        ("护照号", ["1"]),
        ("Passport No.", []),
        ("passport_no", []),
        ("dateOfBirth", []),
        ("Date of\nbirth", []),
        ("Teléfono", []),
        ("E-Mail", []),
        ("生年月日", []),
        ("전화번호", []),
        ("Телефон", []),
        ("رقم الهاتف", []),
        ("氏名", ["示例 太郎"]),
        ("x", PHONES),
        ("备注", ["+49 30 123456"]),
        ("y", ["a@example.com", "无"]),
        ("编号", ["E12345678", "E87654321"]),
        ("代码", ["411503199001010013"]),
        ("性", ["男", "女", "男"]),
        ("承办", NAMES),
        ("当事人", ["示例公司", "李示例"]),
        ("Officer name", ["John Smith", "Mary Ann Lee"]),
    ],
)
def test_a_column_that_tells_of_persons_is_known_by_its_heading_or_its_values(heading: str, values: list[str]) -> None:  # fmt: skip
    assert look(heading, values)


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("被投诉单位", ["示例公司"]),
        ("案由", ["许可", "罚款", "警告"]),
        ("区", ["平桥区", "浉河区"]),
        ("homepage", ["https://example.com"]),
        ("Message", ["x"]),
        ("Stage", ["1"]),
        ("统一社会信用代码", ["91411500MA00000000"]),
        ("案号", ["示市罚〔2024〕100号"]),
        ("批号", ["2024-01-05"]),
        ("金额", ["1234567890123", "12.5"]),
        ("说明", ["电话13800000001的用户在示例街道投诉扰民，执法人员已于当日到场并责令改正，未予处罚，现将办理结果公示如下以供查询"]),
    ],
)  # fmt: skip
def test_other_columns_are_not_taken_for_persons(heading: str, values: list[str]) -> None:
    assert look(heading, values) is None


def test_dates_that_spread_over_lives_may_be_births_and_recent_ones_not() -> None:
    today = date(2025, 3, 31)
    assert are_births(["1980-01-02", "1990年3月4日", "1965/1/1"], today)
    assert not are_births(["2024-01-02", "2023-03-04", "2025-01-01"], today)
    assert not are_births(["1980-01-02", "1980-03-04", "1980-05-06"], today)
