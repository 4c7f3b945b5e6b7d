"""A bare number among documents' numbers is told as the day that a spreadsheet has made of one."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest

from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.intake.table import columns, match_columns, numbers_as_days, values
from pipeline.intake.table.values import Setting
from tests.support.shop import ROOT

MEASURES = catalog.load(ROOT / "datapackage", RULES).datasets["coercive_measures"]
HEADER = ("行政强制决定文书号", "当事人统一社会信用代码", "当事人名称")
NUMBERED = Setting(is_numbered=True)


@pytest.mark.parametrize(
    ("numbers", "is_numbered"),
    [
        (("示强〔2024〕1号", "45353", "示强〔2024〕3号"), True),
        (("示强(2024)1号", "45353"), True),
        (("2024-1", "2024-12", "45353", ""), True),
        (("24-3-1号", "45353", "2024-03-02"), True),
        (("45352", "45353", "45354"), False),  # somebody's own numbers
        (("示强〔2024〕1号", "45352", "45353"), False),
        (("20240012", "45353", "20240013"), False),
        (("示强第1号", "45353"), False),
        (("示强〔2024〕1号", "甲1", "甲2"), False),
        ((), False),
    ],
)
def test_only_other_values_show_that_a_column_holds_documents_numbers(
    numbers: Sequence[str], is_numbered: bool
) -> None:
    mapping = match_columns.match(HEADER, MEASURES, {}, ())
    found = numbers_as_days.fields(MEASURES, mapping, [(n, "", "示例公司") for n in numbers])
    assert found == ({"decision_no"} if is_numbered else set())


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("45353", ("number-became-serial", "2024-03-02")),
        (" ４５３５３ ", ("number-became-serial", "2024-03-02")),
        ("45353.0", ("number-became-serial", "2024-03-02")),
        ("2024-03-02", ("number-became-date", "")),
        ("12345", ("", "")),
        ("453530", ("", "")),
        ("示强〔2024〕45353号", ("", "")),
    ],
)
@pytest.mark.parametrize("kind", sorted(numbers_as_days.KINDS))
def test_the_finding_names_the_day(kind: str, written: str, told: tuple[str, str]) -> None:
    assert values.doubt(written, kind, NUMBERED) == told
    cells = columns.normalise_column(pa.array([written, "示强〔2024〕1号"]), kind, NUMBERED)
    assert [doubt[1:] for doubt in cells.doubts] == ([told] if told[0] else [])


def test_nothing_is_told_of_a_column_of_other_numbers_or_where_sources_yaml_says_what_is_meant() -> (
    None
):
    assert values.doubt("45353", "code", Setting()) == ("", "")
    meant = Setting(is_numbered=True, as_meant={"45353": "示强〔2024〕3号"})
    assert values.doubt("45353", "document-number", meant) == ("", "")
