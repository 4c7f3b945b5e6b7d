"""No public byte has a person's name or number from a report, or from the name of a file, folder,
sheet or header (示例数据 / synthetic sample: all persons and numbers are made up).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import openpyxl
import pytest

from pipeline.base.normalise import normalise
from pipeline.base.sql import quoted
from pipeline.release.database.full_text import match_query
from pipeline.release.package import manifest
from tests.support.fixtures.command import Command
from tests.support.shop import DOCUMENTS, SmallShop, contents, documents, query, rows_of

REPORT = "示例区2024年度报告.txt"
#: As in shared/cases/privacy/min_report.
MIN_REPORT = "示例区2024年度法治政府建设年度报告\n2024年，证人郭琛烨（住平桥区碧桂园5栋929室，宅电0376-3613697，微信号：zxq_956672k，护照E12345678，豫SA1234）反映，全区办理行政复议案件57件。\n"
OF_REPORT = ["郭琛烨", "琛烨", "碧桂园", "5栋", "929室", "3613697", "zxq_956672k", "956672", "E12345678", "SA1234"]  # fmt: skip
IN_NAMES = ["张三丰", "李四海", "王翾珺", "周明华", "赵伟强", "郭琛烨", "李建国", "13812345678", "13912345678", "zs@example.cn"]  # fmt: skip


def bare(text: str) -> str:
    return re.sub(r"[\s\-]+", "", normalise(text).text)


def leaked(folder: Path, secrets: list[str]) -> list[tuple[str, str]]:
    """(secret, file) of all that stands in any file, however packed, as it is or in an escape, a
    URL, full width or with blanks.
    """
    found = []
    for name, content in contents(folder).items():
        text = f"{name}\n{content.decode('utf-8', 'ignore')}"
        lean = bare(text)
        found += [(each, name) for each in secrets if each in text or bare(each) in lean]
    return found


def searched(release: Path, secrets: list[str]) -> list[str]:
    """The secrets that a search of the site finds: its index holds words in pieces."""
    tables = query(release, "select name from sqlite_schema where sql like '%using fts5%'")
    assert tables
    return [
        secret
        for secret in secrets
        for (table,) in tables
        if query(release, f"select 1 from {quoted(table)} where {quoted(table)} match ? limit 1", match_query(f'"{secret}"'))
    ]  # fmt: skip


# ---------------------------------------------------------------- the smallest report


@pytest.fixture(scope="module")
def min_report(every_engine: int, gongshi: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:  # fmt: skip
    folder = tmp_path_factory.mktemp("min-report")
    (folder / "inbox" / "reports").mkdir(parents=True)
    (folder / "inbox" / "reports" / REPORT).write_text(MIN_REPORT, "utf-8")
    done = gongshi("publish", folder / "inbox", "--site", folder / "site", "--private", folder / "private", "--today", "2025-03-31")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_no_public_byte_has_what_is_personal_in_a_report(min_report: Path) -> None:
    assert leaked(min_report / "site", OF_REPORT) == []
    assert searched(min_report / "site" / "current", [s for s in OF_REPORT if len(s) > 3]) == []


def test_the_rest_of_the_report_is_published(min_report: Path) -> None:
    (figure,) = rows_of(min_report / "site" / "current" / "data" / "report_figures.csv")
    assert (figure["value"], figure["unit"], figure["label"]) == (
        "57",
        "件",
        "全区办理行政复议案件",
    )
    assert (
        figure["sentence"].startswith("2024年，证人郭某某（") and "案件57件" in figure["sentence"]
    )
    (found,) = (f for f in rows_of(min_report / "private" / "findings.csv") if f["rule"] == "report-personal")  # fmt: skip
    assert found["file"] == f"reports/{REPORT}" and "第 2 句" in found["message"]


# ---------------------------------------------------------------- names of files, sheets, headers


class LabelShop(SmallShop):
    """A shop of documents and reports, with all that is told of their files."""

    few = (*SmallShop.few, "header_mappings", "issues", "rules", "report_figures", "report_checks")


def workbook(path: Path, sheets: dict[str, list[dict[str, str]]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append([*rows[0]])
        for row in rows:
            sheet.append([*row.values()])
    book.save(path)


def numbered(first: int, rows: int = 2, header: str = "") -> list[dict[str, str]]:
    more = {header: "x"} if header else {}
    return [{**row, **more} for row in documents(first + rows)[first:]]


def fill(shop: LabelShop) -> None:
    for folder in ("甲局", "张三丰案卷", "乙局/１３９１２３４５６７８", "reports/李四海"):
        (shop.inbox / folder).mkdir(parents=True)
    shop.send(numbered(0, 6), "甲局/目录-示例数据.csv")
    shop.send(numbered(6), "甲局/张三丰处罚决定书.csv")
    shop.send(
        [{**row, "发布日期": "不对"} for row in numbered(20, 1)] + numbered(8), "甲局/王翾珺.csv"
    )
    shop.send(numbered(10), "甲局/赵 伟 强.csv")
    shop.send(numbered(12), "张三丰案卷/目录.csv")
    shop.send(numbered(14), "乙局/１３９１２３４５６７８/目录.csv")
    shop.send(numbered(16, header="问李建国13812345678"), "乙局/zs@example.cn.csv")
    workbook(shop.inbox / "乙局" / "册.xlsx", {"目录": numbered(18), "周明华": numbered(22), "13812345678": numbered(24, header="周明华填写")})  # fmt: skip
    report = MIN_REPORT.replace("示例区2024年度", "郭琛烨2023年度", 1)
    (shop.inbox / "reports" / "郭琛烨投诉2024年度报告.txt").write_text(MIN_REPORT, "utf-8")
    (shop.inbox / "reports" / "李四海" / "2023.txt").write_text(report, "utf-8")
    (shop.inbox / "sources.yaml").write_text("- {match: 'reports/李四海/*', body: 赵伟强, region_code: '411503'}\n", "utf-8")  # fmt: skip


@pytest.fixture(scope="module")
def shop(every_engine: int, tmp_path_factory: pytest.TempPathFactory) -> LabelShop:
    """An inbox in which names of all kinds name persons, published twice: what changed is told too."""
    shop = LabelShop(tmp_path_factory.mktemp("labels"))
    fill(shop)
    shop.publish(downloads=True)
    shop.send(numbered(10, 1), "甲局/赵 伟 强.csv")
    shop.publish(downloads=True, removals=True)
    return shop


def test_no_public_byte_has_a_personal_name_of_a_file_folder_sheet_or_header(
    shop: LabelShop,
) -> None:
    assert len(shop.releases()) == 2
    assert leaked(shop.site, [*IN_NAMES, *OF_REPORT]) == []
    for release in shop.releases():
        assert searched(shop.site / "releases" / release, IN_NAMES) == []


def test_all_rows_of_such_files_are_published(shop: LabelShop) -> None:
    public = rows_of(shop.current / "data" / f"{DOCUMENTS}.csv")
    listed = {row["source_id"] for row in rows_of(shop.current / "data" / "sources.csv")}
    assert len(public) >= 20 and {row["source_id"] for row in public} <= listed


def test_each_is_called_the_same_everywhere(shop: LabelShop) -> None:
    data = shop.current / "data"
    listed = {row["source_id"]: row["file"] for row in rows_of(data / "sources.csv")}
    assert set(listed.values()) == {*manifest.read(shop.current)["inputs"]}
    tallied = {row["source_id"]: row["file"] for row in rows_of(data / "run_tallies.csv")}
    assert tallied.items() <= listed.items()
    assert {file.partition("（")[0] for file in listed.values()} == {
        "reports/文件夹 1/2023.txt", "reports/文件 1", "乙局/文件 2", "乙局/册.xlsx", "乙局/文件夹 2/目录.csv", "文件夹 3/目录.csv",
        "甲局/文件 3", "甲局/文件 4", "甲局/文件 5", "甲局/目录-示例数据.csv",
    }  # fmt: skip
    sheets = [row["sheet"].partition("（")[0] for row in rows_of(data / "sources.csv") if row["sheet"]]  # fmt: skip
    assert sorted(sheets) == ["工作表 2", "工作表 3", "目录"]
    figures = {row["report"].partition("（")[0] for row in rows_of(data / "report_figures.csv")}
    assert figures == {"文件 1", "2023"}
    assert {row["body"] for row in rows_of(data / "report_figures.csv")} <= {"示例区", "赵某某", ""}


def test_what_is_private_keeps_the_real_names_so_that_someone_can_act(shop: LabelShop) -> None:
    told = rows_of(shop.private / "findings.csv")
    files = {f["file"] for f in told if f["rule"] == "personal-file-name"}
    assert files == {
        "甲局/张三丰处罚决定书.csv", "甲局/王翾珺.csv", "甲局/赵 伟 强.csv", "张三丰案卷/目录.csv", "乙局/１３９１２３４５６７８/目录.csv",
        "乙局/zs@example.cn.csv", "reports/郭琛烨投诉2024年度报告.txt", "reports/李四海/2023.txt",
    }  # fmt: skip
    assert {f["sheet"] for f in told if f["rule"] == "personal-sheet-name"} == {"周明华", "13812345678"}  # fmt: skip
    messages = [f["message"] for f in told if f["rule"] == "personal-header"]
    assert len(messages) == 2 and any("问李建国13812345678" in each for each in messages)
    assert {secret for secret, _ in leaked(shop.private, IN_NAMES)} == {*IN_NAMES}
    assert any("王翾珺" in p.name for p in (shop.private / "feedback").rglob("*.xlsx"))


def test_the_same_inbox_gives_the_same_names_again(shop: LabelShop, tmp_path: Path) -> None:
    other = LabelShop(tmp_path)
    shutil.copytree(shop.inbox, other.inbox, dirs_exist_ok=True)
    other.publish()
    for name in ("sources", "header_mappings", "report_figures"):
        same = (folder / "data" / f"{name}.csv" for folder in (shop.current, other.current))
        assert len({path.read_bytes() for path in same}) == 1
