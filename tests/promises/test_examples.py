"""The sample inbox: made anew it is the same, adds up to its report, and says that it is made up."""

from __future__ import annotations

import csv
import re
import runpy
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from stdnum.cn import ric, uscc

EXAMPLES = Path(__file__).parents[2] / "examples"
INBOX = EXAMPLES / "inbox"
FILES = sorted(p for p in INBOX.rglob("*") if p.is_file())
TODAY = date(2025, 3, 31)

Row = dict[str, Any]


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample made anew."""
    target = tmp_path_factory.mktemp("sample")
    subprocess.run([sys.executable, EXAMPLES / "make_inbox.py", target], check=True, capture_output=True)  # fmt: skip
    return target


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """The rows that are right, by dataset."""
    script = runpy.run_path(str(EXAMPLES / "make_inbox.py"))
    rows: dict[str, list[Row]] = script["write_all"](tmp_path_factory.mktemp("rows")).good
    return rows


@pytest.fixture(scope="module")
def planted() -> list[dict[str, str]]:
    with (EXAMPLES / "planted.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def bytes_of(path: Path) -> Any:
    """A file's bytes; of a workbook the parts inside, since zlib's versions pack them differently."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as book:
        return [(item.filename, item.date_time, book.read(item)) for item in book.infolist()]


