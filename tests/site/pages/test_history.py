"""What became of records from release to release, on their pages, in the list and in the feed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.site.conftest import served
from tests.support.site_sample import make_release

TABLE = "/disclosure/penalty_filings"
CHANGES = """release,dataset,key,verb,columns
2025-04-30-2,penalty_filings,r000000000000005,changed,fine_yuan;decision_date
2025-04-30-2,penalty_filings,r000000000000006,added,
2025-04-30-2,certificates,16110000001,removed,
"""


@pytest.fixture(scope="module")
def two_releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("releases") / "public"
    small = {"penalty_filings": 20, "certificates": 10}
    make_release(site, release="2025-03-31-1", rows=small, today="2025-03-31")
    folder = make_release(site, release="2025-04-30-2", rows=small, today="2025-04-30")
    (folder / "changes.csv").write_text(CHANGES, "utf-8")
    rows = [line.split(",") for line in CHANGES.splitlines()[1:]]
    with closing(sqlite3.connect(folder / "disclosure.db")) as db:
        insert = "insert into changes values (?, '2025-04-30', ?, ?, ?, ?)"
        db.executemany(insert, rows)
        db.commit()
    return site


@pytest.fixture(scope="module")
def old_and_new(two_releases: Path) -> Iterator[httpx.Client]:
    with served(two_releases) as address, httpx.Client(base_url=address) as client:
        yield client


def test_a_records_page_shows_its_history_in_words(old_and_new: httpx.Client) -> None:
    html = old_and_new.get(f"{TABLE}/r000000000000005").text
    assert "2025年4月30日 · 有改动 (罚款金额, 处罚决定日期)" in html
    assert "2025年3月31日 · 首次公布" in html
    english = old_and_new.get(f"/en{TABLE}/r000000000000006").text
    assert "30 Apr 2025 · first published" in english


def test_the_list_of_releases_counts_what_differs(old_and_new: httpx.Client) -> None:
    html = old_and_new.get("/releases").text
    assert html.index("2025-04-30-2") < html.index("2025-03-31-1")
    assert "当前版本" in html
    assert "行政执法证件" in html


def test_the_feed_tells_of_every_release(old_and_new: httpx.Client) -> None:
    feed = old_and_new.get("/feed.atom").text
    assert feed.count("<entry>") == 2
    assert "首次公布 1" in feed


def test_quality_shows_the_releases_side_by_side(old_and_new: httpx.Client) -> None:
    html = old_and_new.get("/quality").text
    assert html.count('href="/releases#') == 2
