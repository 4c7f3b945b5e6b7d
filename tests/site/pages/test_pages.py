"""Every page answers, in both languages, with what it promises."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.site.datasette.upstream import Response
from pipeline.site.pages import views
from tests.site.conftest import served
from tests.support.site_sample import ROOT, WITHDRAWN, make_release

RECORD = "/disclosure/penalty_filings/r000000000000014"
PARTY = "/party/91411503MA44T80003"
AUTHORITY = "/authority/信阳市平桥区市场监督管理局"
PAGES = [
    *("/", "/disclosure", "/disclosure/penalty_filings", RECORD, "/search?q=食品", "/search"),
    *("/dictionary", "/dictionary/penalty_filings", "/quality", "/rules", "/rules/rule-1"),
    *("/withdrawals", "/releases", "/reports", "/reports/2024年度报告", "/about", PARTY, AUTHORITY),
    *("/disclosure/penalties_by_type", "/disclosure/documents_expiring"),
    *("/disclosure?sql=select+*+from+authorities", "/disclosure/certificates?status=有效"),
]


def page(web: httpx.Client, path: str) -> str:
    answer = web.get(path, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_in_chinese_and_english(web: httpx.Client, path: str) -> None:
    assert '<html lang="zh-CN">' in page(web, path)
    assert '<html lang="en">' in page(web, f"/en{path}")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_that_the_data_is_a_sample(web: httpx.Client, path: str) -> None:
    assert "示例数据：内容均为虚构" in page(web, path)
    assert "Synthetic sample" in page(web, f"/en{path}")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_holds_inline_script_or_style_or_asks_elsewhere(
    web: httpx.Client, path: str
) -> None:
    html = page(web, path)
    assert not re.search(r"<script(?! type=\"application/ld\+json\")", html)
    assert not re.search(r"<style| style=| on[a-z]+=\"", html.replace('" onmouseover', ""))
    loaded = re.findall(
        r"<(?:img|script|link rel=\"(?:stylesheet|icon)\")[^>]*?(?:src|href)=\"([^\"]+)", html
    )
    assert loaded
    assert all(address.startswith("/") for address in loaded)


def test_links_of_english_pages_stay_in_english(web: httpx.Client) -> None:
    for path in ("/en/", "/en/disclosure/penalty_filings", f"/en{RECORD}"):
        links = re.findall(r'<a [^>]*?href="(/[^"]*)"([^>]*)', page(web, path))
        strays = [
            to
            for to, more in links
            if not to.startswith(("/en", "/static")) and "lang=" not in more
        ]
        assert strays == []


def test_every_link_of_the_main_pages_leads_somewhere(web: httpx.Client) -> None:
    links: set[str] = set()
    for path in (
        "/",
        "/disclosure",
        "/disclosure/penalty_filings",
        RECORD,
        "/quality",
        "/en/about",
    ):
        links |= set(re.findall(r'href="(/[^"#]*)', page(web, path)))
    for link in sorted(links):
        answer = web.get(link.replace("&amp;", "&"), follow_redirects=True)
        assert answer.status_code in (200, 410), f"{link}: {answer.status_code}"


def test_a_table_shows_its_important_columns_first_and_all_on_demand(web: httpx.Client) -> None:
    few, every = (
        page(web, "/disclosure/penalty_filings"),
        page(web, "/disclosure/penalty_filings?_all=on"),
    )
    assert few.count('role="columnheader"') == 7
    assert every.count('role="columnheader"') > 30


def test_a_field_left_empty_in_the_filter_form_asks_for_nothing(web: httpx.Client) -> None:
    path = "/disclosure/penalty_filings?_search=&fine_yuan__gte=1000&fine_yuan__lte="
    answer = web.get(path)
    assert answer.status_code == 302
    assert answer.headers["location"] == "/disclosure/penalty_filings?fine_yuan__gte=1000"


def test_a_filter_narrows_down_and_can_be_taken_away(web: httpx.Client) -> None:
    html = page(web, "/disclosure/penalty_filings?fine_yuan__gte=100000")
    total = re.search(r'class="total"[^>]*>(\d+) 条记录', html)
    assert total
    assert 0 < int(total[1]) < 200
    assert "罚款金额 自 100,000" in html


def test_a_record_shows_its_groups_its_origin_and_its_permanent_address(web: httpx.Client) -> None:
    html = page(web, RECORD)
    for words in ("当事人", "处罚", "来源文件", "永久地址", "这条记录有误"):
        assert words in html
    assert (
        f'<link rel="canonical" href="{web.base_url}{RECORD}">'.replace("//disc", "/disc") in html
    )
    assert "mailto:" in html


def test_a_withdrawn_record_answers_410_with_its_tombstone(web: httpx.Client) -> None:
    path = f"/disclosure/penalty_filings/{WITHDRAWN}"
    html, told = web.get(path), web.get(f"{path}.json")
    assert html.status_code == told.status_code == 410
    assert "行政处罚决定被依法撤销" in html.text
    assert told.json()["withdrawn"]["record_id"] == WITHDRAWN
    assert "This record was withdrawn" in web.get(f"/en{path}").text


def test_a_chinese_key_written_plainly_leads_to_the_record(web: httpx.Client) -> None:
    html = page(web, "/disclosure/normative_documents/平政文〔2024〕1号")
    assert "平政文〔2024〕1号" in html


@pytest.mark.parametrize(
    "word", ["食", "食品", "食品经营", "张某某", "平市监罚〔2024〕20号", "食品 许可"]
)
def test_search_finds_words_of_any_length(web: httpx.Client, word: str) -> None:
    html = page(web, f"/search?q={word}")
    assert 'id="penalty_filings"' in html
    assert "<mark>" in html
    rows = web.get("/disclosure/penalty_filings.json", params={"_search": word, "_shape": "array"})
    assert rows.json()


def test_search_answers_programs_too(web: httpx.Client) -> None:
    told = web.get("/search.json", params={"q": "食品"}).json()
    assert told["tables"][0]["table"] == "penalty_filings"
    assert told["tables"][0]["count"] > 10


def test_json_comes_in_the_documented_shapes(web: httpx.Client) -> None:
    rows = web.get("/disclosure/penalty_filings.json?_shape=array&_size=3").json()
    assert len(rows) == 3
    assert {"record_id", "fine_yuan", "source_id"} <= rows[0].keys()
    told = web.get("/disclosure/penalty_filings.json?_shape=objects&_size=3").json()
    assert len(told["rows"]) == 3
    assert told["next"]


@pytest.mark.parametrize("path", ["/nosuch", "/disclosure/nosuch", f"{RECORD}x", "/reports/nosuch"])
def test_what_is_not_there_is_a_plain_404_in_the_visitors_language(
    web: httpx.Client, path: str
) -> None:
    assert "没有这个页面" in web.get(path).text
    answer = web.get(f"/en{path}")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_datasettes_own_pages_are_not_there(web: httpx.Client) -> None:
    for name in ("plugins", "threads", "databases", "metadata", "settings", "versions", "patterns"):
        assert web.get(f"/-/{name}.json").status_code == 404
    for path in ("/-/allow-debug", "/-/permissions", "/-/logout", "/disclosure.db", "/_internal"):
        assert web.get(path).status_code == 404


def test_programs_find_the_package_the_catalogue_the_feed_and_the_api(web: httpx.Client) -> None:
    assert web.get("/datapackage.json").json()["name"]
    assert web.get("/catalog.jsonld").json()["dcat:dataset"]
    assert "<feed" in web.get("/feed.atom").text
    assert "/sitemaps/penalty_filings-0.xml" in web.get("/sitemap.xml").text
    assert "Disallow: /search" in web.get("/robots.txt").text
    api = web.get("/openapi.json").json()
    assert "/disclosure/penalty_filings.json" in api["paths"]
    health = web.get("/-/health").json()
    assert health["release"] == "2025-03-31-1"


def test_records_and_the_whole_describe_themselves_to_search_engines(web: httpx.Client) -> None:
    for path, kind in (("/", "Dataset"), (RECORD, "CreativeWork")):
        found = re.search(
            r'<script type="application/ld\+json">(.*?)</script>', page(web, path), re.S
        )
        assert found
        assert json.loads(found[1])["@type"] == kind


def test_a_release_file_is_served_and_nothing_beside_it(web: httpx.Client) -> None:
    assert (
        web.get("/downloads/penalty_filings.csv.gz").headers["content-type"] == "application/gzip"
    )
    for name in ("manifest.json", "..%2Fmanifest.json", ".hidden", "nosuch.csv"):
        assert web.get(f"/downloads/{name}").status_code == 404


def test_the_examples_for_programs_work(web: httpx.Client) -> None:
    html = unescape(page(web, "/about"))
    code = re.findall(r"<code>(.*?)</code>", html, re.S)
    for address in re.findall(r"https?://[^'\"\s]+", " ".join(code)):
        answer = web.get(address)
        assert answer.status_code == 200 or address.endswith("/disclosure.json"), address
    curl = next(line for line in " ".join(code).splitlines() if "--data-urlencode" in line)
    sql = re.search(r"'sql=([^']+)'", curl)
    assert sql
    answer = web.get("/disclosure.json", params={"sql": sql[1], "_shape": "array"})
    assert answer.json()[0]["count(*)"] == 240
    pandas = next(part for part in code if part.startswith("import pandas"))
    made: dict[str, Any] = {}
    exec(pandas, made)
    assert len(made["rows"]) == 240


REWARDS = """
name: administrative_rewards
title: 行政奖励
title_en: Administrative rewards
description: 每行是一项奖励。
description_en: Each row is one reward.
gongshi:order: 15
gongshi:search: [reward_name]
gongshi:facets: [reward_name]
gongshi:sort: -valid_from
gongshi:label: reward_no
schema:
  primaryKey: [reward_no]
  fields:
    - {name: reward_no, title: 奖励编号, title_en: Reward number, description: 编号, description_en: Number,
       type: string, constraints: {required: true}, example: 奖1号, gongshi:kind: document-number, gongshi:aliases: [奖励证书号]}
    - {name: reward_name, title: 奖励名称, title_en: Reward, description: 名称, description_en: Name,
       type: string, example: 食品安全奖励, gongshi:kind: text}
    - {name: valid_from, title: 有效期自, title_en: Valid from, description: 起始, description_en: Start,
       type: date, example: '2024-01-01', gongshi:kind: date}
