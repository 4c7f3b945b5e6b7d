"""A row that a store or the exit guard refuses is taken out and told; all others are published."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline.base.errors import GateRefused, Unaccounted
from pipeline.release.database import database
from pipeline.release.gate import gate
from pipeline.release.package import package
from pipeline.release.store import verify
from tests.support.shop import DOCUMENTS, SmallShop, documents

pytestmark = pytest.mark.usefixtures("every_engine")
ROWS = 12


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    return SmallShop(tmp_path)


def told(shop: SmallShop, rule: str) -> list[dict[str, str]]:
    with (shop.private / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if row["rule"] == rule]


def published(shop: SmallShop) -> set[str]:
    path = shop.current / "data" / f"{DOCUMENTS}.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["title"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("disguised", ["a&#64;example.com", "1381&#50;345678"])
def test_a_record_that_the_exit_guard_hits_is_taken_out_with_its_row_and_the_rest_is_published(
    shop: SmallShop, disguised: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.checks.row import privacy

    monkeypatch.setattr(privacy, "free_suspects", lambda *_: {})  # the screen misses it
    rows = documents(ROWS)
    rows[4]["文件名称"] += f"，{disguised}"
    shop.send(rows)
    shop.publish()
    assert published(shop) == {row["文件名称"] for row in rows if disguised not in row["文件名称"]}
    [finding] = told(shop, "guard-match")
    assert (finding["row"], finding["column"], finding["owner"]) == ("6", "title", "department")
    assert disguised not in str(finding)
    assert verify.release(shop.site, "", None).problems == ()


def loaded_and(monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    """The documents are loaded into the database, and then `statement` changes them."""
    honest = database.load

    def load(cursor: object, dataset: object, path: Path) -> None:
        honest(cursor, dataset, path)
        if dataset.name == DOCUMENTS:
            cursor.execute(statement)

    monkeypatch.setattr(database, "load", load)


def damaged_database(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    loaded_and(monkeypatch, f"update {DOCUMENTS} set title = '变了' where document_no = '{number}'")


def damaged_csv(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    honest = package.write_data

    def write(con: object, rows: Path, name: str, release: Path) -> list[Path]:
        paths = honest(con, rows, name, release)
        lines = paths[0].read_text("utf-8").split("\n")
        lines = [line.replace("办法", "变了") if number in line else line for line in lines]
        paths[0].write_text("\n".join(lines), "utf-8")
        return paths

    monkeypatch.setattr(package, "write_data", write)


@pytest.mark.parametrize("damage", [damaged_database, damaged_csv])
def test_a_record_that_a_store_holds_otherwise_is_our_fault_and_the_rest_is_published(
    shop: SmallShop, damage: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = documents(ROWS)
    damage(monkeypatch, rows[4]["文号"])
    shop.send(rows)
    shop.publish()
    assert published(shop) == {row["文件名称"] for row in rows if row is not rows[4]}
    [finding] = told(shop, "row-not-held")
    assert (finding["row"], finding["column"], finding["owner"]) == ("6", "title", "pipeline")
    for said in (rows[4]["文号"], rows[4]["文件名称"], "变了", "不是报送单位的错误"):
        assert said in finding["message"]
    assert not list((shop.private / "feedback").rglob("*.xlsx"))
    assert verify.release(shop.site, "", None).problems == ()


def test_a_row_that_is_missing_in_a_store_cannot_be_pinned_and_stops_the_release(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded_and(monkeypatch, f"delete from {DOCUMENTS} where rowid = 5")
    shop.send(documents(ROWS))
    with pytest.raises(Unaccounted, match=DOCUMENTS):
        shop.publish()
    assert not (shop.site / "current").exists()


def test_what_hits_other_rows_at_each_pass_stops_the_release_after_some(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "failures", lambda *_: [])
    loaded_and(monkeypatch, f"update {DOCUMENTS} set title = '变了' where rowid = 1")
    shop.send(documents(ROWS))
    with pytest.raises(GateRefused):
        shop.publish()
    assert not (shop.site / "current").exists()


class KeylessShop(SmallShop):
    """Documents without a key, whose organ is masked as a person's name."""

    def alter(self, contract: Path) -> None:
        super().alter(contract)
        path = contract / f"{DOCUMENTS}.yaml"
        text = path.read_text("utf-8").replace("  primaryKey: [document_no]\n", "")
        text = text.replace("gongshi:kind: organisation", "gongshi:kind: name\n      gongshi:privacy: masked", 1)  # fmt: skip
        path.write_text(text, "utf-8")


def test_a_dataset_without_a_key_may_have_masked_names(tmp_path: Path) -> None:
    shop = KeylessShop(tmp_path)
    shop.send([row | {"制定机关": "李示例"} for row in documents(ROWS)])
    shop.publish()
    path = shop.current / "data" / f"{DOCUMENTS}.csv"
    assert "李某" in path.read_text("utf-8") and "李示例" not in path.read_text("utf-8")
