"""A text without its disguises: nothing is left of them, and every character knows where it came from."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.base.normalise import (
    DISGUISED,
    INVISIBLE,
    by_character,
    half_width_numbers,
    normalise,
)
from tests.support.examples import tries

DIGITS = ["0123456789", "０１２３４５６７８９", "⓪①②③④⑤⑥⑦⑧⑨", "₀₁₂₃₄₅₆₇₈₉", "⁰¹²³⁴⁵⁶⁷⁸⁹", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९",
          "〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "⓿❶❷❸❹❺❻❼❽❾"]  # fmt: skip
HIDDEN = ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\u0301", "\u20e3", "\ufe0f", "\U000e0101", "\u200e", "\u3164", "\u115f"]  # fmt: skip
#: What stands in texts, and every disguise: alone, and as part of an escape.
PIECES = st.sampled_from(
    [*"张張於处處 A-ａ＠@.…①Ａé№㎡½\n\t﹒—×•〇一二三四五六七八九壹貳幺兩0123456789０９&%#;x\\u&＆％＼", *HIDDEN,
     "&#64;", "&amp;", "&#x31;", "%40", "%E4%BD%8F", "%31", "\\u0031", "amp;", "&#50", "%2", "&frac12;", "한", "\u1112", "\u1161", "が", "一二三四五六七"]
)  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=30))


# ---------------------------------------------------------------- what becomes of what


@pytest.mark.parametrize("digits", DIGITS)
def test_digits_of_every_alphabet_are_digits(digits: str) -> None:
    number = "13812345678"
    assert normalise("".join(digits[int(c)] for c in number)).text == number


def test_digits_in_keycaps_are_digits() -> None:
    assert normalise("1\ufe0f\u20e33\ufe0f\u20e38").text == "138"


@pytest.mark.parametrize("hidden", HIDDEN, ids=ascii)
def test_what_does_not_show_is_taken_away(hidden: str) -> None:
    assert normalise(f"138{hidden}1234{hidden}").text == "1381234"


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("ＡＢＣ－４５　＠", "ABC-45 @"), ("證據於張三", "证据于张三"), ("zs&#64;example.com", "zs@example.com"), ("zs%40example.com", "zs@example.com"),
        ("zs\\u0040example.com", "zs@example.com"), ("𝐳𝐬＠𝐞𝐱.com", "zs@ex.com"), ("zs@exa\u0301mple.com", "zs@example.com"), ("１３８—１２３４", "138-1234"),
        ("＆＃６４；", "@"), ("&#65297;", "1"), ("1&#x200b;2", "12"), ("二〇二四年", "二〇二四年"), ("138一二三四5678", "13812345678"), ("50%一二三四五六七", "50%一二三四五六七"),
        ("什麼", "什么"), ("\u1112\u1161\u11ab", "한"), ("", ""),
    ],
)  # fmt: skip
def test_a_disguise_is_taken_off(written: str, plain: str) -> None:
    assert normalise(written).text == plain


@given(TEXTS)
def test_compatibility_forms_make_no_difference_but_for_digits(text: str) -> None:
    plain = "".join(c for c in text if unicodedata.category(c) != "No")
    assert normalise(unicodedata.normalize("NFKC", plain)).text == normalise(plain).text


@given(TEXTS)
def test_no_mark_or_invisible_character_is_left(text: str) -> None:
    made = normalise(text).text
    assert not re.search(f"[{INVISIBLE}]", made)
    assert not [c for c in made if unicodedata.category(c) in ("Mn", "Mc", "Me", "Cf", "Nd") and c not in "0123456789"]  # fmt: skip
    assert unicodedata.normalize("NFKC", made) == made


# ---------------------------------------------------------------- done again, and the way back


@settings(max_examples=tries(1500))
@given(TEXTS)
def test_done_again_it_changes_nothing(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once
    assert by_character(by_character(text)) == by_character(text)
    assert half_width_numbers(half_width_numbers(text)) == half_width_numbers(text)


def test_each_character_alone_is_normalised_for_good() -> None:
    every = "\n".join(map(chr, (*range(0x33480), *range(0xE0000, 0xE1000))))
    once = normalise(every).text
    assert normalise(once).text == once


@settings(max_examples=tries(1500))
@given(TEXTS)
def test_each_character_comes_from_where_it_says(text: str) -> None:
    made = normalise(text)
    assert made.original == text and len(made.origins) == len(made.text)
    assert list(made.origins) == sorted(made.origins)
    for at, c in enumerate(made.text):
        start, end = made.span(at, at + 1)
        alone = normalise(text[start:end]).text
        # A Chinese digit is one only beside others.
        assert c in alone or (
            c.isdigit() and alone in "〇零○一壹二贰弍三叁參四肆五伍六陆七柒八捌九玖幺"
        )


@settings(max_examples=tries(500))
@given(TEXTS, TEXTS)
def test_spans_side_by_side_part_the_original(first: str, second: str) -> None:
    made = normalise(f"{first}，{second}")
    cut = made.text.index(",", len(normalise(first).text))
    before = made.span(0, cut)[1] if cut else made.origins[cut]
    assert before == made.origins[cut]
    assert made.span(cut, len(made.text))[1] == len(made.original)


def test_a_span_takes_whole_escapes_and_what_does_not_show_behind_it() -> None:
    text = "见1381&#50;345\u200b678\u200b，a&#64;b"
    made = normalise(text)
    start, end = made.span(1, 12)
    assert text[start:end] == "1381&#50;345\u200b678\u200b"


@given(TEXTS)
def test_character_for_character_no_offset_moves(text: str) -> None:
    assert len(by_character(text)) == len(half_width_numbers(text)) == len(text)


# ---------------------------------------------------------------- the cheap sign


@settings(max_examples=tries(1500))
@given(TEXTS)
def test_a_text_without_the_sign_of_a_disguise_has_none(text: str) -> None:
    assert re.search(DISGUISED, text) or normalise(text).text == by_character(text)


@given(
    st.lists(
        TEXTS.filter(lambda t: t.isascii() or max(t) < "\ud800" or min(t) > "\udfff"), max_size=5
    )
)
def test_the_sign_is_the_same_for_arrow(texts: list[str]) -> None:
    texts = [t.encode("utf-8", "ignore").decode() for t in texts]
    found = pc.match_substring_regex(pa.array(texts, pa.string()), DISGUISED).to_pylist()
    assert found == [re.search(DISGUISED, t) is not None for t in texts]


@pytest.mark.parametrize("text", ["当事人于2024年3月5日在平桥区“迎宾路”12号（一楼）销售食品，货值1,250.50元；", "平市监罚〔2024〕12号", "91411503MA44T8XQ3B", "《食品安全法》第三十四条、第一百二十四条：50％以上"])  # fmt: skip
def test_ordinary_text_shows_no_sign(text: str) -> None:
    assert not re.search(DISGUISED, text)


# ---------------------------------------------------------------- time


@pytest.mark.parametrize("piece", ["①", "&#49;", "%31", "\\u0031", "一", "1一", "&amp;", "%", "&", "é", "１", "\u1112\u1161", "　"], ids=ascii)  # fmt: skip
def test_a_long_text_is_normalised_as_its_pieces_are(piece: str) -> None:
    text = f"{piece}，" * 100_000
    assert normalise(text).text == normalise(f"{piece}，").text * 100_000
