"""The command `gongshi doctor` as an operator calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import cli
from pipeline.flow.doctor import examine, serving
from pipeline.flow.doctor.result import Place
from tests.flow.doctor.conftest import BEIJING

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def doctor(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:  # fmt: skip
    """Runs the command in this process on `place`, with a worker that has nothing to load."""
    monkeypatch.setattr(serving, "WORKER", "pass")
    monkeypatch.setenv("LANG", "C.UTF-8")  # put back after --lang

    def go(*more: object) -> tuple[int, str]:
        folders = ("--site", place.site, "--private", place.private, "--port", 0)
        monkeypatch.setattr(sys, "argv", ["gongshi", "doctor", *map(str, (*folders, *more))])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().out

    return go


def unfolded(told: str) -> str:
    """Without blanks, since where a line is folded depends on how long the test's folder is."""
    return "".join(told.split())


def test_a_site_in_order_ends_with_0(doctor: Run) -> None:
    code, told = doctor()
    assert code == 0
    assert "✗" not in "\n".join(told.splitlines()[:-1])
    assert told.splitlines()[-1].endswith("0 项不正常（✗）。")


def test_it_speaks_english_where_asked(doctor: Run) -> None:
    _, told = doctor("--lang", "en")
    assert "Public folder" in told and "0 wrong" in told


def test_a_broken_contract_ends_with_2(doctor: Run, tmp_path: Path) -> None:
    code, told = doctor("--contract", tmp_path / "none")
    assert code == 2
    assert "✗  数据规范" in told


def test_a_damaged_key_ends_with_5(doctor: Run, place: Place) -> None:
    (place.private / "key").write_text("00", "utf-8")
    code, told = doctor()
    assert code == 5
    assert "→ 从备份恢复它" in told


def test_json_is_one_document_with_the_same_exit_code(doctor: Run, place: Place) -> None:
    (place.private / "key").unlink()
    code, told = doctor("--format", "json")
    states = {each["check"]: each["state"] for each in json.loads(told)["checks"]}
    assert (code, states["key"], states["site"]) == (5, "wrong", "right")
    assert list(states) == list(examine.CHECKS)


def test_folders_that_may_not_be_read_are_lines_too(doctor: Run, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    honest, closed = os.access, (place.private, place.site, place.contract)
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path) not in closed and honest(path, mode)
    )
    code, told = doctor("--contract", place.contract)
    assert code == 5
    assert unfolded(told).count("不能读写") == 2


def test_an_inbox_is_looked_at_where_it_is_named(doctor: Run, place: Place) -> None:
    assert f"{place.inbox}，1个文件" in unfolded(doctor("--inbox", place.inbox)[1])


def test_folders_are_told_by_their_whole_path(doctor: Run, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(place.site.parent)
    assert str(place.site) in doctor("--site", "site")[1]


def state_of(folder: Path) -> dict[Path, object]:
    """Every file with what it holds, every folder with its names, links, rights."""
    return {
        path: (path.lstat().st_mode, str(path.readlink()) if path.is_symlink() else path.is_file() and path.read_bytes())
        for path in sorted(folder.rglob("*"))
    }  # fmt: skip


def test_it_writes_nothing_that_stays(doctor: Run, place: Place) -> None:
    before = state_of(place.site.parent)
    doctor("--inbox", place.inbox)
    assert state_of(place.site.parent) == before


def test_it_makes_no_folder_that_is_not_there(doctor: Run, tmp_path: Path) -> None:
    code, _ = doctor("--site", tmp_path / "new" / "site", "--private", tmp_path / "new" / "private")
    assert code == 0
    assert not (tmp_path / "new").exists()


def test_where_nothing_is_as_it_should_be_it_still_speaks(place: Place, tmp_path: Path) -> None:
    """In a process of its own: a terminal that lacks the marks, a worker that is the real one."""
    folder = tmp_path / os.fsdecode(b"\xb9\xab\xca\xbe")
    code = "from pipeline.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor", "--site", folder, "--private", folder, "--contract", folder, "--port", "70000"],
        env={**os.environ, "PYTHONPATH": str(place.home), "PYTHONIOENCODING": "gbk"},
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 5
    assert done.stderr == b""
    assert done.stdout.decode("gbk").count("\\u2717") >= 4


@pytest.mark.once  # it reads a release, which is the same whatever computed it
def test_of_a_real_release_nothing_is_wrong(published: SimpleNamespace, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(serving, "WORKER", "pass")
    real = replace(place, site=published.site, private=published.private, port=0, now=datetime.now(BEIJING))  # fmt: skip
    found = {result.check: result.state for result in examine.diagnose(real)}
    assert {check for check, state in found.items() if state == "wrong"} == set()
    assert [found[check] for check in ("current", "key", "locks", "clock", "space")] == ["right"] * 5  # fmt: skip
