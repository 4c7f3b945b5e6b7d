"""The list of persons: where a listed name is found, and where the same characters are words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.privacy.known_persons import NOBODY, KnownPersons, distinct


def found(name: str, text: str) -> list[tuple[str, bool]]:
    """(what is found in `text`, whether it is surely the person) where only `name` is listed."""
    (names,) = KnownPersons([name]).names_in([text])
    return [(text[n.start : n.end], n.sure) for n in names]


@pytest.mark.parametrize(
    ("name", "text", "written"),
    [
        ("彭晗笙", "货款由彭晗笙收取", "彭晗笙"),
        ("彭晗笙", "示罚〔2024〕彭晗笙22号", "彭晗笙"),
        ("彭晗笙", "彭 晗　笙", "彭 晗　笙"),
        ("彭晗笙", "彭\u200b晗\ufe00笙", "彭\u200b晗\ufe00笙"),
        ("彭 晗 笙", "找彭晗笙", "彭晗笙"),
        ("葉煥", "叶焕收取货款。", "叶焕"),
        ("叶焕烁", "葉煥爍收取", "葉煥爍"),
        ("欧阳晗笙", "与欧阳晗笙有关", "欧阳晗笙"),
        ("阿依古丽·买买提", "阿依古丽•买买提的摊位", "阿依古丽•买买提"),
        ("阿依古丽·买买提", "阿依古丽买买提的摊位", "阿依古丽买买提"),
        ("阿依古丽买买提", "摊主阿依古丽·买买提", "阿依古丽·买买提"),
        ("索朗旺堆", "快递员索朗旺堆将包裹交来", "索朗旺堆"),
        ("Zhang Sanfeng", "转入SANFENG ZHANG名下", "SANFENG ZHANG"),
        ("Zhang Sanfeng", "账户zhangsanfeng", "zhangsanfeng"),
    ],
)
def test_a_listed_person_is_found_however_the_name_is_written(
    name: str, text: str, written: str
) -> None:
    assert found(name, text) == [(written, True)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("高峰", "在客流高峰期间占道经营"),
        ("黄金", "黄金周期间虚构原价"),
        ("温每日", "员工体温每日测量一次"),
        ("高运动", "提高运动场馆的安全水平"),
        ("王伟", "国王伟大的功绩"),
        ("马应该", "当事人马上应该停止"),
        ("彭晗笙", "彭晗与笙歌"),
        ("Zhang Sanfeng", "Zhang and Sanfeng"),
    ],
)
def test_words_that_a_listed_name_is_made_of_too_are_no_person(name: str, text: str) -> None:
    assert found(name, text) == []


def test_a_name_that_is_a_word_is_found_where_a_person_is_spoken_of() -> None:
    assert found("高峰", "经询问证人高峰，其承认收取货款。") == [("高峰", True)]


def test_two_listed_names_in_one_text_are_both_found() -> None:
    persons = KnownPersons(["彭晗笙", "谢昶彧"])
    assert persons.masked(["彭晗笙、谢昶彧分得货款"]) == ["彭某某、谢某某分得货款"]


def test_nobody_is_found_where_nobody_is_listed() -> None:
    assert not NOBODY and NOBODY.masked(["彭晗笙收取"]) == ["彭晗笙收取"]


def test_names_that_are_words_or_too_short_may_stand_anywhere() -> None:
    names = ["彭晗笙", "索朗旺堆", "阿依古丽·买买提", "Zhang Sanfeng", "高峰", "王伟", "温每日"]
    assert distinct(names) == names[:4]


@given(
    st.lists(st.sampled_from(["彭晗笙", "谢昶彧", "阿依古丽·买买提", "吴煜箫"]), max_size=4),
    st.lists(st.text("本案与的由经，。；12〔〕号货款店a \n", max_size=8), min_size=5, max_size=5),
)
def test_every_distinct_name_is_masked_and_nothing_else_changes(
    names: list[str], between: list[str]
) -> None:
    persons = KnownPersons(["彭晗笙", "谢昶彧", "阿依古丽·买买提", "吴煜箫"])
    pairs = [*zip(between, names, strict=False)]
    text = "".join(words + name for words, name in pairs) + between[-1]
    expected = "".join(words + name[0] + "某某" for words, name in pairs) + between[-1]
    assert persons.masked([text, "", text]) == [expected, "", expected]
