"""The sort order of a table page in Datasette's SQL: adds a tie breaker, and a bound for an index
to start at.
"""

from __future__ import annotations

import re
import sqlite3

from pipeline.base.sql import Sql, quoted

#: Datasette's condition for the rows after the last one of a page: after it in the sort column, or
#: equal there and after it in the key.
_AFTER = re.compile(
    r"\((?P<column>\[?\w+\]?) (?P<than>[<>]) (?P<last>:p\d+)(?P<blank> or (?P=column) is null)?"
    r" or \((?P=column) = (?P=last) and "
)
_TABLE = re.compile(r"select .+? from \[?(?P<table>\w+)\]? where ", re.S)


def with_tie_breaker(sql: Sql, key: tuple[str, ...]) -> Sql:
    """A table page's SQL with the primary key `key` after the column that it is sorted by.

    SQL that has no limit, or is sorted by several columns or by the key, is unchanged.
    """
    head, limit, tail = sql.rpartition(" limit ")
    order = head.rpartition("order by ")[2].removesuffix(" desc").strip('[]"')
    if not (key and limit) or "," in order or order in key:
        return sql
    return f"{head}, {', '.join(map(quoted, key))} limit {tail}"


def with_page_bound(conn: sqlite3.Connection, sql: Sql) -> Sql:
    """A later page's SQL with a bound for the column that it is sorted by; the rows are the same.

    Datasette's condition is an OR, for which SQLite reads an index from its start and not from
    where the page begins: for the last page of 2,000,000 rows that takes 170 ms instead of 1 ms.
    """
    after, table = _AFTER.search(sql), _TABLE.match(sql)
    if not after or not table:
        return sql
    column, name = after["column"].strip("[]"), table["table"]
    if not sorted_by(conn, name, column) or (after["blank"] and _has_blanks(conn, name, column)):
        return sql
    than = "<=" if after["than"] == "<" else ">="
    last = sql[after.start("last") : after.end("last")]
    bound = f"{quoted(column)} {than} {last} and "
    return sql[: after.start()] + bound + sql[after.start() :]


def sorted_by(conn: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether an index of the table begins with `column`, so that it can be read in that order."""
    found = conn.execute(
        "select 1 from pragma_index_list(?) i, pragma_index_info(i.name) c"
        " where c.seqno = 0 and c.name = ?",
        [table, column],
    )
    return found.fetchone() is not None


def _has_blanks(conn: sqlite3.Connection, table: str, column: str) -> bool:
    sql = f"select 1 from {quoted(table)} where {quoted(column)} is null limit 1"
    return conn.execute(sql).fetchone() is not None
