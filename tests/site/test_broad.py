"""A search that very many rows fit gives the same rows by walking the table as by listing the hits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from pipeline.release.search import match_query, segment_column
from pipeline.site import broad

SEARCH = "rowid in (select rowid from t_fts where t_fts match escape_fts(:search))"
PAGE = f"select word, day, key from t where {SEARCH}  order by day desc, [key] limit 51"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A table of which every third row holds 食品, with an index on `day` and none on `word`."""
    monkeypatch.setattr(broad, "_MANY", 50)
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.create_function("escape_fts", 1, match_query, deterministic=True)
        conn.execute("create table t (key text primary key, word text, day text)")
        rows = [
            (f"k{n:04}", ("食品", "运输", "医疗")[n % 3], f"2024-01-{n % 28:02}")
            for n in range(900)
        ]
        conn.executemany("insert into t values (?, ?, ?)", rows)
        conn.execute("create index t_day on t (day)")
        conn.execute("create virtual table t_fts using fts5(word, content='t')")
        cut = segment_column([row[1] for row in rows])
        conn.executemany("insert into t_fts(rowid, word) values (?, ?)", enumerate(cut, 1))
        yield conn


def test_a_broad_search_walks_and_finds_the_same_rows_in_the_same_order(
    table: sqlite3.Connection,
) -> None:
    words = {"search": "食品"}
    walked = broad.walking(table, PAGE, words)
    assert "exists" in walked
    assert table.execute(walked, words).fetchall() == table.execute(PAGE, words).fetchall()


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (PAGE, "没有"),
        (PAGE, "食"),
        (PAGE.replace("day desc", "word"), "食品"),
        (PAGE.replace(SEARCH, f"{SEARCH} and day > '2024-01-05'"), "食品"),
        ("select count(*) from t", "食品"),
    ],
    ids=["rare", "one character", "no index for the order", "other conditions", "no page"],
)
def test_any_other_query_is_left_as_it_is(table: sqlite3.Connection, page: str, words: str) -> None:
    assert broad.walking(table, page, {"search": words}) == page
