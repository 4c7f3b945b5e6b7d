"""Pages of a dataset that is held back say of which day its rows are, and why; others say nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.site.conftest import served
from tests.support.site_sample import make_release

HELD = {
    "since": "2025-04-02",
    "release": "2025-03-31-1",
    "day": "2025-03-31",
    "expectation": "quarantined-share",
}
REASONS = {"zh": "有 75% 的行因错误被隔离", "en": "75% of its rows are in quarantine"}
DAYS = {"zh": "2025年3月31日", "en": "31 Mar 2025"}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    site = tmp_path_factory.mktemp("held") / "public"
    small = {"penalty_filings": 20, "certificates": 10}
    folder = make_release(site, release="2025-04-02-2", rows=small, today="2025-04-02")
    words = json.loads((folder / "metadata.json").read_text("utf-8"))
    for lang, reason in REASONS.items():
        table = words[lang]["databases"]["disclosure"]["tables"]["certificates"]
        table["plugins"]["gongshi"]["held_back"] = HELD | {"reason": reason}
    (folder / "metadata.json").write_text(json.dumps(words, ensure_ascii=False), "utf-8")
    with served(site) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_table_and_record_say_the_day_of_the_rows_and_the_reason(
    reader: httpx.Client, lang: str
) -> None:
    start = "" if lang == "zh" else "/en"
    key = reader.get("/disclosure/certificates.json?_shape=array").json()[0]["certificate_no"]
    for path in ("/disclosure/certificates", f"/disclosure/certificates/{key}"):
        html = reader.get(start + path).text
        assert 'class="held"' in html and REASONS[lang] in html and DAYS[lang] in html
    assert 'class="held"' not in reader.get(f"{start}/disclosure/penalty_filings").text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", ["/", "/disclosure"])
def test_the_lists_of_datasets_mark_it_with_the_day(
    reader: httpx.Client, lang: str, path: str
) -> None:
    html = reader.get(("" if lang == "zh" else "/en") + path).text
    assert html.count('class="held-mark"') == 1 and DAYS[lang] in html
