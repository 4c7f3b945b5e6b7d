"""No row is lost or doubled on the way through a table's pages, whatever it is sorted by."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.site.conftest import served
from tests.support.site_sample import make_release

TABLE = "/disclosure/penalty_filings"


def keys_in(site: Path, where: str = "1") -> list[str]:
    with closing(sqlite3.connect(site / "current" / "disclosure.db")) as db:
        rows = db.execute(f"select record_id from penalty_filings where {where} order by 1")
        return [row[0] for row in rows]


def columns(site: Path) -> list[str]:
    with closing(sqlite3.connect(site / "current" / "disclosure.db")) as db:
        return [row[1] for row in db.execute("pragma table_info(penalty_filings)")]


def walk_json(web: httpx.Client, query: str) -> list[str]:
    """The keys on every page, one after another, as a program would collect them."""
    found: list[str] = []
    after = ""
    for _ in range(100):
        told = web.get(f"{TABLE}.json?_shape=objects&_size=47&{query}{after}").json()
        found += [row["record_id"] for row in told["rows"]]
        if not told["next"]:
            return found
        after = "&" + str(httpx.QueryParams({"_next": told["next"]}))
    raise AssertionError("the pages do not end")


def walk_html(web: httpx.Client, query: str) -> list[str]:
    """The keys on every page as a reader meets them by "next page"."""
    found: list[str] = []
    path = f"{TABLE}?{query}"
    for _ in range(100):
        html = web.get(path).text
        body = html[html.index('<tbody role="rowgroup">') :]
        found += re.findall(
            r'<td role="cell"[^>]*><a href="/disclosure/penalty_filings/([^"]+)"', body
        )
        link = re.search(r'<a class="button" href="([^"]+)" rel="next', html)
        if not link:
            return found
        path = link[1].replace("&amp;", "&")
    raise AssertionError("the pages do not end")


@pytest.mark.slow
def test_every_column_can_be_sorted_by_without_losing_a_row(web: httpx.Client, site: Path) -> None:
    every = keys_in(site)
    for column in columns(site):
        for direction in ("_sort", "_sort_desc"):
            found = walk_json(web, f"{direction}={column}")
            assert sorted(found) == every, f"{direction}={column}"


@pytest.mark.slow
def test_a_reader_meets_every_record_once_whatever_the_order(web: httpx.Client, site: Path) -> None:
    every = keys_in(site)
    assert sorted(walk_html(web, "")) == every
    for column in columns(site):
        assert sorted(walk_html(web, f"_sort_desc={column}")) == every, column


def test_a_narrowed_down_table_is_whole_too(web: httpx.Client, site: Path) -> None:
    found = walk_json(web, "fine_yuan__gte=5000&_sort_desc=authority_name")
    assert sorted(found) == keys_in(site, "fine_yuan >= 5000")


def test_a_streamed_csv_holds_every_row_once_whatever_the_order(
    web: httpx.Client, site: Path
) -> None:
    every = keys_in(site)
    for order in ("", *(f"&_sort={column}" for column in columns(site))):
        text = web.get(f"{TABLE}.csv?_stream=on{order}").text
        rows = list(csv.DictReader(io.StringIO(text)))
        assert sorted(row["record_id"] for row in rows) == every, order
        assert list(rows[0]) == columns(site)


def test_pages_and_csv_are_in_the_same_order(web: httpx.Client) -> None:
    text = web.get(f"{TABLE}.csv?_stream=on&_sort_desc=authority_name").text
    rows = [row["record_id"] for row in csv.DictReader(io.StringIO(text))]
    assert rows == walk_json(web, "_sort_desc=authority_name")


@pytest.mark.slow
def test_the_next_page_of_a_table_sorted_by_long_text_has_a_short_address(
    tmp_path: Path,
) -> None:
    make_release(tmp_path / "public", rows={"penalty_filings": 60})
    with closing(sqlite3.connect(tmp_path / "public" / "current" / "disclosure.db")) as db:
        db.execute("update penalty_filings set violation_facts = ? || rowid", ["长" * 30_000])
        db.execute("update penalty_filings set violation_facts = null where rowid % 5 = 0")
        db.commit()
    with served(tmp_path / "public") as address, httpx.Client(base_url=address, timeout=60) as web:
        every = keys_in(tmp_path / "public")
        for order in ("_sort=violation_facts", "_sort_desc=violation_facts"):
            told = web.get(f"{TABLE}.json?_shape=objects&_size=7&{order}").json()
            assert len(told["next_url"]) < 500
            assert web.get(told["next_url"]).status_code == 200
            assert sorted(walk_json(web, f"_size=7&{order}")) == every
            assert sorted(walk_html(web, f"_size=7&{order}")) == every


def test_a_page_behind_a_record_that_is_gone_leads_back_to_the_first(web: httpx.Client) -> None:
    answer = web.get(f"{TABLE}?_sort=violation_facts&_next=$key,nosuch")
    assert answer.status_code == 400
    assert "第一页" in answer.text
    for token in ("$key,", "$key,a,b", "$key,~"):
        assert web.get(f"{TABLE}?_sort=violation_facts&_next={token}").status_code == 400
