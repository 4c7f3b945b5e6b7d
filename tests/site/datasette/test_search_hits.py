"""What a search finds stands in for the search in a page's SQL, and the rows are the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from pipeline.release.database.full_text import match_query, segment_column
from pipeline.site.datasette import search_hits
from pipeline.site.datasette.search_hits import SearchCache

SEARCH = "rowid in (select rowid from t_fts where t_fts match escape_fts(:search))"
PAGE = f'select word, day, key from t where {SEARCH}  order by day desc, "key" limit 51'


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A table of which every third row holds 食品, with an index on `day` and none on `word`."""
    monkeypatch.setattr(search_hits, "_MANY", 50)
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
        conn.execute("create table other (word text)")
        conn.executemany("insert into other values (?)", [("甲",)] * 10)
        yield conn


@pytest.mark.parametrize("words", ["食品", "食", "没有", "食品 运输", ""])
@pytest.mark.parametrize("listed", [1_000, 299, 0])
@pytest.mark.parametrize(
    "sql",
    [
        PAGE,
        PAGE.replace("day desc", "word"),
        PAGE.replace(SEARCH, f"{SEARCH} and day > '2024-01-05'"),
        f"select count(*) from t where {SEARCH}",
        f"select count(*) from other where {SEARCH}",
        f"select count(*) from t where {SEARCH} and day > '2024-01-05'",
    ],
    ids=[
        "page",
        "no index for the order",
        "other conditions",
        "count",
        "count of another table",
        "count under other conditions",
    ],
)
def test_the_rows_are_those_of_the_search(
    table: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, sql: str, listed: int, words: str
) -> None:
    monkeypatch.setattr(search_hits, "LISTED", listed)
    ours = table.execute(*SearchCache().with_hits(table, sql, {"search": words}))
    theirs = table.execute(sql, {"search": words})
    assert ours.description == theirs.description
    assert ours.fetchall() == theirs.fetchall()


def test_hits_are_counted_and_listed(table: sqlite3.Connection) -> None:
    found = SearchCache().hits(table, "t_fts", "食品")
    assert (found.count, found.first[:3], found.rowids is not None) == (300, (1, 4, 7), True)


def test_hits_that_are_too_many_are_counted_only(
    table: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_hits, "LISTED", 20)
    found = SearchCache().hits(table, "t_fts", "食品")
    assert (found.count, found.first[:3], found.rowids) == (300, (1, 4, 7), None)


def test_hits_are_not_listed_where_the_list_would_be_longer_than_a_value_may_be(
    table: sqlite3.Connection,
) -> None:
    table.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2_000)
    found = SearchCache().hits(table, "t_fts", "食品")
    assert (found.count, found.rowids) == (300, None)


def test_the_index_is_searched_once_for_all_that_a_page_asks(table: sqlite3.Connection) -> None:
    searches, words, asked = SearchCache(), {"search": "食品"}, list[str]()
    table.set_trace_callback(asked.append)
    for sql in (PAGE, f"select count(*) from t where {SEARCH}", PAGE):
        table.execute(*searches.with_hits(table, sql, words)).fetchall()
    assert sum("match" in statement for statement in asked) == 1


@pytest.mark.parametrize("listed", [1_000, 0])
def test_where_many_rows_are_hits_the_table_is_walked_in_its_order(
    table: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, listed: int
) -> None:
    monkeypatch.setattr(search_hits, "LISTED", listed)
    sql, params = SearchCache().with_hits(table, PAGE, {"search": "食品"})
    plan = [row[3] for row in table.execute(f"explain query plan {sql}", params)]
    assert plan[0] == "SCAN t USING INDEX t_day"


def test_old_searches_make_room_for_new_ones(
    table: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches = SearchCache()
    size = len(searches.hits(table, "t_fts", "食品").rowids or "")
    monkeypatch.setattr(search_hits, "_KEPT_SIZE", size + 10)
    searches.hits(table, "t_fts", "运输")
    asked = list[str]()
    table.set_trace_callback(asked.append)
    searches.hits(table, "t_fts", "运输")
    searches.hits(table, "t_fts", "食品")
    assert len([each for each in asked if "json_group_array" in each]) == 1


def test_sql_without_a_search_is_left_as_it_is(table: sqlite3.Connection) -> None:
    sql, params = "select word from t where key = :search", {"search": "k0001"}
    assert SearchCache().with_hits(table, sql, params) == (sql, params)
