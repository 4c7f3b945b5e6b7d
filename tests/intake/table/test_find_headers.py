"""Headers are found and matched, tables told apart, and what is no record is set aside."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.base.errors import UsageError
from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.intake.table import find_headers, match_columns, not_records, sources_yaml
from pipeline.intake.table.find_headers import Merged
from pipeline.intake.workbook import archive

CONTRACT = catalog.load(Path(__file__).parents[3] / "datapackage", RULES)
INPUTS = [d for d in CONTRACT.datasets.values() if not d.produced]
PENALTIES = CONTRACT.datasets["penalty_filings"]


# ---------------------------------------------------------------- headers


@pytest.mark.parametrize(
    ("written", "field", "unit"),
    [
        ("行政相对人名称", "respondent_name", ""),
        ("*1、行政相对人 名称（必填）", "respondent_name", ""),
        ("罚款金额〔元〕", "fine_yuan", "元"),
        ("罚款金额(单位：万元)", "fine_yuan", "万元"),
        ("行政處罰決定書文號", "decision_no", ""),
        ("ＣＦ＿ＷＳＨ", "decision_no", ""),
        ("处罚\n决定日期", "decision_date", ""),
        ("处罚机关\u200b", "authority_name", ""),
    ],
)
def test_a_header_is_known_however_it_is_written(written: str, field: str, unit: str) -> None:
    (match,) = match_columns.match([written], PENALTIES, {}, ())
    assert (match.field, match.unit) == (field, unit)


@pytest.mark.parametrize("written", ["采纳条数 (条)", "采纳条数（条）", "Adopted (条)"])
def test_a_title_with_the_unit_that_its_column_has_is_that_column(written: str) -> None:
    opinions = CONTRACT.datasets["legislative_opinions"]
    (match,) = match_columns.match([written], opinions, {}, ())
    assert match.field == "adopted"


@pytest.mark.parametrize("written", ["罚款金额 (元)", "Fine (yuan)"])
def test_the_titles_of_the_sites_downloads_name_the_unit_of_amounts(written: str) -> None:
    (match,) = match_columns.match([written], PENALTIES, {}, ())
    assert (match.field, match.unit) == ("fine_yuan", "元")


def test_a_title_alone_names_no_unit() -> None:
    assert [m.unit for m in match_columns.match(["罚款金额", "Confiscated"], PENALTIES, {}, ())] == ["", ""]  # fmt: skip


def test_a_near_miss_is_suggested_and_not_taken() -> None:
    (match,) = match_columns.match(["行政相对人的名称吗"], PENALTIES, {}, ())
    assert (match.field, match.suggestion) == ("", "行政相对人名称")


def test_a_second_column_of_the_same_field_stays_unmatched() -> None:
    first, second = match_columns.match(["处罚机关", "处罚机关"], PENALTIES, {}, ())
    assert (first.field, second.field, second.matched_by) == ("authority_name", "", "second")


@pytest.mark.parametrize("written", ["序号", " 序 号 ", "No.", "行号"])
def test_a_column_that_numbers_the_rows_is_no_unknown_column(written: str) -> None:
    (match,) = match_columns.match([written], PENALTIES, {}, ())
    assert (match.field, match.matched_by) == ("", "serial")


@pytest.mark.parametrize(
    "header",
    [
        ("source_id", "source_row"),
        ("来源编号", "来源行号"),
        ("Source", "Row in the source"),
        ("record_id", "SOURCE_ID", "source_row", "decision_no"),
    ],
)
def test_where_our_own_records_came_from_is_no_unknown_column(header: tuple[str, ...]) -> None:
    matched = match_columns.match(header, PENALTIES, {}, ())
    assert [m.matched_by for m in matched if not m.field] == ["origin", "origin"]


def test_one_column_of_these_names_may_be_a_departments() -> None:
    (match,) = match_columns.match(["来源编号"], PENALTIES, {}, ())
    assert match.matched_by == ""


def test_a_field_may_be_called_like_the_numbers_of_rows() -> None:
    figures = CONTRACT.datasets["report_figures"]
    (match,) = match_columns.match(["序号"], figures, {}, ())
    assert match.field == "ordinal"


def test_sources_yaml_names_columns_in_whatever_width() -> None:
    (match,) = match_columns.match(
        ["老 板（大）"], PENALTIES, {"老板(大)": "legal_representative"}, ()
    )
    assert (match.field, match.matched_by) == ("legal_representative", "sources.yaml")


# ---------------------------------------------------------------- header rows

TWO_ROWS = [
    ["示例表", "", "", "", ""],
    ["行政相对人", "", "处罚机关信息", "", "处罚决定日期"],
    ["名称", "类别", "处罚机关", "统一社会信用代码", ""],
    ["示例公司", "自然人", "示例局", "", "2024-01-01"],
]
MERGED = [Merged(1, 0, 1, 4), Merged(2, 0, 2, 1), Merged(2, 2, 2, 3), Merged(2, 4, 3, 4)]


def test_a_header_of_two_rows_becomes_one_name_for_each_column() -> None:
    block = find_headers.find_block(TWO_ROWS, [PENALTIES], MERGED)
    assert block is not None
    assert (block.first, block.last) == (2, 3)
    assert block.names == ("行政相对人名称", "行政相对人类别", "处罚机关", "处罚机关统一社会信用代码", "处罚决定日期")  # fmt: skip


def test_a_groups_credit_code_is_not_taken_for_anothers() -> None:
    above = [["数据来源单位情况", ""], ["名称", "统一社会信用代码"]]
    block = find_headers.block_at(above, 1, 2, [PENALTIES], [Merged(1, 0, 1, 1)])
    matched = match_columns.match(block.names, PENALTIES, {}, ())
    assert matched[1].field == "source_uscc"


def test_the_first_record_is_no_part_of_the_header() -> None:
    above = [["行政相对人名称", "处罚机关", "备注"], ["示例公司", "示例局", ""]]
    block = find_headers.find_block(above, INPUTS)
    assert block is not None and (block.first, block.last) == (1, 1)


def test_no_header_where_no_row_names_two_fields() -> None:
    assert find_headers.find_block([["处罚机关", "心情"], ["示例局", "好"]], INPUTS) is None


def test_a_merged_cell_is_filled_down_in_its_first_column() -> None:
    table = [["a", "b"], ["x", "y"], ["", "z"], ["", ""]]
    full, used = find_headers.filled_down(table, [Merged(2, 0, 900, 0), Merged(2, 1, 2, 1)], 1)
    assert [row[0] for row in full] == ["a", "x", "x", "x"]
    assert used == [Merged(2, 0, 4, 0)]


def test_merged_cells_that_overlap_fill_each_cell_once() -> None:
    table = [["a", "b"], ["x", "y"], ["", "z"], ["w", ""], ["", ""]]
    ranges = [Merged(2, 0, 4, 0), Merged(3, 0, 5, 0), Merged(4, 0, 4, 1)]
    full, used = find_headers.filled_down(table, ranges, 1)
    assert [row[0] for row in full] == ["a", "x", "x", "x", "x"] and used == ranges[:2]
    assert table[4] == ["", ""]

    start = time.process_time()
    tall = [Merged(top, top % 3, 50_000, 5) for top in range(2, 20_000)]
    full, used = find_headers.filled_down([[f"{n}", "", "", "b"] for n in range(50_000)], tall, 1)
    assert full[-1] == ["2", "", "", "b"] and len(used) == 6666
    assert time.process_time() - start < 2


def test_a_row_of_data_types_between_titles_and_codes_is_of_the_header() -> None:
    above = [
        ["行政相对人名称", "行政处罚决定书文号", "罚款金额（元）", "处罚决定日期"],
        ["字符型", "C(128)", "N(18,6)", "日期型"],
        ["CF_XDR_MC", "CF_WSH", "CF_NR_FK", "CF_JDRQ"],
        ["示例公司", "示罚〔2024〕1号", "100", "2024-01-01"],
    ]
    block = find_headers.find_block(above, [PENALTIES])
    assert block is not None
    assert (block.first, block.last, block.names[2]) == (1, 3, "罚款金额（元）")


# ---------------------------------------------------------------- what is no record

HEADS = (("单位", "件数", "金额"),)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (("合计", "5", "10"), "total"),
        (("", "合 计：", "10"), "total"),
        (("合\u3000计", "5", "10"), "total"),
        (("审\u3000核\u3000人：张某", "", ""), "signature"),
        (("某局", "合计", "10"), None),
        (("小计（3件）", "", ""), "total"),
        (("填表人：张某", "审核人：李某", "填报日期：2024-01-01"), "signature"),
        (("负责人", "", ""), "signature"),
        (("注：以上为示例", "", ""), "footnote"),
        (("单位", "件数", "金额"), "header"),
        (("（1）", "（2）", "（3）"), "header"),
        (("1", "2", "3"), None),
        (("", " ", "\u3000"), ""),
        (("合计科技有限公司", "5", "10"), None),
        (("制表印刷厂", "5", "10"), None),
        (("以上海菜馆", "5", "10"), None),
        (("示例局", "5", ""), None),
    ],
)
def test_totals_signatures_and_notes_are_told_from_records(
    cells: tuple[str, ...], why: str | None
) -> None:
    assert not_records.reason(cells, HEADS, 2) == why
    table = pa.table({str(i): [c] for i, c in enumerate(cells)} | {"_row": [7]})
    kept, aside, blank = not_records.split(table, HEADS, 2)
    assert (len(kept), [a.why for a in aside], blank) == (
        int(why is None),
        [why] if why else [],
        int(why == ""),
    )


NEEDED = 4


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (("打印时间：2025-01-03 09:12:11", "", "", "", ""), "footnote"),
        (("导出时间 2025年1月3日 9:12", "", "", "", ""), "footnote"),
        (("打印人：张某", "", "打印日期：2025-01-03", "", ""), "footnote"),
        (("Printed by: Zhang", "", "", "", ""), "footnote"),
        (("共计", "2", "", "", ""), "total"),
        (("", "总共", "2 件", "250,000.00元", ""), "total"),
        (("Total", "2", "", "", ""), "total"),
        (("共计", "2", "3", "4", ""), None),  # as many cells as a record has
        (("打印时间：1", "打印人：2", "页码：3", "版本：4", ""), None),
        (("共计", "示例公司", "", "", ""), None),
        (("件数：5", "", "", "", ""), None),  # a column's own name
        (("事实：当事人未取得许可擅自经营。", "", "", "", ""), None),
        (("", "", "事实：未取得许可", "", ""), None),
        (("打印时间：2025-01-03", "示例公司", "", "", ""), None),
        (("https://example.cn", "", "", "", ""), None),
        (("示应罚〔2024〕1号：补", "", "", "", ""), None),
    ],
)
def test_notes_and_sums_are_known_by_all_cells_of_a_row_that_is_no_full_record(
    cells: tuple[str, ...], why: str | None
) -> None:
    assert not_records.reason(cells, HEADS, NEEDED) == why
    table = pa.table({str(i): [c] for i, c in enumerate(cells)} | {"_row": [7]})
    _, aside, _ = not_records.split(table, HEADS, NEEDED)
    assert [a.why for a in aside] == ([why] if why else [])


# ---------------------------------------------------------------- sources.yaml


def said(tmp_path: Path, entry: str) -> list[sources_yaml.Hint]:
    path = tmp_path / "sources.yaml"
    path.write_text(f"- {{match: a.csv, {entry}}}\n", "utf-8")
    return sources_yaml.read_hints(path, CONTRACT)


def test_sources_yaml_is_read(tmp_path: Path) -> None:
    (hint,) = said(tmp_path, "dataset: penalty_filings, header_rows: [2, 3], units: {fine_yuan: 万元}, precedence: 2, sheet: 1")  # fmt: skip
    assert (hint.header_rows, hint.units, hint.precedence) == ((2, 3), {"fine_yuan": "万元"}, 2)


@pytest.mark.parametrize(
    "entry",
    [
        "datsaet: x",
        "dataset: nothing",
        "encoding: klingon",
        'delimiter: ",,"',
        "header_rows: 0",
        "header_rows: [3, 2]",
        "header_rows: yes",
        "columns: [a]",
        "columns: {a: no_such_field}",
        "columns: {a: {b: c}}",
        "ignore: a",
        "values: {respondent_type: 1}",
        "constants: {fine_yuan: [1]}",
        "dates: american",
        "units: {fine_yuan: 美元}",
        "precedence: high",
        "year: soon",
    ],
)
def test_a_slip_in_sources_yaml_stops_the_run_with_a_sentence(tmp_path: Path, entry: str) -> None:
    with pytest.raises(UsageError, match=r"sources\.yaml"):
        said(tmp_path, entry)


# ---------------------------------------------------------------- parts of a workbook


@pytest.mark.parametrize("filler", [b"", b"<si><t>x</t></si>" * 40])
def test_a_part_is_looked_at_whole_and_never_much_of_it_at_once(
    filler: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "PIECE", 16)
    monkeypatch.setattr(archive, "HELD_MOST", 200)
    part = b"<x>" + b'<c r="A1" t="e"><v>#N/A</v></c>' * 9 + filler + b"<m/>" * 9
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as opened:
        opened.writestr("part.xml", part)
        pieces = list(archive.Archive(opened, len(part)).pieces("part.xml"))
    assert b"".join(pieces) == part
    assert max(map(len, pieces)) <= 200 + 16
    assert all(piece.count(b"<c ") == piece.count(b"</c>") for piece in pieces)


@pytest.mark.parametrize(
    ("cells", "numbered", "is_header"),
    [
        (("1", "2", "3"), (7, 3), True),
        (("1", "2", "3"), (0, 0), False),  # a column holds numbers
        (("1", "2", "3"), (6, 3), False),  # not right under the header
        (("1", "2", "4"), (7, 3), False),
        (("1", "2", ""), (7, 3), False),
    ],
)
def test_bare_numbers_are_the_columns_only_right_under_a_header_without_numbers(
    cells: tuple[str, ...], numbered: tuple[int, int], is_header: bool
) -> None:
    table = pa.table({str(i): [c] for i, c in enumerate(cells)} | {"_row": [7]})
    _, aside, _ = not_records.split(table, HEADS, 2, numbered)
    assert [a.why for a in aside] == (["header"] if is_header else [])


@pytest.mark.parametrize(
    ("cells", "is_hint"),
    [
        (("必填", "选填", "日期格式：YYYY-MM-DD"), True),
        (("文本", "18位数字", "必填，单位：万元"), True),
        (("（必填）", "", "从下拉列表中选择"), True),
        (("示例", "示例公司", "2024-01-01"), True),
        (("必填", "", ""), False),  # one word may be a record's
        (("示例一公司", "示例二公司"), False),
        (("无需填写说明的公司", "某格式合同公司"), False),
        (("文本", "数字", "日期"), False),  # kinds, but nothing says that they are hints
        (("必填", "示例公司", "2024-01-01"), False),
        (("格式合同填写不规范", "某公司", "2024-01-01"), False),
        (("C(200)", "N(18,6)", "D"), True),
        (("C(200)", "N(18", "6)"), True),  # as a CSV has it that does not quote the comma
        (("varchar2(200)", "NUMBER(18, 6)", "date"), True),
        (("字符型", "数值型（18，2）", "日期型"), True),
        (("字符型200 必填", "varchar(50) not null", "datetime"), True),
        (("an..100", "n..18,2", "an18"), True),
        (("C", "D", "N"), False),  # may be values
        (("C200", "D8", "N18"), False),  # may be models of goods
        (("小型", "微型", "中型"), False),
        (("示例(2)公司", "C(200)", "D"), False),
    ],
)
def test_hints_are_set_aside_only_where_nearly_every_cell_is_one_under_the_header(
    cells: tuple[str, ...], is_hint: bool
) -> None:
    table = pa.table({str(i): [c] for i, c in enumerate(cells)} | {"_row": [7]})
    for header, expected in ((6, ["hint"] if is_hint else []), (2, []), (7, [])):
        _, aside, _ = not_records.split(table, HEADS, 2, (header + 1, 0))
        assert [a.why for a in aside] == expected


def test_records_that_repeat_header_words_open_no_table_and_take_no_time() -> None:
    datasets = tuple(CONTRACT.datasets.values())
    header = ["证件编号", "姓名", "执法单位", "证件种类", "发证日期"]
    record = ["证件编号", "姓名", "执法单位", "甲", "2024-01-01"]
    rows = [header, *([record] * 20_000)]
    first = find_headers.find_block(rows, datasets)
    assert first is not None
    start = time.process_time()
    assert len(find_headers.areas(rows, first, datasets, ())) == 1
    assert time.process_time() - start < 2
    other = ["行政处罚决定书文号", "处罚类别", "罚款金额（万元）", "处罚决定日期"]
    assert len(find_headers.areas([*rows[:9], [], other, ["1"] * 4], first, datasets, ())) == 2
