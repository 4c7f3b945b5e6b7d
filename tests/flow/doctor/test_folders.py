"""Folders, their rights, their places and their names as `gongshi doctor` finds them.

Root may read and write everything: what depends on rights is provoked by modes, or by what the
system is made to answer.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.flow.doctor import folders
from pipeline.flow.doctor.result import Place, Result
from tests.flow.doctor.conftest import Finds

Spoil = Callable[[Path], None]
OTHER = os.geteuid() + 1


def refuse(monkeypatch: pytest.MonkeyPatch, *closed: Path) -> None:
    """`closed` may be neither read nor written."""
    honest = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path not in closed and honest(path, mode))


# ---------------------------------------------------------------- SITE and PRIVATE


def test_a_public_folder_of_our_own_is_right(place: Place, finds: Finds) -> None:
    finds(folders.site(place), "right", "folder-good")


def test_a_private_folder_closed_to_others_is_right(place: Place, finds: Finds) -> None:
    finds(folders.private(place), "right", "private-good")


BOTH = pytest.mark.parametrize(("check", "name"), [(folders.site, "site"), (folders.private, "private")])  # fmt: skip
Check = Callable[[Place], Result]


def emptied(place: Place, name: str) -> tuple[Place, Path]:
    """The same with a folder `name` that is not there yet."""
    path = place.site.parent / f"new-{name}"
    return replace(place, **{name: path}), path  # type: ignore[arg-type]


@BOTH
def test_a_folder_that_is_not_there_yet_is_worth_a_look(place: Place, finds: Finds, check: Check, name: str) -> None:  # fmt: skip
    changed, path = emptied(place, name)
    finds(check(changed), "look", "folder-missing")
    assert not path.exists()


@BOTH
def test_a_folder_that_could_not_be_made_is_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, check: Check, name: str) -> None:  # fmt: skip
    changed, path = emptied(place, name)
    refuse(monkeypatch, path.parent)
    finds(check(changed), "wrong", "folder-no-parent")


@BOTH
@pytest.mark.parametrize("leads", ["nowhere", "itself"])
def test_a_folder_that_is_a_broken_link_is_wrong(place: Place, finds: Finds, check: Check, name: str, leads: str) -> None:  # fmt: skip
    changed, path = emptied(place, name)
    path.symlink_to(path if leads == "itself" else "nowhere")
    finds(check(changed), "wrong", "folder-link")


@BOTH
def test_a_file_in_place_of_a_folder_is_wrong(place: Place, finds: Finds, check: Check, name: str) -> None:  # fmt: skip
    changed, path = emptied(place, name)
    path.touch()
    finds(check(changed), "wrong", "folder-file")


@BOTH
def test_a_folder_that_may_not_be_written_is_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, check: Check, name: str) -> None:  # fmt: skip
    refuse(monkeypatch, getattr(place, name))
    finds(check(place), "wrong", "folder-read-only")


@BOTH
def test_a_folder_that_another_user_keeps_closed_is_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, check: Check, name: str) -> None:  # fmt: skip
    refuse(monkeypatch, getattr(place, name))
    monkeypatch.setattr(os, "geteuid", lambda: OTHER)
    result = check(place)
    finds(result, "wrong", "folder-closed")
    assert result.params["owner"] == str(OTHER - 1)


@BOTH
def test_a_folder_of_another_user_is_worth_a_look(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, check: Check, name: str) -> None:  # fmt: skip
    monkeypatch.setattr(os, "geteuid", lambda: OTHER)
    result = check(place)
    finds(result, "look", "folder-owner")
    assert (result.params["owner"], result.params["user"]) == (str(OTHER - 1), str(OTHER))


@BOTH
def test_files_of_another_user_in_a_folder_are_worth_a_look(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch, check: Check, name: str) -> None:  # fmt: skip
    @contextmanager
    def of_two_users(_: Path) -> Iterator[list[Any]]:
        yield [entry_of(OTHER - 1), entry_of(OTHER), entry_of(OTHER)]

    monkeypatch.setattr(os, "scandir", of_two_users)
    result = check(place)
    finds(result, "look", "folder-mixed")
    assert result.params["count"] == 2


def entry_of(user: int) -> Any:
    return SimpleNamespace(stat=lambda follow_symlinks: SimpleNamespace(st_uid=user))


def test_a_public_folder_that_anyone_can_change_is_wrong(place: Place, finds: Finds) -> None:
    place.site.chmod(0o757)
    finds(folders.site(place), "wrong", "folder-open-to-write")


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_private_folder_that_is_open_in_any_way_is_wrong(place: Place, finds: Finds, mode: int) -> None:  # fmt: skip
    place.private.chmod(mode)
    result = folders.private(place)
    finds(result, "wrong", "private-open")
    assert result.params["mode"] == f"{mode:04o}"


# ---------------------------------------------------------------- the inbox


def test_an_inbox_whose_files_can_all_be_read_is_right(place: Place, finds: Finds) -> None:
    result = folders.inbox(place)
    finds(result, "right", "inbox-good")
    assert result.params["count"] == 1


def test_an_inbox_that_was_not_named_is_not_looked_at(place: Place, finds: Finds) -> None:
    finds(folders.inbox(replace(place, inbox=None)), "right", "inbox-not-asked")


def test_an_inbox_that_is_not_there_is_wrong(place: Place, finds: Finds, tmp_path: Path) -> None:
    finds(folders.inbox(replace(place, inbox=tmp_path / "none")), "wrong", "inbox-missing")


def test_an_inbox_that_is_a_file_is_wrong(place: Place, finds: Finds, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finds(folders.inbox(replace(place, inbox=tmp_path / "file")), "wrong", "inbox-closed")


def test_an_inbox_that_may_not_be_read_is_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    assert place.inbox
    refuse(monkeypatch, place.inbox)
    finds(folders.inbox(place), "wrong", "inbox-closed")


def test_files_and_folders_of_the_inbox_that_may_not_be_read_are_wrong(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    assert place.inbox
    refuse(monkeypatch, place.inbox / "甲.csv")
    honest = os.walk

    def with_a_closed_folder(folder: Path, onerror: Callable[[OSError], None]) -> Any:
        onerror(PermissionError())
        return honest(folder)

    monkeypatch.setattr(os, "walk", with_a_closed_folder)
    result = folders.inbox(place)
    finds(result, "wrong", "inbox-files-closed")
    assert result.params["count"] == 2


def test_an_empty_inbox_is_worth_a_look(place: Place, finds: Finds) -> None:
    assert place.inbox
    (place.inbox / "甲.csv").rename(place.inbox / ".hidden.csv")
    finds(folders.inbox(place), "look", "inbox-empty")


def test_links_of_the_inbox_that_lead_nowhere_or_in_a_circle_are_worth_a_look(place: Place, finds: Finds) -> None:  # fmt: skip
    assert place.inbox
    (place.inbox / "nowhere.csv").symlink_to("none")
    (place.inbox / "circle").symlink_to("circle")
    (place.inbox / "good.csv").symlink_to("甲.csv")
    result = folders.inbox(place)
    finds(result, "look", "inbox-links")
    assert result.params["count"] == 2


def test_names_in_the_inbox_that_are_no_utf8_are_worth_a_look(place: Place, finds: Finds) -> None:
    assert place.inbox
    (place.inbox / os.fsdecode("张三.csv".encode("gb18030"))).touch()
    finds(folders.inbox(place), "look", "inbox-names")


@pytest.mark.parametrize("key", ["inbox-good", "inbox-links", "inbox-names"])
def test_of_the_inbox_no_file_is_named(place: Place, finds: Finds, key: str) -> None:
    assert place.inbox
    (place.inbox / "张三.csv").touch()
    if key == "inbox-links":
        (place.inbox / "李四.csv").symlink_to("none")
    if key == "inbox-names":
        (place.inbox / os.fsdecode("王五.csv".encode("gb18030"))).touch()
    result = folders.inbox(place)
    assert result.key == f"doctor-{key}"
    assert result.params.keys() == {"path", "count"}


# ---------------------------------------------------------------- how they lie


def test_folders_beside_each_other_are_right(place: Place, finds: Finds) -> None:
    finds(folders.overlap(place), "right", "apart-one-disk")


def test_folders_on_two_disks_are_right_and_it_is_said(place: Place, finds: Finds, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(folders, "device", lambda path: hash(path))
    finds(folders.overlap(place), "right", "apart-two-disks")


def test_a_private_folder_in_the_public_one_is_wrong(place: Place, finds: Finds) -> None:
    finds(
        folders.overlap(replace(place, private=place.site / "p")), "wrong", "apart-private-public"
    )


def test_a_private_folder_that_leads_into_the_public_one_is_wrong(place: Place, finds: Finds, tmp_path: Path) -> None:  # fmt: skip
    (tmp_path / "link").symlink_to(place.site)
    finds(folders.overlap(replace(place, private=tmp_path / "link" / "p")), "wrong", "apart-private-public")  # fmt: skip


def test_an_inbox_in_the_public_folder_is_wrong(place: Place, finds: Finds) -> None:
    finds(folders.overlap(replace(place, inbox=place.site / "in")), "wrong", "apart-inbox-public")


@pytest.mark.parametrize("name", ["site", "private"])
def test_a_folder_of_ours_in_the_inbox_is_wrong(place: Place, finds: Finds, name: str) -> None:
    assert place.inbox
    changed = replace(place, **{name: place.inbox / "ours"})  # type: ignore[arg-type]
    finds(folders.overlap(changed), "wrong", "apart-in-inbox")


# ---------------------------------------------------------------- names


def named(place: Place, name: str, tmp_path: Path) -> Result:
    return folders.names(replace(place, site=tmp_path / name))


@pytest.mark.parametrize("name", ["公示", "site-2_a.b"])
def test_a_plain_name_is_right(place: Place, finds: Finds, tmp_path: Path, name: str) -> None:
    finds(named(place, name, tmp_path), "right", "names-good")


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("公示[2024]'#1?%20 空 格", "# % ' ? [ \\u0020 ]"),
        ("o'brien", "'"),
        ("per%20cent", "%"),
        ("a\u3000b", "\\u3000"),
        ("a\nb", "\\u000a"),
        ("a\u200bb", "\\u200b"),
        ("a\x1b[31mb", "[ \\x1b"),
        (unicodedata.normalize("NFD", "é"), "\\u0301"),
    ],
)
def test_an_odd_name_works_and_is_worth_a_look(place: Place, finds: Finds, tmp_path: Path, name: str, odd: str) -> None:  # fmt: skip
    result = named(place, name, tmp_path)
    finds(result, "look", "names-odd")
    assert result.params["odd"] == odd
    assert result.message("en").isprintable()


def test_an_odd_name_of_the_inbox_is_worth_a_look_too(place: Place, finds: Finds, tmp_path: Path) -> None:  # fmt: skip
    finds(folders.names(replace(place, inbox=tmp_path / "a?b")), "look", "names-odd")


@pytest.mark.parametrize("name", ["site", "private"])
def test_a_name_that_is_no_utf8_is_wrong_and_can_be_printed(place: Place, finds: Finds, tmp_path: Path, name: str) -> None:  # fmt: skip
    path = tmp_path / os.fsdecode("公示".encode("gb18030"))
    result = folders.names(replace(place, **{name: path}))  # type: ignore[arg-type]
    finds(result, "wrong", "names-not-utf8")
    assert "\\udcb9\\udcab" in result.message("zh")


def of_length(count: int, tmp_path: Path) -> Path:
    path = tmp_path
    while len(str(path)) + 100 < count:
        path /= "x" * 90
    return path / ("x" * (count - len(str(path)) - 1))


@pytest.mark.parametrize(("length", "state", "key"), [(452, "right", "names-good"), (453, "wrong", "names-long")])  # fmt: skip
def test_a_public_folder_is_too_long_where_sqlite_could_not_open_a_database_in_it(place: Place, finds: Finds, tmp_path: Path, length: int, state: str, key: str) -> None:  # fmt: skip
    path = of_length(length, tmp_path)
    assert len(str(path)) == length
    finds(folders.names(replace(place, site=path)), state, key)  # type: ignore[arg-type]


def test_a_private_folder_near_the_systems_limit_is_too_long(place: Place, finds: Finds, tmp_path: Path) -> None:  # fmt: skip
    finds(folders.names(replace(place, private=of_length(3600, tmp_path))), "wrong", "names-long")
