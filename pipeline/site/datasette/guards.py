"""Limits that keep a site with public SQL safe, and quick for every visitor.

On every connection: SQLite's limits, and an authorizer that refuses what no reader needs. Around
every request: slots for visitors' SQL and for heavy filters, with a short queue each, so that a
visitor with many costly requests waits while others are served.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pipeline.site.datasette.upstream import Base400

_FUNCTIONS = frozenset(
    ["load_extension", "fts3_tokenizer", "zeroblob", "randomblob", "readfile", "writefile", "edit"]
)
_TABLES = frozenset(["dbstat", "sqlite_dbpage", "sqlite_stmt", "bytecode", "tables_used", "fsdir"])
_PRAGMAS = frozenset(
    [
        "table_info",
        "table_xinfo",
        "table_list",
        "index_list",
        "index_info",
        "index_xinfo",
        "foreign_key_list",
        "schema_version",
        "data_version",
        "cache_size",
    ]
)
_HARMLESS = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_TRANSACTION))
_COSTLY = ("_facet", "_search", "_through", "_sort")
HEAVY_SLOTS = 2
_OVERHEAD = 4  # bytes that a character may take


class TooBusy(Base400):
    """The queue for a costly request is full, or the wait too long (429, RFC 6585)."""

    status = 429


def secure(conn: sqlite3.Connection, limits: Mapping[str, int]) -> None:
    """Limit the sizes that SQL on `conn` may produce, and what it may read.

    `limits`: `value_characters` and `sql_characters` of the site's settings.
    """
    bounds = {
        sqlite3.SQLITE_LIMIT_LENGTH: limits["value_characters"] * _OVERHEAD,
        sqlite3.SQLITE_LIMIT_SQL_LENGTH: limits["sql_characters"] * _OVERHEAD,
        sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 500,
        sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
        sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
        sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    }
    for name, value in bounds.items():
        conn.setlimit(name, value)
    conn.set_authorizer(_authorize)


def _authorize(
    action: int, one: str | None, two: str | None, _database: str | None, _trigger: str | None
) -> int:
    """SQLite's authorizer callback, for each action of a statement: only reading is allowed."""
    if action in _HARMLESS:
        allowed = True
    elif action == sqlite3.SQLITE_READ:
        table = (one or "").lower()
        allowed = table not in _TABLES and (
            not table.startswith("pragma_") or table.removeprefix("pragma_") in _PRAGMAS
        )
    elif action == sqlite3.SQLITE_FUNCTION:
        allowed = (two or "").lower() not in _FUNCTIONS
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = (one or "").lower() in _PRAGMAS
    else:
        # FTS5 declares its table when a connection first uses it, which needs these two actions.
        fts = action in (sqlite3.SQLITE_CREATE_VTABLE, sqlite3.SQLITE_UPDATE)
        allowed = fts and (one or "") in ("sqlite_master", "sqlite_temp_master")
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


class Slot:
    """Lets `slots` costly requests run at a time, and `queue` more wait `wait_s` seconds."""

    def __init__(self, slots: int, queue: int, wait_s: float) -> None:
        self._free = asyncio.Semaphore(slots)
        self._queue = queue
        self._wait_s = wait_s
        self._waiting = 0

    @asynccontextmanager
    async def acquired(self) -> AsyncIterator[None]:
        """Hold a slot. Raises TooBusy where the queue is full or the wait too long."""
        if self._waiting >= self._queue:
            raise TooBusy("busy")
        self._waiting += 1
        try:
            await asyncio.wait_for(self._free.acquire(), self._wait_s)
        except TimeoutError:
            raise TooBusy("busy") from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()


class Slots:
    """The slots of one worker: for visitors' SQL, for heavy filters, for streams."""

    def __init__(self, limits: Mapping[str, Any]) -> None:
        queue, wait = limits["sql_queue"], limits["sql_wait_s"]
        self.sql = Slot(limits["sql_slots"], queue, wait)
        self.heavy = Slot(HEAVY_SLOTS, queue * 4, wait * 2)
        self.streams = Slot(limits["csv_streams"], queue, wait)

    @asynccontextmanager
    async def slot_for(self, args: Mapping[str, Any]) -> AsyncIterator[None]:
        """Hold the slot that a request with `args` needs, if any. Raises TooBusy."""
        slot = self._needed(args)
        if slot is None:
            yield
        else:
            async with slot.acquired():
                yield

    def _needed(self, args: Mapping[str, Any]) -> Slot | None:
        if "sql" in args or "_where" in args:
            return self.sql
        # A condition on a column may mean reading the whole table, and so may a search.
        heavy = any(
            key.startswith(_COSTLY) or not key.startswith("_") or "__" in key for key in args
        )
        return self.heavy if heavy else None
