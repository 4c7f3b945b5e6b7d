"""Files are written whole or not at all, by one run at a time; what goes wrong is one sentence."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.base.errors import GateRefused, StoreError
from pipeline.base.files import faults, link, locked, naming, write_durably
from tests.support.full_disk import full

ROOT = Path(__file__).parents[2]


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    write_durably(path, "old")

    def refuse(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space") as told:
        write_durably(path, "newer")
    assert told.value.filename == str(path)
    assert (path.read_text(), [p.name for p in tmp_path.iterdir()]) == ("old", ["a"])


def test_a_file_is_written_with_the_mode_that_is_asked_for(tmp_path: Path) -> None:
    write_durably(tmp_path / "key", "secret", 0o600)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_lock_tells_who_has_it(tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path; from pipeline.base.files import locked\nwith locked(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    owner = subprocess.Popen([sys.executable, "-c", code, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert owner.stdout
    owner.stdout.readline()
    try:
        with pytest.raises(StoreError, match=rf"进程 {owner.pid}\b"), locked(tmp_path):
            pass
    finally:
        owner.kill()
        owner.wait()
        owner.stdout.close()
    with locked(tmp_path):
        assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n"


def test_a_lock_is_had_on_a_disk_on_which_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", refuse)
    with locked(tmp_path), pytest.raises(StoreError, match="正在使用"), locked(tmp_path):
        pass


def test_an_error_that_names_no_file_is_of_the_folder_that_was_written(tmp_path: Path) -> None:
    site, private = tmp_path / "site", tmp_path / "private"
    for folder in (site, private):
        folder.mkdir()
    with pytest.raises(StoreError) as told, faults(site, private), full(site):
        (site / "a").write_text("a")
    assert str(told.value).startswith(f"无法写入 {site}：")


def test_an_error_that_names_a_file_is_of_that_file_wherever_it_is_met(tmp_path: Path) -> None:
    site, private = tmp_path / "site", tmp_path / "private"
    for folder in (site, private):
        folder.mkdir()
    path = private / "a"
    with pytest.raises(StoreError) as told, faults(site), full(private), naming(path):
        path.write_text("a")
    assert str(told.value).startswith(f"无法写入 {path}：")


def test_a_copy_that_has_no_room_is_told_by_its_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "old").write_text("a")
    (tmp_path / "site").mkdir()
    new = tmp_path / "site" / "new"
    with pytest.raises(StoreError) as told, faults(tmp_path), full(tmp_path / "site"), naming(new):
        link(tmp_path / "old", new)
    assert str(told.value).startswith(f"无法写入 {new}：")


def test_a_file_is_linked_into_a_folder_that_is_made(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("a")
    link(tmp_path / "old", tmp_path / "a" / "b" / "new")
    assert (tmp_path / "a" / "b" / "new").samefile(tmp_path / "old")


def test_the_innermost_name_is_the_one_that_is_told(tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "inner"
    with pytest.raises(OSError, match="readonly") as told, naming(outer), naming(inner):
        raise sqlite3.OperationalError("attempt to write a readonly database")
    assert told.value.filename == str(inner)


@pytest.mark.parametrize("error", [ValueError("a"), GateRefused("a"), sqlite3.OperationalError("no such table: a")])  # fmt: skip
def test_naming_lets_pass_what_is_not_of_the_disk(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as told, naming(tmp_path):
        raise error
    assert told.value is error


def test_faults_let_pass_what_is_not_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a"), faults(tmp_path):
        raise ValueError("a")
