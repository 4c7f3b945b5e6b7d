"""No text is run by a spreadsheet, and each comes back by the rule that spreadsheet_safety states."""

from __future__ import annotations

import re
import sys
import unicodedata

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.base.spreadsheet_safety import is_marked_sql, safe, safe_sql
from tests.support.formulas import DECIDED, HARMLESS, LEFT, MARKED, NUMBERS, RUN, is_run

# Text that is near to a formula more often than any text would be.
NEAR = st.text(
    st.sampled_from("=+-@＝＋－＠﹣ \t\r\n'\"\0\u00a0\u3000\u200b\ufeff—−1a其,."), max_size=6
)
TEXTS = st.one_of(NEAR, st.text(max_size=12), st.builds(str.__add__, NEAR, st.text(max_size=6)))
BEGINS = re.compile(r"[\t\r\n]|[^\w'\"]*[=+@＝＋－＠﹦﹢﹣﹫]|[^\w'\"]*-.", re.DOTALL)


def original(cell: str) -> str:
    """What was there before `safe`, by the rule in its module's words."""
    behind = cell.lstrip("'")
    return cell[1:] if cell != behind and safe(behind) != behind else cell


@pytest.mark.parametrize("text", RUN)
def test_what_a_spreadsheet_runs_is_marked(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_no_spreadsheet_runs_is_left(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize("text", NUMBERS)
def test_a_signed_number_in_a_column_of_text_stays_as_written(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize(("text", "marked"), DECIDED)
def test_what_programs_differ_on_is_as_decided(text: str, marked: bool) -> None:
    assert (safe(text) != text) is marked


@given(TEXTS)
def test_no_safe_text_is_run(text: str) -> None:
    assert not is_run(safe(text))


@given(TEXTS)
def test_every_text_comes_back_by_the_rule(text: str) -> None:
    assert original(safe(text)) == text


@given(TEXTS)
def test_text_that_begins_with_no_sign_is_left(text: str) -> None:
    assert BEGINS.match(text.lstrip("'")) or safe(text) == text


@given(st.lists(TEXTS, max_size=8))
def test_duckdb_marks_what_python_marks(texts: list[str]) -> None:
    with duckdb.connect() as con:
        rows = "(select unnest($texts) as a)"
        marked = con.execute(
            f"select {is_marked_sql('a')} from {rows}", {"texts": texts}
        ).fetchall()
        made = con.execute(f"select {safe_sql(['a'])} from {rows}", {"texts": texts}).fetchall()
    assert [cell for (cell,) in made] == [safe(text) for text in texts]
    assert [hit for (hit,) in marked] == [safe(text) != text for text in texts]


def test_a_blank_cell_is_left_blank_by_duckdb() -> None:
    with duckdb.connect() as con:
        row = con.execute(f"select {safe_sql(['a'])} from (select null::varchar as a)").fetchone()
    assert row == (None,)


def test_a_sign_behind_any_character_that_is_not_seen_is_marked() -> None:
    kinds = ("Zs", "Zl", "Zp", "Cc", "Cf")
    # Arabic marks in front of a number are seen, though they are called formats.
    visible = {chr(c) for c in range(0x600, 0x900)} - {"\u061c"}
    unseen = [chr(c) for c in range(0x10000) if unicodedata.category(chr(c)) in kinds]
    unseen = [c for c in unseen if c not in visible]
    assert [c for c in unseen if safe(f"{c}=1") == f"{c}=1"] == []


def test_a_sign_behind_any_letter_or_digit_is_left() -> None:
    letters = [chr(c) for c in range(sys.maxunicode + 1) if chr(c).isalnum()]
    fillers = {"\u115f", "\u1160", "\u3164", "\uffa0"}  # letters that show nothing
    assert {c for c in letters if safe(f"{c}=1") != f"{c}=1"} == fillers


def test_all_examples_are_judged_alike_by_whoever_wrote_the_examples_and_by_the_test() -> None:
    assert [text for text in RUN if not is_run(text)] == []
    assert [text for text in [*HARMLESS, *NUMBERS] if is_run(text)] == []
    assert set(MARKED).isdisjoint(LEFT)
