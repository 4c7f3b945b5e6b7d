"""What `gongshi doctor` tries on a disk, and the room that it finds there."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.flow.doctor import disk
from pipeline.flow.doctor.result import Place, Result
from tests.flow.doctor.conftest import Finds

Check = Callable[[Place], Result]
BOTH = pytest.mark.parametrize("check", [disk.site_disk, disk.private_disk])


@BOTH
def test_a_disk_that_can_do_everything_is_right(place: Place, finds: Finds, check: Check) -> None:
    finds(check(place), "right", "disk-good")


@BOTH
def test_what_is_tried_leaves_nothing(place: Place, check: Check, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    check(place)
    assert sorted(tmp_path.rglob("*")) == before


@BOTH
def test_where_the_folder_is_not_there_its_parents_disk_is_tried(place: Place, finds: Finds, check: Check, tmp_path: Path) -> None:  # fmt: skip
    missing = tmp_path / "new" / "deep"
    finds(check(replace(place, site=missing, private=missing)), "right", "disk-good")
    assert not missing.parent.exists()


def fail(*_: Any, **__: Any) -> Any:
    raise OSError(errno.EPERM, "Operation not permitted")


def full(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def full_of_pages(*_: Any, **__: Any) -> Any:
    con = sqlite3.connect(":memory:")
    con.execute("pragma max_page_count = 1")
    con.execute("create table t (x)")


def fail_to_connect(*_: Any, **__: Any) -> Any:
    raise sqlite3.OperationalError("locking protocol")


FAULTS: list[tuple[object, str, Any, str]] = [
    (tempfile, "mkdtemp", fail, "disk-no-writing"),
    (Path, "write_bytes", fail, "disk-no-writing"),
    (Path, "rename", fail, "disk-no-rename"),
    (Path, "replace", fail, "disk-no-rename"),
    (os, "fsync", fail, "disk-no-sync"),
    (fcntl, "flock", fail, "disk-no-locks"),
    (fcntl, "flock", lambda *_: None, "disk-no-locks"),
    (Path, "iterdir", lambda _: [], "disk-no-names"),
    (sqlite3, "connect", fail_to_connect, "disk-no-database"),
    (os, "fsync", full, "disk-no-writing"),
    (disk, "closing", full_of_pages, "disk-no-writing"),
]


@pytest.mark.parametrize(("owner", "name", "fault", "key"), FAULTS)
def test_what_a_disk_cannot_do_is_wrong_and_leaves_nothing(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, fault: Any, key: str) -> None:  # fmt: skip
    before = sorted(place.private.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fault)
        result = disk.private_disk(place)
    finds(result, "wrong", key)
    assert sorted(place.private.iterdir()) == before


@pytest.mark.parametrize("fault", [fail, lambda link, target: link.touch()])
def test_a_public_folders_disk_without_links_is_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, fault: Any) -> None:  # fmt: skip
    monkeypatch.setattr(Path, "symlink_to", fault)
    finds(disk.site_disk(place), "wrong", "disk-no-links")


def test_a_private_folders_disk_needs_no_links(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(Path, "symlink_to", fail)
    finds(disk.private_disk(place), "right", "disk-good")


def test_releases_on_another_disk_than_the_public_folder_are_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(disk, "device", lambda path: hash(path))
    finds(disk.site_disk(place), "wrong", "disk-split")


# ---------------------------------------------------------------- room


def left(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=count))
    about = SimpleNamespace(f_files=10**9, f_favail=count)
    monkeypatch.setattr(disk.os, "statvfs", lambda _: about)


# The release of `place` has 117 bytes in two files. Its input is not in PRIVATE/raw: for that stands
# the release once more. Files: three times two, 10,000 for a run, three times one input.
BYTES, FILES = 4 * 117, 10_009
ROOMS = [(1.0, "right", "good"), (0.9, "look", "short"), (0.34, "look", "short"), (0.3, "wrong", "short"), (0, "wrong", "short")]  # fmt: skip


@pytest.mark.parametrize(("share", "state", "key"), ROOMS)
@pytest.mark.parametrize(("check", "name", "need"), [(disk.space, "space", BYTES), (disk.inodes, "inodes", FILES)])  # fmt: skip
def test_room_is_judged_by_three_times_the_last_release(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, check: Check, name: str, need: int, share: float, state: str, key: str) -> None:  # fmt: skip
    left(monkeypatch, round(need * share))
    finds(check(place), state, f"{name}-{key}")  # type: ignore[arg-type]


def test_inputs_that_are_kept_count_three_times(place: Place) -> None:
    (place.private / "raw").mkdir()
    (place.private / "raw" / ("0" * 64)).write_bytes(b"x" * 1000)
    assert disk._bytes_needed(place) == (3 * 117, 3 * 1000)


@pytest.mark.parametrize(("free", "state", "key"), [(2_000_000_000, "right", "good"), (1_999_999_999, "look", "short"), (600_000_000, "wrong", "short")])  # fmt: skip
def test_before_the_first_release_a_gigabyte_a_folder_is_asked_for(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, state: str, key: str) -> None:  # fmt: skip
    left(monkeypatch, free)
    result = disk.space(replace(place, site=tmp_path / "new"))
    finds(result, state, f"space-{key}")  # type: ignore[arg-type]


def test_of_two_disks_the_tighter_one_is_told(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(disk, "device", lambda path: hash(path))
    rooms = {place.site: 10**9, place.private: 50}
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: SimpleNamespace(free=rooms[path]))
    result = disk.space(place)
    finds(result, "look", "space-short")
    assert result.params["path"] == place.private


def test_a_disk_that_counts_no_files_has_no_limit_of_them(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(disk.os, "statvfs", lambda _: SimpleNamespace(f_files=0, f_favail=0))
    finds(disk.inodes(place), "right", "inodes-endless")
