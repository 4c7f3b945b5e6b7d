"""A report is read from its file to its figures, and what is wrong with it becomes a finding."""

from __future__ import annotations

import csv
import io
import os
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.base.model import Figure
from pipeline.base.words import rules
from pipeline.contract import catalog
from pipeline.flow import yearly_reports
from pipeline.reports.compare import corrections, internal_consistency
from pipeline.reports.compare.with_records import reconcile
from pipeline.reports.figures.heading import Heading
from pipeline.reports.figures.indicators import Indicator, load
from pipeline.reports.read import Report, read_report
from tests.support import marked, paper

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "real" / "inbox" / "reports" / "000_dd65877722798507.txt"
VOCABULARY = load(ROOT / "datapackage" / "codes" / "indicators.csv")
NOTHING = Heading()
TEXT = "某区2024年法治政府建设年度报告（示例数据）\n一、全年备案规范性文件10件，废止12件。\n"


def read(
    tmp_path: Path, data: str | bytes, name: str = "report.txt", given: Heading = NOTHING
) -> Report:
    file = tmp_path / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_report(file, name=name, indicators=VOCABULARY, given=given)


def found(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings}


# ---------------------------------------------------------------- whole reports


@pytest.mark.parametrize("file", sorted(marked.FOLDER.iterdir()), ids=lambda f: f.name)
def test_every_marked_figure_is_read_and_no_other(file: Path, tmp_path: Path) -> None:
    source, expected = marked.unmarked(file.read_text("utf-8"))
    report = read(tmp_path, source, file.name)
    hits, missed, extra = marked.score(expected, report.figures)
    assert (missed, extra) == ([], [])
    assert hits == len(expected)
    assert report.year == 2024
    assert report.body


@pytest.fixture(scope="module")
def real() -> Report:
    if not REAL.exists():
        if os.environ.get("CI"):
            pytest.fail(f"the real report is missing: {REAL.name}")
        pytest.skip("the real report is not beside this checkout (../shared/real)")
    return read_report(
        REAL, name=REAL.name, indicators=VOCABULARY, given=Heading(body="信阳市平桥区")
    )


def test_the_real_report_comes_out_clean(real: Report) -> None:
    assert not re.search(r"[a-zA-Zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ�?\ue000-\uf8ff\u3100-\u312f]", real.text)
    assert not any(not repair.proven for repair in real.repairs)
    assert real.text.count("（") == real.text.count("）") == 8
    assert real.text.count("(") == real.text.count(")") > 0
    assert [s.mark for s in real.sections] == ["一、", "二、", "三、", "四、"]
    assert [s.mark.strip("（）()") for s in real.sections[1].parts] == list("一二三四五")


def test_all_figures_of_the_real_report_are_read(real: Report) -> None:
    with (ROOT / "tests" / "reports" / "real_figures.csv").open(encoding="utf-8") as lines:
        expected = [tuple(row.values()) for row in csv.DictReader(lines)]
    assert [
        (str(f.start), str(f.end), f.value, f.unit, f.comparator) for f in real.figures
    ] == expected


def test_indicators_of_the_real_report_are_told(real: Report) -> None:
    stated = {f.code: f.value for f in reversed(real.figures)}
    for code, value in {
        "certificates_issued": "72", "certificates_reviewed": "844", "penalties_filed": "11",
        "documents_filed": "10", "documents_evaluated": "2", "documents_cleanups": "3",
        "documents_abolished": "12", "documents_amended": "1", "legislative_drafts": "3",
        "legislative_opinions": "32", "suits_closed": "71", "suits_lost": "5",
        "suits_lost_rate": "7.04", "reconsiderations_accepted": "57", "special_supervisors": "20",
        "contact_points": "26", "legal_aid_cases": "1119",
    }.items():  # fmt: skip
        assert stated[code] == value, code


def test_year_and_date_of_the_real_report_are_read(real: Report) -> None:
    assert (real.year, real.date, real.body) == (2024, "2025-02-21", "信阳市平桥区")


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_text_is_read_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    assert [f.value for f in read(tmp_path, TEXT.encode(encoding)).figures] == ["10", "12"]


def test_text_in_big5_is_read(tmp_path: Path) -> None:
    text = (
        "某區2024年法治政府建設年度報告\n全年受理行政複議案件57件，辦結案件55件，調解糾紛120件。\n"
    )
    assert [f.value for f in read(tmp_path, text.encode("big5")).figures] == ["57", "55", "120"]


