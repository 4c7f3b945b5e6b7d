"""A later page of a table begins where it begins, and holds the rows that Datasette's SQL gives."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from pipeline.site.datasette.order import with_page_bound

DOWN = (
    "select key, kind from t where (day < :p1 or day is null or (day = :p1 and ((key > :p0)))) "
    "order by day desc, key limit 11"
)
UP = (
    "select key, kind from t where kind = :p2 and ([day] > :p1 or ([day] = :p1 and ((key > :p0)))) "
    "order by [day], key limit 11"
)
LAST = {"p0": "k0100", "p1": "2024-01-09", "p2": "b"}


@pytest.fixture
def table() -> Iterator[sqlite3.Connection]:
    """900 records of 28 days, with an index by day."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("create table t (key text primary key, day text, kind text)")
        rows = [(f"k{n:04}", f"2024-01-{n % 28:02}", "ab"[n % 2]) for n in range(900)]
        conn.executemany("insert into t values (?, ?, ?)", rows)
        conn.execute("create index t_day on t (day desc, key)")
        yield conn


@pytest.mark.parametrize("sql", [DOWN, UP], ids=["down", "up"])
def test_a_page_begins_in_the_index_and_has_the_same_rows(
    table: sqlite3.Connection, sql: str
) -> None:
    bounded = with_page_bound(table, sql)
    plan = [row[3] for row in table.execute(f"explain query plan {bounded}", LAST)]
    assert plan[0].startswith("SEARCH t USING INDEX t_day (day")
    assert table.execute(bounded, LAST).fetchall() == table.execute(sql, LAST).fetchall()


def test_blanks_at_the_end_are_not_lost(table: sqlite3.Connection) -> None:
    table.execute("update t set day = null where key < 'k0100'")
    last = {"p0": "k0898", "p1": "2024-01-00"}
    rows = table.execute(with_page_bound(table, DOWN), last).fetchall()
    assert rows == table.execute(DOWN, last).fetchall()
    assert rows[0][0] == "k0000"


@pytest.mark.parametrize(
    "sql",
    [
        DOWN.replace("day", "kind"),
        "select key from t where key > :p0 order by key limit 11",
        "select 1",
    ],
    ids=["no index", "by key", "no table"],
)
def test_any_other_query_is_left_as_it_is(table: sqlite3.Connection, sql: str) -> None:
    assert with_page_bound(table, sql) == sql
