"""What the release before has already is linked, not made again; and the release is the same to the byte."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.base.errors import Unaccounted
from pipeline.release.data.reuse import Reuse
from pipeline.release.database import database
from pipeline.release.downloads import downloads
from pipeline.release.removal import withdraw
from tests.support.fixtures.engines import on_threads
from tests.support.fixtures.releases import MakeOnce
from tests.support.shop import (
    DOCUMENTS,
    PENALTIES,
    TODAY,
    PenaltyShop,
    Shop,
    documents,
    hashes,
    penalties,
    twin_of,
)

# What a run finds and publishes does not depend on what computes.
pytestmark = pytest.mark.usefixtures("every_engine")

FILE = "规范性文件-示例数据.csv"
Made = list[tuple[str, str]]


class PenaltyAndDocumentShop(PenaltyShop):
    few = (*PenaltyShop.few, DOCUMENTS)


@pytest.fixture
def shop(made_once: MakeOnce, tmp_path: Path) -> Shop:
    """A release of penalties and of documents, made on threads, to do with as a test likes."""

    def publish(folder: Path) -> None:
        made = PenaltyAndDocumentShop(folder / "shop")
        made.send(penalties(40))
        made.send(documents(30), FILE)
        with on_threads():
            made.publish(downloads=True)

    there = made_once("to-reuse", publish)
    made = PenaltyAndDocumentShop(tmp_path / "shop")
    made.stand_in(there / "shop")
    return twin_of(made, tmp_path / "shop")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """Datasets and kinds of the downloads that were made and not linked."""
    names: Made = []
    honest = downloads.write

    def told(con: Any, table: Any, *rest: Any) -> None:
        names.extend((table.dataset.name, kind) for kind in rest[-1])
        honest(con, table, *rest)

    monkeypatch.setattr(downloads, "write", told)
    yield names


def memory(shop: Shop) -> Path:
    return shop.private / "cache" / "made.json"


def twin(shop: Shop) -> Shop:
    """The same shop somewhere else, which remembers nothing."""
    other = twin_of(shop, shop.site.parent.with_name("twin"))
    shutil.rmtree(other.private / "cache")
    return other


def test_downloads_of_a_dataset_that_did_not_change_are_linked(shop: Shop, made: Made) -> None:
    before = shop.current
    shop.send(documents(31), FILE)
    after = shop.publish(downloads=True)
    for kind in downloads.KINDS:
        file = f"downloads/{PENALTIES}.{kind}"
        assert (after / file).samefile(before / file)
        assert (PENALTIES, kind) not in made
        assert (DOCUMENTS, kind) in made


def test_a_release_is_the_same_to_the_byte_whatever_is_remembered(shop: Shop) -> None:
    other = twin(shop)
    for each in (shop, other):
        each.send(documents(31), FILE)
    assert hashes(shop.publish(downloads=True)) == hashes(other.publish(downloads=True))


def test_so_it_is_where_tables_are_large_and_copied_from_the_database_before(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(database, "ASIDE_FROM", 10)
    for each in (penalties(41), penalties(40)):  # once more, so that the index was made aside
        shop.send(each)
        shop.publish(downloads=True, removals=True)
    other, copied = twin(shop), list[str]()
    honest = database._copy_rows
    monkeypatch.setattr(database, "_copy_rows", lambda con, d: copied.append(d.name) or honest(con, d))  # fmt: skip
    for each in (shop, other):
        each.send(documents(31), FILE)
    remembered = hashes(shop.publish(downloads=True))
    assert PENALTIES in copied and DOCUMENTS not in copied
    copied.clear()
    assert hashes(other.publish(downloads=True)) == remembered
    assert not copied


def test_where_only_the_sites_words_change_the_database_is_linked(shop: Shop) -> None:
    before = shop.current
    shop.words["keep"] = 11
    after = shop.publish(downloads=True)
    assert after != before
    assert (after / "disclosure.db").samefile(before / "disclosure.db")


def test_on_another_day_the_workbook_which_shows_the_day_is_made_again(shop: Shop, made: Made) -> None:  # fmt: skip
    shop.send(documents(31), FILE)
    shop.publish(TODAY + timedelta(1), downloads=True)
    assert [kind for name, kind in made if name == PENALTIES] == ["xlsx"]


def test_a_withdrawn_record_does_not_come_back_with_a_file_of_before(shop: Shop) -> None:
    shop.withdraw(f"{documents(1)[0]['文号']}", dataset=DOCUMENTS)
    other = twin(shop)
    for each in (shop, other):
        each.send(penalties(41))
    assert hashes(shop.publish(downloads=True)) == hashes(other.publish(downloads=True))


def test_after_going_back_a_file_is_not_taken_for_the_later_one_of_its_name(shop: Shop) -> None:
    shop.send(documents(31), FILE)
    shop.publish(downloads=True)
    withdraw.rollback(shop.site, "")
    other = twin(shop)
    assert hashes(shop.publish(downloads=True)) == hashes(other.publish(downloads=True))


def test_a_withdrawal_leaves_the_files_alone_that_a_later_release_shares(shop: Shop) -> None:
    before = shop.current
    shop.send(documents(31), FILE)
    shop.publish(downloads=True)
    unchanged = f"downloads/{PENALTIES}.xlsx"
    content = (before / unchanged).read_bytes()
    shop.withdraw(f"{documents(1)[0]['文号']}", dataset=DOCUMENTS)
    for name in shop.releases():
        assert (shop.site / "releases" / name / unchanged).read_bytes() == content


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', '{"a": {"b": 1}}', "\0\xff"])
def test_a_memory_that_is_damaged_is_as_if_it_were_not_there(shop: Shop, made: Made, content: str) -> None:  # fmt: skip
    memory(shop).write_text(content, "utf-8")
    shop.send(documents(31), FILE)
    shop.publish(downloads=True)
    assert (PENALTIES, "xlsx") in made


def test_what_cannot_be_remembered_stops_nothing(shop: Shop, made: Made) -> None:
    memory(shop).unlink()
    memory(shop).mkdir()
    shop.send(documents(31), FILE)
    shop.publish(downloads=True)
    assert (PENALTIES, "xlsx") in made


def test_a_linked_file_that_is_another_one_is_refused(tmp_path: Path) -> None:
    reuse = Reuse()
    reuse._linked["x"] = "0" * 64
    with pytest.raises(Unaccounted):
        reuse.verify({"x": {"sha256": "1" * 64}})
