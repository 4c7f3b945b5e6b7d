"""The unit of amounts: named anywhere, our own, or assumed where that is not absurd."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from pipeline.base.words import Lang, say
from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.intake import read
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.opened_table import Opened
from pipeline.intake.table import match_columns, units
from pipeline.intake.table.sources_yaml import Hint

CONTRACT = catalog.load(Path(__file__).parents[3] / "datapackage", RULES)
PENALTIES = CONTRACT.datasets["penalty_filings"]


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (["单位：万元"], "万元"),
        (["处罚（单位元）"], "元"),
        (["2024年处罚情况表", "金额单位: 人民币元"], "元"),
        (["重大行政处罚（万元）"], "万元"),
        (["填报单位：元氏县市场监督管理局"], ""),
        (["填报单位：示例局", "单位：亿元"], "亿元"),
        (["单位：元", "单位：万元"], ""),
        (["一元复始"], ""),
        ([], ""),
    ],
)
def test_titles_and_sheets_name_a_unit(texts: list[str], unit: str) -> None:
    assert units.named(texts) == unit


@pytest.mark.parametrize(
    ("header", "title", "unit"),
    [
        ("fine_yuan", "", "元"),
        ("fine_yuan", "万元", "元"),
        ("罚款金额（元）", "万元", "元"),
        ("罚款金额", "千元", "千元"),
        ("罚款金额", "", None),
    ],
)
def test_the_nearest_name_of_a_unit_wins(header: str, title: str, unit: str | None) -> None:
    dataset = PENALTIES
    mapping = match_columns.match([header], dataset, {}, ())
    assert units.of_columns(dataset, mapping, {}, title).get("fine_yuan") == unit


@pytest.mark.parametrize(
    ("cells", "absurd"),
    [
        (["3", "0.5", "12"], False),
        (["30000", "50000", "3"], True),
        (["300000"], True),
        (["0.3", "0.4", "100000"], False),  # the usual amount is plausible
    ],
)
def test_a_unit_that_nobody_named_is_assumed_unless_the_usual_amount_is_absurd(
    cells: list[str], absurd: bool
) -> None:
    dataset = PENALTIES
    mapping = match_columns.match(["罚款金额"], dataset, {}, ())
    [found] = units.assumptions(dataset, mapping, {}, [(cell,) for cell in cells])
    assert (found.field, found.unit, found.is_absurd) == ("fine_yuan", "万元", absurd)


@pytest.mark.parametrize("cell", ["3万元", "伍万元整", "", "无"])
def test_a_cell_with_a_unit_of_its_own_needs_no_assumption(cell: str) -> None:
    dataset = PENALTIES
    mapping = match_columns.match(["罚款金额"], dataset, {}, ())
    assert not list(units.assumptions(dataset, mapping, {}, [(cell,)]))


@pytest.mark.parametrize("unit", ["万元", "千元"])
def test_an_amount_without_a_unit_is_told_with_the_unit_of_the_contract(
    tmp_path: Path, unit: str
) -> None:
    fine = replace(PENALTIES.column("fine_yuan"), source_unit=unit)
    columns = tuple(fine if c.name == fine.name else c for c in PENALTIES.columns)
    penalties = replace(PENALTIES, columns=columns)
    contract = replace(CONTRACT, datasets=dict(CONTRACT.datasets) | {penalties.name: penalties})
    path = tmp_path / "a.csv"
    path.write_text(
        "行政相对人名称,行政处罚决定书文号,罚款金额\n示例公司,示罚〔2024〕1号,3000000\n", "utf-8"
    )
    (opened,) = read.open_file(InboxFile(path, "a.csv", False, Hint()), contract)
    assert isinstance(opened, Opened) and opened.pieces and opened.chunk
    (told,) = (
        finding
        for piece in opened.pieces()
        for finding in opened.chunk(piece).findings
        if finding.rule == "unit-unknown"
    )
    for lang in get_args(Lang):
        text = say(told.rule, lang, **told.params)
        assert unit in text and "10,000" not in text and ("万元" in text) == (unit == "万元")