def docx(body: str) -> bytes:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    rows = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in body.split("\n"))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "word/document.xml",
            f'<?xml version="1.0"?><w:document xmlns:w="{space}"><w:body>{rows}</w:body></w:document>',
        )
    return stream.getvalue()


def test_a_word_document_is_read(tmp_path: Path) -> None:
    assert [f.value for f in read(tmp_path, docx(TEXT), "a.docx").figures] == ["10", "12"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    report = read(tmp_path, docx("一" * 5_000_000), "a.docx")
    assert found(report) == {"report-too-large"}


def test_xml_entities_are_not_expanded(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(
            "word/document.xml",
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY b "件件件">]>'
            '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            "<w:p><w:r><w:t>办结12&b;&a;</w:t></w:r></w:p></w:document>",
        )
    report = read(tmp_path, stream.getvalue(), "a.docx")
    assert "件件件" not in report.text


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("a.txt", b"", "report-empty"),
        ("a.txt", b"  \n", "report-empty"),
        ("a.txt", bytes(range(256)) * 20, "report-unreadable"),
        ("a.docx", b"PK\x03\x04broken", "report-unreadable"),
        ("a.docx", b"no zip at all", "report-unreadable"),
        ("a.pdf", b"%PDF-1.7\nbroken", "report-unreadable"),
        ("a.html", b"<html><body></body></html>", "report-empty"),
    ],
)
def test_a_file_without_text_is_a_finding(
    name: str, data: bytes, rule: str, tmp_path: Path
) -> None:
    report = read(tmp_path, data, name)
    assert found(report) == {rule}
    assert report.figures == ()


def test_a_text_with_holes_is_doubtful_where_they_are(tmp_path: Path) -> None:
    """Characters turned to ? by some converter: nothing proves what stood there."""
    broken = (
        TEXT
        + "全年受理行?复议案件12件，审?案卷40卷。\n调?纠纷30?，发?资料50份，培?干部60人。\n组织宣讲8场。\n"
    )
    report = read(tmp_path, broken)
    assert "report-unproven" in found(report)
    doubtful = {f.value for f in report.figures if f.status == "doubtful"}
    assert doubtful == {"12", "40", "50", "60"}


@pytest.mark.parametrize("encoding", ["latin-1", "hz"])
def test_figures_of_a_text_in_no_chinese_are_doubtful(tmp_path: Path, encoding: str) -> None:
    data = TEXT.encode("gb18030").decode("latin-1") if encoding == "latin-1" else TEXT.encode("hz")
    report = read(tmp_path, data)
    assert "report-not-chinese" in found(report)
    assert {f.status for f in report.figures} <= {"doubtful"}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig", "gb18030"])
def test_a_text_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path, (TEXT * 3).encode(encoding)).text == TEXT * 3


def test_a_part_that_makes_the_rate_with_any_total_of_its_sentence_is_right(tmp_path: Path) -> None:
    text = "审结案件1390件，其中驳回883件，维持389件，纠错118件，纠错率为8.49%。受理862件，其中民事511件、刑事349件、行政2件；欠薪203件。\n"
    assert found(read(tmp_path, TEXT + text)) == set()


@pytest.mark.slow
def test_a_long_report_of_one_kind_of_sentence_mark_is_read_to_its_end(tmp_path: Path) -> None:
    """No sentence mark but 。 stands in it: each figure must not look back to the start."""
    lines = TEXT + "全年办理案件12件，培训35人次。\n" * 8_000
    assert len(read(tmp_path, lines).figures) == 16_002


def test_a_printed_pdf_is_read_like_the_text_it_was_printed_from(tmp_path: Path) -> None:
    """With its radicals for characters, gaps, broken lines, and the header of each page."""
    pages = [
        ["青石县内部网页 第 1 页", "青⽯县 2024 年法治政府建设年度报告", "（示例数据）", "⼀、规范⾏政执法",
         "全县新申办⾏政执法证 72 件，年审 844 件，办理⾏政处罚案件", "1,482 件，⽐ 2023 年的 1,641 件减少 159 件，其中罚款案件占",
         "81.2% ，涉及⼈⺠群众⼀百⼆⼗余⼈，全年受理投诉举报案件⼋"],
        ["青石县内部网页 第 2 页", "⼗六件，均已办结，群众对处理结果表示满意，没有⼀件复议。", "⻓期坚持，确保⻅效。"],
    ]  # fmt: skip
    report = read(tmp_path, paper.pdf(pages), "report.pdf")
    assert report.title == "青石县2024年法治政府建设年度报告"
    assert "内部网页" not in report.text
    assert [(f.value, f.unit, f.label) for f in report.figures] == [
        ("72", "件", "全县新申办行政执法证"), ("844", "件", "年审"),
        ("1482", "件", "办理行政处罚案件"), ("1641", "件", "办理行政处罚案件"),
        ("159", "件", "办理行政处罚案件减少"), ("81.2", "%", "罚款案件占"),
        ("120", "人", "涉及人民群众"), ("86", "件", "受理投诉举报案件"),
    ]  # fmt: skip
    assert report.text.endswith("长期坚持，确保见效。")


