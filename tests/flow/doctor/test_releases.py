"""The store of releases, who is writing to it, and the key as `gongshi doctor` finds them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.base.files import locked
from pipeline.flow.doctor import releases
from pipeline.flow.doctor.result import Place
from tests.flow.doctor.conftest import RELEASE, Finds, make_release


def link(place: Place, target: object) -> None:
    (place.site / "current").unlink()
    (place.site / "current").symlink_to(str(target))


def test_a_link_to_a_whole_release_is_right(place: Place, finds: Finds) -> None:
    result = releases.current(place)
    finds(result, "right", "current-good")
    assert result.params == {"release": RELEASE, "count": 1}


def test_before_the_first_release_there_is_nothing_on_show(place: Place, finds: Finds, tmp_path: Path) -> None:  # fmt: skip
    finds(releases.current(replace(place, site=tmp_path / "new")), "look", "current-none")


def test_releases_without_a_link_to_one_are_wrong(place: Place, finds: Finds) -> None:
    (place.site / "current").unlink()
    finds(releases.current(place), "wrong", "current-missing")


def test_a_copy_in_place_of_the_link_is_wrong(place: Place, finds: Finds) -> None:
    (place.site / "current").unlink()
    shutil.copytree(place.site / "releases" / RELEASE, place.site / "current")
    finds(releases.current(place), "wrong", "current-no-link")


@pytest.mark.parametrize("target", ["releases/none", "current"])
def test_a_link_that_leads_nowhere_or_to_itself_is_wrong(place: Place, finds: Finds, target: str) -> None:  # fmt: skip
    link(place, target)
    result = releases.current(place)
    finds(result, "wrong", "current-dangling")
    assert str(result.params["target"]) == target


def test_a_link_to_a_release_elsewhere_is_wrong(place: Place, finds: Finds, tmp_path: Path) -> None:
    link(place, make_release(tmp_path / "other", RELEASE))
    finds(releases.current(place), "wrong", "current-outside")


def test_a_release_with_a_shortened_file_is_wrong(place: Place, finds: Finds) -> None:
    (place.site / "current" / "data" / "a.csv").write_text("a\n", "utf-8")
    result = releases.current(place)
    finds(result, "wrong", "current-damaged")
    assert result.params["file"] == "data/a.csv"


@pytest.mark.parametrize("file", ["public_key.pem", "manifest.json"])
def test_a_release_that_lacks_a_file_is_wrong(place: Place, finds: Finds, file: str) -> None:
    (place.site / "current" / file).unlink()
    result = releases.current(place)
    finds(result, "wrong", "current-damaged")
    assert result.params["file"] == file


def test_a_link_by_a_whole_path_is_worth_a_look(place: Place, finds: Finds) -> None:
    link(place, place.site / "releases" / RELEASE)
    finds(releases.current(place), "look", "current-absolute")


# ---------------------------------------------------------------- who is writing


def test_folders_that_nobody_writes_to_are_right(place: Place, finds: Finds) -> None:
    finds(releases.locks(place), "right", "locks-free")


def test_folders_that_were_never_locked_are_right(place: Place, finds: Finds) -> None:
    (place.site / ".lock").unlink()
    (place.private / ".lock").unlink()
    finds(releases.locks(place), "right", "locks-free")


def must_be_listed(place: Place) -> None:
    """Skip where the system does not say who has a lock: not Linux, or a disk that goes by another number."""
    with locked(place.site):
        if releases._holder(place.site / ".lock") != os.getpid():
            pytest.skip("the system does not list this disk's locks")


@pytest.mark.parametrize("name", ["site", "private"])
def test_a_run_that_is_writing_is_told_with_its_process(place: Place, finds: Finds, name: str) -> None:  # fmt: skip
    must_be_listed(place)
    folder = getattr(place, name)
    with locked(folder):
        result = releases.locks(place)
    finds(result, "look", "locks-held")
    assert result.params == {"path": folder, "process": str(os.getpid())}


def test_a_lock_whose_process_is_not_listed_is_told_without(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # fmt: skip
    monkeypatch.setattr(releases, "LISTED", tmp_path / "none")
    with locked(place.site):
        finds(releases.locks(place), "look", "locks-held-unknown")


def test_looking_holds_no_lock(place: Place) -> None:
    releases.locks(place)
    with locked(place.site), locked(place.private):
        pass


@contextmanager
def inherited(lock: Path) -> Iterator[int]:
    """A lock whose process has ended, and which a child of it has still; gives that process."""
    code = (
        "import fcntl, os, sys, time\n"
        "fcntl.flock(os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_EX)\n"
        "child = os.fork()\n"
        "if not child: time.sleep(600)\n"
        "print(os.getpid(), child, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code, lock], stdout=subprocess.PIPE, text=True) as parent:  # fmt: skip
        assert parent.stdout
        process, child = map(int, parent.stdout.readline().split())
        try:
            parent.wait()
            yield process
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_lock_left_over_by_a_dead_run_is_wrong(place: Place, finds: Finds) -> None:
    must_be_listed(place)
    with inherited(place.site / ".lock") as process:
        result = releases.locks(place)
    finds(result, "wrong", "locks-orphan")
    assert result.params["process"] == str(process)


@pytest.mark.parametrize("name", ["site/.making", "site/.leaving", "site/.gone", "site/.pending", "private/work", "private/fetched"])  # fmt: skip
def test_what_a_run_left_half_done_is_worth_a_look(place: Place, finds: Finds, tmp_path: Path, name: str) -> None:  # fmt: skip
    (tmp_path / name).mkdir()
    result = releases.locks(place)
    finds(result, "look", "locks-left")
    assert result.params == {"path": tmp_path / name, "count": 1}


# ---------------------------------------------------------------- the key


def test_the_key_that_signed_the_release_is_right_and_its_fingerprint_told(place: Place, finds: Finds) -> None:  # fmt: skip
    result = releases.key(place)
    finds(result, "right", "key-good")
    assert len(str(result.params["fingerprint"])) == 16


def test_a_key_is_right_before_the_first_release(place: Place, finds: Finds, tmp_path: Path) -> None:  # fmt: skip
    finds(releases.key(replace(place, site=tmp_path / "new")), "right", "key-good")


def test_before_the_first_run_there_is_no_key(place: Place, finds: Finds, tmp_path: Path) -> None:
    new = replace(place, site=tmp_path / "new", private=tmp_path / "new-private")
    finds(releases.key(new), "look", "key-none")


def test_a_missing_key_of_a_site_with_releases_is_wrong(place: Place, finds: Finds) -> None:
    (place.private / "key").unlink()
    finds(releases.key(place), "wrong", "key-lost")


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "\xff"])
def test_a_key_that_is_not_32_bytes_in_hex_is_wrong(place: Place, finds: Finds, text: str) -> None:
    (place.private / "key").write_bytes(text.encode("latin-1"))
    finds(releases.key(place), "wrong", "key-damaged")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_may_read_is_wrong(place: Place, finds: Finds, mode: int) -> None:
    (place.private / "key").chmod(mode)
    finds(releases.key(place), "wrong", "key-open")


def test_another_key_than_that_of_the_release_is_wrong(place: Place, finds: Finds) -> None:
    (place.private / "key").write_text("11" * 32, "utf-8")
    result = releases.key(place)
    finds(result, "wrong", "key-other")
    assert result.params["own"] != result.params["other"]


def test_a_key_of_another_user_is_worth_a_look(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    user = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: user)
    finds(releases.key(place), "look", "key-owner")


def test_no_result_holds_anything_of_the_key(place: Place) -> None:
    secret = (place.private / "key").read_text("utf-8")
    (place.private / "key").write_text(secret + "0", "utf-8")
    damaged = releases.key(place)
    assert secret[:16] not in f"{damaged.params}{damaged.message('zh')}{damaged.advice('zh')}"
