"""A header with nothing under it is told, since nobody reads it off a 0 in a table."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import clerks
from tests.support.clerks import CERTIFICATE

Command = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.usefixtures("every_engine")
TITLES = list(CERTIFICATE)


def as_csv(path: Path, rows: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(",".join(row) + "\n" for row in rows), "utf-8")


def as_xlsx(path: Path, rows: list[list[str]]) -> None:
    clerks.write_book(path, {"证件": rows})


def told(inbox: Path, private: Path) -> list[tuple[str, str, str, str]]:
    """(file, sheet, severity, owner) of each table that is told to have no rows."""
    clerks.check(inbox, private)
    found = [f for f in clerks.findings(private) if f["rule"] == "table-without-rows"]
    return [(f["file"], f["sheet"], f["severity"], f["owner"]) for f in found]


@pytest.mark.parametrize(
    ("name", "sheet", "write"),
    [("证件.csv", "", as_csv), ("证件.xlsx", "证件", as_xlsx)],
    ids=["csv", "xlsx"],
)
@pytest.mark.parametrize(
    "under",
    [[], [["", ""]], [["合计", "0"], ["填表人：示例甲"]]],
    ids=["nothing", "a blank row", "a total and a signature"],
)
def test_a_header_without_a_record_under_it_is_told(
    name: str,
    sheet: str,
    write: Callable[[Path, list[list[str]]], None],
    under: list[list[str]],
    tmp_path: Path,
) -> None:
    write(tmp_path / "inbox" / name, [TITLES, *under])
    expected = [(name, sheet, "warning", "department")]
    assert told(tmp_path / "inbox", tmp_path / "private") == expected
    assert told(tmp_path / "inbox", tmp_path / "private") == expected  # from the cache


@pytest.mark.parametrize("row", [CERTIFICATE, {**CERTIFICATE, "姓名": ""}], ids=["right", "wrong"])
def test_a_table_with_a_record_right_or_wrong_is_not_told_to_have_none(
    row: dict[str, str], tmp_path: Path
) -> None:
    clerks.write_csv(tmp_path / "inbox" / "证件.csv", [row])
    assert told(tmp_path / "inbox", tmp_path / "private") == []


def test_it_is_no_error_and_the_department_is_asked_for_rows_or_a_statement(
    tmp_path: Path, gongshi: Command
) -> None:
    as_xlsx(tmp_path / "inbox" / "证件.xlsx", [TITLES])
    done = gongshi("check", tmp_path / "inbox", "--private", tmp_path / "p", env={"LANG": "en_GB"})
    assert done.returncode == 0 and "send a statement that says so" in done.stdout
    [problem] = clerks.listed(clerks.opened(tmp_path / "p" / "feedback" / "证件.xlsx"))
    assert "没有一条记录" in str(problem)