"""


def test_a_dataset_dropped_into_the_contract_is_shown_everywhere(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "datapackage", tmp_path / "datapackage")
    (tmp_path / "datapackage" / "administrative_rewards.yaml").write_text(REWARDS, "utf-8")
    make_release(
        tmp_path / "public", contract=tmp_path / "datapackage", rows={"penalty_filings": 5}
    )
    with served(tmp_path / "public") as address, httpx.Client(base_url=address) as web:
        assert "行政奖励" in page(web, "/")
        table = page(web, "/disclosure/administrative_rewards?_search=食品")
        assert "奖励编号" in table
        assert "Administrative rewards" in page(web, "/en/dictionary/administrative_rewards")
        link = re.search(
            r'<td role="cell"[^>]*><a href="(/disclosure/administrative_rewards/[^"]+)"', table
        )
        assert link
        assert "永久地址" in page(web, link[1])


# ---------------------------------------------------------------- bodies


def test_an_organisations_page_lists_all_that_is_published_about_it(web: httpx.Client) -> None:
    text = page(web, PARTY)
    rows = web.get("/disclosure.json", params={"sql": "select decision_no from penalty_filings where respondent_uscc = '91411503MA44T80003' and respondent_name not like '%某'"}).json()["rows"]  # fmt: skip
    assert rows
    assert all(unescape(number) in unescape(text) for (number,) in rows)


@pytest.mark.parametrize(
    "code", ["00000000000000000X", "91411503MA44T8ZZZZ", "abc", "1" * 18, "91411503MA44T8'--"]
)
def test_a_code_that_is_nobodys_own_has_no_page(web: httpx.Client, code: str) -> None:
    assert web.get(f"/party/{code}").status_code == 404


def test_a_natural_persons_record_leads_to_no_party_page(tmp_path: Path) -> None:
    release = make_release(tmp_path)
    with sqlite3.connect(release / "disclosure.db") as con:
        con.execute("update penalty_filings set respondent_name = '张某某' where respondent_uscc = '91411503MA44T80003'")  # fmt: skip
    con.close()
    with served(tmp_path) as address, httpx.Client(base_url=address) as web:
        assert web.get(PARTY).status_code == 404
        assert "/party/91411503MA44T80003" not in page(web, "/disclosure/penalty_filings/r000000000000003")  # fmt: skip


def test_an_authoritys_page_tells_what_it_has_published_and_how_timely(web: httpx.Client) -> None:
    [[name, count]] = web.get("/disclosure.json", params={"sql": "select authority_name, count(*) from penalty_filings group by 1 limit 1"}).json()["rows"]  # fmt: skip
    text = page(web, f"/authority/{name}")
    assert f">{count}<" in text
    assert web.get("/authority/没有这个单位").status_code == 404


def test_the_sitemaps_lead_to_every_record_once(web: httpx.Client) -> None:
    parts = re.findall(r"<loc>http://[^/]+([^<]+)</loc>", page(web, "/sitemap.xml"))
    found = [path for part in parts for path in re.findall(r"<loc>([^<]+)</loc>", page(web, part))]
    assert len([path for path in found if "/penalty_filings/" in path]) == 240
    assert len(set(found)) == len(found)
    assert web.get(found[-1]).status_code == 200
    for name in (
        "nosuch-0",
        "penalty_filings",
        "penalty_filings-x",
        "penalty_filings-99999999999999999999",
    ):
        assert web.get(f"/sitemaps/{name}.xml").status_code in (400, 404), name


def test_a_saved_query_leads_to_the_records_that_it_lists(web: httpx.Client) -> None:
    html = page(web, "/en/disclosure/largest_fines")
    link = re.search(
        r'data-label="Decision number"><a href="(/en/disclosure/penalty_filings/[^"]+)"', html
    )
    assert link
    assert "Permanent address" in page(web, link[1])


def test_a_picture_says_its_unit_and_its_months_in_words(web: httpx.Client) -> None:
    home = page(web, "/")
    assert re.search(r"<caption>[^<]*罚款 <span class=\"unit\">元</span>", home)
    assert re.search(r"<span>\d{4}年\d+月</span>", home)


def test_quality_shows_the_tables_that_the_settings_name(web: httpx.Client) -> None:
    html = page(web, "/quality")
    assert 'href="/disclosure/timeliness"' in html
    assert "备案用时的中位数" in html


def test_a_rule_is_shown_with_its_examples_and_without_places_to_fill_in(
    tmp_path: Path,
) -> None:
    folder = make_release(tmp_path / "public", rows={"penalty_filings": 5})
    with closing(sqlite3.connect(folder / "disclosure.db")) as db:
        told = (
            "message = '“{title}”是空白。', passes = '甲：1', fails = '甲：（空白）\n乙：（空白）'"
        )
        db.execute(f"update rules set {told} where rule = 'rule-1'")
        db.commit()
    with served(tmp_path / "public") as address, httpx.Client(base_url=address) as web:
        html = page(web, "/rules/rule-1")
    assert "“…”是空白。" in html
    assert html.count("（空白）</li>") == 2


def test_sql_that_is_no_select_comes_back_in_its_form_with_plain_words(web: httpx.Client) -> None:
    answer = web.get("/disclosure", params={"sql": "selec 1"})
    assert answer.status_code == 400
    assert "只能运行 SELECT" in answer.text
    assert ">selec 1</textarea>" in answer.text


def test_every_column_of_a_table_has_a_title_in_words(web: httpx.Client) -> None:
    html = page(web, "/disclosure/penalty_filings?_all=on")
    assert "来源行号" in html
    assert 'data-label="source_row"' not in html


def test_a_page_that_fails_while_explaining_an_error_still_answers_plainly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> Response:
        raise RuntimeError("the template is broken")

    monkeypatch.setattr(views, "error_page", fails)
    answer = views.error_response(None, None, ValueError("asked wrongly"))  # type: ignore[arg-type]
    assert answer.status == 500
    assert "稍后再试" in str(answer.body)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select absent from penalty_filings", "没有 absent 这一列"),
        ("select 1 from nowhere", "没有 nowhere 这张表"),
        ("select absent(1)", "没有 absent 这个函数"),
        ("select 1 fro m", "无法理解"),
        ("select (1", "没有写完"),
        ("select key from (select 1 key) a, (select 2 key) b", "有几张表都有 key 列"),
        ("select abs(1, 2)", "参数个数不对"),
        ("select 1 from authorities where count(*) > 1", "不能用在这里"),
    ],
)
def test_a_mistake_in_sql_is_told_in_the_readers_language(
    web: httpx.Client, sql: str, said: str
) -> None:
    assert said in unescape(web.get("/disclosure", params={"sql": sql}).text)
