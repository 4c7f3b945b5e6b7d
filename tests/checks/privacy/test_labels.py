"""A label with a person's name or number is known as personal; one without is left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.checks.privacy import labels
from pipeline.checks.rules import RULES
from pipeline.contract import catalog as contracts

ROOT = Path(__file__).parents[3]
PERSONAL = [
    "张三丰处罚决定书.pdf", "张三丰.csv", "张三丰", "张 三 丰.csv", "2024年张三丰案卷", "處罰決定書張三豐",
    "王小明 2024.csv", "处罚决定书-李四海.xlsx", "李四海（复印件）", "询问笔录王翾珺", "郭琛烨", "阿依·古丽.csv", "诸葛文轩",
    "当事人张三丰", "证人郭琛烨投诉", "Zhang San.xlsx", "13812345678.csv", "１３８１２３４５６７８", "138 1234 5678",
    "411503190001010010.pdf", "zs@example.cn", "zs@example.cn.csv", "问李某13812345678",
]  # fmt: skip
HARMLESS = [
    "市场监管局.xlsx", "处罚-示例数据.csv", "reports", "Sheet1", "Sheet 2", "示例数据", "示例区2024年度报告.txt",
    "2024年度法治政府建设年度报告-示例数据.txt", "李某某.csv", "张某处罚决定书", "高新区", "平桥区", "第五批", "第五批处罚",
    "东方明珠", "时间戳", "文号", "金额合计", "明细", "汇总表", "花名册", "项目", "程序", "高新区处罚决定书", "黄冈处罚决定",
    "安全处罚决定", "方案材料", "文化局", "Annual Report", "Data Long", "", "   ", "…", "2024-03-15", "示政发〔2024〕3号",
    "文件 12（校验值 35073846）.csv", "文件 138（校验值 12345678）.csv", "工作表 3（校验值 3fa29c01）", "列 5（校验值 13812345）",
]  # fmt: skip


@pytest.mark.parametrize("label", PERSONAL)
def test_a_label_with_a_name_or_a_number_is_personal(label: str) -> None:
    assert labels.are_personal([label]) == [True]


def test_labels_without_are_left_alone() -> None:
    judged = zip(HARMLESS, labels.are_personal(HARMLESS), strict=True)
    assert [label for label, personal in judged if personal] == []


def test_nearly_all_titles_of_the_contract_would_be_left_alone_too() -> None:
    contract = contracts.load(ROOT / "datapackage", RULES)
    titles = sorted(
        {title for d in contract.datasets.values() for c in d.columns for title in (c.title, c.title_en, *c.aliases)}
    )  # fmt: skip
    assert sum(labels.are_personal(titles)) <= len(titles) / 200


def test_labels_are_judged_together_in_their_order_and_twice_the_same() -> None:
    asked = ["张三丰", "Sheet1", "张三丰", "", "13812345678"]
    assert labels.are_personal(asked) == [True, False, True, False, True]


@pytest.mark.parametrize(
    "label",
    ["1" * 500_000, "张三丰" * 100_000, "张 " * 100_000, "书" * 100_000 + "张三丰", "·" * 300_000, "张·" * 100_000, "Li " * 100_000, "\u200b" * 100_000],
    ids=["digits", "names", "blanks", "paper", "dots", "dotted", "latin", "invisible"],
)  # fmt: skip
def test_what_is_too_long_for_a_label_may_hold_anything(label: str) -> None:
    assert labels.are_personal([label, "处罚明细"]) == [True, False]


def test_a_part_of_a_text_is_shown_without_what_is_personal_in_it() -> None:
    text = "一、概况。证人郭琛烨，电话13812345678，到场。"
    (found,) = labels.searched([text])
    assert found.public(0, len(text)) == "一、概况。证人郭某某，电话1**********，到场。"
    assert found.public(5, 9) == "证人郭某某"
    assert "1381" not in found.public(0, text.index("5678"))
    assert set(found.rules) == {"third-person-in-text", "telephone-in-text"}


def test_a_name_that_is_sure_in_one_place_is_masked_in_all_of_the_text() -> None:
    text = "证人郭琛烨反映。后来查明郭琛烨未到场。"
    spots = labels.occurrences(text, {"郭琛烨", "郭琛", ""})
    assert [text[start:end] for start, end in spots] == ["郭琛烨", "郭琛烨"]
    assert labels.title("郭琛烨一案13812345678", {"郭琛烨"}).masked == "郭某某一案1**********"


def test_many_names_are_looked_for_in_one_pass() -> None:
    text = "".join(f"张{chr(0x4E00 + n % 5000)}{chr(0x5E00 + n % 4999)}，" for n in range(200_000))
    names = {text[at : at + 3] for at in range(0, len(text), 4)}
    assert len(labels.occurrences(text, names)) == 200_000
