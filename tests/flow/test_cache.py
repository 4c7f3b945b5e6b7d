"""What is kept of a file gives what reading it again would give, and is taken only when it is ours."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import run
from pipeline.base import software
from pipeline.checks.results import parquet
from pipeline.contract import catalog
from pipeline.flow import check as checking
from pipeline.flow import read_inbox
from tests.support.shop import (
    PENALTIES,
    ROOT,
    TODAY,
    PenaltyShop,
    Shop,
    SmallShop,
    documents,
    hashes,
    penalties,
)

# What a run finds and publishes does not depend on what computes.
pytestmark = pytest.mark.usefixtures("every_engine")

Read = list[str]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = SmallShop(tmp_path)
    rows = documents(40)
    made.send(rows[:20], "甲局-示例数据.csv")
    made.send(rows[20:], "乙局-示例数据.csv")
    return made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    """The files that went through intake and checks, and were not taken from the cache."""
    names: Read = []
    check = read_inbox.check_chunk

    def told(chunk: Any, *rest: Any) -> Any:
        names.extend({chunk.source.path}.difference(names))
        return check(chunk, *rest)

    monkeypatch.setattr(read_inbox, "check_chunk", told)
    yield names


def entries(shop: Shop) -> list[Path]:
    return sorted(p for p in (shop.private / "cache").iterdir() if not p.suffix)


def test_only_the_file_that_changed_is_read_again(shop: Shop, read: Read) -> None:
    shop.publish()
    assert sorted(read) == ["乙局-示例数据.csv", "甲局-示例数据.csv"]
    read.clear()
    shop.send([*documents(60)[20:40], documents(60)[50]], "乙局-示例数据.csv")
    shop.publish()
    assert read == ["乙局-示例数据.csv"]


def test_with_and_without_the_cache_the_release_is_the_same(shop: Shop) -> None:
    shop.publish()
    shop.send(documents(60)[20:], "乙局-示例数据.csv")
    before, other = (
        shutil.copytree(shop.site, shop.site.with_name("other"), symlinks=True),
        shop.site,
    )
    warm = hashes(shop.publish())
    shutil.rmtree(shop.private / "cache")
    shutil.rmtree(other)
    before.rename(other)
    assert hashes(shop.publish()) == warm


def test_with_and_without_the_cache_a_check_tells_the_same(tmp_path: Path, read: Read) -> None:
    """The sample inbox: workbooks, sheets aside, quarantine, withheld rows, feedback."""
    contract = catalog.load(ROOT / "datapackage")
    private = tmp_path / "private"
    inbox = ROOT / "examples" / "inbox"
    cold = told(checking.check(inbox, private, contract, TODAY), private)
    assert read
    read.clear()
    assert told(checking.check(inbox, private, contract, TODAY), private) == cold
    assert not read


def told(made: run.Run, private: Path) -> dict[str, Any]:
    """All that a check leaves, but for workbooks' bytes, which hold the time of day."""
    names = ["findings.csv", "findings.json", "withheld.csv", "run.json"]
    files = [private / name for name in names] + sorted((private / "quarantine").iterdir())
    files += sorted((private / "changes").iterdir())
    secrets = (private / "work" / "secrets.csv").read_bytes()
    return {
        **{path.name: path.read_bytes() for path in files},
        "secrets": secrets,
        "feedback": made.feedback,
        "tallies": made.ledger.tallies,
        "checksums": made.checksums,
        "issues": made.ledger.issues,
    }


def test_another_day_another_contract_or_another_name_is_read_anew(shop: Shop, read: Read) -> None:
    shop.publish()
    read.clear()
    shop.publish(TODAY + timedelta(1))
    assert len(read) == 2
    read.clear()
    shop.contract = replace(shop.contract, version="other")
    shop.publish(TODAY + timedelta(1))
    assert len(read) == 2
    read.clear()
    (shop.inbox / "乙局-示例数据.csv").rename(shop.inbox / "丙局-示例数据.csv")
    shop.publish(TODAY + timedelta(1))
    assert read == ["丙局-示例数据.csv"]


def test_another_version_of_the_program_reads_anew(
    shop: Shop, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.publish()
    read.clear()
    monkeypatch.setattr(software, "digest", lambda: "another")
    shop.publish()
    assert len(read) == 2


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "longer"])
def test_a_damaged_entry_is_as_if_absent(shop: Shop, read: Read, damage: str) -> None:
    first = hashes(shop.publish())
    for path in entries(shop):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1 if damage == "flip" else 0
        ends = {"cut": -40, "empty": 0}.get(damage)
        path.write_bytes(data[:ends] + (b"x" if damage == "longer" else b""))
    read.clear()
    assert hashes(shop.publish()) == first
    assert len(read) == 2


@pytest.mark.parametrize("damage", ["flip", "gone"])
def test_a_part_that_is_damaged_or_gone_is_read_anew(
    shop: Shop, read: Read, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "LEAST", 0)
    first = hashes(shop.publish())
    read.clear()
    shop.publish()
    assert not read
    for path in (shop.private / "cache").glob("*.parquet"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data) if damage == "flip" else path.unlink()
    assert hashes(shop.publish()) == first
    assert len(read) == 2


class _Bomb:
    def __reduce__(self) -> Any:
        return pytest.fail, ("what is not proven was unpickled",)


def test_what_somebody_else_put_there_is_never_opened(shop: Shop) -> None:
    shop.publish()
    for path in entries(shop):
        path.write_bytes(pickle.dumps(_Bomb()) + bytes(32))
    shop.publish()


def test_a_cache_that_cannot_be_written_stops_nothing(shop: Shop, read: Read) -> None:
    (shop.private / "cache").write_text("in the way")
    for _ in range(2):
        read.clear()
        shop.publish()
        assert len(read) == 2


def test_entries_that_a_run_did_not_use_go(shop: Shop) -> None:
    shop.publish()
    assert len(entries(shop)) == 2
    (shop.inbox / "乙局-示例数据.csv").unlink()
    shop.publish(removals=True)
    assert len(entries(shop)) == 1


def test_rows_found_out_late_are_read_from_the_file_again(tmp_path: Path) -> None:
    """Two files hold one key with other values: what is quarantined is told as it was written."""
    shop = PenaltyShop(tmp_path)
    rows = penalties(20)
    shop.send(rows, "甲局-示例数据.csv")
    shop.send([rows[0] | {"罚款金额（万元）": "99"}], "乙局-示例数据.csv")
    quarantine = shop.private / "quarantine" / f"{PENALTIES}.csv"
    checking.check(shop.inbox, shop.private, shop.contract, TODAY)
    cold = quarantine.read_bytes()
    checking.check(shop.inbox, shop.private, shop.contract, TODAY)
    assert quarantine.read_bytes() == cold
    assert b"99" in cold
