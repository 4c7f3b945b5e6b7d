"""One order for a column of dates, found by all its cells, the same however the file is cut."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.base.model import Finding
from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.intake import read
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.read import Opened
from pipeline.intake.table import date_styles
from pipeline.intake.table.date_styles import Shown
from pipeline.intake.table.sources_yaml import Hint
from pipeline.intake.text import text_files
from tests.support.shop import ROOT, PenaltyShop, penalties, rows_of

CATALOG = catalog.load(ROOT / "datapackage", RULES)
HEADER = ["证件编号", "姓名", "执法单位", "证件种类", "执法类别", "执法区域", "发证日期", "有效期至", "证件状态", "发证机关"]  # fmt: skip


def written(folder: Path, issued: list[str], encoding: str = "utf-8") -> InboxFile:
    """A file of certificates with these dates of issue (示例数据 / synthetic sample)."""
    path = folder / "证件-示例数据.csv"
    rows = [
        [f"1615032{i:04}", "示例甲", "示例局", "行政执法证", "劳动监察", "示例区", day, "2028-01-01", "有效", "示例市人民政府"]
        for i, day in enumerate(issued)
    ]  # fmt: skip
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return InboxFile(path, path.name, False, Hint())


def read_dates(file: InboxFile, partitions: int = 0) -> tuple[list[str], list[Finding], int]:
    """(the dates as read, findings about dates, how many rows are held)."""
    [opened] = read.open_file(file, CATALOG)
    assert isinstance(opened, Opened)
    chunks = [opened.chunk(piece) for piece in opened.pieces(partitions)]
    days = [day for chunk in chunks for day in chunk.table["issue_date"].to_pylist()]
    told = [*opened.findings, *(f for chunk in chunks for f in chunk.findings)]
    return days, [f for f in told if f.rule.startswith("date-")], sum(len(c.held) for c in chunks)


@pytest.mark.parametrize("partitions", [0, 3])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_one_cell_shows_the_order_of_all(tmp_path: Path, partitions: int, encoding: str) -> None:
    file = written(tmp_path, ["4/5/24", "2024-04-06", "３／６／２０２４", "3/15/24"], encoding)
    days, told, held = read_dates(file, partitions)
    assert days == ["2024-04-05", "2024-04-06", "2024-03-06", "2024-03-15"]
    assert not told and not held


@pytest.mark.parametrize("partitions", [0, 4])
def test_a_column_that_shows_nothing_is_told_once_and_its_rows_are_held(
    tmp_path: Path, partitions: int
) -> None:
    file = written(tmp_path, ["3/4/2024", "2024-04-06", *["5/6/2024"] * 9])
    days, [told], held = read_dates(file, partitions)
    assert days[0] == "3/4/2024" and days[1] == "2024-04-06" and held == 10
    assert (told.rule, told.severity, told.row, told.column) == ("date-ambiguous", "error", 1, "issue_date")  # fmt: skip
    assert told.params["count"] == 10 and "2024-03-04" in told.params["readings"]


def test_cells_that_contradict_each_other_are_told_and_only_certain_ones_are_read(
    tmp_path: Path,
) -> None:
    days, told, held = read_dates(written(tmp_path, ["3/15/24", "15/3/2024", "3/4/24"]))
    assert days == ["2024-03-15", "2024-03-15", "3/4/24"] and held == 1
    assert [f.rule for f in told] == ["date-styles-differ", "date-ambiguous"]


def test_a_year_of_two_digits_in_front_is_proposed_and_not_taken(tmp_path: Path) -> None:
    days, [told], held = read_dates(written(tmp_path, ["24-03-11", "24-04-12", "24-05-03"]))
    assert held == 3 and days[0] == "24-03-11" and told.params["proposal"] == "dates: ymd"


def test_a_file_without_such_a_date_is_not_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(date_styles, "_of_piece", None)
    file = written(tmp_path, ["2024-03-04", "2024.3.5", "20240306", "2024年3月7日"])
    assert read_dates(file)[0] == ["2024-03-04", "2024-03-05", "2024-03-06", "2024-03-07"]


def test_one_odd_column_is_one_finding_and_every_other_record_is_public(
    tmp_path: Path, every_engine: object
) -> None:
    shop, rows = PenaltyShop(tmp_path), penalties(20)
    for row in rows[:4]:
        row["处罚有效期"] = "3/4/2027"
    for row in rows[4:7]:
        row["处罚有效期"] = "三年"
    rows[7] |= {"处罚有效期": "至案件公示期满", "公示截止期": "2027-05-06"}
    shop.send(rows)
    release = shop.publish()
    public = {r["decision_no"]: r for r in rows_of(release / "data" / "penalty_filings.csv")}
    findings = rows_of(shop.private / "findings.csv")
    assert [f["rule"] for f in findings if f["column"] == "valid_until"] == ["date-ambiguous"]
    assert len(public) == 16
    for row in rows[4:7]:
        decided = public[row["行政处罚决定书文号"]]["decision_date"]
        until = public[row["行政处罚决定书文号"]]["valid_until"]
        assert int(until[:4]) == int(decided[:4]) + 3
    assert public[rows[7]["行政处罚决定书文号"]]["valid_until"] == "2027-05-06"
    quarantined = rows_of(shop.private / "quarantine" / "penalty_filings.csv")
    assert [q["reasons"] for q in quarantined] == ["date-ambiguous"] * 4


CELLS = st.sampled_from(["3/4/24", "3/15/24", "15/3/24", "24/3/5", "24/3/15", "5.6.2024", "31/12/2024", "2024-1-2", "甲", ""])  # fmt: skip


@given(st.lists(CELLS, max_size=12), st.integers(0, 12))
def test_what_two_halves_show_is_what_the_whole_shows(cells: list[str], cut: int) -> None:
    def of(some: list[str]) -> Shown:
        return date_styles.of_rows([(cell,) for cell in some], {"day": 0})["day"]

    assert of(cells[:cut]) + of(cells[cut:]) == of(cells)


ODD = ["3/4/24", "'3-4-24", "\t 3-4-24", " 3 / 4 / 24", "３／４／２４", "3．4．2024", "3.4. 2024"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "big5hkscs"])
@given(
    st.sampled_from(ODD),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.integers(0, 2),
    st.integers(0, 200),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_the_look_at_bytes_misses_no_such_date(
    tmp_path_factory: pytest.TempPathFactory,
    encoding: str,
    odd: str,
    delimiter: str,
    quoting: Literal[0, 1],
    position: int,
    before: int,
    line_end: str,
) -> None:
    path = tmp_path_factory.mktemp("odd") / "示例.csv"
    rows = [["甲乙丙丁 2024-03-04", "2024-03-04", "2024-03-04"] for _ in range(before)]
    rows.append([odd if at == position else "2024-03-04" for at in range(3)])
    with path.open("w", encoding=encoding, newline="", errors="replace") as file:
        csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=line_end).writerows(
            rows
        )
    fmt = text_files.examine(path, encoding, delimiter)
    with patch.object(date_styles, "_AT_ONCE", 512):
        [shown] = date_styles.of_text(path, fmt, 3, {"day": position}).values()
    assert shown.unclear == 1
