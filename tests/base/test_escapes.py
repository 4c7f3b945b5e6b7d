"""Escapes of HTML, addresses and JSON are undone to the end, and every character keeps its place."""

from __future__ import annotations

import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.base.escapes import has_escapes, undo_escapes
from tests.support.examples import tries

PIECES = ["&", "#", "%", "\\", "u", "x", "amp;", "am", "p;", "64;", "6", "4", ";", "25", "%25", "&#37;", "&#38;", "\\u005c", "u0041",
          "d83d", "de00", "E7", "%BC", "%96", "lt", "copy", "0", "F", "&#1;", "&#x26;", "好", "\n"]  # fmt: skip
ESCAPED = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a&#64;example.com", "a@example.com"), ("a&#x40;b", "a@b"), ("a&#64b", "a@b"), ("a&commat;b", "a@b"), ("a%40b", "a@b"),
        ("a\\u0040b", "a@b"), ("%E4%BD%8F%E5%9D%80", "住址"), ("\\u4f4f\\u5740", "住址"), ("\\ud83d\\ude00", "😀"),
        ("a&amp;#64;b", "a@b"), ("a&am&#112;#64;b", "a@b"), ("%2540", "@"), ("\\\\u0040", "\\@"), ("1381&#50;345678", "13812345678"),
        ("A&B 50% C:\\users", "A&B 50% C:\\users"), ("&copy2024", "©2024"), ("1381&#1;234", "1381234"),
    ],
)  # fmt: skip
def test_an_escape_becomes_the_character_that_it_stands_for(written: str, meant: str) -> None:
    assert undo_escapes(written)[0] == meant


@pytest.mark.parametrize("text", ["&#13812345678", "100%13812345678", "&#xD800;", "\\ud800", "%FF%E4", "&#0;", "&nosuch;", "100%", "&", "\\u12"])  # fmt: skip
def test_what_stands_for_no_character_stays(text: str) -> None:
    assert undo_escapes(text)[0] == text


@given(st.text(st.characters(codec="utf-8")))
def test_what_libraries_escape_comes_back(text: str) -> None:
    numbered = "".join(f"&#{ord(c)};" if html.unescape(f"&#{ord(c)};") == c else "" for c in text)
    assert undo_escapes(numbered)[0] == html.unescape(numbered)
    printable = "".join(c for c in text if c.isprintable() and c not in "&\\%")
    assert undo_escapes(quote(printable, safe=""))[0] == printable
    assert undo_escapes(json.dumps(printable.replace('"', ""))[1:-1])[0] == printable.replace('"', "")  # fmt: skip


@settings(max_examples=tries(1000))
@given(ESCAPED)
def test_nothing_is_left_to_undo(text: str) -> None:
    made, _ = undo_escapes(text)
    assert undo_escapes(made)[0] == made


@settings(max_examples=tries(1000))
@given(ESCAPED)
def test_each_character_is_where_its_escape_begins(text: str) -> None:
    made, origins = undo_escapes(text)
    assert len(made) == len(origins) and origins == sorted(origins)
    ends = [*origins, len(text)][1:]
    for c, start, end in zip(made, origins, ends, strict=True):
        if end > start:  # the last character of its escape
            assert undo_escapes(text[start:end])[0].endswith(c)


@given(st.text())
def test_a_text_without_the_sign_has_no_escape(text: str) -> None:
    assert has_escapes(text) or undo_escapes(text) == (text, list(range(len(text))))


class Counted:
    """Counts how often a character is undone: the work that hostile texts could multiply."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, character: str) -> str:
        self.times += 1
        return character


@pytest.mark.parametrize("text", ["&" + "amp;" * 20_000, "%" + "25" * 40_000, "%25" * 30_000, "&#" * 15_000 + "51;" * 15_000, "\\u005c" + "u005c" * 15_000])  # fmt: skip
def test_a_text_of_escapes_within_escapes_is_undone_once(text: str) -> None:
    counted = Counted()
    undo_escapes(text, counted)
    assert 0 < counted.times <= len(text) / 2
