"""What stands in a cell in place of its value, or around it, is known by its form."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.table import cell_marks, columns, values
from pipeline.intake.table.spelling import Setting

NOTHING = ["NULL", "null", r"\N", "(null)", "<NULL>", "None", "NaN", "nan", "NaT", "undefined", "N/A", "/", "——", "－", "无", "（空）", " 暂无 "]  # fmt: skip
SOMETHING = [
    "无锡市",
    "空调",
    "Nan'an",
    "nano",
    "不详细",
    "/a",
    "A/B",
    "0",
    "无证经营",
    "None of them",
]


@pytest.mark.parametrize("kind", ["text", "name", "code", "date", "money", "document-number"])
@pytest.mark.parametrize("written", NOTHING)
def test_a_word_for_nothing_is_blank_in_a_column_of_any_kind(written: str, kind: str) -> None:
    assert values.normalise(written, kind, Setting()) == ("", "blank-mark")


@pytest.mark.parametrize("written", SOMETHING)
def test_what_only_begins_like_nothing_is_kept(written: str) -> None:
    assert values.normalise(written, "text", Setting()) == (written, "")


@pytest.mark.parametrize(
    ("written", "kind", "canonical"),
    [
        ('="005678912"', "code", "005678912"),
        ('="示市罚〔2024〕1号"', "document-number", "示市罚〔2024〕1号"),
        ('= "a ""b"" c"', "text", 'a "b" c'),
        ('="NULL"', "text", ""),
        ("'@SUM(A1)", "text", "@SUM(A1)"),
        ("''-1+1", "text", "-1+1"),
        ("'＋一加一", "text", "＋一加一"),
        ("'-5", "money", "-5.00"),
        ("'t Hooft", "text", "'t Hooft"),
        ("'-", "text", "'-"),
        ("16115030001.0", "code", "16115030001"),
        ("1.0", "code", "1.0"),
    ],
)
def test_a_guard_and_a_point_behind_a_code_go(written: str, kind: str, canonical: str) -> None:
    read, rule = values.normalise(written, kind, Setting())
    assert read == canonical and bool(rule) == (read != written)


@pytest.mark.parametrize(
    ("written", "kind", "rule"),
    [
        ("同上", "text", "as-above"),
        ("〃", "name", "as-above"),
        ("同上行", "text", "as-above"),
        ("与上同", "name", "as-above"),
        ("（同上一行）", "document-number", "as-above"),
        ("与上一条相同", "text", "as-above"),
        ("Same as above", "organisation", "as-above"),
        ("同上海市某公司", "name", ""),
        ("同行评议", "text", ""),
        ('=DISPIMG("ID_1",1)', "text", "picture-in-cell"),
        ("=_xlfn.DISPIMG(1)", "code", "picture-in-cell"),
        ("=SUM(A1:A3)", "money", "formula-without-result"),
        ("=A1&B1", "text", "formula-without-result"),
        ("'=A1&B1", "text", "formula-without-result"),
        ("示例市锟斤拷商贸公司", "name", "garbled-text"),
        ("当事人???许可擅自经营", "text", "garbled-text"),
        ("示例?商贸", "organisation", "garbled-text"),
        ("2024-05-01", "document-number", "number-became-date"),
        ("2-Jan", "code", "number-became-date"),
        ("2024年5月1日", "code", "number-became-date"),
        ("示市罚〔2024〕1号、示市罚〔2024〕2号", "document-number", "two-in-one"),
        ("示例市甲公司、示例市乙有限公司", "organisation", "two-in-one"),
        ("示例市甲商行；示例市乙店", "name", "two-in-one"),
        ("示例公司和平路店", "organisation", ""),
        ("示例公司，示例路分公司", "text", ""),
        ("示例区甲局、示例区乙局", "organisation", ""),  # which decide together
        ("1E5", "document-number", "code-destroyed"),
        ("1.2e+05", "document-number", "code-destroyed"),
        ("是否已经整改?", "text", ""),
        ("同上海公司", "text", ""),
        ("示市罚〔2024〕1号", "document-number", ""),
        ("2024-05-01", "date", ""),
    ],
)
def test_a_cell_without_a_value_of_its_own_is_doubtful(written: str, kind: str, rule: str) -> None:
    assert values.doubt(written, kind, Setting())[0] == rule


MARKS = st.sampled_from([*NOTHING, *SOMETHING, '="1"', "同上", "=A1+1", "锟斤拷", "示例??商贸", "示例甲公司、示例乙公司", "1E5", "2024-05-01", "12345.0", "普通文字", ""])  # fmt: skip


@given(st.lists(MARKS, max_size=30), st.sampled_from(["text", "name", "code", "document-number"]))
def test_a_column_at_once_is_what_its_cells_are_one_by_one(cells: list[str], kind: str) -> None:
    done = columns.normalise_column(pa.array(cells, pa.string()), kind, Setting())
    assert done.canonical.to_pylist() == [values.normalise(c, kind, Setting())[0] for c in cells]
    doubts = [(i, *values.doubt(c, kind, Setting())) for i, c in enumerate(cells)]
    assert sorted(done.doubts) == [d for d in doubts if d[1]]


@given(st.text(max_size=30))
def test_nothing_that_is_written_makes_it_fail(text: str) -> None:
    assert cell_marks.unguarded(text) is not None
    for kind in ("text", "code", "document-number"):
        assert isinstance(cell_marks.trouble(text, kind), str)
