"""Every command works in a folder of any name, with paths that are relative, from another folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import filekinds
from tests.support.shop import DOCUMENTS
from tests.support.walks import CHANGED, PAGES, ROWS, TAKEN, Walk, from_elsewhere, gongshi

NAMES = ("公示[2024]'#1?%20 空 格", "o'brien", "per%20cent")


@pytest.fixture(scope="module", params=NAMES)
def walk(
    every_engine: int, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Walk]:
    """All commands, from a folder beside; the dataset is in parts."""
    top = tmp_path_factory.mktemp("names")
    (elsewhere := top / "elsewhere" / "deep").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(elsewhere)
        made = Walk(top / str(request.param), from_elsewhere(elsewhere), large=True)
        made.all_commands()
        yield made


def test_check_reads_every_row_of_csv_xls_and_xlsx(walk: Walk) -> None:
    assert walk.done["check"].code == 0, walk.done["check"]


def test_publish_publishes_every_row(walk: Walk) -> None:
    assert (walk.done["publish"].code, walk.rows["publish"]) == (0, ROWS), walk.done["publish"]


def test_publish_goes_on_from_the_release_before(walk: Walk) -> None:
    assert walk.done["publish again"].code == 0, walk.done["publish again"]


def test_the_site_is_served(walk: Walk) -> None:
    assert (walk.shop.current / "downloads" / f"{DOCUMENTS}.xlsx").is_file()
    assert walk.pages == [200] * len(PAGES)


def test_diff_says_what_has_changed(walk: Walk) -> None:
    assert walk.done["diff"].out.count("〔2024〕") == CHANGED, walk.done["diff"]


def test_verify_finds_every_file_in_order(walk: Walk) -> None:
    assert (walk.done["verify"].code, walk.done["verify again"].code) == (0, 0)


def test_withdraw_takes_the_record_out(walk: Walk) -> None:
    assert (walk.done["withdraw"].code, walk.rows["withdraw"]) == (0, ROWS - 1), walk.done["withdraw"]  # fmt: skip
    assert not [p for p in walk.shop.current.rglob("*.csv") if "data" in p.parts and TAKEN in p.read_text("utf-8") and DOCUMENTS in str(p)]  # fmt: skip


def test_rollback_goes_back_and_leaves_it_out(walk: Walk) -> None:
    assert (walk.done["rollback"].code, walk.rows["rollback"]) == (0, ROWS - 1), walk.done["rollback"]  # fmt: skip


def test_nothing_is_written_beside_the_folder(walk: Walk) -> None:
    assert sorted(path.name for path in walk.folder.parent.iterdir()) == sorted([walk.folder.name, "elsewhere"])  # fmt: skip
    assert not any(Path.cwd().iterdir())


def test_a_key_and_a_package_are_found_by_relative_paths(walk: Walk) -> None:
    [package] = (walk.shop.current / "downloads").glob("*.zip")
    key = walk.shop.current / "public_key.pem"
    done = gongshi("verify", os.path.relpath(package), "--key", os.path.relpath(key))
    assert done.code == 0, done


# ---------------------------------------------------------------- what else is a path


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a bad name, beside the one that the process is in."""
    made = tmp_path / NAMES[0]
    made.mkdir()
    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    return Path("..", NAMES[0])


def test_an_inbox_that_is_not_there_is_told_as_it_was_given(
    every_engine: int, beside: Path
) -> None:
    done = gongshi("check", beside / "无")
    assert (done.code, str(beside / "无") in done.err) == (3, True), done


@pytest.mark.once
def test_a_template_is_written_by_a_relative_path_and_shown_by_it(beside: Path) -> None:
    done = gongshi("template", "certificates", "-o", beside / "表.xlsx")
    assert (done.code, (beside / "表.xlsx").is_file()) == (0, True)
    assert str(beside / "表.xlsx") in done.out


@pytest.mark.once
def test_a_dataset_is_drafted_from_an_old_workbook_by_a_relative_path(beside: Path) -> None:
    filekinds.xls(beside / "样表", [["编号", "日期"], ["一", "2024-01-01"], ["二", "2024-01-02"]])
    done = gongshi("new", beside / "样表.xls", "-o", beside / "新.yaml")
    assert (done.code, "日期" in (beside / "新.yaml").read_text("utf-8")) == (0, True)


@pytest.mark.once
def test_a_report_is_read_by_a_relative_path(beside: Path) -> None:
    (beside / "报告.txt").write_text("2024年共办理行政处罚案件12件。\n", "utf-8")
    done = gongshi("report", beside / "报告.txt")
    assert (done.code, "12件" in done.out) == (0, True)


def test_messages_show_paths_as_they_were_given(walk: Walk) -> None:
    shown = walk.shown(walk.shop.site)
    assert f"{shown}/current" in walk.done["publish"].out
    assert f"{walk.shown(walk.shop.private)}/findings.csv" in walk.done["check"].out
    assert str(walk.folder) not in walk.done["publish"].out + walk.done["check"].out


@pytest.mark.once
@pytest.mark.parametrize("command", [("new", "no[1]"), ("report", "no[1]"), ("diff", "a", "b", "--site", "no[1]"), ("verify", "no[1].zip"), ("verify", "--key", "no[1]")])  # fmt: skip
def test_what_is_not_there_is_told_as_it_was_given(beside: Path, command: tuple[str, ...]) -> None:
    done = gongshi(*command)
    assert done.code in (2, 3, 5)
    assert len(done.err.splitlines()) == 1
    assert str(Path.cwd()) not in done.err


@pytest.mark.once
@pytest.mark.parametrize("option", ["--site", "--private", "--contract"])
def test_a_name_that_is_no_text_is_one_sentence(beside: Path, option: str) -> None:
    given = {"--site": "s", "--private": "p"} | {option: os.fsdecode(b"\xb9\xab\xca\xbe")}  # fmt: skip
    done = gongshi("publish", "inbox", *(part for pair in given.items() for part in pair))
    assert (done.code, len(done.err.splitlines())) == (2, 1), done
    assert "UTF-8" in done.err
