"""What of an inbox cannot be read is told by its name, and all else of it is read."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.base.errors import UnreadableInput
from pipeline.base.model import Finding
from pipeline.intake.inbox import sources
from tests.support.full_disk import full
from tests.support.shop import SmallShop, documents

Close = Callable[[Path], None]


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    made = SmallShop(tmp_path)
    made.send(documents(3), "一.csv")
    (made.inbox / "局").mkdir()
    made.send(documents(3), "局/二.csv")
    return made


@pytest.fixture
def close(monkeypatch: pytest.MonkeyPatch) -> Close:
    """Closes a file or a folder to this process, whoever runs it: the superuser may read anywhere."""
    closed, access, scandir = list[Path](), os.access, os.scandir

    def denied(path: Any) -> bool:
        return any(Path(os.fsdecode(path)).is_relative_to(each) for each in closed)

    def scanned(path: Any) -> Any:
        if denied(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scandir(path)

    monkeypatch.setattr(os, "access", lambda path, mode: not denied(path) and access(path, mode))
    monkeypatch.setattr(os, "scandir", scanned)
    return closed.append


def read(shop: SmallShop) -> tuple[list[str], list[tuple[str, str]]]:
    """The files that are read, and what is found of others."""
    inbox = sources.scan(shop.inbox, shop.contract)
    return [file.name for file in inbox.files], [(f.rule, f.file) for f in inbox.findings]


def test_a_file_that_may_not_be_read_is_told_and_the_others_are_read(
    shop: SmallShop, close: Close
) -> None:
    close(shop.inbox / "一.csv")
    assert read(shop) == (["局/二.csv"], [("file-unreadable", "一.csv")])


def test_a_report_that_may_not_be_read_is_told(shop: SmallShop, close: Close) -> None:
    (shop.inbox / "reports").mkdir()
    (shop.inbox / "reports" / "年度报告.txt").write_text("报告", "utf-8")
    close(shop.inbox / "reports" / "年度报告.txt")
    assert read(shop)[1] == [("file-unreadable", "reports/年度报告.txt")]


def test_a_folder_that_may_not_be_read_is_told_and_not_passed_over(
    shop: SmallShop, close: Close
) -> None:
    close(shop.inbox / "局")
    assert read(shop) == (["一.csv"], [("file-unreadable", "局")])


@pytest.mark.slow
def test_a_folder_whose_files_may_not_be_opened_is_told(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = os.access
    shut = str(shop.inbox / "局")
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != shut and honest(path, mode))
    assert read(shop) == (["一.csv"], [("file-unreadable", "局")])


def test_an_inbox_that_may_not_be_read_is_told_by_its_path(shop: SmallShop, close: Close) -> None:
    close(shop.inbox)
    with pytest.raises(UnreadableInput, match="无法读取") as told:
        read(shop)
    assert str(shop.inbox) in str(told.value)


def test_a_sources_yaml_that_may_not_be_read_is_told_by_its_path(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop.inbox / "sources.yaml"
    path.write_text("[]")
    honest = Path.read_text

    def denied(self: Path, *rest: Any, **more: Any) -> str:
        if self == path:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return honest(self, *rest, **more)

    monkeypatch.setattr(Path, "read_text", denied)
    with pytest.raises(UnreadableInput, match=r"sources\.yaml 无法读取"):
        read(shop)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_copy_that_cannot_be_written_is_no_fault_of_the_file(
    shop: SmallShop, number: int
) -> None:
    [file, _] = sources.scan(shop.inbox, shop.contract).files
    raw = shop.private / "raw"
    with pytest.raises(OSError, match=os.strerror(number)) as told, full(raw, number=number):
        sources.snapshot(file, raw)
    assert Path(told.value.filename).parent == raw
    assert list(raw.iterdir()) == []


def test_a_file_that_fails_while_it_is_read_is_a_finding(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    [file, _] = sources.scan(shop.inbox, shop.contract).files

    def fails(path: Path) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    monkeypatch.setattr(sources, "_blocks", fails)
    found = sources.snapshot(file, shop.private / "raw")
    assert isinstance(found, Finding) and found.rule == "file-unreadable"


def test_a_table_that_is_hidden_is_told_and_what_programs_leave_behind_is_not(
    shop: SmallShop,
) -> None:
    for name in (".隐藏.csv", "局/.旧/三.csv", "局/.旧/四.csv", "._一.csv", "~$一.xlsx", ".DS_Store", ".git/config"):  # fmt: skip
        path = shop.inbox / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    found = sources.scan(shop.inbox, shop.contract)
    assert [(f.rule, f.file) for f in found.findings] == [("file-hidden", ".隐藏.csv"), ("file-hidden", "局/.旧")]  # fmt: skip
    assert [file.name for file in found.files] == ["一.csv", "局/二.csv"]
