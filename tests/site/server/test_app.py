"""The app of one release, opened and closed."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from pipeline.site.datasette import folder
from pipeline.site.server.app import App
from tests.support.site_sample import make_release, point


def test_files_are_closed_after_the_last_query_also_where_its_request_was_cancelled(
    tmp_path: Path,
) -> None:
    site = tmp_path / "public"
    make_release(site, release="2025-03-31-1")
    point(site, "2025-03-31-1")
    started, steps = threading.Event(), list[str]()

    async def closed_while_asking() -> None:
        app = App(folder.current(site), [])
        database = app.editions["zh"].db

        def slow(conn: object) -> None:
            started.set()
            for _ in range(50):
                threading.Event().wait(0.01)
            steps.append("answered")

        close = database.close
        database.close = lambda: (steps.append("closed"), close())[1]
        request = asyncio.create_task(database.execute_fn(slow))
        await asyncio.to_thread(started.wait)
        request.cancel()
        await app.close()

    asyncio.run(closed_while_asking())
    assert steps == ["answered", "closed"]
