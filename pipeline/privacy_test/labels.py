"""Names for files, sheets and headers: with a person in them, or with what only looks so."""

from __future__ import annotations

from pipeline.privacy_test import personal_names, personal_numbers
from pipeline.privacy_test.dice import Dice
from pipeline.privacy_test.values import Value, made

_OF_A_NAME = ("{}案卷", "{}行政处罚决定书", "当事人{}", "{}", "举报人{}材料", "{}身份证复印件", "（{}）")  # fmt: skip
_OF_A_NUMBER = ("{}", "身份证{}", "电话{}", "{}案")
_HARMLESS = ("2024年第三季度", "安全生产检查", "高峰时段整治", "和平路片区", "汇总表（修订）", "双随机抽查", "12315转办", "最终稿件", "食品经营许可", "黄河沿线", "市级下发模板", "复核后", "第二批", "公示版20240315")  # fmt: skip


def label(dice: Dice, harmless: bool) -> Value:
    """A label that fits into a sheet's name."""
    if harmless:
        return made("label", "plain", "{}", dice.one_of(_HARMLESS))
    if dice.below(3):
        kind = dice.one_of(("name-3", "name-3", "name-compound"))
        person = personal_names.NAMES[kind](dice)
        return made(kind, "plain", dice.one_of(_OF_A_NAME), person, person)
    if dice.below(2):
        number = personal_numbers.identity_number(dice)
        return made("identity", "plain", dice.one_of(_OF_A_NUMBER), number, number[6:17])
    number = f"13{dice.digits(9)}"
    return made("mobile", "plain", dice.one_of(_OF_A_NUMBER), number, number)
