"""A cheap sign is found wherever its pattern is."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.base.normalise import normalise
from pipeline.checks.privacy import fact_scene
from pipeline.checks.privacy.cheap_signs import sign_of
from pipeline.checks.privacy.facts import KINDS

FORMS = [kind.forms for kind in KINDS]
PATTERNS = sorted({p for f in FORMS for p in (*f.plain, *f.vague, *f.alone)} | {*fact_scene.PERSON})


def is_found(pattern: str, text: str) -> bool:
    return bool(pc.match_substring_regex(pa.array([text]), sign_of(pattern))[0].as_py())


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("患有?病", "患病"),
        (r"(?<!不)患(?P<what>[病癌])(?!者)", "不患病者"),
        ("[0-9]{2,3}室", "９０２室"),
        ("尾号[0-9]{4}", "尾号七八二〇"),
        (r"\(住\)", "（住）"),
        ("[,;:]", "；"),
        (r"[^,\s]室", "一室"),
        ("张x", "张×"),
        ("住址$", "住址："),
        ("骨折", "骨摺"),
        (r"\d{1,2}岁", "12歲"),
        (r"[\u4e00-\u9fff]某", "張某"),
        (r"一\s二", "一\u3000二"),
    ],
)
def test_it_matches_what_is_written_otherwise(pattern: str, text: str) -> None:
    assert is_found(pattern, text)


@pytest.mark.parametrize(("pattern", "text"), [("患[病癌]", "患者"), (r"[^,]室", "，室"), ("[一-三]级", "九级")])  # fmt: skip
def test_it_does_not_match_what_is_other(pattern: str, text: str) -> None:
    assert not is_found(pattern, text)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PATTERNS), st.data())
def test_each_pattern_of_a_fact_has_a_sign_that_misses_nothing(
    pattern: str, data: st.DataObject
) -> None:
    text = normalise(data.draw(st.from_regex(pattern))).text
    assert not re.search(pattern, text) or is_found(pattern, text)
