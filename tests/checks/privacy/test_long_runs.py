"""The cheap sign of a long number is the same as the expression that says what it is."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.privacy.long_runs import DIGITS, have_long_runs

ALPHABET = "0123456789１３五〇洞壹A中·-－ー丶 ，。\n\u3000（）😀𠀀é٣²"


def by_expression(texts: pa.Array, least: int) -> list[bool]:
    mark = r"(?:[^\pL\pN]|[ー丶丨])"
    found = pc.match_substring_regex(
        texts, rf"[{DIGITS}](?:{mark}{{0,3}}[{DIGITS}]){{{least - 1},}}"
    )
    listed: list[bool] = found.to_pylist()
    return listed


@given(st.lists(st.text(st.sampled_from(ALPHABET), max_size=40), max_size=6), st.sampled_from([7, 11]))  # fmt: skip
def test_a_long_run_is_found_as_the_expression_finds_it(texts: list[str], least: int) -> None:
    cells = pa.array(texts, pa.string())
    assert have_long_runs(cells, least).to_pylist() == by_expression(cells, least)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("13812345678", True),
        ("138 - 1234 - 5678", True),
        ("1-3-8-1-2-3-4", True),
        ("1381\ufffe2345678", True),
        ("138\ufffe1234", False),
        ("138 12年34 5678", False),
        ("123456", False),
        ("一三八一二三四五六七八", True),
        ("貳叁肆伍陸柒捌", True),
        ("", False),
    ],
)
def test_what_is_a_long_run(text: str, held: bool) -> None:
    assert have_long_runs(pa.array(["1234", text, "567"]), 7).to_pylist() == [False, held, False]
