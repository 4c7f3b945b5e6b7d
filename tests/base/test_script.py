"""Traditional characters become simplified: by the phrase for readers, by the character for searching."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.base.script import simplified, simplified_by_character, traditional_forms
from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from tests.support.damage import traditional

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("行政處罰決定書文號", "行政处罚决定书文号"), ("乾燥", "干燥"), ("乾隆年間", "乾隆年间"), ("裡面有著", "里面有着"), ("著作權", "著作权"), ("", "")],
)  # fmt: skip
def test_the_phrase_decides_where_a_character_is_ambiguous(written: str, meant: str) -> None:
    assert simplified(written) == meant


@given(st.text())
def test_by_character_every_offset_is_kept(text: str) -> None:
    made = simplified_by_character(text)
    assert len(made) == len(text)
    assert made == "".join(simplified_by_character(c) for c in text)


def test_what_is_no_chinese_character_stays() -> None:
    text = "Ａ①é\u200b\ud800😀々〇、"
    assert simplified_by_character(text) == text


@pytest.mark.parametrize("character", "证国龙面发")
def test_every_traditional_form_leads_back(character: str) -> None:
    forms = traditional_forms(character)
    assert forms and simplified_by_character(forms) == character * len(forms)


def test_a_character_without_another_form_has_none() -> None:
    assert traditional_forms("人") == traditional_forms("A") == ""


def test_titles_of_the_contract_are_the_same_in_either_script() -> None:
    contract = catalog.load(ROOT / "datapackage", RULES)
    titles = {c.title for d in contract.datasets.values() for c in d.columns}
    assert {t for t in titles if simplified(traditional(t)) != simplified(t)} == set()
