"""How text is cut for the search index, and that queries find what a substring search finds."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.release.database.full_text import match_query, segment_column
from tests.support.examples import tries

TEXTS = [
    "平示市监罚〔2024〕15号",
    "未取得食品经营许可从事食品经营活动",
    "食品，安全",
    "罚款10000元;没收违法所得",
    "ABC有限公司（１２３）",
    "91410400MA3X12345Q",
    "张*伟",
    "特种设备",
    "一",
]


def segment(text: str) -> str:
    """A column of one value."""
    [cut] = segment_column([text])
    return cut


def finds(query: str, texts: list[str] = TEXTS) -> list[str]:
    """The texts that FTS5 finds for `query`, over an index made by segment_column."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("create virtual table t using fts5(x)")
        db.executemany("insert into t values (?)", [(cut,) for cut in segment_column(texts)])
        sql = "select rowid from t where t match ? order by rowid"
        return [texts[i - 1] for (i,) in db.execute(sql, [match_query(query)])]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("行政处罚2025", "行政 政处 处罚 罚 2025"),
        ("罚", "罚"),
        ("398号院", "398 号 号院 院"),
        ("3月5日", "3 月 5 日"),
        ("（3）号院", "3 号院 院"),
        ("食品，安全", "食品 品 安全 全"),
        ("ＡＢＣ１２３", "abc123"),
        ("二〇二四年", "二〇 〇二 二四 四年 年"),
        ("𠀀𠀁", "𠀀𠀁 𠀁"),
        ("Hello, World", "hello world"),
        ("，。！", ""),
        ("", ""),
    ],
)
def test_text_is_cut_into_pairs_and_whole_words(text: str, cut: str) -> None:
    assert segment(text) == cut


@pytest.mark.parametrize(
    ("query", "expression"),
    [
        ("罚", '"罚" *'),
        ("处罚", '"处罚"'),
        ("行政处罚", '"行政 政处 处罚"'),
        ("食品 平顶山", '"食品" AND "平顶 顶山"'),
        ('"食品 安全"', '"食品 品 安全"'),
        ("ABC", '"abc" *'),
        ('"ABC"', '"abc"'),
        ("15号", '"15 号"'),
        ("15号院", '"15 号 号院"'),
        ("15号院2", '"15 号 号院 院 2"'),
        ("（15）号", '"15 号" *'),
        ("", '""'),
        ("  ", '""'),
        ("*^:()-+", '""'),
        ('"', '""'),
        ("a OR b", '"a" AND "or" AND "b"'),
        ("NEAR(处罚, 5)", '"near 处罚" AND "5"'),
    ],
)
def test_a_query_becomes_phrases_joined_by_and(query: str, expression: str) -> None:
    assert match_query(query) == expression


@pytest.mark.parametrize(
    ("query", "count"),
    [
        *[("食品", 2), ("罚", 2), ("食品经营", 1), ("ABC", 1), ("abc有限", 1), ("(123)", 1)],
        *[("91410400MA3X", 1), ("张", 1), ("一", 1), ("15号", 1), ("〔2024〕15", 1), ("安全食", 0)],
        *[("特种 设备", 1), ("食品 许可", 1), ("食品 特种", 0), ("2024", 1), ("", 0)],
    ],
)
def test_words_of_one_two_and_more_characters_are_found(query: str, count: int) -> None:
    assert len(finds(query)) == count


mixed = st.text("食品号1２a（-", min_size=1, max_size=7)


@settings(max_examples=tries(200), deadline=None)
@given(st.lists(mixed, min_size=1, max_size=8), mixed)
def test_words_of_both_kinds_are_found_where_they_stand_whole(texts: list[str], word: str) -> None:
    """A query that begins and ends in Chinese, or in a whole word, is found wherever it stands."""
    folded = unicodedata.normalize("NFKC", word)
    whole = re.compile(rf"(?<![1-9a-z]){re.escape(folded)}(?![1-9a-z])")
    standing = [t for t in texts if whole.search(unicodedata.normalize("NFKC", t))]
    if re.search(r"\w", folded):
        found = finds(f'"{word}"', texts)
        assert [text for text in texts if text in standing and text not in found] == []


hanzi = st.text("食品安全处罚款张伟", min_size=1, max_size=6)


@settings(max_examples=tries(60), deadline=None)
@given(st.lists(hanzi, min_size=1, max_size=8), hanzi)
def test_a_chinese_word_is_found_exactly_where_a_substring_search_finds_it(
    texts: list[str], word: str
) -> None:
    assert finds(word, texts) == [text for text in texts if word in text]


@settings(max_examples=tries(200), deadline=None)
@given(st.text(max_size=20))
def test_no_query_is_an_error(query: str) -> None:
    finds(query.replace("\ud800", ""))


def reference(text: str) -> str:
    """The rule of segment_column, written plainly."""
    text = unicodedata.normalize("NFKC", text).lower()
    han = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003347f"
    words: list[str] = []
    for run in re.findall(rf"[{han}]+|[^{han}]", text):
        if re.match(rf"[{han}]", run):
            if len(run) > 1 and words and words[-1].startswith("+"):
                words.append(run[0])
            words += [*(run[i : i + 2] for i in range(len(run) - 1)), run[-1], " "]
        elif run.isalnum():
            word = words.pop() if words and words[-1].startswith("+") else "+"
            words.append(word + run)
        else:
            words.append(" ")
    return " ".join(word.removeprefix("+") for word in words if word != " ")


@settings(max_examples=tries(300), deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(), hanzi), max_size=5))
def test_a_column_is_cut_as_its_values_are_one_by_one(values: list[str | None]) -> None:
    assert segment_column(values) == [reference(value or "") for value in values]


@pytest.mark.slow
def test_every_character_is_folded_in_a_column_as_unicode_folds_it_in_a_text() -> None:
    characters = [chr(c) for c in range(0x20000) if not 0xD800 <= c <= 0xDFFF]
    values = [f"x{c}中가{c}" for c in characters]
    cut = dict(zip(values, segment_column(values), strict=True))
    assert [v for v in values if cut[v] != segment(v)] == []
