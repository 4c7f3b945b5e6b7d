"""What is planted: right by its check digits, different in every spot, the same for the same seed."""

from __future__ import annotations

import re

import pytest
from stdnum.cn import ric, uscc

from pipeline.base.words import say
from pipeline.privacy_test import (
    disguises,
    harmless,
    labels,
    personal_facts,
    personal_names,
    personal_numbers,
)
from pipeline.privacy_test.dice import Dice
from pipeline.privacy_test.folding import folded
from pipeline.privacy_test.values import Value

pytestmark = pytest.mark.once
PERSONAL = (*personal_numbers.KINDS, *personal_names.KINDS, *personal_facts.KINDS)
MANY = range(300)


def drawn(kinds: tuple[personal_numbers.Callable[[Dice], Value], ...]) -> list[Value]:
    return [kind(Dice(kind.__name__, n)) for kind in kinds for n in MANY]


def test_an_identity_number_has_its_check_digit_and_a_birth() -> None:
    for n in MANY:
        number = personal_numbers.identity_number(Dice(n))
        assert len(number) == 18
        assert number[-1] == ric.calc_check_digit(number)
        assert 1952 <= ric.get_birth_date(number).year <= 2006


def test_a_bank_card_is_valid() -> None:
    assert personal_numbers.luhn_digit("7992739871") == "3"  # the example of ISO/IEC 7812-1


def test_a_credit_code_is_valid() -> None:
    for n in MANY:
        assert uscc.is_valid(harmless.credit_code(Dice(n)))


def test_the_same_words_give_the_same_choices() -> None:
    kinds = (*PERSONAL, *harmless.KINDS)
    assert [kind(Dice("a", 1)) for kind in kinds] == [kind(Dice("a", 1)) for kind in kinds]
    assert [kind(Dice("a", 1)) for kind in kinds] != [kind(Dice("a", 2)) for kind in kinds]


def test_a_personal_value_is_recognised_in_its_own_text_whatever_its_disguise() -> None:
    lost = [v for v in drawn(PERSONAL) if not any(n in folded(v.text) for n in v.needles)]
    assert lost == []


def test_each_disguise_is_used() -> None:
    used = {value.disguise for value in drawn(PERSONAL)}
    assert used >= {*disguises.OF_NUMBERS, *disguises.OF_WORDS, "plain"}


def test_each_kind_and_way_of_writing_has_a_title_in_both_languages() -> None:
    values = drawn((*PERSONAL, *harmless.KINDS)) + [labels.label(Dice(n), True) for n in MANY]
    for group in {v.kind for v in values} | {v.disguise for v in values}:
        assert say(f"privacy-test-of-{group}", "zh") != say(f"privacy-test-of-{group}", "en")


@pytest.mark.parametrize("name", sorted({*disguises.OF_NUMBERS} - {"letters"}))
def test_folding_undoes_a_disguise(name: str) -> None:
    number = "13812345670"
    for n in range(20):
        assert folded(disguises.OF_NUMBERS[name](number, Dice(n))) == number


def test_a_harmless_text_holds_no_personal_value() -> None:
    """No valid identity number, no mobile number, no name that the generator makes."""
    surnames = f"[{personal_names._SURNAMES}]"
    name = re.compile(rf"{surnames}[{personal_names._FIRST}][{personal_names._LAST}]")
    for value in drawn(harmless.KINDS):
        assert value.is_harmless
        assert not re.search(r"(?<![0-9A-Z])1[3-9]\d{9}(?!\d)", value.text), value
        assert not any(map(ric.is_valid, re.findall(r"\d{17}[\dX]", value.text))), value
        assert not name.search(value.text), value


@pytest.mark.parametrize("is_harmless", [True, False])
def test_a_label_fits_into_the_name_of_a_sheet(is_harmless: bool) -> None:
    for n in MANY:
        value = labels.label(Dice(n), is_harmless)
        assert value.is_harmless is is_harmless
        assert len(value.text) <= 25
        assert not re.search(r"[\[\]:*?/\\]", value.text)
