"""Adding a dataset touches one file: administrative licences (行政许可), the 424 layout's other half."""

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

from pipeline.site.app import application

LICENCES = """
name: administrative_licences
title: 行政许可
title_en: Administrative licences
description: 每行是对一个申请人作出的一项行政许可决定。
description_en: Each row is one licence decision for one applicant.
gongshi:order: 15
gongshi:rules:
  - {rule: social-credit-code, field: party_uscc}
gongshi:search: [party_name, licence_name]
gongshi:facets: [authority_name]
gongshi:sort: -decision_date
gongshi:label: licence_no
schema:
  primaryKey: [licence_no]
  fields:
    - {name: licence_no, title: 许可编号, title_en: Licence number, type: string, constraints: {required: true}, gongshi:kind: code, gongshi:aliases: [XK_BH, 许可证书编号]}
    - {name: party_name, title: 行政相对人名称, title_en: Applicant, type: string, constraints: {required: true}, gongshi:kind: organisation, gongshi:aliases: [XK_XDR_MC]}
    - {name: party_uscc, title: 行政相对人代码_1（统一社会信用代码）, title_en: Social credit code, type: string, gongshi:kind: social-credit-code, gongshi:aliases: [XK_XDR_SHXYM]}
    - {name: licence_name, title: 许可证书名称, title_en: Licence, type: string, gongshi:kind: text, gongshi:aliases: [XK_XKZS]}
    - {name: decision_date, title: 许可决定日期, title_en: Decided on, type: date, constraints: {required: true}, gongshi:kind: date, gongshi:aliases: [XK_JDRQ]}
    - {name: fee_yuan, title: 收费金额, title_en: Fee, type: number, gongshi:kind: money, gongshi:unit: 元, gongshi:source_unit: 元}
    - {name: authority_name, title: 许可机关, title_en: Authority, type: string, gongshi:kind: organisation, gongshi:aliases: [XK_XKJG]}
    - {name: applicant_id, title: 证件号码, title_en: Identity number, type: string, gongshi:kind: code, gongshi:privacy: never, gongshi:aliases: [XK_XDR_ZJHM]}
"""

ROWS = """XK_BH,XK_XDR_MC,XK_XDR_SHXYM,XK_XKZS,XK_JDRQ,收费金额（万元）,XK_XKJG,XK_XDR_ZJHM
X-1,示例晨光餐饮店（示例）,00000000000000000X,食品经营许可证,2024年3月5日,0.012,示例区市场监督管理局,411503190001010013
X-2,示例晨光餐饮店（示例）,,食品经营许可证,2024-02-30,,示例区市场监督管理局,
X-3,示例远山建材有限公司（示例）,914115030000000000,排污许可证,20240601,,示例区生态环境分局,
X-4,示例远山建材有限公司（示例）,,排污许可证,2024.6.2,1.5,示例区生态环境分局,
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
def licences(
    gongshi: Callable[..., subprocess.CompletedProcess[str]],
    root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    folder = tmp_path_factory.mktemp("licences")
    shutil.copytree(root / "datapackage", folder / "datapackage")
    (folder / "datapackage" / "administrative_licences.yaml").write_text(LICENCES, "utf-8")
    (folder / "inbox").mkdir()
    (folder / "inbox" / "行政许可-示例数据.csv").write_text(ROWS, "utf-8")
    done = gongshi("publish", folder / "inbox", "--site", folder / "site", "--private", folder / "private", "--today", "2025-03-31", "--contract", folder / "datapackage")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return Outcome(folder)


def test_its_file_is_known_by_its_headers(licences: Outcome) -> None:
    sources = licences.query("select dataset, matched_by, rows_read from sources")
    assert sources == [("administrative_licences", "headers", 4)]


def test_its_values_are_read_by_the_kinds_it_names(licences: Outcome) -> None:
    sql = "select licence_no, decision_date, fee_yuan from administrative_licences order by 1"
    assert licences.query(sql) == [("X-1", "2024-03-05", 120), ("X-4", "2024-06-02", 15000)]


def test_its_rows_are_checked_by_its_own_rules(licences: Outcome) -> None:
    with (licences.private / "quarantine" / "administrative_licences.csv").open(
        encoding="utf-8"
    ) as file:
        reasons = {row["row"]: row["reasons"] for row in csv.DictReader(file)}
    assert reasons == {"3": "type", "4": "social-credit-code"}


def test_it_is_a_resource_of_the_package(licences: Outcome) -> None:
    package = json.loads((licences.release / "datapackage.json").read_text("utf-8"))
    resource = next(r for r in package["resources"] if r["name"] == "administrative_licences")
    assert resource["title"] == "行政许可"
    assert (licences.release / resource["path"]).read_text("utf-8").count("\n") == 3


def test_its_never_field_is_nowhere_in_the_release(licences: Outcome) -> None:
    files = [path for path in licences.release.rglob("*") if path.is_file()]
    assert not [path for path in files if b"411503190001010013" in path.read_bytes()]


def test_it_is_searched_in_chinese(licences: Outcome) -> None:
    sql = "select count(*) from administrative_licences_fts where administrative_licences_fts match '\"建材\"'"
    assert licences.query(sql) == [(1,)]


@pytest.mark.parametrize(("lang", "title"), [("zh", "行政许可"), ("en", "Administrative licences")])
def test_the_site_has_its_words(licences: Outcome, lang: str, title: str) -> None:
    words = json.loads((licences.release / "metadata.json").read_text("utf-8"))
    assert (
        words[lang]["databases"]["disclosure"]["tables"]["administrative_licences"]["title"]
        == title
    )


@pytest.mark.parametrize(
    "address", ["/disclosure/administrative_licences", "/en/disclosure/administrative_licences"]
)
def test_its_table_and_its_records_have_pages(licences: Outcome, address: str) -> None:
    with ThreadPoolExecutor(1) as pool:  # this thread may have a browser's event loop
        asked = fetched(licences.release.parent, address, f"{address}/X-4")
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
