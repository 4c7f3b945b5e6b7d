"""What goes back to a department: its own table, bad cells painted, every problem listed, read again."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.base.errors import StoreError
from pipeline.base.model import Location, found
from pipeline.base.sheet_cells import NOT_DATA, expected
from pipeline.checks.feedback import book as feedback_book
from pipeline.checks.results import notes as feedback_notes
from pipeline.checks.results.findings import line
from tests.support import clerks, formulas
from tests.support.clerks import CERTIFICATE, RED, YELLOW
from tests.support.examples import tries
from tests.support.full_disk import full
from tests.support.shop import hashes

# What a run finds and publishes does not depend on what computes.
pytestmark = pytest.mark.usefixtures("every_engine")

Command = Callable[..., subprocess.CompletedProcess[str]]


def sent_back(tmp_path: Path, name: str) -> openpyxl.Workbook:
    """Check the inbox of `tmp_path` and open what goes back for the file `name`."""
    clerks.check(tmp_path / "inbox", tmp_path / "private")
    return clerks.opened(tmp_path / "private" / "feedback" / name)


def csv_of(tmp_path: Path, **wrong: str) -> openpyxl.Workbook:
    """What goes back for a file of two certificates, the second with `wrong` cells."""
    second = {**CERTIFICATE, "证件编号": "16110300002", "姓名": "王示例", **wrong}
    clerks.write_csv(tmp_path / "inbox" / "市监局" / "证件.csv", [CERTIFICATE, second])
    return sent_back(tmp_path, "市监局/证件.csv.xlsx")


# ---------------------------------------------------------------- the department's own sheets


def test_a_bad_cell_is_painted_red_and_its_comment_says_in_chinese_what_to_do(
    tmp_path: Path,
) -> None:
    sheet = csv_of(tmp_path, 发证日期="2024-02-30").worksheets[0]
    assert clerks.painted(sheet) == {"D3": RED}
    comment = sheet["D3"].comment
    assert comment is not None
    assert (
        "【错误】" in comment.text and "发证日期" in comment.text and "2024-03-15" in comment.text
    )


def test_a_required_cell_that_is_blank_is_painted_where_it_should_be_filled_in(
    tmp_path: Path,
) -> None:
    sheet = csv_of(tmp_path, 姓名="").worksheets[0]
    assert clerks.painted(sheet) == {"B3": RED}


def test_a_file_with_nothing_to_mend_gets_no_workbook(tmp_path: Path) -> None:
    clerks.write_csv(tmp_path / "inbox" / "证件.csv", [CERTIFICATE])
    run = clerks.check(tmp_path / "inbox", tmp_path / "private")
    assert run.feedback == []
    assert list((tmp_path / "private" / "feedback").iterdir()) == []


def test_a_workbook_of_an_earlier_run_is_gone_when_its_file_is_mended(tmp_path: Path) -> None:
    csv_of(tmp_path, 姓名="")
    clerks.write_csv(tmp_path / "inbox" / "市监局" / "证件.csv", [CERTIFICATE])
    clerks.check(tmp_path / "inbox", tmp_path / "private")
    assert list((tmp_path / "private" / "feedback").rglob("*.xlsx")) == []


def test_every_cell_of_a_csv_stands_in_the_workbook_as_it_was_written(tmp_path: Path) -> None:
    odd = {"证件编号": "007", "执法类别": " 两边有空格 ", "执法区域": "1e5", "姓名": ""}
    sheet = csv_of(tmp_path, **odd).worksheets[0]
    row = clerks.values(sheet)[2]
    assert [row[0], row[1], *row[6:]] == ["007", "", " 两边有空格 ", "1e5"]


def test_two_sheets_titles_totals_and_typed_cells_come_back_in_their_own_layout(
    tmp_path: Path,
) -> None:
    header = list(CERTIFICATE)
    record = [*list(CERTIFICATE.values())[:3], datetime.datetime(2024, 1, 15), "2029-01-14", "在岗"]
    sheets = {
        "一队": [["执法证件台账"], header, record, ["合计", 1]],
        "二队": [header, ["16110300009", "", "示例局", 45306, "2029-01-14", "未知"]],
    }
    clerks.write_book(tmp_path / "inbox" / "台账.xlsx", sheets)
    back = sent_back(tmp_path, "台账.xlsx")
    assert back.sheetnames[:2] == ["一队", "二队"]
    first, second = (clerks.values(s) for s in back.worksheets[:2])
    assert [list(filter(None, r)) for r in first] == [["执法证件台账"], header, record, ["合计", 1]]
    assert second[1][3] == 45306
    assert clerks.painted(back["二队"]) == {"B2": RED, "F2": RED}


def test_of_tables_side_by_side_or_one_below_the_other_the_right_columns_are_painted_and_named(
    tmp_path: Path,
) -> None:
    header, good = list(CERTIFICATE), list(CERTIFICATE.values())
    left = ["16110300002", "", *good[2:]]
    right = ["16110300003", *good[1:3], "2024-02-30", *good[4:]]
    below = ["16110300004", *good[1:5], "不知道"]
    rows = [[*header, "", *header], [*left, "", *right], [], [*header[::-1]], [*below[::-1]]]
    clerks.write_book(tmp_path / "inbox" / "证件.xlsx", {"证件": rows})
    back = sent_back(tmp_path, "证件.xlsx")
    assert clerks.painted(back["证件"]) == {"B2": RED, "K2": RED, "A5": RED}
    told = {t["单元格"]: t["列名"] for t in clerks.listed(back)}
    assert told == {"B2": "姓名", "K2": "发证日期", "A5": "证件状态"}


def test_merged_cells_stay_merged_and_a_finding_inside_shows_on_the_cell_that_shows(
    tmp_path: Path,
) -> None:
    path = tmp_path / "inbox" / "证件.xlsx"
    rows = [["执法证件台账"], list(CERTIFICATE), [*list(CERTIFICATE.values())[:5], "不知道"]]
    clerks.write_book(path, {"证件": rows})
    book = openpyxl.load_workbook(path)
    book["证件"].merge_cells("A1:F1")
    book["证件"].merge_cells("F3:G3")
    book.save(path)
    sheet = sent_back(tmp_path, "证件.xlsx")["证件"]
    assert {str(area) for area in sheet.merged_cells.ranges} == {"A1:F1", "F3:G3"}
    assert clerks.painted(sheet)["F3"] == RED


def test_a_hidden_sheet_comes_back_hidden(tmp_path: Path) -> None:
    path = tmp_path / "inbox" / "证件.xlsx"
    wrong = {**CERTIFICATE, "姓名": ""}
    rows = [list(CERTIFICATE), list(wrong.values())]
    clerks.write_book(path, {"证件": rows, "底稿": [["草稿"]]})
    book = openpyxl.load_workbook(path)
    book["底稿"].sheet_state = "hidden"
    book.save(path)
    back = sent_back(tmp_path, "证件.xlsx")
    assert back["底稿"].sheet_state == "hidden"
    assert clerks.values(back["底稿"]) == [("草稿",)]


def test_a_row_that_is_wrong_as_a_whole_is_tinted_and_named_in_the_list(tmp_path: Path) -> None:
    other = {**CERTIFICATE, "姓名": "王示例"}
    clerks.write_csv(tmp_path / "inbox" / "证件.csv", [CERTIFICATE, other])
    back = sent_back(tmp_path, "证件.csv.xlsx")
    assert back.worksheets[0]["C2"].fill.start_color.rgb == "FFFDECEE"
    assert {(told["行"], told["列名"]) for told in clerks.listed(back)} == {
        (2, "整行"),
        (3, "整行"),
    }


def test_a_warning_is_yellow_and_does_not_say_what_the_value_should_be(tmp_path: Path) -> None:
    back = csv_of(tmp_path, 执法类别="联系 13800138000")
    assert set(clerks.painted(back.worksheets[0]).values()) <= {YELLOW}


# ---------------------------------------------------------------- the list and the summary


def test_the_list_has_row_column_value_reason_right_form_rule_and_a_link_for_every_error(
    tmp_path: Path,
) -> None:
    back = csv_of(tmp_path, 发证日期="2024-02-30", 证件状态="不知道")
    told = {t["列名"]: t for t in clerks.listed(back)}
    assert set(told) == {"发证日期", "证件状态"}
    day = told["发证日期"]
    assert (day["级别"], day["行"], day["单元格"], day["填写的内容"]) == (
        "错误",
        3,
        "D3",
        "2024-02-30",
    )
    assert all(day[key] for key in ("哪里不对", "应当写成", "怎么改", "依据"))
    assert "有效" in told["证件状态"]["应当写成"]
    lines = back["问题清单"].iter_rows(min_row=4)
    links = {row[5].hyperlink.location for row in lines if row[5].hyperlink}
    assert links == {"'数据'!D3", "'数据'!F3"}


def test_the_workbook_opens_on_the_summary_which_counts_and_tells_how_to_mend(
    tmp_path: Path,
) -> None:
    back = csv_of(tmp_path, 发证日期="2024-02-30")
    assert back.active is not None and back.active.title == "汇总"
    text = "\n".join(str(v) for row in clerks.values(back["汇总"]) for v in row)
    assert "市监局/证件.csv" in text and "读取 2 行" in text and "错误 1 处" in text
    assert "报回" in text


@pytest.mark.parametrize("taken", ["汇总", "问题清单"])
def test_a_department_may_have_a_sheet_of_our_name(tmp_path: Path, taken: str) -> None:
    rows = [list(CERTIFICATE), list({**CERTIFICATE, "姓名": ""}.values())]
    clerks.write_book(tmp_path / "inbox" / "证件.xlsx", {taken: rows})
    back = sent_back(tmp_path, "证件.xlsx")
    assert back.sheetnames[0] == taken
    assert clerks.painted(back.worksheets[0]) == {"B2": RED}
    assert len(back.sheetnames) == 3


def test_a_missing_header_reaches_the_department_with_the_column_to_add(tmp_path: Path) -> None:
    rows = [{k: v for k, v in CERTIFICATE.items() if k != "姓名"}]
    clerks.write_csv(tmp_path / "inbox" / "certificates" / "证件.csv", rows)
    told = clerks.listed(sent_back(tmp_path, "certificates/证件.csv.xlsx"))
    missing = next(t for t in told if t["列名"] == "姓名" and t["行"] == 1)
    assert "姓名" in missing["哪里不对"] and missing["应当写成"] == "姓名"


def test_a_file_that_cannot_be_opened_comes_back_as_a_list_alone(tmp_path: Path) -> None:
    clerks.write_csv(tmp_path / "inbox" / "好.csv", [CERTIFICATE])
    (tmp_path / "inbox" / "坏.xlsx").write_bytes(b"PK\x03\x04 broken")
    back = sent_back(tmp_path, "坏.xlsx")
    assert back.sheetnames == ["问题清单", "汇总"]
    assert [t["工作表"] for t in clerks.listed(back)] == ["整个文件"]


def test_when_no_file_can_be_read_findings_and_feedback_are_there_all_the_same(
    tmp_path: Path, gongshi: Command
) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "坏.xlsx").write_bytes(b"PK\x03\x04 broken")
    done = gongshi("check", tmp_path / "inbox", "--private", tmp_path / "private")
    assert done.returncode == 3
    assert clerks.findings(tmp_path / "private")
    assert (tmp_path / "private" / "feedback" / "坏.xlsx").exists()


# ---------------------------------------------------------------- hostile and large


HOSTILE = ["=1+1", "=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "＝1+1", "－其他", "　=1+1", "{=1}", "http://a.b/c", "mailto:a@b", "_x0041_", "a\x0bb", "\ufeff", "'007"]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_that_a_spreadsheet_would_run_is_in_the_workbook(
    tmp_path: Path, value: str
) -> None:
    back = csv_of(tmp_path, 执法类别=value, 姓名="")
    cell = back.worksheets[0].cell(3, 7)
    assert cell.data_type in ("s", "inlineStr", "n") and cell.hyperlink is None
    with zipfile.ZipFile(tmp_path / "private/feedback/市监局/证件.csv.xlsx") as packed:
        sheets = [n for n in packed.namelist() if n.startswith("xl/worksheets/sheet")]
        assert not any(b"<f>" in packed.read(name) for name in sheets)


def test_a_cell_longer_than_a_spreadsheet_holds_is_shortened_and_the_summary_says_so(
    tmp_path: Path,
) -> None:
    back = csv_of(tmp_path, 执法类别="长" * 40_000)
    assert len(back.worksheets[0]["G3"].value or "") == 32_000
    text = "\n".join(str(v) for row in clerks.values(back["汇总"]) for v in row)
    assert "1 格内容超过 32000 字" in text


def test_without_room_for_a_workbook_one_sentence_says_where_and_none_is_left(tmp_path: Path) -> None:  # fmt: skip
    csv_of(tmp_path, 执法类别="", 姓名="")
    before = hashes(tmp_path / "private" / "feedback")
    made = tmp_path / "private" / "feedback.new"
    with (
        full(made),
        pytest.raises(StoreError, match=f"无法写入 {made}/市监局/证件.csv.xlsx：") as told,
    ):
        clerks.check(tmp_path / "inbox", tmp_path / "private")
    assert f"{tmp_path / 'private'} 所在的磁盘已满" in str(told.value)
    assert hashes(tmp_path / "private" / "feedback") == before and not made.exists()


def test_a_workbook_s_own_temporary_files_lie_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    csv_of(tmp_path, 执法类别="", 姓名="")
    found = [path.name for path in (tmp_path / "private" / "feedback").rglob("*")]
    assert found == ["市监局", "证件.csv.xlsx"]


def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> openpyxl.Workbook:
    monkeypatch.setattr(feedback_book, "LARGE", 100)
    rows = [{**CERTIFICATE, "证件编号": f"161103{n:05}", "姓名": f"示例{n}"} for n in range(60)]
    rows[30]["姓名"], rows[50]["发证日期"] = "", "2024-13-01"
    clerks.write_csv(tmp_path / "inbox" / "证件.csv", rows)
    return sent_back(tmp_path, "证件.csv.xlsx")


def test_of_a_large_file_only_the_rows_with_problems_and_their_neighbours_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = large(tmp_path, monkeypatch)
    filled = [i for i, row in enumerate(clerks.values(back.worksheets[0]), 1) if any(row)]
    assert filled == [1, 31, 32, 33, 51, 52, 53]
    assert clerks.painted(back.worksheets[0]) == {"B32": RED, "D52": RED}


def test_the_summary_of_a_part_says_to_mend_the_department_s_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = large(tmp_path, monkeypatch)
    text = "\n".join(str(v) for row in clerks.values(back["汇总"]) for v in row)
    assert "只列出有问题的行" in text and "报回原文件" in text


def test_problems_of_one_kind_beyond_the_most_are_counted_and_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback_notes, "MOST_OF_A_KIND", 5)
    monkeypatch.setattr("pipeline.checks.feedback.lists.MOST_OF_A_KIND", 5)
    rows = [{**CERTIFICATE, "证件编号": f"161103{n:05}", "姓名": ""} for n in range(9)]
    clerks.write_csv(tmp_path / "inbox" / "证件.csv", rows)
    back = sent_back(tmp_path, "证件.csv.xlsx")
    assert len(clerks.listed(back)) == 5
    kinds = [row for row in clerks.values(back["汇总"]) if row[0] == "错误"]
    assert [row[3] for row in kinds] == [9]


@pytest.mark.parametrize("name", ["很" * 70 + ".csv", "a'b\"c&d<e>.csv", "点.点.CSV", "[1]*?.csv"])
def test_whatever_a_file_is_called_its_workbook_can_be_written(tmp_path: Path, name: str) -> None:
    clerks.write_csv(tmp_path / "inbox" / name, [{**CERTIFICATE, "姓名": ""}])
    run = clerks.check(tmp_path / "inbox", tmp_path / "private")
    assert len(run.feedback) == 1
    clerks.opened(tmp_path / "private" / "feedback" / run.feedback[0])


def test_two_files_that_would_share_a_workbook_each_get_one(tmp_path: Path) -> None:
    wrong = {**CERTIFICATE, "姓名": ""}
    clerks.write_csv(tmp_path / "inbox" / "证件.csv", [wrong])
    rows = [list(wrong), list(wrong.values())]
    clerks.write_book(tmp_path / "inbox" / "证件.csv.xlsx", {"证件": rows})
    run = clerks.check(tmp_path / "inbox", tmp_path / "private")
    assert len(set(run.feedback)) == 2


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0\ufeff"), max_size=12)


@settings(max_examples=tries(12))
@given(cells=st.lists(TEXT, min_size=2, max_size=6))
def test_whatever_stands_in_the_cells_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    rows = [{**CERTIFICATE, "证件编号": f"1611030000{i}", "姓名": "", "执法类别": c} for i, c in enumerate(cells)]  # fmt: skip
    clerks.write_csv(folder / "inbox" / "证件.csv", rows)
    back = sent_back(folder, "证件.csv.xlsx")
    again = feedback_cells(folder / "private" / "feedback" / "证件.csv.xlsx")
    assert back.sheetnames[0] == "数据"
    assert again == cells


def feedback_cells(path: Path) -> list[str]:
    """The seventh column as intake reads it from the workbook."""
    from pipeline.intake.workbook import workbooks

    sheet = next(workbooks.sheets(path))
    return [row[6] for row in sheet.rows[1:]]


def test_the_same_findings_give_the_same_bytes(tmp_path: Path) -> None:
    csv_of(tmp_path, 姓名="")
    path = tmp_path / "private/feedback/市监局/证件.csv.xlsx"
    once = path.read_bytes()
    clerks.check(tmp_path / "inbox", tmp_path / "private")
    assert path.read_bytes() == once


# ---------------------------------------------------------------- sent back and read again


@pytest.fixture(scope="module")
def read_again(
    every_engine: int, published: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Path]]:
    """The sample checked once as departments sent it, and once with its feedback sent in instead."""
    private = published.private  # type: ignore[attr-defined]
    inbox = tmp_path_factory.mktemp("again") / "inbox"
    shutil.copytree(clerks.ROOT / "examples" / "inbox", inbox)
    feedback = private / "feedback"
    for workbook in feedback.rglob("*.xlsx"):
        name = workbook.relative_to(feedback)
        if not (inbox / name).exists():
            (inbox / str(name).removesuffix(".xlsx")).unlink()
        shutil.copy(workbook, inbox / name)
    clerks.check(inbox, inbox.parent / "private")
    yield private, inbox.parent / "private"


def told(private: Path) -> set[tuple[str, ...]]:
    lines = set()
    for f in clerks.findings(private):
        file = re.sub(r"\.(csv|tsv)\.xlsx$", r".\1", f["file"])
        sheet = f["sheet"] if file.endswith("xlsx") else ""
        if f["rule"] != "sheet-notes":
            lines.add((file, sheet, f["rule"], f["row"], f["column"], f["value"]))
    return lines


@pytest.mark.once  # the sample is checked on every engine by test_same_bytes_on_every_engine
def test_feedback_sent_back_unmended_is_read_as_if_it_were_the_original(
    read_again: tuple[Path, Path],
) -> None:
    before, after = map(told, read_again)
    assert after == before


@pytest.mark.once
def test_feedback_sent_back_gives_the_same_tallies(read_again: tuple[Path, Path]) -> None:
    before, after = (json.loads((p / "run.json").read_text("utf-8")) for p in read_again)
    assert after["datasets"] == before["datasets"]


def test_a_department_mends_its_feedback_sends_it_back_and_it_is_clean(tmp_path: Path) -> None:
    back = csv_of(tmp_path, 发证日期="2024-02-30", 姓名="")
    sheet = back.worksheets[0]
    sheet["D3"], sheet["B3"] = "2024-02-29", "王示例"
    (tmp_path / "inbox" / "市监局" / "证件.csv").unlink()
    back.save(tmp_path / "inbox" / "市监局" / "证件.csv.xlsx")
    run = clerks.check(tmp_path / "inbox", tmp_path / "private")
    assert clerks.errors(tmp_path / "private") == []
    assert run.by_dataset()["certificates"].accepted == 2
    assert run.feedback == []


def test_what_sources_yaml_says_of_a_file_holds_for_its_mended_feedback(tmp_path: Path) -> None:
    row = {"编": "16110300001", "名": "李示例", "单位": "示例局"}
    clerks.write_csv(tmp_path / "inbox" / "甲.csv", [{**row, "名": ""}])
    hint = "- {match: 甲.csv, dataset: certificates, columns: {编: certificate_no, 名: holder_name, 单位: authority_name}}\n"  # fmt: skip
    (tmp_path / "inbox" / "sources.yaml").write_text(hint, "utf-8")
    back = sent_back(tmp_path, "甲.csv.xlsx")
    back.worksheets[0]["B2"] = "李示例"
    (tmp_path / "inbox" / "甲.csv").unlink()
    back.save(tmp_path / "inbox" / "甲.csv.xlsx")
    clerks.check(tmp_path / "inbox", tmp_path / "private")
    assert clerks.errors(tmp_path / "private") == []


def test_feedback_on_feedback_has_one_list_and_one_summary(tmp_path: Path) -> None:
    back = csv_of(tmp_path, 发证日期="2024-02-30")
    (tmp_path / "inbox" / "市监局" / "证件.csv").unlink()
    back.save(tmp_path / "inbox" / "市监局" / "证件.csv.xlsx")
    again = sent_back(tmp_path, "市监局/证件.csv.xlsx")
    assert again.sheetnames == ["数据", "问题清单", "汇总"]


def test_our_sheets_are_marked_so_that_no_dataset_ever_takes_them(tmp_path: Path) -> None:
    back = csv_of(tmp_path, 姓名="")
    assert all(str(back[name]["A1"].value).endswith(NOT_DATA) for name in ("问题清单", "汇总"))


# ---------------------------------------------------------------- findings.json and findings.csv


def test_findings_json_has_every_finding_of_findings_csv_with_its_cell_and_what_to_do(
    tmp_path: Path,
) -> None:
    csv_of(tmp_path, 发证日期="2024-02-30")
    read = json.loads((tmp_path / "private" / "findings.json").read_text("utf-8"))
    assert (read["format"], read["version"]) == ("gongshi-findings", 1)
    lines = clerks.findings(tmp_path / "private")
    assert [(f["rule"], str(f["row"] or "")) for f in read["findings"]] == [(f["rule"], f["row"]) for f in lines]  # fmt: skip
    wrong = next(f for f in read["findings"] if f["severity"] == "error")
    assert (wrong["row"], wrong["cell"]) == (3, "D3")
    assert wrong["fix"]


def test_the_clerk_s_guide_shows_findings_json_as_it_is(tmp_path: Path) -> None:
    clerks.write_csv(tmp_path / "inbox" / "市监局" / "证件.csv", [CERTIFICATE, {**CERTIFICATE, "姓名": ""}])  # fmt: skip
    clerks.check(tmp_path / "inbox", tmp_path / "private")
    read = json.loads((tmp_path / "private" / "findings.json").read_text("utf-8"))
    guide = (clerks.ROOT / "docs" / "clerk.md").read_text("utf-8")
    shown = json.loads(guide.split("```json\n")[1].split("```")[0])
    assert shown["findings"][0] in read["findings"]
    assert {**shown, "findings": []} == {**read, "findings": []}


@pytest.mark.once
@pytest.mark.parametrize("value", ["\tx", *formulas.MARKED])
def test_a_value_in_findings_csv_is_never_run_by_a_spreadsheet(value: str) -> None:
    told = line(found("pattern", Location(), row=2, column="url", value=value), "zh")
    assert told[9] == f"'{value}"


@pytest.mark.once
@pytest.mark.parametrize("value", formulas.LEFT)
def test_any_other_value_is_in_findings_csv_as_it_is(value: str) -> None:
    told = line(found("pattern", Location(), row=2, column="url", value=value), "zh")
    assert told[9] == value


COLUMNS = [(d.name, c) for d in clerks.CATALOG.datasets.values() if not d.produced for c in d.columns]  # fmt: skip


@pytest.mark.once
@pytest.mark.parametrize(("dataset", "column"), COLUMNS, ids=lambda x: getattr(x, "name", x))
def test_of_every_column_it_can_be_said_what_should_stand_there(
    dataset: str, column: object
) -> None:
    said = expected(column, clerks.CATALOG.codes.get(column.codes))  # type: ignore[attr-defined, arg-type]
    assert said and "…" not in said and "{" not in said
