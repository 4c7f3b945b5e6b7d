"""The door: caching by release, languages, compression, logs; and following `current`."""

from __future__ import annotations

import gzip
import json
import threading
import time
from pathlib import Path

import httpx
import pytest

from pipeline.base.errors import StoreError, UsageError
from pipeline.site.datasette.folder import current
from pipeline.site.server.serve import serve
from tests.site.conftest import free_port, served
from tests.support.site_sample import make_release, point

TABLE = "/disclosure/penalty_filings"


def test_a_page_that_the_visitor_has_is_not_sent_again(web: httpx.Client) -> None:
    first = web.get(TABLE)
    again = web.get(TABLE, headers={"If-None-Match": first.headers["etag"]})
    assert "2025-03-31-1" in first.headers["etag"]
    assert again.status_code == 304
    assert not again.content


def test_pages_may_be_cached_and_errors_may_not(web: httpx.Client) -> None:
    assert web.get(TABLE).headers["cache-control"].startswith("public, max-age=")
    assert web.get("/nosuch").headers["cache-control"] == "no-store"
    assert web.get("/disclosure?sql=select").headers["cache-control"] == "no-store"


def test_a_cookie_changes_nothing(web: httpx.Client) -> None:
    plain, with_cookie = web.get(TABLE), web.get(TABLE, headers={"Cookie": "a=b"})
    assert plain.text == with_cookie.text
    assert with_cookie.headers["cache-control"] == plain.headers["cache-control"]
    assert "cookie" not in with_cookie.headers.get("vary", "").lower()


def test_a_table_page_with_its_style_weighs_under_60_kb(web: httpx.Client) -> None:
    weight = 0
    for path in (TABLE, "/static/site.css", "/static/seal.svg"):
        with web.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            weight += sum(len(part) for part in answer.iter_raw())
    assert weight < 60_000


def test_static_files_may_be_kept_for_ever(web: httpx.Client) -> None:
    assert "immutable" in web.get("/static/site.css").headers["cache-control"]


def test_compressed_and_plain_are_the_same(web: httpx.Client) -> None:
    plain = web.get(TABLE, headers={"Accept-Encoding": "identity"})
    with web.stream("GET", TABLE, headers={"Accept-Encoding": "gzip"}) as packed:
        body = b"".join(packed.iter_raw())
    assert gzip.decompress(body) == plain.content


def test_head_answers_like_get_without_a_body(web: httpx.Client) -> None:
    head, get = web.head(TABLE), web.get(TABLE)
    assert head.status_code == 200
    assert not head.content
    assert head.headers["etag"] == get.headers["etag"]


def test_programs_elsewhere_may_read_json_and_csv(web: httpx.Client) -> None:
    for ending in (".json", ".csv", ".csv?_stream=on"):
        assert web.get(TABLE + ending).headers["access-control-allow-origin"] == "*"
    assert web.options(f"{TABLE}.json").status_code == 204


def test_pages_point_to_the_data_package(web: httpx.Client) -> None:
    assert 'rel="describedby"' in web.get("/").headers["link"]


@pytest.mark.slow
def test_the_log_holds_nothing_of_the_visitor(tmp_path: Path) -> None:
    site = tmp_path / "public"
    make_release(site)
    with served(site) as address:
        httpx.get(f"{address}/search", params={"q": "张某某"}, headers={"User-Agent": "Reader"})
        (log,) = tmp_path.glob("serve-*.log")
    said = log.read_text("utf-8")
    line = next(line for line in said.splitlines() if '"/search"' in line)
    assert set(json.loads(line)) == {"at", "method", "path", "status", "bytes", "ms"}
    for private in ("127.0.0.1 ", "张某某", "%E5", "Reader"):
        assert private not in said.replace("http://127.0.0.1", "")


def workers_that_say(log: Path, line: str) -> int:
    """How many lines of the log end so, as soon as two do; else after a minute."""
    for _ in range(600):
        if log.read_text("utf-8").count(line) >= 2:
            break
        time.sleep(0.1)
    return log.read_text("utf-8").count(line)


@pytest.mark.slow
def test_a_switch_of_current_drops_no_request_and_shows_the_new_release(tmp_path: Path) -> None:
    site = tmp_path / "public"
    make_release(site, release="2025-03-31-1")
    make_release(site, release="2025-04-30-2", rows={"penalty_filings": 30})
    point(site, "2025-03-31-1")
    statuses: list[int] = []
    stop = threading.Event()
    with served(site, workers=2) as address:

        def visit() -> None:
            with httpx.Client(base_url=address, timeout=30) as client:
                while not stop.wait(0.02):
                    statuses.append(client.get(TABLE).status_code)

        visitors = [threading.Thread(target=visit) for _ in range(3)]
        (log,) = tmp_path.glob("serve-*.log")
        assert workers_that_say(log, "release 2025-03-31-1 on show") == 2
        for visitor in visitors:
            visitor.start()
        point(site, "2025-04-30-2")
        assert workers_that_say(log, "2025-04-30-2 in place of 2025-03-31-1") == 2
        stop.set()
        for visitor in visitors:
            visitor.join()
        shown = ["30 条记录" in httpx.get(address + TABLE).text for _ in range(20)]
        health = {httpx.get(f"{address}/-/health").json()["release"] for _ in range(20)}
    assert all(shown) and health == {"2025-04-30-2"}
    assert set(statuses) == {200}


def test_a_broken_new_release_leaves_the_old_one_on_show(tmp_path: Path) -> None:
    site = tmp_path / "public"
    make_release(site)
    with served(site) as address:
        (site / "releases" / "broken").mkdir()
        point(site, "broken")
        threading.Event().wait(1.5)
        assert httpx.get(f"{address}/-/health").json()["release"] == "2025-03-31-1"


@pytest.mark.slow
def test_a_database_that_vanishes_is_a_plain_page(tmp_path: Path) -> None:
    site = tmp_path / "public"
    release = make_release(site)
    with served(site) as address:
        (log,) = tmp_path.glob("serve-*.log")
        while "/disclosure/run_tallies" not in log.read_text(
            "utf-8"
        ):  # the last page of warming up
            time.sleep(0.1)
        (release / "disclosure.db").unlink()
        statuses = {httpx.get(f"{address}{TABLE}?fine_yuan={n}").status_code for n in range(8)}
        assert statuses <= {200, 503}
        assert httpx.get(f"{address}/about").status_code == 200


def test_serving_without_a_release_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gongshi publish"):
        serve(tmp_path, "127.0.0.1", free_port(), 1)


def test_serving_a_release_that_is_not_whole_names_what_is_missing(tmp_path: Path) -> None:
    release = make_release(tmp_path)
    (release / "metadata.json").unlink()
    with pytest.raises(StoreError, match=r"metadata\.json"):
        current(tmp_path)


def test_a_port_that_is_taken_is_said_at_once(address: str, site: Path) -> None:
    with pytest.raises(UsageError, match="--port"):
        serve(site, "127.0.0.1", int(address.rpartition(":")[2]), 1)
