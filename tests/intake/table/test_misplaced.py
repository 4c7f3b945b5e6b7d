"""A table on its side, or one column beside its header, is one finding and no record."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.intake import read
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.read import Opened
from pipeline.intake.table.sources_yaml import Hint
from tests.support.shop import ROOT

CATALOG = catalog.load(ROOT / "datapackage", RULES)
HEADER = (
    "证件编号",
    "姓名",
    "执法单位",
    "证件种类",
    "执法类别",
    "发证日期",
    "有效期至",
    "证件状态",
)
ROWS = [
    (f"1615032{i:04}", "示例甲", "示例局", "行政执法证", "劳动监察", "2023-01-10", "2028-01-01", "有效")
    for i in range(5)
]  # fmt: skip


def rules_of(folder: Path, rows: Sequence[Sequence[str]]) -> tuple[list[str], bool]:
    """(rules of the findings, whether the table is read) of a file (示例数据 / synthetic sample)."""
    path = folder / "证件-示例数据.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    [opened] = read.open_file(InboxFile(path, path.name, False, Hint()), CATALOG)
    assert isinstance(opened, Opened)
    told = [f.rule for f in opened.findings if f.severity == "error"]
    return told, opened.dataset is not None


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([HEADER, *((str(i), *r) for i, r in enumerate(ROWS))], "header-shifted"),
        ([("序号", *HEADER), *ROWS], "header-shifted"),
        (list(zip(HEADER, *ROWS, strict=True)), "table-transposed"),
        (list(zip(HEADER, ROWS[0], strict=True)), "table-transposed"),
    ],
)
def test_a_table_that_is_misplaced_is_one_finding(
    tmp_path: Path, rows: list[tuple[str, ...]], rule: str
) -> None:
    assert rules_of(tmp_path, rows) == ([rule], False)


@pytest.mark.parametrize(
    "rows",
    [
        [HEADER, *ROWS],
        [HEADER, *((*r[:5], "不详", "不详", r[7]) for r in ROWS)],  # wrong values, in their places
        [HEADER, *(("", *r[:1], *r[2:]) for r in ROWS[:1]), *ROWS],  # one odd row
        [HEADER],
    ],
)
def test_wrong_values_alone_move_no_header(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    assert rules_of(tmp_path, rows) == ([], True)
