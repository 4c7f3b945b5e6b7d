"""What a converter did is undone or marked; what no converter touched stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reports.repair.characters import is_han
from pipeline.reports.repair.edits import Edit, Traced, apply
from pipeline.reports.repair.repair import repair
from tests.support import damage, marked
from tests.support.examples import tries

TEXTS = [
    marked.unmarked((marked.FOLDER / f"{name}.txt").read_text("utf-8"))[0]
    for name in ("county", "city", "bureau", "taiwan")
]
SIMPLIFIED = TEXTS[:3]
SENTENCES = [line for text in SIMPLIFIED for line in text.split("\n") if len(line) > 30]
MODERATE = settings(max_examples=tries(40), deadline=None)


def damaged(text: str) -> str:
    return damage.glossed(damage.traditional(text), text)


@pytest.mark.parametrize("text", TEXTS)
def test_clean_text_comes_out_byte_for_byte(text: str) -> None:
    assert repair(text).text == text
    assert repair(text).repairs == ()


@MODERATE
@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4), st.data())
def test_clean_mixed_text_comes_out_byte_for_byte(lines: list[str], data: st.DataObject) -> None:
    text = "\n".join(
        damage.traditional(line) if data.draw(st.booleans()) else line for line in lines
    )
    assert repair(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "浉(shī)河区全年办理案件12件。",
        "單(shàn)縣與浉(shī)河區簽訂協議，全區實際受理案件12件，實際辦結10件。",
        "这样的案件怎么办?现将做法介绍如下。",
        "（一）依法行政(含街道)全年工作(居)有序推进。",
        "公司简称(ABC)与平台(pingtai)已备案。",
    ],
)
def test_what_an_author_may_write_stays(text: str) -> None:
    assert repair(text).text == text


@pytest.mark.parametrize("text", SIMPLIFIED)
def test_glosses_and_machine_made_traditional_are_undone(text: str) -> None:
    result = repair(damaged(text))
    assert result.text == text
    assert not result.doubtful


@MODERATE
@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5))
def test_any_glossed_text_comes_back(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert repair(damaged(text)).text == text


@MODERATE
@given(st.sampled_from(SIMPLIFIED), st.integers(min_value=60, max_value=600))
def test_a_lost_byte_is_put_back_or_marked(text: str, near: int) -> None:
    plain = damage.traditional(text)
    at = next(i for i in range(near, len(text)) if is_han(plain[i]))
    before = damage.glossed(plain[:at], text[:at])
    after = damage.glossed(plain[at + 1 :], text[at + 1 :])
    broken = damage.first_byte_lost(before + plain[at] + after, len(before))
    result = repair(broken)
    assert result.text == text or result.doubtful
    assert apply(broken, result.repairs) == result.text


@MODERATE
@given(st.sampled_from(SIMPLIFIED), st.integers(min_value=60, max_value=600))
def test_a_gloss_put_inside_a_character_is_taken_out_or_marked(text: str, near: int) -> None:
    plain = damage.traditional(text)
    at = next(i for i in (*range(near, len(text)), *range(near)) if plain[i] != text[i])
    before = damage.glossed(plain[:at], text[:at])
    after = damage.glossed(plain[at + 1 :], text[at + 1 :])
    syllable = damage.reading(plain[at])
    broken = damage.gloss_inside(before + plain[at] + after, len(before), syllable)
    result = repair(broken)
    assert result.text == text or result.doubtful


@pytest.mark.parametrize("number", ["一", "二", "三", "四", "五", "六", "七", "八", "九"])
def test_a_paragraph_that_lost_its_first_byte_is_put_back(number: str) -> None:
    body = "扎实推进执法监督。全年办理案件12件，开展检查35次，制发文书8份。"
    text = f"　（{number}）{body}"
    plain = damage.traditional(text)
    broken = damage.first_byte_lost("　" + damage.glossed(plain[1:], text[1:]), 0)
    assert repair(f"一、主要工作\n{broken}").text == f"一、主要工作\n{text}"


def test_every_repair_tells_its_place_what_stood_there_and_why() -> None:
    text = damaged("全年实施行政处罚12件。")
    result = repair(text)
    assert {r.rule for r in result.repairs} == {"pinyin-gloss", "traditional"}
    for one in result.repairs:
        assert text[one.offset : one.offset + len(one.before)] == one.before
    assert apply(text, result.repairs) == result.text == "全年实施行政处罚12件。"


def test_repairing_twice_changes_nothing() -> None:
    once = repair(damaged(SIMPLIFIED[0])).text
    assert repair(once).text == once


def test_a_byte_that_cannot_be_told_is_left_and_marked() -> None:
    text = damaged("全年实施行政处罚12件，各单位") + "?鬱龘戇" + damaged("规范执法。")
    result = repair(text)
    assert "?" in result.text
    assert result.doubtful


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("全年办结１２件，占９６．５％。", "全年办结12件，占96.5%。", "full-width-digit"),
        ("全年  办结12件。", "全年 办结12件。", "double-space"),
        ("召开会议，\n研究工作。", "召开会议，研究工作。", "broken-line"),
        ("全年办结12\n件案件。", "全年办结12件案件。", "broken-line"),
        ("全年办结12件。\n- 3 -\n其次。", "全年办结12件。\n其次。", "page-number"),
        ("全年办结12件。\n第 3 页 共 9 页\n其次。", "全年办结12件。\n其次。", "page-number"),
    ],
)
def test_the_pages_damage_is_undone(before: str, after: str, rule: str) -> None:
    result = repair(before)
    assert result.text == after
    assert {r.rule for r in result.repairs} == {rule}


def test_headings_and_indented_paragraphs_are_not_joined() -> None:
    text = "某县报告\n\n　　（一）提升执法质效\n各单位认真落实要求，完成12件。\n　　第二段，\t办结3件。\n某县\n"
    assert repair(text).text == text


@MODERATE
@given(st.text(alphabet="ab中文x，。", max_size=30), st.data())
def test_edits_in_layers_keep_track_of_the_original(text: str, data: st.DataObject) -> None:
    traced = Traced.of(text)
    for _ in range(3):
        cuts = sorted(data.draw(st.sets(st.integers(0, len(traced.text)), max_size=4)))
        pairs = zip(cuts[::2], cuts[1::2], strict=False)
        traced = traced.edit(
            [Edit(a, b, data.draw(st.sampled_from(["", "新", "两字"])), "r") for a, b in pairs]
        )
    assert apply(text, traced.repairs()) == traced.text
