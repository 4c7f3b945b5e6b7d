"""Python, packages, SQLite, encodings and open files as `gongshi doctor` finds them."""

from __future__ import annotations

import io
import sqlite3
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from pipeline.flow.doctor import machine
from pipeline.flow.doctor.result import Place
from tests.flow.doctor.conftest import Finds


def test_this_python_is_right(place: Place, finds: Finds) -> None:
    finds(machine.python(place), "right", "python-good")


def test_an_older_python_than_needed_is_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(machine, "OLDEST_PYTHON", (99, 1))
    result = machine.python(place)
    finds(result, "wrong", "python-old")
    assert result.params["oldest"] == "99.1"


# ---------------------------------------------------------------- packages

RICH = f"rich=={metadata.version('rich')}"


def pinned(place: Place, tmp_path: Path, *lines: str) -> Place:
    (tmp_path / "requirements").mkdir()
    entries = [f"{line} \\\n    --hash=sha256:00\n" for line in lines]
    (tmp_path / "requirements" / "run.txt").write_text("".join(entries), "utf-8")
    return replace(place, home=tmp_path)


def test_packages_as_they_are_pinned_are_right(place: Place, finds: Finds, tmp_path: Path) -> None:
    finds(machine.packages(pinned(place, tmp_path, RICH)), "right", "packages-good")


def test_a_missing_package_is_wrong_and_named(place: Place, finds: Finds, tmp_path: Path) -> None:
    result = machine.packages(pinned(place, tmp_path, RICH, "no-such-package==1"))
    finds(result, "wrong", "packages-missing")
    assert result.params["names"] == "no-such-package"


def test_a_package_of_another_version_is_worth_a_look(place: Place, finds: Finds, tmp_path: Path) -> None:  # fmt: skip
    result = machine.packages(pinned(place, tmp_path, "rich==0.1"))
    finds(result, "look", "packages-other")
    assert result.params["names"] == RICH.replace("==", " ")


def test_of_two_pins_for_two_pythons_either_is_right(place: Place, finds: Finds, tmp_path: Path) -> None:  # fmt: skip
    lines = ("rich==0.1 ; python_full_version < '3'", f"{RICH} ; python_full_version >= '3'")
    finds(machine.packages(pinned(place, tmp_path, *lines)), "right", "packages-good")


def test_a_package_that_only_other_systems_need_is_not_missed(place: Place, finds: Finds, tmp_path: Path) -> None:  # fmt: skip
    lines = (RICH, "no-such-package==1 ; sys_platform == 'win32'")
    finds(machine.packages(pinned(place, tmp_path, *lines)), "right", "packages-good")


def test_of_many_missing_packages_some_are_named_and_all_counted(place: Place, finds: Finds, tmp_path: Path) -> None:  # fmt: skip
    result = machine.packages(pinned(place, tmp_path, *(f"no-such-{n}==1" for n in range(9))))
    finds(result, "wrong", "packages-missing")
    assert result.params["count"] == 9
    assert str(result.params["names"]).endswith("no-such-4, …")


def test_without_a_lock_file_there_is_nothing_to_compare_with(place: Place, finds: Finds, tmp_path: Path) -> None:  # fmt: skip
    finds(machine.packages(replace(place, home=tmp_path)), "right", "packages-unpinned")


def test_every_pin_of_the_project_is_read(root: Path) -> None:
    text = (root / "requirements" / "run.txt").read_text("utf-8")
    entries = [line for line in text.splitlines() if line and line[0] not in " #"]
    assert len(machine._PIN.findall(text)) == len(entries)


# ---------------------------------------------------------------- SQLite, encodings, open files


def test_a_sqlite_with_full_text_search_is_right(place: Place, finds: Finds) -> None:
    finds(machine.sqlite(place), "right", "sqlite-good")


def test_a_sqlite_without_full_text_search_is_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    con = sqlite3.connect(":memory:")
    con.set_authorizer(
        lambda action, *_: (
            sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_CREATE_VTABLE else sqlite3.SQLITE_OK
        )
    )
    monkeypatch.setattr(sqlite3, "connect", lambda *_: con)
    finds(machine.sqlite(place), "wrong", "sqlite-no-search")


def printing(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))


@pytest.mark.parametrize("name", ["utf-8", "UTF8", "utf_8"])
def test_utf8_by_whatever_name_is_right(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, name: str) -> None:  # fmt: skip
    printing(monkeypatch, name)
    finds(machine.encoding(place), "right", "encoding-good")


def test_file_names_in_another_encoding_are_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "gbk")
    finds(machine.encoding(place), "wrong", "encoding-names")


def test_a_terminal_of_another_encoding_is_worth_a_look(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    printing(monkeypatch, "gbk")
    finds(machine.encoding(place), "look", "encoding-printed")


@pytest.mark.parametrize(("limit", "state", "key"), [(1024, "right", "good"), (1023, "look", "some"), (256, "look", "some"), (255, "wrong", "few"), (machine.resource.RLIM_INFINITY, "right", "endless")])  # fmt: skip
def test_how_many_files_may_be_open_is_judged_by_the_limit(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, limit: int, state: str, key: str) -> None:  # fmt: skip
    monkeypatch.setattr(machine.resource, "getrlimit", lambda _: (limit, limit))
    finds(machine.open_files(place), state, f"open-files-{key}")  # type: ignore[arg-type]
