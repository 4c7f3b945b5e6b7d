"""What was written becomes what it means, by one rule each; what nobody can know stays as it is."""

from __future__ import annotations

import re
import sys

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.table import columns, values
from pipeline.intake.table.spelling import Setting
from pipeline.intake.text import cellbytes
from tests.support.examples import tries

PENALTIES = Setting(
    codes={
        values.fold(c): c for c in ("警告", "罚款", "没收违法所得、没收非法财物", "吊销许可证件")
    }
    | {"没收违法所得": "没收违法所得、没收非法财物", "吊销许可证": "吊销许可证件"},
    prefixes={"其他-": "其他"},
    order=("警告", "罚款", "没收违法所得、没收非法财物", "吊销许可证件", "其他"),
)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("罚款；警告", "警告;罚款"),
        ("罚款、吊销许可证", "罚款;吊销许可证件"),
        ("没收违法所得、没收非法财物", "没收违法所得、没收非法财物"),
        ("罚款/没收违法所得、没收非法财物\n警告", "警告;罚款;没收违法所得、没收非法财物"),
        ("罚款;罚款", "罚款"),
        ("其他-责令改正", "其他"),
        ("罚款;没听说过", "罚款;没听说过"),
    ],
)
def test_penalty_types_come_in_the_laws_order_however_joined(written: str, canonical: str) -> None:
    assert values.normalise(written, "choices", PENALTIES)[0] == canonical


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("豫政文[2024]046号", "豫政文〔2024〕46号"),
        ("豫政文【2024】第46号", "豫政文〔2024〕46号"),
        ("豫政文（2024）46", "豫政文〔2024〕46号"),
        ("豫政文﹝2024﹞ 46 号", "豫政文〔2024〕46号"),
        ("平公(治)行罚决字[2024]12号", "平公（治）行罚决字〔2024〕12号"),
        ("没有文号", "没有文号"),
    ],
)
def test_a_document_number_has_the_standards_brackets(written: str, canonical: str) -> None:
    assert values.normalise(written, "document-number", Setting())[0] == canonical


@pytest.mark.parametrize("written", ["91411503ma44t8xq3b", " 9141 1503 MA44T8XQ3B", "９１４１１５０３ＭＡ４４Ｔ８ＸＱ３Ｂ", "'91411503MA44T8XQ3B", "91411503-MA44T8XQ-3B"])  # fmt: skip
def test_a_credit_code_is_capitals_without_blanks(written: str) -> None:
    assert values.normalise(written, "social-credit-code", Setting())[0] == "91411503MA44T8XQ3B"


def test_white_space_and_what_shows_nothing_goes_and_the_rule_is_told() -> None:
    assert values.normalise("\u3000张\u200b三\xa0", "text", Setting()) == ("张三", "white-space")
    assert values.normalise("示 例 公 司(信阳)", "name", Setting()) == (
        "示例公司（信阳）",
        "name-width",
    )


def test_blanks_around_a_text_stay_where_the_contract_says_that_they_are_part_of_it() -> None:
    kept = Setting(keep_blanks=True)
    assert values.normalise("\u3000丸心\u200b ", "text", kept) == ("\u3000丸心 ", "white-space")
    assert values.normalise(" \u3000", "text", kept)[0] == ""
    cells = columns.normalise_column(pa.array([" 甲", "甲"]), "text", kept)
    assert cells.canonical.to_pylist() == [" 甲", "甲"]


# ---------------------------------------------------------------- doubts


def test_a_code_that_excel_destroyed_is_doubted_and_not_guessed() -> None:
    assert values.doubt("9.14115E+17", "code", Setting()) == ("code-destroyed", "")
    assert values.normalise("9.14115E+17", "code", Setting())[0] == "9.14115E+17"


def test_a_letter_that_should_be_a_digit_is_proposed_and_not_taken() -> None:
    good = "91110000600037341L"
    assert values.doubt(good.replace("0", "O"), "social-credit-code", Setting()) == ("code-look-alike", good)  # fmt: skip
    assert values.normalise(good.replace("0", "O"), "social-credit-code", Setting())[0] != good


def test_an_identity_number_is_never_completed_by_a_proposal() -> None:
    assert values.doubt("11O10519491231002X", "social-credit-code", Setting()) == ("", "")


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", " #NUM! "])
def test_a_formulas_error_is_blank_and_told(error: str) -> None:
    assert values.normalise(error, "text", Setting()) == ("", "formula-error")
    assert values.doubt(error, "text", Setting()) == ("formula-error", "")


def test_sources_yaml_has_the_first_word() -> None:
    said = Setting(as_meant={"小店": "个体工商户", "#N/A": "无"})
    assert values.normalise(" 小店", "choice", said) == ("个体工商户", "sources-yaml")
    assert values.doubt("#N/A", "choice", said) == ("", "")


# ---------------------------------------------------------------- the fast way

