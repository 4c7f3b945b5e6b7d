"""Adding a dataset touches one file: administrative rewards (行政奖励), a kind that the contract does not have."""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from pipeline.site.server.app import application

REWARDS = """
name: administrative_rewards
title: 行政奖励
title_en: Administrative rewards
description: 每行是对一个当事人作出的一项行政奖励决定。
description_en: Each row is one reward given to one party.
gongshi:order: 15
gongshi:rules:
  - {rule: social-credit-code, field: party_uscc}
gongshi:search: [party_name, reward_name]
gongshi:facets: [authority_name]
gongshi:sort: -decision_date
gongshi:label: reward_no
schema:
  primaryKey: [reward_no]
  fields:
    - {name: reward_no, title: 奖励编号, title_en: Reward number, type: string, constraints: {required: true}, gongshi:kind: code, gongshi:aliases: [JL_BH, 奖励证书编号]}
    - {name: party_name, title: 行政相对人名称, title_en: Party rewarded, type: string, constraints: {required: true}, gongshi:kind: organisation, gongshi:aliases: [JL_XDR_MC]}
    - {name: party_uscc, title: 行政相对人代码_1（统一社会信用代码）, title_en: Social credit code, type: string, gongshi:kind: social-credit-code, gongshi:aliases: [JL_XDR_SHXYM]}
    - {name: reward_name, title: 奖励名称, title_en: Reward, type: string, gongshi:kind: text, gongshi:aliases: [JL_MC]}
    - {name: decision_date, title: 奖励决定日期, title_en: Decided on, type: date, constraints: {required: true}, gongshi:kind: date, gongshi:aliases: [JL_JDRQ]}
    - {name: amount_yuan, title: 奖励金额, title_en: Sum, type: number, gongshi:kind: money, gongshi:unit: 元, gongshi:source_unit: 元}
    - {name: authority_name, title: 奖励机关, title_en: Authority, type: string, gongshi:kind: organisation, gongshi:aliases: [JL_JG]}
    - {name: party_id, title: 证件号码, title_en: Identity number, type: string, gongshi:kind: code, gongshi:privacy: never, gongshi:aliases: [JL_XDR_ZJHM]}
"""

ROWS = """JL_BH,JL_XDR_MC,JL_XDR_SHXYM,JL_MC,JL_JDRQ,奖励金额（万元）,JL_JG,JL_XDR_ZJHM
X-1,示例晨光餐饮店（示例）,00000000000000000X,诚信经营奖,2024年3月5日,0.012,示例区市场监督管理局,411503190001010013
X-2,示例晨光餐饮店（示例）,,诚信经营奖,2024-02-30,,示例区市场监督管理局,
X-3,示例远山建材有限公司（示例）,914115030000000000,节能减排奖,20240601,,示例区生态环境分局,
X-4,示例远山建材有限公司（示例）,,节能减排奖,2024.6.2,1.5,示例区生态环境分局,
"""


class Outcome:
    """What publishing the two files left behind."""

    def __init__(self, folder: Path) -> None:
        self.release = folder / "site" / "current"
        self.private = folder / "private"

    def query(self, sql: str) -> list[tuple[object, ...]]:
        con = sqlite3.connect(self.release / "disclosure.db")
        try:
            return con.execute(sql).fetchall()
        finally:
            con.close()


@pytest.fixture(scope="module")
def rewards(
    every_engine: int,
    gongshi: Callable[..., subprocess.CompletedProcess[str]],
    root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    folder = tmp_path_factory.mktemp("rewards")
    shutil.copytree(root / "datapackage", folder / "datapackage")
    (folder / "datapackage" / "administrative_rewards.yaml").write_text(REWARDS, "utf-8")
    (folder / "inbox").mkdir()
    (folder / "inbox" / "行政奖励-示例数据.csv").write_text(ROWS, "utf-8")
    done = gongshi("publish", folder / "inbox", "--site", folder / "site", "--private", folder / "private", "--today", "2025-03-31", "--contract", folder / "datapackage")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return Outcome(folder)


def test_its_file_is_known_by_its_headers(rewards: Outcome) -> None:
    sources = rewards.query("select dataset, matched_by, rows_read from sources")
    assert sources == [("administrative_rewards", "headers", 4)]


def test_its_values_are_read_by_the_kinds_it_names(rewards: Outcome) -> None:
    sql = "select reward_no, decision_date, amount_yuan from administrative_rewards order by 1"
    assert rewards.query(sql) == [("X-1", "2024-03-05", 120), ("X-4", "2024-06-02", 15000)]


def test_its_rows_are_checked_by_its_own_rules(rewards: Outcome) -> None:
    with (rewards.private / "quarantine" / "administrative_rewards.csv").open(
        encoding="utf-8"
    ) as file:
        reasons = {row["row"]: row["reasons"] for row in csv.DictReader(file)}
    assert reasons == {"3": "type", "4": "social-credit-code"}


def test_it_is_a_resource_of_the_package(rewards: Outcome) -> None:
    package = json.loads((rewards.release / "datapackage.json").read_text("utf-8"))
    resource = next(r for r in package["resources"] if r["name"] == "administrative_rewards")
    assert resource["title"] == "行政奖励"
    assert (rewards.release / resource["path"]).read_text("utf-8").count("\n") == 3


def test_its_never_field_is_nowhere_in_the_release(rewards: Outcome) -> None:
    files = [path for path in rewards.release.rglob("*") if path.is_file()]
    assert not [path for path in files if b"411503190001010013" in path.read_bytes()]


def test_it_is_searched_in_chinese(rewards: Outcome) -> None:
    sql = "select count(*) from administrative_rewards_fts where administrative_rewards_fts match '\"建材\"'"
    assert rewards.query(sql) == [(1,)]


@pytest.mark.parametrize(("lang", "title"), [("zh", "行政奖励"), ("en", "Administrative rewards")])
def test_the_site_has_its_words(rewards: Outcome, lang: str, title: str) -> None:
    words = json.loads((rewards.release / "metadata.json").read_text("utf-8"))
    assert (
        words[lang]["databases"]["disclosure"]["tables"]["administrative_rewards"]["title"] == title
    )


@pytest.mark.parametrize(
    "address", ["/disclosure/administrative_rewards", "/en/disclosure/administrative_rewards"]
)
def test_its_table_and_its_records_have_pages(rewards: Outcome, address: str) -> None:
    with ThreadPoolExecutor(1) as pool:  # this thread may have a browser's event loop
        asked = fetched(rewards.release.parent, address, f"{address}/X-4")
        pages = pool.submit(asyncio.run, asked).result()
    assert [page.status_code for page in pages] == [200, 200]
    assert all("示例远山建材有限公司" in page.text for page in pages)


async def fetched(site: Path, *addresses: str) -> list[httpx.Response]:
    """The site's answers, asked for without a server between."""
    app = application(site)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://site"
    ) as client:
        return [await client.get(address) for address in addresses]
