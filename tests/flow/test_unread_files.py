"""A file that cannot be read stops no other; what our own reader does wrong is told to no department."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.intake.workbook import reader_process
from pipeline.release.package import manifest
from tests.support.hostile_files import TABLE, xlsx
from tests.support.hostile_workbooks import FAR, REFUSED, with_cell
from tests.support.shop import DOCUMENTS, SmallShop, documents, rows_of

pytestmark = pytest.mark.usefixtures("every_engine")

CSV, BOOK = "甲局/目录.csv", "乙局/目录.xlsx"
PERSON = "110101199003072391"  # made up (示例 / synthetic sample)
KILLED = "import os, signal; print('[\"ready\"]', flush=True); os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SmallShop]:
    """Twenty documents in a CSV, five others in a workbook."""
    made = SmallShop(tmp_path)
    for name in (CSV, BOOK):
        (made.inbox / name).parent.mkdir()
    made.send([{**row, "文号": f"甲政发〔2024〕{n}号"} for n, row in enumerate(documents(20))], CSV)
    (made.inbox / BOOK).write_bytes(xlsx(TABLE))
    reader_process.close_idle()
    yield made
    reader_process.close_idle()


def public(shop: SmallShop) -> set[str]:
    return {
        row["document_no"] for row in rows_of(shop.current / "data" / "normative_documents.csv")
    }


def told(shop: SmallShop) -> list[tuple[str, str, str]]:
    """(file, rule, owner) of findings about files as a whole."""
    with (shop.private / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    return [(f["file"], f["rule"], f["owner"]) for f in found if f["severity"] == "error"]


def end_every_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    reader_process.close_idle()
    monkeypatch.setattr(reader_process, "PROGRAM", [sys.executable, "-c", KILLED])


def test_a_reader_that_is_ended_from_outside_is_no_departments_fault(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_every_reader(monkeypatch)
    shop.publish()
    assert len(public(shop)) == 20
    assert told(shop) == [(BOOK, "reader-ended", "pipeline")]
    assert not list((shop.private / "feedback").rglob("*乙局*"))


def test_the_next_run_reads_what_was_not_read_for_a_fault_of_ours(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        end_every_reader(patch)
        shop.publish()
    shop.publish()
    assert len(public(shop)) == 25 and told(shop) == []


def test_rows_that_were_public_stay_so_when_their_file_is_not_read_for_a_fault_of_ours(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.publish()
    before = public(shop)
    shutil.rmtree(shop.private / "cache")
    end_every_reader(monkeypatch)
    release = shop.publish()
    assert public(shop) == before
    assert [each["expectation"] for each in manifest.read(release)["held_back"]] == ["unread"]


def test_a_dataset_that_the_contract_has_no_more_is_not_held_back_for_an_unread_file(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    release = shop.publish()
    assert {row["dataset"] for row in rows_of(release / "data" / "sources.csv")} == {DOCUMENTS}
    shutil.rmtree(shop.private / "cache")
    place = tmp_path / "other" / "contract" / "datapackage"
    shutil.copytree(shop.contract.folder, place)
    text = (place / f"{DOCUMENTS}.yaml").read_text("utf-8")
    (place / f"{DOCUMENTS}.yaml").unlink()
    (place / "other.yaml").write_text(text.replace(f"name: {DOCUMENTS}", "name: other"), "utf-8")
    shop.contract = shop.load(tmp_path / "other")
    end_every_reader(monkeypatch)
    release = shop.publish(removals=True)
    assert len(rows_of(release / "data" / "other.csv")) == 20
    assert "held_back" not in manifest.read(release)


@pytest.mark.parametrize("name", [PERSON, "张三丰"])
@pytest.mark.parametrize("changed", [b"", b"\n"], ids=["same", "changed"])
def test_a_file_with_a_personal_name_has_its_neutral_one_where_its_dataset_is_held_back(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch, name: str, changed: bytes
) -> None:
    path = shop.inbox / f"乙局/{name}.xlsx"
    (shop.inbox / BOOK).rename(path)
    shop.publish()
    shutil.rmtree(shop.private / "cache")
    path.write_bytes(path.read_bytes() + changed)
    end_every_reader(monkeypatch)
    release = shop.publish()
    [held] = manifest.read(release)["held_back"]
    assert held["expectation"] == "unread" and "乙局/文件 1（" in held["reason"]["zh"]
    texts = [p for p in release.rglob("*") if p.suffix in (".json", ".csv", ".jsonld")]
    assert texts and not any(name in path.read_text("utf-8") for path in texts)


def test_hostile_workbooks_beside_a_good_file_each_have_one_reason_and_it_is_published(
    shop: SmallShop,
) -> None:
    for number, (data, _) in enumerate(REFUSED.values()):
        (shop.inbox / f"{number:02}.xlsx").write_bytes(data)
    for number, cell in enumerate(FAR):
        (shop.inbox / f"far-{number:02}.xlsx").write_bytes(with_cell(cell))
    shop.publish()
    assert len(public(shop)) == 25
    files = {f"{n:02}.xlsx": rule for n, (_, rule) in enumerate(REFUSED.values())}
    files |= {f"far-{n:02}.xlsx": f"sheet-{skipped}" for n, skipped in enumerate(FAR.values())}
    assert sorted(told(shop)) == sorted((f, rule, "department") for f, rule in files.items())


def test_tables_on_their_side_beside_a_good_file_are_one_finding_each_and_it_is_published(
    shop: SmallShop,
) -> None:
    sideways = [[str(cell) for cell in column] for column in zip(*TABLE, strict=True)]
    (shop.inbox / "竖表.csv").write_text("".join(",".join(r) + "\n" for r in sideways), "utf-8")
    (shop.inbox / "竖表.xlsx").write_bytes(xlsx(sideways))
    release = shop.publish()
    assert len(public(shop)) == 25
    assert told(shop) == [(f"竖表.{s}", "table-transposed", "department") for s in ("csv", "xlsx")]
    sources = [row["source_id"] for row in rows_of(release / "data" / "sources.csv")]
    assert len(set(sources)) == len(sources) and all(sources)