def test_a_scan_without_a_text_layer_is_told(tmp_path: Path) -> None:
    from pypdf import PdfWriter

    writer, stream = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.write(stream)
    assert found(read(tmp_path, stream.getvalue(), "a.pdf")) == {"report-no-text-layer"}


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    report = read_report(tmp_path / "none.txt", name="none.txt")
    assert found(report) == {"report-unreadable"}


def test_broken_html_still_gives_its_text(tmp_path: Path) -> None:
    page = "<html><body><div class=nav><a>首页12件</a></div><p>某区全年办结案件12件，<b>结案11件。<p>其他"
    assert [f.value for f in read(tmp_path, page, "a.html").figures] == ["12", "11"]


def test_a_text_in_no_known_shape_gives_no_figure(tmp_path: Path) -> None:
    report = read(tmp_path, "这是一段没有统计的话。")
    assert {"report-no-figures", "report-no-year", "report-no-body"} <= found(report)


def test_every_finding_has_its_rule() -> None:
    screen = ROOT / "pipeline" / "flow" / "public_reports.py"
    files = [*(ROOT / "pipeline" / "reports").rglob("*.py"), screen]
    named = {n for f in files for n in re.findall(r'"(report-[a-z-]+)"', f.read_text("utf-8"))}
    assert named <= rules().keys()
    assert named == {name for name in rules() if name.startswith("report-")} - {"report-unused"}


# ---------------------------------------------------------------- heading, sections, doubt


def test_what_sources_say_overrules_what_the_text_says(tmp_path: Path) -> None:
    report = read(tmp_path, TEXT, given=Heading(body="示例区", region_code="411503", year=2023))
    assert (report.body, report.region_code, report.year) == ("示例区", "411503", 2023)
    assert {(f.body, f.region_code, f.year) for f in report.figures} == {("示例区", "411503", 2023)}


def test_sections_nest_by_their_numbering(tmp_path: Path) -> None:
    report = read(tmp_path, "一、成效\n（一）执法\n1.检查\n一是检查12次。\n（二）普法\n二、不足\n")
    first, second = report.sections
    assert [part.title for part in first.parts] == ["执法", "普法"]
    assert second.title == "不足"
    assert report.figures[0].section == "一、成效 / （一）执法 / 1.检查 / 一是检查12次"


def test_a_figure_in_a_sentence_of_doubtful_repair_is_marked(tmp_path: Path) -> None:
    text = "全市實(shí)施檢(jiǎn)查12次。各單(dān)位辦(bàn)結?鬱龘案件15件。"
    sure, doubtful = read(tmp_path, text).figures
    assert (sure.status, doubtful.status) == ("read", "doubtful")


# ---------------------------------------------------------------- checks within


def checks(tmp_path: Path, text: str, last: str = "") -> set[str]:
    before = read(tmp_path, last, "last.txt") if last else None
    report = read(tmp_path, text)
    problems = internal_consistency.check(report.text, report.figures, "r")
    if before:
        problems += internal_consistency.growth(report.figures, before.figures, "r")
    return {problem.rule for problem in problems}


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("结案71件，败诉5件，败诉率7.04%。", "结案71件，败诉5件，败诉率8.4%。", "report-rate-differs"),
        ("案件20件，其中警告5件、罚款12件、没收3件。", "案件20件，其中警告5件、罚款12件、没收9件。",
         "report-total-differs"),
        ("调解案件20件。共调解案件20件。", "调解案件20件。共调解案件23件。", "report-stated-twice"),
    ],
)  # fmt: skip
def test_figures_that_disagree_are_found(right: str, wrong: str, rule: str, tmp_path: Path) -> None:
    assert checks(tmp_path, right) == set()
    assert checks(tmp_path, wrong) == {rule}


def test_stated_growth_is_held_against_last_years_report(tmp_path: Path) -> None:
    text = "受理法律援助案件120件，同比增长20%。"
    assert checks(tmp_path, text, "受理法律援助案件100件。") == set()
    assert checks(tmp_path, text, "受理法律援助案件110件。") == {"report-growth-differs"}


# ---------------------------------------------------------------- reconciliation, corrections


