"""The whole way, as a user walks it: inbox in, release out, and what happens when the input is bad."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from frictionless import Package, system

from tests.support.fixtures.releases import TODAY, Published

Command = Callable[..., subprocess.CompletedProcess[str]]

DATASETS = [
    "penalty_filings",
    "certificates",
    "certificate_events",
    "normative_documents",
    "normative_reviews",
    "authorities",
    "report_figures",
    "report_checks",
    "withdrawals",
    "sources",
    "header_mappings",
    "issues",
    "rules",
    "run_tallies",
]


# What a run finds and publishes does not depend on what computes.
pytestmark = pytest.mark.usefixtures("every_engine")


def query(release: Path, sql: str) -> list[tuple[Any, ...]]:
    con = sqlite3.connect(f"file:{release / 'disclosure.db'}?mode=ro&immutable=1", uri=True)
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()


def hashes(release: Path) -> dict[str, str]:
    files = sorted(path for path in release.rglob("*") if path.is_file())
    return {str(p.relative_to(release)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def publish(gongshi: Command, inbox: Path, folder: Path, *more: object, **options: Any) -> subprocess.CompletedProcess[str]:  # fmt: skip
    return gongshi("publish", inbox, "--site", folder / "site", "--private", folder / "private", "--today", TODAY, *more, **options)  # fmt: skip


# ---------------------------------------------------------------- the sample


def test_every_dataset_is_a_table_and_a_csv(published: Published) -> None:
    tables = {name for (name,) in query(published.current, "select name from sqlite_master where type = 'table'")}  # fmt: skip
    files = {path.stem for path in (published.current / "data").iterdir()}
    assert set(DATASETS) <= tables & files


def test_the_package_is_valid_for_plain_frictionless_with_no_limit(published: Published) -> None:
    with system.use_context(trusted=True):
        report = Package(str(published.current / "datapackage.json")).validate(limit_errors=1_000_000)  # fmt: skip
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])[:5]


FIGURES = {
    "select count(*) from penalty_filings where decision_date like '2024-%'": 11,
    "select count(*) from certificate_events where event = '新申办' and event_date like '2024-%'": 72,
    "select count(*) from certificate_events where event = '年审' and event_date like '2024-%'": 844,
    "select count(*) from normative_reviews where review_kind = '备案审查' and filing_date like '2024-%'": 10,
    "select count(*) from normative_reviews where review_kind = '后评估' and review_date like '2024-%'": 2,
    "select count(*) from normative_reviews where review_kind = '清理' and outcome = '废止' and review_date like '2024-%'": 12,
    "select count(*) from normative_reviews where review_kind = '清理' and outcome = '修改' and review_date like '2024-%'": 1,
}


@pytest.mark.parametrize(("sql", "figure"), FIGURES.items())
def test_the_samples_records_add_up_to_the_real_figures_of_2024(published: Published, sql: str, figure: int) -> None:  # fmt: skip
    assert query(published.current, sql) == [(figure,)]


def test_every_row_read_is_accounted_for(published: Published) -> None:
    run = json.loads((published.private / "run.json").read_text("utf-8"))
    parts = ("accepted", "quarantined", "withheld", "withdrawn", "repeated", "set_aside")
    assert run["inputs"]
    for tally in [*run["inputs"], *run["datasets"].values()]:
        assert tally["read"] == sum(tally[part] for part in parts)


def test_the_database_holds_what_the_tallies_say(published: Published) -> None:
    run = json.loads((published.private / "run.json").read_text("utf-8"))
    for dataset, tally in run["datasets"].items():
        assert query(published.current, f"select count(*) from {dataset}") == [(tally["accepted"],)]


def test_a_file_is_sorted_by_its_key(published: Published) -> None:
    with (published.current / "data" / "penalty_filings.csv").open(encoding="utf-8") as file:
        keys = [row["record_id"] for row in csv.DictReader(file)]
    assert keys == sorted(keys)


def test_amounts_are_in_yuan_with_two_decimals_whatever_unit_they_came_in(published: Published) -> None:  # fmt: skip
    with (published.current / "data" / "penalty_filings.csv").open(encoding="utf-8") as file:
        amounts = [row["fine_yuan"] for row in csv.DictReader(file) if row["fine_yuan"]]
    assert amounts
    assert all(amount[-3] == "." and amount.replace(".", "").isdigit() for amount in amounts)


def test_every_published_row_names_its_source(published: Published) -> None:
    sql = "select count(*) from penalty_filings p left join sources s using (source_id) where s.file is null or p.source_row < 2"  # fmt: skip
    assert query(published.current, sql) == [(0,)]


def test_the_sample_says_that_it_is_one(published: Published) -> None:
    package = json.loads((published.current / "datapackage.json").read_text("utf-8"))
    assert package["gongshi:sample"] == "示例数据 / synthetic sample"


def test_the_samples_report_agrees_with_the_records_but_for_its_two_planted_differences(
    published: Published,
) -> None:
    sql = "select verdict, count(*) from report_checks group by verdict"
    verdicts = dict(query(published.current, sql))
    sql = "select code, stated, counted from report_checks where verdict = 'differs' order by code"
    differing = query(published.current, sql)
    assert [(code, int(stated), int(counted)) for code, stated, counted in differing] == [
        ("certificates_cancelled", 16, 14),
        ("documents_legality_reviewed", 15, 13),
    ]
    assert verdicts["agrees"] >= 11


def test_a_difference_says_which_rows_could_explain_it(published: Published) -> None:
    sql = "select why, why_en from report_checks where code = 'documents_legality_reviewed'"
    [(why, why_en)] = query(published.current, sql)
    assert "隔离" in why
    assert "2023 年的同类记录" in why
    assert "quarantined" in why_en
    assert "For 2023 the records give" in why_en


def test_the_private_folder_is_closed_to_others(published: Published) -> None:
    assert published.private.stat().st_mode & 0o777 == 0o700


def test_inputs_are_kept_as_they_came(published: Published, root: Path) -> None:
    sent = [p for p in (root / "examples" / "inbox").rglob("*") if p.is_file() and p.name != "sources.yaml"]  # fmt: skip
    kept = {path.name for path in (published.private / "raw").iterdir()}
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in sent} == kept


def test_money_survives_the_database_exactly(published: Published) -> None:
    with (published.current / "data" / "penalty_filings.csv").open(encoding="utf-8") as file:
        written = {row["record_id"]: row["fine_yuan"] for row in csv.DictReader(file)}
    stored = dict(query(published.current, "select record_id, case when fine_yuan is null then '' else printf('%.2f', fine_yuan) end from penalty_filings"))  # fmt: skip
    assert stored == written


# ---------------------------------------------------------------- the same again


def test_the_same_input_gives_the_same_bytes_in_another_folder_zone_and_locale(every_engine: int, gongshi_process: Command, published: Published, tmp_path: Path) -> None:  # fmt: skip
    shutil.copytree("examples/inbox", tmp_path / "elsewhere")
    (tmp_path / "private").mkdir()
    shutil.copy(published.private / "key", tmp_path / "private" / "key")
    env = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    assert publish(gongshi_process, tmp_path / "elsewhere", tmp_path, env=env).returncode == 0
    ours = tmp_path / "site" / "current"
    assert ours.resolve().name == published.current.resolve().name
    assert hashes(ours.resolve()) == hashes(published.current.resolve())


def test_a_run_that_finds_nothing_changed_makes_no_release(gongshi: Command, tmp_path: Path) -> None:  # fmt: skip
    inbox = small_inbox(tmp_path)
    publish(gongshi, inbox, tmp_path)
    done = publish(gongshi, inbox, tmp_path)
    assert "没有变化" in done.stdout
    assert len(list((tmp_path / "site" / "releases").iterdir())) == 1


# ---------------------------------------------------------------- input that nobody here wrote


def test_all_418_regulations_of_henan_are_published(published_real: Published) -> None:
    run = json.loads((published_real.private / "run.json").read_text("utf-8"))
    tally = run["datasets"]["normative_documents"]
    assert (tally["read"], tally["accepted"]) == (418, 418)


def test_a_regulation_without_dates_is_published_without_dates(published_real: Published, real_inbox: Path) -> None:  # fmt: skip
    file = real_inbox / "normative_documents" / "henan-local-regulations.csv"
    with file.open(encoding="utf-8") as rows:
        undated = sum(not row["publish"] for row in csv.DictReader(rows))
    sql = "select count(*) from normative_documents where publish_date is null"
    assert query(published_real.current, sql) == [(undated,)]


# ---------------------------------------------------------------- input that cannot be read


def small_inbox(folder: Path) -> Path:
    inbox = folder / "inbox"
    inbox.mkdir()
    (inbox / "文件.csv").write_text("文号,文件名称,制定机关\n示政发〔2024〕1号,示例办法,示例区人民政府\n", "utf-8")  # fmt: skip
    return inbox


def refused(done: subprocess.CompletedProcess[str], code: int, *said: str) -> None:
    """One clear sentence, the exit code of the interface, no traceback."""
    output = done.stdout + done.stderr
    assert done.returncode == code, output
    assert "Traceback" not in output
    for words in said:
        assert words in output


@pytest.mark.once
def test_an_inbox_that_is_not_there_is_said_so(every_engine: int, gongshi_process: Command, tmp_path: Path) -> None:  # fmt: skip
    """By the process itself, whose exit code and streams are what scripts see."""
    refused(
        publish(gongshi_process, tmp_path / "nowhere", tmp_path), 3, "没有找到收件箱", "nowhere"
    )


def test_an_empty_inbox_is_said_so(gongshi: Command, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    refused(publish(gongshi, tmp_path / "inbox", tmp_path), 3, "没有可读的文件")


def test_an_inbox_of_which_nothing_can_be_read_is_said_so(gongshi: Command, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "坏.xlsx").write_bytes(b"PK\x03\x04 broken")
    refused(publish(gongshi, tmp_path / "inbox", tmp_path), 3, "没有一个文件能够读取")


def test_a_broken_file_does_not_keep_the_others_from_being_published(gongshi: Command, tmp_path: Path) -> None:  # fmt: skip
    inbox = small_inbox(tmp_path)
    (inbox / "坏.xlsx").write_bytes(b"PK\x03\x04 broken")
    (inbox / "图片.png").write_bytes(b"\x89PNG")
    (inbox / "说不清.csv").write_text("甲,乙\n1,2\n", "utf-8")
    assert publish(gongshi, inbox, tmp_path).returncode == 0
    with (tmp_path / "private" / "findings.csv").open(encoding="utf-8") as file:
        found = {row["file"]: row["rule"] for row in csv.DictReader(file) if row["dataset"] == ""}
    assert found == {"坏.xlsx": "file-broken", "图片.png": "file-kind", "说不清.csv": "dataset-unknown"}  # fmt: skip


def test_a_broken_sources_yaml_is_named_with_its_line(gongshi: Command, tmp_path: Path) -> None:
    inbox = small_inbox(tmp_path)
    (inbox / "sources.yaml").write_text("- match: a.csv\n  columns: {x: [\n", "utf-8")
    refused(publish(gongshi, inbox, tmp_path), 2, "sources.yaml", "行")


def test_an_unknown_key_in_sources_yaml_is_named(gongshi: Command, tmp_path: Path) -> None:
    inbox = small_inbox(tmp_path)
    (inbox / "sources.yaml").write_text("- match: a.csv\n  colunms: {}\n", "utf-8")
    refused(publish(gongshi, inbox, tmp_path), 2, "sources.yaml", "colunms", "columns")


def test_a_broken_contract_is_named_with_file_and_line(gongshi: Command, root: Path, tmp_path: Path) -> None:  # fmt: skip
    contract = tmp_path / "datapackage"
    shutil.copytree(root / "datapackage", contract)
    path = contract / "authorities.yaml"
    path.write_text(path.read_text("utf-8") + "\nstrange: 1\n", "utf-8")
    done = publish(gongshi, small_inbox(tmp_path), tmp_path, "--contract", contract)
    refused(done, 2, "authorities.yaml", "strange", "行")


def test_a_date_that_is_none_is_named(gongshi: Command, tmp_path: Path) -> None:
    inbox = small_inbox(tmp_path)
    done = gongshi("publish", inbox, "--site", tmp_path / "s", "--private", tmp_path / "p", "--today", "2025-02-30")  # fmt: skip
    refused(done, 2, "2025-02-30")


def test_a_private_folder_inside_the_site_is_refused(gongshi: Command, tmp_path: Path) -> None:
    site = tmp_path / "site"
    done = gongshi("publish", small_inbox(tmp_path), "--site", site, "--private", site / "private")
    refused(done, 2, "私有文件夹")


def test_messages_are_english_where_asked(gongshi: Command, tmp_path: Path) -> None:
    refused(publish(gongshi, tmp_path / "nowhere", tmp_path, "--lang", "en"), 3, "is not there")


def test_a_refused_run_leaves_the_release_that_was_there(gongshi: Command, tmp_path: Path) -> None:
    inbox = small_inbox(tmp_path)
    publish(gongshi, inbox, tmp_path)
    before = hashes((tmp_path / "site" / "current").resolve())
    (inbox / "文件.csv").write_text(
        "文号,文件名称,制定机关\n示政发〔2024〕99号,示例办法,示例区人民政府\n", "utf-8"
    )
    refused(publish(gongshi, inbox, tmp_path), 4, "没有发布", "--allow-removals")
    assert hashes((tmp_path / "site" / "current").resolve()) == before


def test_check_exits_with_one_where_there_are_errors_and_publishes_nothing(gongshi: Command, tmp_path: Path) -> None:  # fmt: skip
    done = gongshi("check", "examples/inbox", "--private", tmp_path / "private")
    assert done.returncode == 1
    assert not (tmp_path / "site").exists()


def test_check_exits_with_zero_where_there_are_none(gongshi: Command, tmp_path: Path) -> None:
    assert gongshi("check", small_inbox(tmp_path), "--private", tmp_path / "p").returncode == 0
