"""Tables that the contract makes of other published tables."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipeline.base.errors import UsageError
from pipeline.base.model import Catalog, Dataset
from pipeline.contract import catalog
from pipeline.release.data import derived
from tests.support.shop import DOCUMENTS, Shop, documents, query

CONTRACT = catalog.load(Path(__file__).parents[3] / "datapackage")
TODAY = date(2025, 3, 31)


def made(name: str, contract: Catalog = CONTRACT, **given: list[dict[str, str]]) -> list[dict[str, str]]:  # fmt: skip
    """The derived table `name` of the rows given for each dataset."""
    relations = {}
    for each, rows in given.items():
        columns = catalog.published_columns(contract.datasets[each])
        values = ", ".join(
            "(" + ", ".join(f"'{row[c.name]}'" if row.get(c.name) else "null" for c in columns) + ")"
            for row in rows
        )  # fmt: skip
        names = ", ".join(c.name for c in columns)
        relations[each] = f"(select * from (values {values}) t({names}))"
    table = derived.tables(contract.datasets.values(), relations, TODAY, Path())[name]
    return [{k: v for k, v in row.items() if v} for row in table.to_pylist()]


def filing(decided: str, filed: str = "") -> dict[str, str]:
    return {"authority_name": "示例局", "decision_date": decided, "filing_date": filed}


def test_filings_are_counted_in_time_late_and_undated_by_authority_and_year() -> None:
    rows = [filing("2024-03-01", "2024-03-16"), filing("2024-03-01", "2024-03-17")]
    rows += [filing("2024-05-01"), filing("2023-12-31", "2024-01-01"), filing("")]
    told = made("timeliness", penalty_filings=rows)
    assert sorted(told, key=lambda r: r["year"]) == [
        {"authority_name": "示例局", "year": "2023", "filings": "1", "in_time": "1", "late": "0", "undated": "0", "median_days": "1"},
        {"authority_name": "示例局", "year": "2024", "filings": "3", "in_time": "1", "late": "1", "undated": "1", "median_days": "16"},
    ]  # fmt: skip


def test_a_valid_certificate_without_last_years_review_is_overdue() -> None:
    held = [
        {"certificate_no": no, "authority_name": "示例局", "status": state, "issue_date": day}
        for no, state, day in (
            *(
                ("1", "有效", "2023-01-01"),
                ("2", "有效", "2023-01-01"),
                ("3", "注销", "2023-01-01"),
            ),
            ("4", "有效", "2024-06-01"),
        )
    ]
    events = [{"certificate_no": "1", "event": "年审", "year": "2024"}]
    told = made("overdue_reviews", certificates=held, certificate_events=events)
    assert told == [{"authority_name": "示例局", "year": "2024", "certificates": "2", "reviewed": "1", "overdue": "1"}]  # fmt: skip


def test_no_review_is_overdue_in_a_year_of_which_no_review_is_known() -> None:
    held = [{"certificate_no": "1", "authority_name": "示例局", "status": "有效", "issue_date": "2023-01-01"}]  # fmt: skip
    assert made("overdue_reviews", certificates=held) == []


def test_documents_that_lapse_within_six_months_are_told_with_their_evaluation() -> None:
    known = [
        {"document_no": no, "title": no, "issuing_authority": "示例局", "status": state, "valid_until": day}
        for no, state, day in (("a", "有效", "2025-04-10"), ("b", "有效", "2025-10-01"), ("c", "废止", "2025-04-10"))
    ]  # fmt: skip
    reviews = [
        {"document_no": "a", "review_kind": "后评估", "review_date": d}
        for d in ("2024-01-01", "2025-01-01")
    ]
    told = made("lapsing_documents", normative_documents=known, normative_reviews=reviews)
    assert told == [{"document_no": "a", "title": "a", "issuing_authority": "示例局", "valid_until": "2025-04-10", "days_left": "10", "evaluated_on": "2025-01-01"}]  # fmt: skip


def test_the_limits_in_the_queries_are_those_of_the_rules() -> None:
    def limit(dataset: str, rule: str, name: str) -> int:
        [use] = [u for u in CONTRACT.datasets[dataset].rules if u.rule == rule]
        return int(use.params[name])

    days = re.findall(r"days <= (\d+)", CONTRACT.datasets["timeliness"].query)
    months = re.findall(r"interval (\d+) month", CONTRACT.datasets["lapsing_documents"].query)
    assert list(map(int, days)) == [limit("penalty_filings", "filed-late", "days")]
    assert list(map(int, months)) == [limit(DOCUMENTS, "evaluation-due", "months")]


def decided(number: str, types: str, day: str = "2024-05-01", **more: str) -> dict[str, str]:
    row = {
        "authority_name": "示例局",
        "decision_no": number,
        "decision_date": day,
        "filing_date": day,
    }
    return row | {"penalty_types": types, "heaviest_penalty": types.split(";")[-1]} | more


def stated(indicator: str, value: int, **more: str) -> dict[str, str]:
    return {"authority_name": "示例局", "year": "2024", "indicator": indicator, "value": str(value)} | more  # fmt: skip


def compared(filings: list[dict[str, str]], *statistics: dict[str, str]) -> dict[str, dict[str, str]]:  # fmt: skip
    rows = made("statistics_checks", penalty_filings=filings, enforcement_statistics=list(statistics))  # fmt: skip
    return {row["indicator"]: row for row in rows}


def test_a_decision_with_several_penalties_counts_once_under_the_heaviest() -> None:
    told = compared([decided("1", "警告;罚款")], stated("警告", 0), stated("罚款", 1), stated("行政处罚合计", 1))  # fmt: skip
    assert {name: row["counted"] for name, row in told.items()} == {"警告": "0", "罚款": "1", "行政处罚合计": "1"}  # fmt: skip
    assert {row["explanation_en"] for row in told.values()} == {"They agree"}


def test_statistics_that_count_every_penalty_are_told_so() -> None:
    told = compared([decided("1", "警告;罚款")], stated("警告", 1), stated("罚款", 1), stated("行政处罚合计", 2))  # fmt: skip
    assert told["警告"]["difference"] == told["行政处罚合计"]["difference"] == "1"
    assert "年报可能按每种处罚各计了一次" in told["警告"]["explanation"]
    assert "年报可能按每种处罚各计了一次" in told["行政处罚合计"]["explanation"]


def test_a_decision_against_two_parties_is_one_decision() -> None:
    filings = [decided("1", "罚款", record_id="a"), decided("1", "罚款", record_id="b")]
    assert compared(filings, stated("罚款", 1))["罚款"]["difference"] == "0"


def test_statistics_by_the_day_of_filing_are_told_so() -> None:
    late = decided("2", "罚款", "2024-12-30", filing_date="2025-01-08")
    told = compared([decided("1", "罚款"), late], stated("罚款", 1))["罚款"]
    assert (told["counted"], told["difference"]) == ("2", "-1")
    assert "年报可能按备案日期统计" in told["explanation"]


def test_sums_are_compared_to_the_fen_and_a_decision_of_another_year_stays_out() -> None:
    filings = [decided("1", "罚款", fine_yuan="100.50"), decided("2", "罚款", "2023-12-31", fine_yuan="7.00")]  # fmt: skip
    told = compared(filings, stated("罚款", 1, amount_yuan="100.40"))["罚款"]
    assert (told["stated_yuan"], told["counted_yuan"]) == ("100.40", "100.50")
    assert told["explanation_en"] == "The numbers agree, the sums do not"


def test_what_the_statistics_have_and_no_record_shows_is_explained() -> None:
    told = compared([decided("1", "罚款")], stated("罚款", 9), stated("行政检查", 5))
    assert "不需备案的一般处罚" in told["罚款"]["explanation"]
    assert "可能有记录未报送" in told["行政检查"]["explanation"]


@pytest.mark.parametrize("sql", ["select nothing from nowhere", "selec", "select 1", "select 1, 2, 3, 4, 5, 6, 7, 8"])  # fmt: skip
def test_a_query_that_does_not_fit_is_a_mistake_in_the_contract(sql: str) -> None:
    datasets: dict[str, Dataset] = dict(CONTRACT.datasets)
    datasets["timeliness"] = replace(datasets["timeliness"], query=sql)
    with pytest.raises(UsageError, match=r"timeliness\.yaml"):
        made("timeliness", replace(CONTRACT, datasets=datasets))


def test_an_exact_sum_is_written_without_needless_zeros() -> None:
    [row] = duckdb.sql("select cast(1.5 as decimal(38, 6)), cast(2 as decimal(38, 6)), 3").fetchall()  # fmt: skip
    assert list(map(derived._plain, row)) == ["1.5", 2, 3]


@pytest.mark.usefixtures("every_engine")
def test_a_withdrawn_document_leaves_the_tables_made_of_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    rows = [row | {"有效期至": "2025-05-01", "状态": "有效"} for row in documents(3)]
    shop.send(rows, "规范性文件-示例数据.csv")
    shop.publish(TODAY)
    assert len(query(shop.current, "select 1 from lapsing_documents")) == 3
    shop.withdraw("示政发〔2024〕2号", dataset=DOCUMENTS)
    assert query(shop.current, "select document_no from lapsing_documents order by 1") == [("示政发〔2024〕1号",), ("示政发〔2024〕3号",)]  # fmt: skip
    for path in shop.current.rglob("*.csv"):
        assert "示例办法之2" not in path.read_text("utf-8")


def test_tables_are_text_whatever_the_query_gives() -> None:
    table = derived.tables(CONTRACT.datasets.values(), {}, TODAY, Path())["timeliness"]
    assert set(table.schema.types) == {pa.string()}
