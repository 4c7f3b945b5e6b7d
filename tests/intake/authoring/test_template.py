"""The blank workbook: what it looks like, and that what is filled into it passes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipeline.base.errors import UsageError
from pipeline.base.model import Column
from pipeline.intake.authoring import template
from tests.support import clerks

Command = Callable[..., subprocess.CompletedProcess[str]]
INPUTS = [d.name for d in clerks.CATALOG.datasets.values() if not d.produced]


def blank(tmp_path: Path, name: str) -> openpyxl.Workbook:
    tmp_path.mkdir(exist_ok=True)
    template.write(name, clerks.CATALOG, tmp_path / "空白.xlsx")
    return clerks.opened(tmp_path / "空白.xlsx")


@pytest.mark.parametrize("name", INPUTS)
def test_every_dataset_of_departments_has_a_blank_workbook_with_examples_and_values(
    tmp_path: Path, name: str
) -> None:
    book = blank(tmp_path, name)
    title = clerks.CATALOG.datasets[name].title
    assert book.sheetnames == [title, "示例", "取值"]
    assert book.active is not None and book.active.title == title


@dataclass(frozen=True)
class SentIn:
    """A blank workbook of a dataset, sent in as it is: the run that checked it, and where."""

    name: str
    run: clerks.Run
    private: Path


@pytest.fixture(scope="module", params=INPUTS)
def sent_in(request: pytest.FixtureRequest, every_engine: int, tmp_path_factory: pytest.TempPathFactory) -> SentIn:  # fmt: skip
    folder = tmp_path_factory.mktemp(request.param)
    blank(folder / "inbox", request.param)
    run = clerks.check(folder / "inbox", folder / "private")
    return SentIn(request.param, run, folder / "private")


def test_a_blank_workbook_that_is_sent_in_has_no_record_and_no_error(sent_in: SentIn) -> None:
    assert clerks.errors(sent_in.private) == []
    tally = sent_in.run.by_dataset()[sent_in.name]
    assert tally.read == tally.set_aside


def test_all_of_its_headers_are_known_and_none_is_missing(sent_in: SentIn) -> None:
    mapped = [m for o in sent_in.run.opened for m in o.mapping]
    assert [m.field for m in mapped] == [c.name for c in template.columns_to_fill(clerks.CATALOG.datasets[sent_in.name])]  # fmt: skip


def fill_in(book: openpyxl.Workbook, records: list[dict[str, Any]]) -> None:
    """Type records (by title) below the header of the first sheet."""
    sheet = book.worksheets[0]
    for number, record in enumerate(records):
        for title, value in record.items():
            row, column = clerks.header_at(sheet, title)
            clerks.put(sheet, row + 1 + number, column, value)


def examples(book: openpyxl.Workbook) -> dict[str, Any]:
    """The record of the sheet of examples, by title."""
    rows = list(book["示例"].iter_rows(values_only=True))
    named = zip(rows[1], rows[2], strict=True)
    return {str(h).lstrip("*").split("（万元）")[0]: v for h, v in named if v not in (None, "")}


@pytest.mark.usefixtures("every_engine")
@pytest.mark.parametrize("name", INPUTS)
def test_what_the_sheet_of_examples_shows_passes_when_it_is_filled_in(
    tmp_path: Path, name: str
) -> None:
    book = blank(tmp_path / "inbox", name)
    fill_in(book, [examples(book)])
    book.save(tmp_path / "inbox" / "空白.xlsx")
    run = clerks.check(tmp_path / "inbox", tmp_path / "private")
    assert clerks.errors(tmp_path / "private") == []
    tally = run.by_dataset()[
        name
    ]  # a term that is over by now keeps a record back, and is no mistake
    assert tally.accepted + tally.withheld == 1


def validations(book: openpyxl.Workbook) -> dict[int, Any]:
    """Column → its data validation."""
    found = {}
    for validation in book.worksheets[0].data_validations.dataValidation:
        for area in validation.sqref.ranges:
            found[area.min_col] = validation
    return found


def by_kind(name: str, kind: str) -> tuple[int, Column]:
    columns = template.columns_to_fill(clerks.CATALOG.datasets[name])
    return next((i, c) for i, c in enumerate(columns, 1) if c.kind == kind)


def test_a_column_with_a_code_list_has_a_drop_down_of_its_entries(tmp_path: Path) -> None:
    book = blank(tmp_path, "penalty_filings")
    at, column = by_kind("penalty_filings", "choice")
    validation = validations(book)[at]
    assert validation.type == "list" and validation.errorStyle in (None, "stop")
    sheet, area = validation.formula1.lstrip("=").replace("$", "").split("!")
    offered = [cell[0].value for cell in book[sheet.strip("'")][area]]
    assert offered == [code.label for code in clerks.CATALOG.codes[column.codes].codes]


def test_a_column_of_several_codes_offers_them_and_lets_them_be_joined(tmp_path: Path) -> None:
    at, _ = by_kind("penalty_filings", "choices")
    validation = validations(blank(tmp_path, "penalty_filings"))[at]
    assert (validation.type, validation.errorStyle) == ("list", "information")


@pytest.mark.parametrize(("kind", "expected"), [("social-credit-code", "@"), ("document-number", "@"), ("code", "@"), ("date", "yyyy-mm-dd"), ("money", "0.00####")])  # fmt: skip
def test_codes_are_text_dates_are_dates_and_amounts_are_numbers(tmp_path: Path, kind: str, expected: str) -> None:  # fmt: skip
    sheet = blank(tmp_path, "penalty_filings").worksheets[0]
    at, _ = by_kind("penalty_filings", kind)
    spans = sheet.column_dimensions.values()  # alike columns share one
    assert [s.number_format for s in spans if s.min <= at <= s.max] == [expected]


def test_amounts_name_the_unit_that_departments_use(tmp_path: Path) -> None:
    sheet = blank(tmp_path, "penalty_filings").worksheets[0]
    assert "罚款金额（万元）" in [cell.value for cell in sheet[template.HEADER + 1]]


def test_the_header_stays_in_sight_and_columns_are_wide_enough_to_read(tmp_path: Path) -> None:
    sheet = blank(tmp_path, "certificates").worksheets[0]
    assert sheet.freeze_panes == "B5"
    assert all(sheet.column_dimensions[c].width >= 10 for c in "ABCDEF")


def test_required_columns_are_starred_and_every_column_has_its_note(tmp_path: Path) -> None:
    sheet = blank(tmp_path, "certificates").worksheets[0]
    headers, notes = ([cell.value for cell in sheet[row]] for row in (4, 3))
    starred = [str(h).startswith("*") for h in headers]
    assert starred == [str(n).startswith("必填。") for n in notes]
    assert any(starred) and all(notes)


@pytest.mark.parametrize("name", INPUTS)
def test_what_must_never_be_public_is_not_asked_for(tmp_path: Path, name: str) -> None:
    never = {c.title for c in clerks.CATALOG.datasets[name].columns if c.privacy == "never"}
    asked = {str(c.value).lstrip("*") for c in blank(tmp_path, name).worksheets[0][4]}
    assert not never & asked


def test_the_same_contract_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("甲.xlsx", "乙.xlsx"):
        template.write("certificates", clerks.CATALOG, tmp_path / name)
    assert (tmp_path / "甲.xlsx").read_bytes() == (tmp_path / "乙.xlsx").read_bytes()


@pytest.mark.parametrize(("name", "path"), [("nothing", "a.xlsx"), ("sources", "a.xlsx"), ("certificates", "a.xls"), ("certificates", "none/a.xlsx")])  # fmt: skip
def test_what_cannot_be_written_is_said_in_a_sentence(tmp_path: Path, name: str, path: str) -> None:
    with pytest.raises(UsageError, match=r"[\u4e00-\u9fff]"):
        template.write(name, clerks.CATALOG, tmp_path / path)


def test_the_command_writes_it_and_says_so(tmp_path: Path, gongshi: Command) -> None:
    done = gongshi("template", "certificates", "-o", tmp_path / "证件.xlsx")
    assert done.returncode == 0 and "行政执法证件" in done.stdout
    assert (tmp_path / "证件.xlsx").exists()


# ---------------------------------------------------------------- the clerk's whole path


@pytest.mark.usefixtures("every_engine")
def test_a_clerk_fills_in_a_blank_workbook_with_mistakes_mends_the_feedback_and_it_is_published(
    tmp_path: Path, gongshi: Command
) -> None:
    inbox, private, site = (tmp_path / name for name in ("inbox", "private", "site"))
    path = inbox / "市监局" / "证件.xlsx"
    path.parent.mkdir(parents=True)
    assert gongshi("template", "certificates", "-o", path).returncode == 0

    book = clerks.opened(path)
    right = clerks.CERTIFICATE
    wrong = {**right, "证件编号": "16110300002", "姓名": "", "发证日期": "2024年2月30日", "证件状态": "不知道"}  # fmt: skip
    fill_in(book, [right, wrong])
    book.save(path)

    checked = gongshi("check", inbox, "--private", private, "--today", "2025-03-31")
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert "反馈表 1 份" in checked.stdout

    feedback = clerks.opened(private / "feedback" / "市监局" / "证件.xlsx")
    told = clerks.listed(feedback)
    assert {t["列名"].lstrip("*") for t in told} == {"姓名", "发证日期", "证件状态"}
    mended = {"姓名": "王示例", "发证日期": "2024-02-29", "证件状态": "有效"}
    for each in told:
        feedback[each["工作表"]][each["单元格"]] = mended[each["列名"].lstrip("*")]
    feedback.save(path)

    again = gongshi("check", inbox, "--private", private, "--today", "2025-03-31")
    assert again.returncode == 0, again.stdout + again.stderr
    options = ("--site", site, "--private", private, "--today", "2025-03-31")
    done = gongshi("publish", inbox, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    published = (site / "current" / "data" / "certificates.csv").read_text("utf-8-sig")
    assert "王示例" in published and "2024-02-29" in published