def text_of(path: Path) -> str:
    """All the text that a reader of the file can come to see."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        cells = [str(c) for sheet in book for row in sheet.values for c in row if c is not None]
        return "\n".join([str(book.properties.title), *cells])
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030")


def table_of(path: Path, sheet: str) -> list[list[str]]:
    """The rows of a table as text, the first being row 1 of a spreadsheet."""
    if path.suffix == ".xlsx":
        rows = openpyxl.load_workbook(path)[sheet].values
        return [["" if c is None else str(c) for c in row] for row in rows]
    return list(csv.reader(text_of(path).splitlines(), delimiter="\t" if path.suffix == ".tsv" else ","))  # fmt: skip


def of_2024(rows: list[Row], field: str) -> list[Row]:
    return [r for r in rows if r[field] and r[field].year == 2024]


# ---------------------------------------------------------------- the files


def test_made_anew_the_sample_is_the_same_to_the_byte(again: Path) -> None:
    made = {p.relative_to(again / "inbox") for p in (again / "inbox").rglob("*") if p.is_file()}
    assert made == {p.relative_to(INBOX) for p in FILES}
    for name in made:
        assert bytes_of(again / "inbox" / name) == bytes_of(INBOX / name), name
    assert (again / "planted.csv").read_bytes() == (EXAMPLES / "planted.csv").read_bytes()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_every_file_says_that_it_is_made_up(path: Path) -> None:
    assert "示例数据 / synthetic sample" in text_of(path)
    assert "示例数据" in path.name or path.name == "sources.yaml"


def test_twelve_departments_or_more_send_files_in_different_encodings_and_kinds() -> None:
    assert len({p.relative_to(INBOX).parts[0] for p in FILES} - {"reports", "sources.yaml"}) >= 12
    assert {p.suffix for p in FILES} >= {".csv", ".tsv", ".xlsx", ".txt"}
    starts = [p.read_bytes() for p in FILES if p.suffix in (".csv", ".tsv")]
    assert any(b.startswith(b"\xef\xbb\xbf") for b in starts)
    assert any(not is_utf8(b) for b in starts)


def is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_the_sample_stays_small() -> None:
    assert sum(p.stat().st_size for p in FILES) < 1_000_000


def test_sources_yaml_names_only_files_that_are_there() -> None:
    for entry in yaml.safe_load((INBOX / "sources.yaml").read_text("utf-8")):
        assert list(INBOX.glob(entry["match"])), entry["match"]


# ---------------------------------------------------------------- the good rows


def test_good_rows_add_up_to_the_figures_of_2024(good: dict[str, list[Row]]) -> None:
    assert len(of_2024(good["penalty_filings"], "decision_date")) == 11
    events = Counter(e["event"] for e in of_2024(good["certificate_events"], "event_date"))
    assert (events["新申办"], events["年审"], events["注销"]) == (72, 844, 14)
    reviews = of_2024(good["normative_reviews"], "review_date")
    kinds = Counter(r["review_kind"] for r in reviews)
    assert (kinds["后评估"], kinds["合法性审核"]) == (2, 13)
    assert len(of_2024(good["normative_reviews"], "filing_date")) == kinds["备案审查"] == 10
    outcomes = Counter(r["outcome"] for r in reviews if r["review_kind"] == "清理")
    assert outcomes == {"继续有效": 25, "废止": 12, "修改": 1, "宣布失效": 3}
    assert len({r["review_date"] for r in reviews if r["review_kind"] == "清理"}) == 3


def test_the_report_states_the_figures_of_the_rows_but_for_two() -> None:
    report = text_of(next((INBOX / "reports").iterdir()))
    stated = {
        "新申办行政执法证件72件": True,
        "年审844件": True,
        "注销16件": False,  # the rows have 14
        "重大行政处罚决定11件": True,
        "15件行政规范性文件进行合法性审核": False,  # the rows have 13
        "备案规范性文件10件": True,
        "2件规范性文件开展后评估": True,
        "清理3次，共审查41件，其中继续有效25件，废止12件，修改1件，宣布失效3件": True,
        "立法草案征求意见3件，反馈意见32条": True,
        "行政复议案件57件": True,
        "收到行政复议申请57件": True,
        "办结行政复议57件": True,
        "复议决定自觉履行57件": True,
        "行政诉讼案件71件，其中败诉5件，败诉率7.04%": True,
        "负责人出庭应诉率100%": True,
        "行政处罚决定279件": True,
        "行政许可36件": True,
        "行政强制18件": True,
        "行政检查60次": True,
        "6项列入年度重大行政决策事项目录": True,
        "特约监督员20名": True,
        "联系点26个": True,
    }
    assert [phrase for phrase in stated if phrase not in report] == []
    assert list(stated.values()).count(False) == 2


def test_the_other_good_rows_add_up_to_the_figures_of_2024(good: dict[str, list[Row]]) -> None:
    assert len(of_2024(good["administrative_licences"], "decision_date")) == 36
    assert len(of_2024(good["inspections"], "inspection_date")) == 60
    assert len(of_2024(good["coercive_measures"], "decision_date")) == 18
    assert sum(r["year"] == 2024 for r in good["major_decisions"]) == 6
    assert (len(good["supervisors"]), len(good["contact_points"])) == (20, 26)
    drafts = of_2024(good["legislative_opinions"], "received_date")
    assert (len(drafts), sum(r["opinions"] for r in drafts)) == (3, 32)
    totals = [r["value"] for r in good["enforcement_statistics"] if r["indicator"] == "行政处罚合计" and r["year"] == 2024]  # fmt: skip
    assert sum(totals) == 279


def test_all_reconsiderations_of_2024_were_decided_and_complied_with(
    good: dict[str, list[Row]],
) -> None:
    cases = of_2024(good["reconsiderations"], "received_date")
    assert len(cases) == len(of_2024(cases, "accepted_date")) == len(of_2024(cases, "decided_date")) == 57  # fmt: skip
    assert {(r["acceptance"], r["complied"]) for r in cases} == {("受理", "是")}
    assert all(r["days_taken"] == (r["decided_date"] - r["accepted_date"]).days <= 60 for r in cases)  # fmt: skip


def test_five_of_71_suits_were_lost_and_a_head_came_to_every_hearing(
    good: dict[str, list[Row]],
) -> None:
    closed = of_2024(good["litigation"], "closed_date")
    lost = [r for r in closed if r["lost"] == "是"]
    assert (len(closed), len(lost), round(100 * len(lost) / len(closed), 2)) == (71, 5, 7.04)
    assert {r["head_attended"] for r in closed} == {"是", "未开庭"}


def test_parts_of_good_statistics_add_up_to_their_totals(good: dict[str, list[Row]]) -> None:
    for authority in {r["authority_name"] for r in good["enforcement_statistics"]}:
        stated = {r["indicator"]: r["value"] for r in good["enforcement_statistics"] if r["authority_name"] == authority and r["year"] == 2024}  # fmt: skip
        parts = [n for name, n in stated.items() if not name.startswith("行政")]
        assert sum(parts) == stated["行政处罚合计"], authority
        assert stated.get("行政许可受理", 0) == stated.get("行政许可准予", 0) + stated.get("行政许可不予许可", 0)  # fmt: skip


def test_each_good_penalty_agrees_with_itself(good: dict[str, list[Row]]) -> None:
    for row in good["penalty_filings"]:
        types, number = row["penalty_types"], row["decision_no"]
        assert row["decision_date"] < row["filing_date"] < row["review_date"] <= TODAY, number
        assert row["filing_date"] - row["decision_date"] <= timedelta(days=15), number
        assert row["decision_date"] < row["publicity_until"] <= row["valid_until"], number
        assert row["publicity_until"] > TODAY, number
        assert row["publicity_until"] - row["decision_date"] <= timedelta(days=3 * 366), number
        assert ("罚款" in types) == (row["fine_yuan"] is not None), number
        assert ("没收违法所得、没收非法财物" in types) == (row["confiscated_yuan"] is not None), number  # fmt: skip
        assert bool({"暂扣许可证件", "吊销许可证件"} & set(types)) == bool(row["licence_affected"]), number  # fmt: skip
        assert f"〔{row['decision_date'].year}〕" in number
        assert is_major(row), number
        assert row["fine_yuan"] is None or states(row["penalty_content"], row["fine_yuan"]), number


def is_major(row: Row) -> bool:
    least = 10_000 if row["respondent_type"] == "自然人" else 100_000
    sums = [row["fine_yuan"] or 0, row["confiscated_yuan"] or 0]
    return max(sums) >= least or bool({"责令停产停业", "吊销许可证件"} & set(row["penalty_types"]))


def states(text: str, yuan: Decimal) -> bool:
    """Whether the text says the amount, in yuan or in 万元."""
    plain = text.replace(",", "")
    wan = f"{(yuan / 10_000).normalize():f}万元"
    return any(said in plain for said in (f"{yuan}元", f"{yuan}.00元", wan))


def test_codes_of_good_rows_have_valid_check_digits(good: dict[str, list[Row]]) -> None:
    for row in good["penalty_filings"]:
        for name in ("respondent_uscc", "authority_uscc", "source_uscc"):
            code = row[name]
            assert not code or code == "0" * 17 + "X" or uscc.is_valid(code), code
    assert all(uscc.is_valid(r["authority_uscc"]) for r in good["authorities"])
    assert all(r["authority_uscc"].startswith("11") for r in good["authorities"])


def test_identity_numbers_have_valid_check_digits_and_are_of_nobody_alive() -> None:
    text = "\n".join(text_of(p) for p in FILES)
    numbers = set(re.findall(r"(?<![0-9A-Z])411503\d{11}[\dX](?![0-9A-Z])", text))
    assert len(numbers) > 150
    assert all(n[-1] == ric.calc_check_digit(n) for n in numbers)
    assert {n[6:10] for n in numbers} <= {"1900", "1901", "1902"}


def test_no_two_good_rows_have_one_key(good: dict[str, list[Row]]) -> None:
    keys = {
        "penalty_filings": ("decision_no", "respondent_name"),
        "certificates": ("certificate_no",),
        "certificate_events": ("certificate_no", "event", "event_date"),
        "normative_documents": ("document_no",),
        "normative_reviews": ("document_no", "review_kind", "review_date"),
        "authorities": ("authority_name",),
        "administrative_licences": ("decision_no", "party_name"),
        "inspections": ("plan_no", "party_name", "inspection_date"),
        "coercive_measures": ("decision_no", "party_name", "measure_kind"),
        "major_decisions": ("year", "title"),
        "powers": ("power_no",),
        "discretion_lists": ("list_kind", "matter_no"),
        "reconsiderations": ("case_no",),
        "litigation": ("case_no",),
        "supervisors": ("supervisor_no",),
        "contact_points": ("point_name",),
        "legislative_opinions": ("draft_title", "received_date"),
        "enforcement_statistics": ("authority_name", "year", "indicator"),
    }
    for dataset, names in keys.items():
        found = Counter(tuple(r[n] for n in names) for r in good[dataset])
        assert found.most_common(1)[0][1] == 1, (dataset, found.most_common(1))


def test_good_rows_name_only_authorities_certificates_and_documents_that_are_there(
    good: dict[str, list[Row]],
) -> None:
    authorities = {r["authority_name"] for r in good["authorities"]}
    certificates = {r["certificate_no"] for r in good["certificates"]}
    documents = {r["document_no"] for r in good["normative_documents"]}
    assert {r["authority_name"] for r in good["penalty_filings"] + good["certificates"]} <= authorities  # fmt: skip
    assert {r["issuing_authority"] for r in good["normative_documents"]} <= authorities
    assert {e["certificate_no"] for e in good["certificate_events"]} <= certificates
    assert {r["document_no"] for r in good["normative_reviews"]} <= documents


def test_states_follow_from_events_and_reviews(good: dict[str, list[Row]]) -> None:
    after = {"注销": "注销", "暂扣": "暂扣", "收缴": "收缴", "取消资格": "取消资格"}
    state = {e["certificate_no"]: after[e["event"]] for e in good["certificate_events"] if e["event"] in after}  # fmt: skip
    for row in good["certificates"]:
        assert row["status"] == state.get(row["certificate_no"], "有效")
        assert row["status"] != "有效" or row["valid_until"] > TODAY
    after = {"继续有效": "有效", "废止": "废止", "修改": "已修改", "宣布失效": "失效"}
    state = {r["document_no"]: after[r["outcome"]] for r in good["normative_reviews"] if r["review_kind"] == "清理"}  # fmt: skip
    for row in good["normative_documents"]:
        assert row["status"] == state.get(row["document_no"], "有效")
        assert row["status"] != "有效" or row["valid_until"] > TODAY


# ---------------------------------------------------------------- the wrong rows


def test_every_planted_row_stands_where_the_list_says(planted: list[dict[str, str]]) -> None:
    tables: dict[tuple[str, str], list[list[str]]] = {}
    for plant in planted:
        at = (plant["file"], plant["sheet"])
        if at not in tables:
            tables[at] = table_of(INBOX / plant["file"], plant["sheet"])
        assert any(tables[at][int(plant["row"]) - 1]), plant
    row = next(p for p in planted if p["what"] == "impossible-date" and "台账" in p["file"])
    assert "2024-02-30" in tables[row["file"], row["sheet"]][int(row["row"]) - 1]


def test_about_one_row_in_thirty_is_wrong(
    good: dict[str, list[Row]], planted: list[dict[str, str]]
) -> None:
    rows = sum(map(len, good.values()))
    assert 1 / 40 < len(planted) / rows < 1 / 20


def test_planted_rows_come_to_all_four_ends(planted: list[dict[str, str]]) -> None:
    assert {p["expected"] for p in planted} == {"quarantined", "warning", "repeated", "withheld"}
    assert {p["level"] for p in planted} == {"schema", "law", "privacy", "publication"}
