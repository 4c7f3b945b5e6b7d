"""The site as one ASGI app: both editions of the release that `current` points to.

The first app answers at once and warms up meanwhile. When `current` changes, the app of the new
release is built and warmed up beside the old one, and replaces it between two requests. The old one
finishes the requests that it has begun, and is then closed.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import httpx

from pipeline.base.errors import GongshiError, StoreError
from pipeline.base.words import language, say
from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette import folder
from pipeline.site.datasette.database import QueryCache
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.folder import ReleaseFolder
from pipeline.site.datasette.guards import HEAVY_SLOTS, Slots
from pipeline.site.datasette.middleware import SECURITY, Asgi, Middleware, Receive, Scope, Send
from pipeline.site.datasette.upstream import pm
from pipeline.site.server import plugin

log = logging.getLogger("gongshi.site")

_LOOK_EVERY_S = 0.5
_PLUGIN = "gongshi"
_FIRST_READ = "select count(*) from sqlite_master"


class App:
    """Both editions of one release, with the cache, slots and threads that they share."""

    def __init__(self, release: ReleaseFolder, past: list[ReleaseFolder]) -> None:
        if not pm.has_plugin(_PLUGIN):
            pm.register(plugin, name=_PLUGIN)
        self.release, self.path = release, release.path
        limits = release.limits
        query_cache, slots = QueryCache(), Slots(limits)
        self._threads = ThreadPoolExecutor(limits["sql_slots"] + HEAVY_SLOTS + 2, "sql")
        self.editions = {
            "zh": Edition(release, "zh", query_cache, slots, self._threads, past),
            "en": Edition(release, "en", query_cache, slots, self._threads, past),
        }
        chinese, english = (edition.app() for edition in self.editions.values())
        etag = f'W/"{release.id}-{_version()}"'
        self._middleware: Asgi = Middleware(chinese, english, etag, limits["cache_s"])
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._running += 1
        self._idle.clear()
        try:
            await self._middleware(scope, receive, send)
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def check_readable(self) -> None:
        """Run a query on the database in each edition. Raises StoreError where that fails."""
        try:
            for edition in self.editions.values():
                await edition.db.execute_fn(lambda conn: conn.execute(_FIRST_READ).fetchall())
        except sqlite3.Error as error:
            params = {"site": self.release.path.parent.parent, "why": error}
            raise StoreError(say("release-unreadable", language(), **params)) from error

    async def warm(self) -> None:
        """Request the first pages, so that the counts on them are cached before a visitor comes."""
        transport = httpx.ASGITransport(app=self)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            tables = [f"/{DATABASE}/{name}" for name in self.release.tables("zh")]
            for path in ("/", "/en/", f"/{DATABASE}", *tables):
                await client.get(path)

    async def close(self) -> None:
        """Wait until the last request is answered, then close threads and files.

        A query whose request was cancelled still runs in its thread: SQLite crashes where its
        connection is closed meanwhile.
        """
        await self._idle.wait()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        for edition in self.editions.values():
            edition.db.close()


class Closed:
    """Answers 503 for a release without a database: the release shown before may be withdrawn."""

    _TEXT = "本版本没有在线查询，请下载文件。/ This release cannot be browsed; take its files instead.\n"

    def __init__(self, release: Path) -> None:
        self.path = release

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 503, "headers": headers + SECURITY})
        await send({"type": "http.response.body", "body": self._TEXT.encode()})

    async def close(self) -> None:
        """Nothing to close."""


class Follower:
    """ASGI application that passes requests to the app of the release `current` points to."""

    def __init__(self, site: Path) -> None:
        self._site = site
        self._app: App | Closed | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if self._app is None:  # not started before, as under another ASGI server
                await self.start()
            assert self._app is not None
            await self._app(scope, receive, send)

    async def start(self) -> None:
        """Build the first app, then warm it up and watch `current` in the background.

        Raises StoreError or UsageError where the release cannot be served.
        """
        self._app = app = await self._open()
        log.info("release %s on show", app.path.name)
        warming = self._keep(asyncio.create_task(_warm(app)))
        self._keep(asyncio.create_task(self._watch(warming)))

    async def _next(self) -> App | Closed:
        shown = (self._site / "current").resolve()
        if not folder.has_database(shown):
            log.error(say("no-database", language(), release=shown.name, site=self._site))
            return Closed(shown)
        app = await self._open()
        await _warm(app)
        return app

    async def _open(self) -> App:
        release = await asyncio.to_thread(folder.current, self._site)
        past = await asyncio.to_thread(folder.kept, self._site)
        app = App(release, past)
        try:
            await app.check_readable()
        except StoreError:
            await app.close()
            raise
        return app

    async def _watch(self, warming: asyncio.Task[None]) -> None:
        problem = ""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                await self._follow(warming)
                problem = ""
            except (GongshiError, OSError, ValueError, KeyError) as error:
                # The release on show stays until the new one can be read.
                if str(error) != problem:
                    problem = str(error)
                    log.error("the new release cannot be shown: %s", problem)

    async def _follow(self, warming: asyncio.Task[None]) -> None:
        link = self._site / "current"
        assert self._app is not None
        if not link.exists() or link.resolve() == self._app.path:
            return
        warming.cancel()  # the old release's pages
        new = await self._next()
        old, self._app = self._app, new
        log.info("release %s in place of %s", new.path.name, old.path.name)
        self._keep(asyncio.create_task(old.close()))

    def _keep(self, task: asyncio.Task[None]) -> asyncio.Task[None]:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _warm(app: App) -> None:
    try:
        await app.warm()
    except Exception as error:  # a page that fails is for its visitors to see; the rest is served
        log.error("a first page cannot be shown: %r", error)


@cache
def _version() -> str:
    """A checksum of the site's code, templates and words, for the ETag: they change a page."""
    digest = hashlib.sha256()
    here = Path(__file__).parents[1]
    for path in sorted(here.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def application(site: Path) -> Follower:
    """The ASGI app that serves the folder `site`; `start()` or the first request starts it."""
    return Follower(site)
