"""Searches that very many rows fit, answered by walking the table instead of listing the hits.

Datasette's SQL makes a list of every hit before it sorts. Where one row in fifty or more is a hit, a
page is full soon when the table is walked in the order asked for and each row is looked up in the
index: 24 ms instead of 1.1 s for 400,000 hits in 2,000,000 rows. Where hits are rare it is the
other way round, so that they are counted first, which the index does in milliseconds.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from pipeline.release.search import match_query

#: A table's page that is narrowed down by words alone, sorted by one column.
_PAGE = re.compile(
    r"(?P<head>select .+? from (?P<table>\w+) where )"
    r"rowid in \(select rowid from (?P<index>\w+) where (?P=index) match escape_fts\(:search\)\)"
    r"(?P<order>\s+order by \[?(?P<column>\w+)\]?( desc)?(, \[\w+\])* limit \d+)",
    re.S,
)
_MANY = 20_000  # hits that are listed quickly
_ONE_IN = 50


def walking(conn: sqlite3.Connection, sql: str, params: Any) -> str:
    """`sql`, written so that the table is walked, where that is quicker; the rows are the same."""
    page = _PAGE.fullmatch(sql.strip())
    if not page or not isinstance(params, dict) or "*" in match_query(params["search"]):
        return sql  # beginnings of words cannot be looked up row by row
    table, index = page["table"], page["index"]
    matches = f"select count(*) from {index} where {index} match escape_fts(?)"  # noqa: S608
    ((hits,),) = conn.execute(matches, [params["search"]])
    ((rows,),) = conn.execute(f"select max(rowid) from {table}")  # noqa: S608
    if hits < max(_MANY, rows / _ONE_IN) or not _sorted(conn, table, page["column"]):
        return sql
    met = (
        f"exists (select 1 from {index} where {index} match escape_fts(:search)"  # noqa: S608
        f" and rowid = {table}.rowid)"
    )
    return page["head"] + met + page["order"]


def _sorted(conn: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether the table can be walked in the order of `column`."""
    found = conn.execute(
        "select 1 from pragma_index_list(?) i, pragma_index_info(i.name) c"
        " where c.seqno = 0 and c.name = ?",
        [table, column],
    )
    return found.fetchone() is not None