INDICATOR = Indicator("x", "某项", "X", "件", "records", "SELECT count(*) WHERE y = $year", ())


def figure(**values: object) -> Figure:
    base = {
        "report": "r", "ordinal": 1, "code": "x", "label": "某项", "value": "12", "unit": "件",
        "comparator": "=", "sentence": "", "section": "", "start": 0, "end": 3, "year": 2024,
    }  # fmt: skip
    return Figure(**(base | values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "counted", "verdict"),
    [
        ({}, 12, "agrees"),
        ({}, 10, "differs"),
        ({"comparator": "≥", "value_upper": "20"}, 15, "agrees"),
        ({"comparator": "≥", "value_upper": "20"}, 25, "differs"),
        ({"comparator": "≈"}, 13, "agrees"),
        ({"comparator": "≤"}, 13, "differs"),
        ({}, None, "not comparable"),
        ({"year": None}, 12, "not comparable"),
        ({"status": "doubtful"}, 12, "not comparable"),
    ],
)
def test_a_figure_is_held_against_the_records(
    values: dict[str, object], counted: int | None, verdict: str
) -> None:
    def count(dataset: str, query: str, params: dict[str, str | int]) -> Decimal | None:
        assert (dataset, params) == ("records", {"year": 2024})
        return None if counted is None else Decimal(counted)

    (comparison,) = reconcile([figure(**values)], [INDICATOR], count)
    assert comparison.verdict == verdict
    assert bool(comparison.why) == (verdict != "agrees")


def test_a_person_confirms_and_corrects(tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    corrections.file_of(file).write_text(
        "ordinal,code,value,status,note\n1,,,confirmed,核对无误\n2,documents_abolished,13,corrected,\n"
        "9,,1,corrected,\n1,,x,corrected,\n1,,1,guessed,\n",
        "utf-8",
    )
    report = read(tmp_path, TEXT)
    assert [(f.ordinal, f.value, f.status) for f in report.figures] == [
        (1, "10", "confirmed"),
        (2, "12", "read"),
        (3, "13", "corrected"),
    ]
    assert [f.value for f in corrections.current(report.figures)] == ["10", "13"]
    wrong = [f.rule for f in report.findings if "correction" in f.rule]
    assert wrong == ["report-correction-unmatched"] + ["report-correction-broken"] * 2


def test_queries_run_alike_in_sqlite_and_duckdb() -> None:
    import sqlite3

    import duckdb

    types = {"number": "DOUBLE", "integer": "INTEGER"}
    lite, duck = sqlite3.connect(":memory:"), duckdb.connect()
    for dataset in catalog.load(ROOT / "datapackage").datasets.values():
        names = [f'"{c.name}" {types.get(c.type, "VARCHAR")}' for c in dataset.published]
        for con in (lite, duck):
            con.execute(f"CREATE TABLE {dataset.name} ({', '.join(names)})")
    for indicator in VOCABULARY:
        if indicator.query:
            used = set(re.findall(r"\$(\w+)", indicator.query))
            params = {k: v for k, v in {"year": 2024, "region_code": ""}.items() if k in used}
            (one,) = lite.execute(indicator.query, params).fetchone()
            (other,) = duck.execute(indicator.query, params).fetchone() or ("",)
            assert one == other and one in (0, None), indicator.code  # a share of nothing is none
    lite.close()
    duck.close()


@pytest.mark.parametrize(
    "text",
    ["一" * 9000, "1" * 9000, "?" * 9000, "（一" * 4000, "“" * 9000, "办结12件" * 1500, "1+" * 4000,
     "實(shí)施設(shè)備" * 20 + "?shí)" * 200],
    ids=lambda text: text[:6],
)  # fmt: skip
@pytest.mark.slow
def test_what_no_author_writes_is_read_to_its_end(text: str, tmp_path: Path) -> None:
    """Whoever makes this cost more than it is long, makes the tests stand still."""
    report = read(tmp_path, text + "\n共检查12次。")
    assert report.text.rstrip().endswith("共检查12次。")


def test_reports_of_one_name_are_told_apart() -> None:
    paths = ["reports/2024.docx", "reports/2024.pdf", "a/reports/2023.txt", "b/reports/2023.txt", "reports/2022.txt"]  # fmt: skip
    assert yearly_reports.names_of(paths) == {
        "reports/2024.docx": "2024.docx", "reports/2024.pdf": "2024.pdf", "reports/2022.txt": "2022",
        "a/reports/2023.txt": "a/reports/2023.txt", "b/reports/2023.txt": "b/reports/2023.txt",
    }  # fmt: skip
