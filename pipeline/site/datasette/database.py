"""The release's database as Datasette reads it: immutable, so that results are cached.

It adds four things that Datasette 0.65.5 lacks: a page that is sorted by a column gets the primary
key as tie breaker (without it, rows are lost between pages); the SQL of a search and of a later
page is rewritten so that SQLite answers it quickly; the size of a result is limited; and what never
changes (the schema, counts, facets of whole tables) is queried only once.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.base.sql import Sql, address
from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette import order
from pipeline.site.datasette.search_hits import SearchCache, SearchHits
from pipeline.site.datasette.upstream import (
    BadRequest,
    Database,
    Datasette,
    QueryInterrupted,
    Results,
)

#: The primary key of the table whose page is rendered: the tie breaker of that page's sort.
tie_breaker: ContextVar[tuple[str, ...]] = ContextVar("tie_breaker", default=())

_SCHEMA = (
    "primary_keys",
    "table_columns",
    "table_column_details",
    "table_exists",
    "table_names",
    "view_names",
    "fts_table",
    "label_column_for_table",
    "foreign_keys_for_table",
    "get_all_foreign_keys",
    "get_table_definition",
    "get_view_definition",
    "hidden_table_names",
)
_CACHED_MOST = 2000
_STEPS = 10_000  # of SQLite's virtual machine between two checks of the time limit


class QueryCache:
    """A least-recently-used cache of query results of one release, shared by both languages."""

    def __init__(self) -> None:
        self.searches = SearchCache()
        self._known: OrderedDict[object, Any] = OrderedDict()
        self._asked: dict[object, asyncio.Future[Any]] = {}

    async def get(self, question: object, answer: Callable[[], Awaitable[Any]]) -> Any:
        """The cached value of the key `question`; `answer` computes it the first time.

        A caller that comes while it is computed waits for the same value. What `answer` raises is
        raised to every such caller, and is not cached.
        """
        if question in self._known:
            self._known.move_to_end(question)
            return self._known[question]
        if question not in self._asked:
            self._asked[question] = asyncio.ensure_future(answer())
            self._asked[question].add_done_callback(lambda _: self._asked.pop(question, None))
        found = await asyncio.shield(self._asked[question])
        self._known[question] = found
        if len(self._known) > _CACHED_MOST:
            self._known.popitem(last=False)
        return found


class ReleaseDatabase(Database):
    """`disclosure.db` of one release, read only; its results hold at most `max_characters`."""

    def __init__(
        self, ds: Datasette, path: Path, query_cache: QueryCache, max_characters: int
    ) -> None:
        super().__init__(ds, str(path), is_mutable=False)
        self._file = path
        self.cached_size = path.stat().st_size
        self._query_cache = query_cache
        self._max_characters = max_characters
        self._connections = threading.local()
        for name in _SCHEMA:
            setattr(self, name, self._caching(name))

    def _caching(self, name: str) -> Callable[..., Awaitable[Any]]:
        ask = getattr(super(), name)

        async def cached(*args: object) -> Any:
            return await self._query_cache.get((name, *args), lambda: ask(*args))

        return cached

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """A new read-only connection. ValueError where `write` is true.

        Datasette's own method puts the path into a URI as it is, where a `?` ends the path.
        """
        if write:
            raise ValueError("a release is never written")
        conn = sqlite3.connect(
            address(self._file, immutable=True), uri=True, check_same_thread=False
        )
        self._all_file_connections.append(conn)
        return conn

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        def in_thread() -> Any:
            conn = getattr(self._connections, "conn", None)
            if conn is None:
                conn = self.connect()
                self.ds._prepare_connection(conn, self.name)
                self._connections.conn = conn
            return fn(conn)

        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, in_thread)

    async def execute(
        self,
        sql: Sql,
        params: Any = None,
        truncate: bool = False,
        custom_time_limit: int | None = None,
        page_size: int | None = None,
        log_sql_errors: bool = True,
    ) -> Results:
        """As Datasette's own, with tie breakers, cached counts and results limited in size.

        Raises QueryInterrupted after the time limit (in ms), BadRequest where the result is too
        large.
        """
        limit_ms = min(custom_time_limit or self.ds.sql_time_limit_ms, self.ds.sql_time_limit_ms)
        most = self.ds.max_returned_rows + (page_size == self.ds.max_returned_rows)
        shown = order.with_tie_breaker(sql, tie_breaker.get()) if truncate else sql

        def run(conn: sqlite3.Connection) -> Results:
            with _limited(conn, limit_ms, sql, params):
                page_sql = order.with_page_bound(conn, shown)
                cursor = conn.execute(
                    *self._query_cache.searches.with_hits(conn, page_sql, params or {})
                )
                if not truncate:
                    return Results(cursor.fetchall(), False, cursor.description)
                rows = list(islice(_bounded(cursor, self._max_characters), most + 1))
                return Results(rows[:most], len(rows) > most, cursor.description)

        async def ask() -> Results:
            found: Results = await self.execute_fn(run)
            return found

        if tie_breaker.get() and not truncate:  # the counts and facets of a JSON page
            known: Results = await self._query_cache.get((sql, _frozen(params), limit_ms), ask)
            return known
        return await ask()

    async def hits(self, index: str, words: str, limit_ms: int | None = None) -> SearchHits:
        """The rows of a table that match `words` by its search index.

        Raises QueryInterrupted after `limit_ms`, else after the site's time limit.
        """

        def run(conn: sqlite3.Connection) -> SearchHits:
            with _limited(conn, limit_ms or self.ds.sql_time_limit_ms, index, words):
                return self._query_cache.searches.hits(conn, index, words)

        found: SearchHits = await self.execute_fn(run)
        return found

    async def attached_databases(self) -> list[object]:
        """Always empty: the guards refuse to attach a database."""
        return []

    async def cached_rows(self, sql: Sql, params: Sequence[object] = ()) -> list[sqlite3.Row]:
        """The rows of a query that does not depend on the visitor, without limits.

        It runs once for a release.
        """

        def run(conn: sqlite3.Connection) -> list[sqlite3.Row]:
            return conn.execute(sql, params).fetchall()

        found: list[sqlite3.Row] = await self._query_cache.get(
            ("cached_rows", sql, tuple(params)), lambda: self.execute_fn(run)
        )
        return found

    async def rows(self, sql: Sql, params: Sequence[object] = ()) -> list[sqlite3.Row]:
        """The rows of a query that depends on the visitor; not cached.

        Raises QueryInterrupted after the site's time limit.
        """
        results = await self.execute(sql, params)
        found: list[sqlite3.Row] = results.rows
        return found


@contextmanager
def _limited(conn: sqlite3.Connection, limit_ms: int, sql: str, params: object) -> Iterator[None]:
    """Interrupt a query on `conn` after `limit_ms`, and raise QueryInterrupted for it."""
    deadline = time.perf_counter() + limit_ms / 1000
    conn.set_progress_handler(lambda: time.perf_counter() > deadline, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.args == ("interrupted",):
            raise QueryInterrupted(error, sql, params) from None
        raise
    finally:
        conn.set_progress_handler(None, _STEPS)


def _bounded(rows: Iterable[sqlite3.Row], limit: int) -> Iterator[sqlite3.Row]:
    """`rows`; BadRequest once their text and bytes together are longer than `limit`."""
    size = 0
    for row in rows:
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if size > limit:
            raise BadRequest("result-too-large")
        yield row


def _frozen(params: Any) -> object:
    return tuple(sorted(params.items())) if isinstance(params, dict) else tuple(params or ())


def show_only(
    ds: Datasette, path: Path, query_cache: QueryCache, max_characters: int
) -> ReleaseDatabase:
    """Make the release's database at `path` the only one of `ds`, and return it."""
    database = ReleaseDatabase(ds, path, query_cache, max_characters)
    for name in [name for name in ds.databases if name != "_internal"]:
        ds.remove_database(name)
    ds.add_database(database, name=DATABASE)
    return database