PARTS = st.sampled_from(["0", "1", "2", "9", ".", ",", "-", "/", "年", "月", "日", "元", "万", "〔", "〕", "[", "]", "(", ")", "（", "）", "第", "号", "A", "z", "X", "O", "I", "E+", "#", "N/A", "无", "罚款", "警告", ";", "、", "\n", "\t", "\u3000", "\xa0", "\u200b", "\x00", "�", "示", "例", "'", '"', "①", "㎡", "ﬁ", "２", "Ａ", "－", "·", "2024", "2024-03-05", "91411503MA44T8XQ3B", "null", "00", "-0", ".", "%"])  # fmt: skip
PARTS_ONLY = st.lists(PARTS, max_size=7).map("".join)
CELLS = st.one_of(
    PARTS_ONLY,
    st.text(max_size=6),
    st.from_regex(r"\A[0-9.,-]{1,9}\Z"),
)
SETTINGS = st.sampled_from(
    [Setting(unit="万元"), PENALTIES, Setting(dates="minguo", is_1904=True), Setting(as_meant={"无": "有"})]
)  # fmt: skip


@settings(max_examples=tries(400))
@given(st.lists(CELLS, max_size=6), st.sampled_from(sorted(values.KINDS)), SETTINGS, st.booleans())
def test_a_column_at_once_is_what_its_cells_are_one_by_one(
    cells: list[str], kind: str, setting: Setting, many: bool
) -> None:
    cells = [c.encode("utf-8", "replace").decode() for c in cells] * (300 if many else 1)
    done = columns.normalise_column(pa.array(cells, pa.string()), kind, setting)
    one_by_one = [values.normalise(c, kind, setting) for c in cells]
    assert done.canonical.to_pylist() == [c for c, _ in one_by_one]
    if done.rules is not None:
        told = zip(cells, done.rules.to_pylist(), one_by_one, strict=True)
        assert all(rule == by or canonical == cell for cell, rule, (canonical, by) in told)
    doubts = {(i, *values.doubt(c, kind, setting)) for i, c in enumerate(cells)}
    assert set(done.doubts) == {d for d in doubts if d[1]}


LOSES_SOMETHING = [
    c for c in map(chr, range(1 << 16)) if c < "\ud800" or c > "\udfff"
    if c == "\ufffd" or values.tidy(f"示{c}例") != f"示{c}例"
]  # fmt: skip


@pytest.mark.parametrize("behind", [0, cellbytes.PIECE - 5, cellbytes.PIECE - 4])
def test_a_pass_over_bytes_sees_every_character_that_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, behind: int
) -> None:
    monkeypatch.setattr(cellbytes, "LONG", 0)
    assert len(LOSES_SOMETHING) > 90
    for character in LOSES_SOMETHING if not behind else "\x00\x7f\x85\u200b\ufeff\ufffd":
        cells = pa.array(["x" * behind, "示例", f"示{character}例", "“例”，—"])
        assert cellbytes.unseen(cells).to_pylist() == [False, False, True, False]


BLANKS = [c for c in map(chr, range(1 << 16)) if c.isspace() or c == "#"]


@pytest.mark.parametrize("cell", ["{}", "{}示", "示{}", "{}a", "a{}", "示例{}"])
def test_a_pass_over_bytes_sees_every_blank_at_either_end(
    monkeypatch: pytest.MonkeyPatch, cell: str
) -> None:
    monkeypatch.setattr(cellbytes, "LONG", 0)
    assert len(BLANKS) > 25
    for blank in BLANKS:
        cells = pa.array(["", "例。", cell.format(blank), "《例》"]).slice(1)
        is_seen = cell.format(blank).strip() != cell.format(blank) or cell.startswith("{}")
        assert cellbytes.unseen(cells).to_pylist() == [False, is_seen or blank != "#", False]


def test_text_with_full_width_signs_calls_for_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cellbytes, "LONG", 0)
    for name in ("match_substring_regex", "utf8_trim_whitespace"):
        monkeypatch.setattr(cellbytes.pc, name, None)
    cells = pa.array(["例“示例”——《示例》……，；：！￥１", "《例》，", "", "。"])
    assert cellbytes.unseen(cells).to_pylist() == [False] * 4


# An apostrophe in front, a sign for the blank: they mean something once, in what was written.
SAID_ONCE = re.compile("['‘’`#]")


@settings(max_examples=tries(200))
@given(PARTS_ONLY, st.sampled_from(sorted(values.KINDS)), SETTINGS)
def test_what_is_canonical_stays_as_it_is(cell: str, kind: str, setting: Setting) -> None:
    if kind == "money" or setting.as_meant or setting.dates or SAID_ONCE.search(cell):
        return  # an amount's unit, a setting's meaning are said of what was written
    once, _ = values.normalise(cell, kind, setting)
    assert values.normalise(once, kind, setting)[0] == once


def test_the_short_way_to_fold_a_spelling_comes_to_the_same_for_every_character() -> None:
    every = [character + "甲" for character in map(chr, range(sys.maxunicode + 1))]
    folded = (text for text in every if text.isalnum())
    assert [t for t in folded if values.fold(t) != values.unspaced(t).casefold()] == []
