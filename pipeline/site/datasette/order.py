"""The order of a table page in Datasette's SQL: made whole,
and used to begin where a page begins.
"""

from __future__ import annotations

import re
import sqlite3

from pipeline.base.sql import Sql, quoted

#: Datasette's condition for the rows behind the last one of a page: behind it in a column, or alike
#: there and behind it in the key.
_AFTER = re.compile(
    r"\((?P<column>\[?\w+\]?) (?P<than>[<>]) (?P<last>:p\d+)(?P<blank> or (?P=column) is null)?"
    r" or \((?P=column) = (?P=last) and "
)
_TABLE = re.compile(r"select .+? from \[?(?P<table>\w+)\]? where ", re.S)


def with_tie_breaker(sql: Sql, key: tuple[str, ...]) -> Sql:
    """A table page's SQL with the primary key behind the column that it is sorted by."""
    head, limit, tail = sql.rpartition(" limit ")
    order = head.rpartition("order by ")[2].removesuffix(" desc").strip('[]"')
    if not (key and limit) or "," in order or order in key:
        return sql
    return f"{head}, {', '.join(map(quoted, key))} limit {tail}"


def with_page_bound(conn: sqlite3.Connection, sql: Sql) -> Sql:
    """A later page's SQL with a bound for the column that it is sorted by; the rows are the same.

    Its condition is one of two, for which SQLite reads an index from its beginning and not from
    where the page begins: with the last of 2,000,000 rows 170 ms instead of one.
    """
    behind, table = _AFTER.search(sql), _TABLE.match(sql)
    if not behind or not table:
        return sql
    column, name = behind["column"].strip("[]"), table["table"]
    if not sorted_by(conn, name, column) or (behind["blank"] and _has_blanks(conn, name, column)):
        return sql
    than = "<=" if behind["than"] == "<" else ">="
    last = sql[behind.start("last") : behind.end("last")]
    bound = f"{quoted(column)} {than} {last} and "
    return sql[: behind.start()] + bound + sql[behind.start() :]


def sorted_by(conn: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether the table can be walked in the order of `column`."""
    found = conn.execute(
        "select 1 from pragma_index_list(?) i, pragma_index_info(i.name) c"
        " where c.seqno = 0 and c.name = ?",
        [table, column],
    )
    return found.fetchone() is not None


def _has_blanks(conn: sqlite3.Connection, table: str, column: str) -> bool:
    sql = f"select 1 from {quoted(table)} where {quoted(column)} is null limit 1"
    return conn.execute(sql).fetchone() is not None
