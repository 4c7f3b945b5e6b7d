"""What the law keeps from the public: withheld with reason and date, and only counted in public."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.base.model import Catalog, Dataset
from pipeline.base.words import rules
from pipeline.checks.row import publication
from pipeline.checks.rules import RULES, Setting
from pipeline.contract import catalog as contracts

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def contract() -> Catalog:
    return contracts.load(ROOT / "datapackage", RULES)


def filing(**more: str) -> dict[str, str]:
    return {"respondent_type": "法人及非法人组织", "penalty_types": "罚款", "decision_date": "2024-03-05", "authority_name": "示例区城市管理局", "publicity_until": "2027-03-05", **more}  # fmt: skip


def hidden(contract: Catalog, today: str, *rows: dict[str, str]) -> dict[int, publication.Hidden]:
    dataset: Dataset = contract.datasets["penalty_filings"]
    columns = {c.name: pa.array([r.get(c.name, "") for r in rows], pa.string()) for c in dataset.columns}  # fmt: skip
    table = pa.table(columns).append_column("_row", pa.array(range(2, 2 + len(rows)), pa.int64()))
    return publication.hidden(table, dataset, Setting(date.fromisoformat(today), contract))


def reason(contract: Catalog, today: str, row: dict[str, str]) -> str:
    found = hidden(contract, today, row)
    return found[2].rule if found else ""


@pytest.mark.parametrize(
    ("today", "row", "why"),
    [
        ("2025-03-31", filing(), ""),
        ("2025-03-31", filing(legal_basis="《治安管理处罚法》第二十三条"), "public-security"),
        ("2020-01-01", filing(legal_basis="《治安管理处罚法》第二十三条"), "public-security"),
        ("2025-03-31", filing(penalty_types="罚款;行政拘留"), "public-security"),
        ("2025-03-31", filing(record_state="撤销"), "decision-revoked"),
        ("2025-03-31", filing(review_result="确认违法"), "decision-revoked"),
        ("2025-03-31", filing(penalty_types="警告"), ""),
        ("2025-03-31", filing(penalty_types="警告", authority_name="示例区市场监督管理局"), "class-not-shown"),
        ("2021-08-31", filing(penalty_types="警告", authority_name="示例区市场监督管理局", decision_date="2021-08-01"), ""),
        ("2026-03-31", filing(penalty_types="警告;通报批评"), ""),
        ("2026-04-01", filing(penalty_types="警告;通报批评"), "class-not-shown"),
        ("2025-03-31", filing(publicity_until="2025-03-31"), ""),
        ("2025-04-01", filing(publicity_until="2025-03-31"), "term-over"),
        ("2027-03-05", filing(publicity_until=""), "term-over"),
        ("2026-03-31", filing(publicity_until=""), ""),
        ("2026-04-01", filing(publicity_until=""), "term-over"),
        ("2025-03-31", filing(respondent_type="自然人", violation_facts="当事人系未成年人（十六周岁）"), "minor"),
        ("2025-03-31", filing(respondent_type="自然人", respondent_id_no="411503200801010014"), "minor"),
        ("2025-03-31", filing(respondent_type="自然人", respondent_id_no="411503200501010014"), ""),
        ("2025-03-31", filing(violation_facts="当事人向未成年人销售烟草制品"), ""),
        ("2025-03-31", filing(respondent_type="自然人", violation_facts="当事人向未满十八周岁的未成年人销售烟草制品"), ""),
        ("2025-03-31", filing(respondent_type="自然人", violation_facts="当事人（17周岁）骑行"), "minor"),
        ("2025-03-31", filing(respondent_type="自然人", violation_facts="当事人（47周岁）骑行"), ""),
    ],
)  # fmt: skip
def test_a_record_is_withheld_by_the_rule_that_holds_on_the_day(
    contract: Catalog, today: str, row: dict[str, str], why: str
) -> None:
    assert reason(contract, today, row) == why


@pytest.mark.parametrize(
    ("born", "decided", "why"),
    [
        ("20060801", "2024-08-01", "minor"),
        ("20060801", "2024-08-02", ""),
        ("20080229", "2026-03-01", "minor"),
        ("20080229", "2026-03-02", ""),
    ],
)
def test_a_party_is_of_age_from_the_day_behind_its_eighteenth_birthday(
    contract: Catalog, born: str, decided: str, why: str
) -> None:
    row = filing(
        respondent_type="自然人", respondent_id_no=f"411503{born}0014", decision_date=decided
    )
    assert reason(contract, "2026-03-31", row) == why


def test_the_day_since_which_it_is_withheld_is_told(contract: Catalog) -> None:
    found = hidden(contract, "2025-04-30", filing(publicity_until="2025-03-31"), filing(record_state="撤销", review_date="2024-05-06"))  # fmt: skip
    assert {row: (h.rule, h.since) for row, h in found.items()} == {
        2: ("term-over", "2025-04-01"),
        3: ("decision-revoked", "2024-05-06"),
    }


def test_the_first_reason_of_the_contract_counts(contract: Catalog) -> None:
    row = filing(
        legal_basis="《治安管理处罚法》", publicity_until="2024-12-31", record_state="撤销"
    )
    assert reason(contract, "2025-03-31", row) == "public-security"


def test_every_reason_cites_its_law(contract: Catalog) -> None:
    for rule in RULES.values():
        if rule.scope == "publication":
            assert "§" in rules()[rule.name].source["zh"], rule.name
            assert rules()[rule.name].severity == "info"


# ---------------------------------------------------------------- the sample


def withheld(published: Any) -> list[dict[str, str]]:
    with (published.private / "withheld.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_withheld_row_of_the_sample_has_its_reason_date_and_law(published: Any) -> None:
    rows = withheld(published)
    assert {r["reason"] for r in rows} == {"public-security", "minor", "decision-revoked", "class-not-shown", "term-over"}  # fmt: skip
    for row in rows:
        assert date.fromisoformat(row["since"]) <= date(2025, 3, 31)
        assert row["basis"] and json.loads(row["record"])


def test_of_withheld_rows_only_counts_are_public(published: Any) -> None:
    with (published.current / "data" / "run_tallies.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        counted = sum(int(r["withheld"]) for r in csv.DictReader(file))
    assert counted == len(withheld(published))
    public = (published.current / "data" / "penalty_filings.csv").read_text("utf-8")
    for row in withheld(published):
        record = json.loads(row["record"])
        number = next(
            v
            for k, v in record.items()
            if k in ("行政处罚决定书文号", "CF_WSH", "案卷号", "处罚文号")
        )
        assert number.replace("[", "〔").replace("]", "〕") not in public


@pytest.mark.once  # the sample is checked on every engine by test_same_bytes_on_every_engine
def test_a_day_later_what_has_run_out_is_withheld_too(
    every_engine: int, published: Any, gongshi: Callable[..., Any], tmp_path: Path
) -> None:
    inputs = json.loads((published.private / "run.json").read_text("utf-8"))["inputs"]
    for name in {each["file"] for each in inputs if each["dataset"] == "penalty_filings"}:
        (tmp_path / "inbox" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(f"examples/inbox/{name}", tmp_path / "inbox" / name)
    done = gongshi("check", tmp_path / "inbox", "--private", tmp_path / "p", "--today", "2027-01-01", "--format", "json")  # fmt: skip
    later = json.loads(done.stdout)["datasets"]["penalty_filings"]["withheld"]
    assert done.returncode == 1 and later > len(withheld(published))
