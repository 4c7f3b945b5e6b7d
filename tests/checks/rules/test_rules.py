"""The law's rules: their own examples, what nobody expected, and the sample's findings to the last one."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.base import words
from pipeline.base.model import Catalog
from pipeline.base.sql import quoted
from pipeline.checks.across.keys import Outcome
from pipeline.checks.privacy.amounts import stated
from pipeline.checks.rules import RULES, Columns, Judged, Rule, Setting
from pipeline.checks.rules.deadlines import months_after
from pipeline.checks.rules.explain import explain
from pipeline.contract import catalog as contracts
from pipeline.flow.summary import _kind
from pipeline.release.package import working
from tests.support.examples import tries

ROOT = Path(__file__).parents[3]
TODAY = date(2025, 3, 31)
ROWS = [rule for rule in RULES.values() if rule.scope in ("row", "publication")]
WIDER = [rule for rule in RULES.values() if rule.scope == "dataset"]
WHOLE = [rule for rule in RULES.values() if rule.scope == "collection"]
by_name = {"ids": lambda rule: rule.name}


@pytest.fixture(scope="module")
def contract() -> Catalog:
    return contracts.load(ROOT / "datapackage", RULES)


@pytest.fixture(scope="module")
def setting(contract: Catalog) -> Setting:
    return Setting(TODAY, contract, frozenset(contract.datasets))


def judged(rule: Rule, rows: list[dict[str, Any]], setting: Setting) -> list[bool]:
    names = {name for row in rows for name in row} or {"nothing"}
    table = pa.table({n: pa.array([r.get(n, "") for r in rows], pa.string()) for n in names})
    result = rule.check(Columns(table), setting, rule.example)
    broken = result.broken if isinstance(result, Judged) else result
    return [bool(b) for b in (broken.to_pylist() if isinstance(broken, pa.Array) else broken)]


# ---------------------------------------------------------------- examples


@pytest.mark.parametrize("rule", ROWS, **by_name)
def test_the_examples_of_a_rule_pass_and_fail_as_they_say(rule: Rule, setting: Setting) -> None:
    rows = [*rule.ok, *rule.bad]
    assert judged(rule, rows, setting) == [False] * len(rule.ok) + [True] * len(rule.bad)


@pytest.mark.parametrize("rule", RULES.values(), **by_name)
def test_a_rule_has_examples_of_both_kinds_a_docstring_and_its_words(rule: Rule) -> None:
    assert rule.ok and rule.bad
    assert rule.check.__doc__
    text = words.rules()[rule.name]
    assert text.title["zh"] and text.fix["zh"] and text.message["en"]


@pytest.mark.parametrize("rule", RULES.values(), **by_name)
def test_a_rule_takes_the_frozen_parameters_that_its_examples_are_judged_with(rule: Rule) -> None:
    assert get_type_hints(rule.check)["use"] is rule.takes
    with pytest.raises(FrozenInstanceError):
        rule.example.field = "another"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_told_of_a_rule_without_a_finding_shows_no_names_in_braces(
    contract: Catalog, lang: words.Lang
) -> None:
    told = [explain(name, contract, lang) for name in words.rules()]
    told += [_kind(name, text.owner, lang).plain for name, text in words.rules().items()]
    told += [str(row) for row in working.rules(contract)]
    assert [text for text in told if re.search(r"\{\w+\}", text)] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_explanation_calls_columns_and_tables_by_their_titles(
    contract: Catalog, lang: words.Lang
) -> None:
    raw = {c.name for d in contract.datasets.values() for c in d.columns} | set(contract.datasets)
    for use in (u for d in contract.datasets.values() for u in d.rules):
        told = explain(use.rule, contract, lang)
        labels = {part.split(":")[0].split("：")[0].strip() for line in told.splitlines() for part in re.split("[;；:：]", line)}  # fmt: skip
        assert not {name for name in labels & raw if "_" in name}, use.rule


@pytest.fixture
def filled(contract: Catalog) -> Iterator[Callable[[dict[str, list[dict[str, str]]]], Any]]:
    """DuckDB with the tables of an example, all columns of each dataset there."""
    con = duckdb.connect()

    def fill(example: dict[str, list[dict[str, str]]]) -> Any:
        for name, rows in example.items():
            names = [c.name for c in contract.datasets[name].published]
            columns = {n: pa.array([r.get(n, "") for r in rows], pa.string()) for n in names}
            columns["source_id"] = pa.array(["s"] * len(rows), pa.string())
            columns["source_row"] = pa.array([str(i + 2) for i in range(len(rows))], pa.string())
            con.register("given", pa.table(columns))
            con.execute(f"create or replace table {quoted(name)} as select * from given")
        return con

    yield fill
    con.close()


def outcomes(rule: Rule, example: dict[str, Any], contract: Catalog, con: Any) -> list[Outcome]:
    setting = Setting(TODAY, contract, frozenset(example))
    used = next(d for d in contract.datasets.values() if any(u.rule == rule.name for u in d.rules))
    return list(rule.check(con, used, setting, rule.example))


@pytest.mark.parametrize("rule", WIDER, **by_name)
def test_the_examples_of_a_wider_rule_pass_and_fail_as_they_say(
    rule: Rule, contract: Catalog, filled: Callable[..., Any]
) -> None:
    for example in rule.ok:
        assert outcomes(rule, example, contract, filled(example)) == []
    for example in rule.bad:
        found = outcomes(rule, example, contract, filled(example))
        assert found and {o.rule for o in found} == {rule.name}
        severity = words.rules()[rule.name].severity
        assert {o.status for o in found} == {"quarantined" if severity == "error" else "kept"}


@pytest.mark.parametrize("rule", WIDER, **by_name)
def test_a_wider_rule_bears_empty_tables_and_missing_datasets(
    rule: Rule, contract: Catalog, filled: Callable[..., Any]
) -> None:
    example = rule.bad[0]
    con = filled({name: [] for name in contract.datasets if not contract.datasets[name].produced})
    assert outcomes(rule, example, contract, con) == []
    used = next(d for d in contract.datasets.values() if any(u.rule == rule.name for u in d.rules))
    list(rule.check(filled(example), used, Setting(TODAY, contract), rule.example))


@pytest.mark.parametrize("rule", WHOLE, **by_name)
def test_the_examples_of_a_rule_about_a_collection_pass_and_fail_as_they_say(
    rule: Rule, contract: Catalog, filled: Callable[..., Any]
) -> None:
    used, setting = contract.datasets["penalty_filings"], Setting(TODAY, contract)
    for example in (*rule.ok, {"penalty_filings": []}):
        assert list(rule.check(filled(example), used, setting, rule.example)) == []
    for example in rule.bad:
        found = list(rule.check(filled(example), used, setting, rule.example))
        assert len(found) == 1 and found[0]["authority"] == "示例局"


def test_a_number_that_was_quarantined_is_not_called_skipped(
    contract: Catalog, filled: Callable[..., Any]
) -> None:
    rule = RULES["decision-number-skipped"]
    con = filled(rule.bad[0])
    con.execute("create or replace temp view left_out_penalty_filings as select '示市监罚〔2024〕' || i || '号' as decision_no from range(2, 8) t(i)")  # fmt: skip
    assert outcomes(rule, rule.bad[0], contract, con) == []


# ---------------------------------------------------------------- every kind of value

ODD = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.sampled_from(["", "0", "-1", "1e9", "9" * 40, "2024-02-30", "0001-01-01", "9999-12-31", "NaN", "０１２", "罚款元", "罚款1万元", "没收1.234567万元", "〔2024〕", "〔99999〕", "\x00", "😀", "罚款" * 60, "1.61E+10", "自然人", "有效", "吊销许可证件", "警告;;罚款", "当场作出", "未成年", "一百岁", "10000000000000.00", "999999999999999.99"]),
    st.dates().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
)  # fmt: skip


@pytest.mark.parametrize("rule", ROWS, **by_name)
def test_no_value_makes_a_rule_raise(rule: Rule, setting: Setting) -> None:
    names = sorted({n for row in (*rule.ok, *rule.bad) for n in row} | {"other"})

    @settings(max_examples=tries(25))
    @given(st.lists(st.fixed_dictionaries(dict.fromkeys(names, ODD)), min_size=1, max_size=8))
    def judge(rows: list[dict[str, str]]) -> None:
        assert len(judged(rule, rows, setting)) == len(rows)

    judge()


@pytest.mark.parametrize("rule", ROWS, **by_name)
def test_a_rule_bears_a_chunk_without_rows_and_without_its_columns(
    rule: Rule, setting: Setting
) -> None:
    assert judged(rule, [], setting) == []
    assert len(judged(rule, [{"other": "x"}], setting)) == 1


# ---------------------------------------------------------------- money


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("处以罚款人民币贰拾万元整", ["200000"]),
        ("处罚款人民币3，500元", ["3500"]),
        ("1.处以罚款28.5万元；2.没收违法所得11.5万元。", ["285000"]),
        ("没收违法所得320元，并处罚款5000元", ["5000"]),
        ("并处5000元罚款", ["5000"]),
        ("处以罚款叁万壹仟元整（31000.00元）", ["31000", "31000"]),
        ("罚款伍元伍角", ["5.5"]),
        ("责令改正。", []),
    ],
)  # fmt: skip
def test_the_amount_of_a_fine_is_read_from_the_text(text: str, yuan: list[str]) -> None:
    assert stated(text, "罚款", "没收") == [int(Decimal(y) * 100) for y in yuan]


@given(st.integers(1, 10**9), st.sampled_from(["", "wan"]), st.booleans())
def test_a_slip_of_ten_thousand_is_always_found_and_the_right_amount_never(
    yuan: int, unit: str, up: bool
) -> None:
    setting = Setting(TODAY, None)  # type: ignore[arg-type]
    said = f"{Decimal(yuan) / 10_000:f}万元" if unit else f"{yuan}元"
    slipped = Decimal(yuan) * 10_000 if up else Decimal(yuan) / 10_000
    rows = [{"fine": f"{yuan}.00", "text": f"罚款{said}"}]
    if slipped * 100 == int(slipped * 100):
        rows.append({"fine": f"{slipped:.2f}", "text": f"罚款{said}"})
    assert judged(RULES["unit-slip"], rows, setting) == [False, True][: len(rows)]


# ---------------------------------------------------------------- days


def days(*written: str) -> Any:
    return np.array([date.fromisoformat(d).toordinal() for d in written])


def test_past_the_calendar_nothing_is_guessed(setting: Setting) -> None:
    rule = RULES["late-by-working-days"]
    table = pa.table({"decided": ["2031-01-01"], "done": ["2031-06-01"]})
    result = rule.check(Columns(table), setting, rule.example)
    assert not result.broken[0] and result.open[0] and result.why == "open-calendar"


def test_months_are_added_by_the_calendar() -> None:
    found = months_after(days("2024-01-15", "2023-12-31", "2024-01-31"), 2)
    assert [date.fromordinal(d).isoformat() for d in found] == ["2024-03-15", "2024-03-02", "2024-03-31"]  # fmt: skip


# ---------------------------------------------------------------- the contract


def test_what_is_a_setting_is_never_an_error(contract: Catalog) -> None:
    for name, text in words.rules().items():
        if "合同设定" in text.source.get("zh", ""):
            assert text.severity == "warning", name


def test_a_rule_used_in_the_contract_is_called_with_all_it_needs(
    contract: Catalog, setting: Setting
) -> None:
    for dataset in contract.datasets.values():
        for use in dataset.rules:
            if RULES[use.rule].scope in ("row", "publication"):
                empty = pa.table({c.name: pa.array([], pa.string()) for c in dataset.columns})
                rule = RULES[use.rule]
                rule.check(Columns(empty), setting, rule.use(use.params))


# ---------------------------------------------------------------- the sample

GOLDEN = Path(__file__).parent / "golden_findings.csv"


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def golden(published: Any) -> list[str]:
    """A line for each finding of a rule: rule, version, severity, dataset, file, sheet, row, column."""
    kept = ("rule", "version", "severity", "dataset", "file", "sheet", "row", "column")
    ours = {*RULES, *(n for n in words.rules() if n.endswith(("-in-text", "-in-code")))}
    rows = lines(published.private / "findings.csv")
    return sorted(",".join(r[k] for k in kept) for r in rows if r["rule"] in ours)


def by_rule(listed: list[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in listed:
        name, version, rest = line.split(",", 2)
        found.setdefault(f"{name} {version}", set()).add(rest)
    return found


def test_the_findings_of_the_sample_are_these_unless_a_rule_has_a_new_version(
    published: Any,
) -> None:
    """`WRITE_GOLDEN=1 make test` takes over what rules of a new version find, and new rules."""
    now, before = by_rule(golden(published)), by_rule(GOLDEN.read_text("utf-8").splitlines())
    changed = [rule for rule in before.keys() & now.keys() if before[rule] != now[rule]]
    assert changed == [], (
        "a rule that finds something else needs a new version in pipeline/messages"
    )
    if os.environ.get("WRITE_GOLDEN"):
        GOLDEN.write_text("".join(f"{line}\n" for line in golden(published)), "utf-8")
    assert golden(published) == GOLDEN.read_text("utf-8").splitlines()


def test_every_rule_of_the_contract_is_shown_by_the_sample(
    published: Any, contract: Catalog
) -> None:
    found = {line.split(",")[0] for line in golden(published)}
    used = {use.rule for d in contract.datasets.values() for use in d.rules}
    assert used <= found


def test_every_planted_row_comes_to_its_end(published: Any) -> None:
    """What is published, held back or told of is what examples/planted.csv says."""
    at = lambda r: (r["file"], r["sheet"], r["row"])  # noqa: E731
    held = {at(r) for p in (published.private / "quarantine").glob("*.csv") for r in lines(p)}
    withheld = {at(r) for r in lines(published.private / "withheld.csv")}
    told = {at(r) for r in lines(published.private / "findings.csv") if r["severity"] != "info"}
    for plant in lines(ROOT / "examples" / "planted.csv"):
        place = (plant["file"], plant["sheet"], plant["row"])
        if plant["what"] == "filed-late" and plant["dataset"].startswith("normative"):
            continue  # the row repeats another, which bears the finding
        if plant["expected"] == "repeated":
            assert place not in held | withheld, plant
            continue
        got = "quarantined" if place in held else "withheld" if place in withheld else "warning" if place in told else "none"  # fmt: skip
        assert got == plant["expected"], plant


def test_rows_that_are_not_planted_have_no_warning_and_no_error(published: Any) -> None:
    planted = {(p["file"], p["sheet"], p["row"]) for p in lines(ROOT / "examples" / "planted.csv")}
    for found in lines(published.private / "findings.csv"):
        if (
            found["severity"] != "info"
            and found["row"]
            and found["rule"] not in ("conflict", "unit-assumed")
        ):
            assert (found["file"], found["sheet"], found["row"]) in planted, found


def test_the_published_sample_has_the_figures_of_its_year(published: Any) -> None:
    con = duckdb.connect()
    data = published.current / "data"

    def count(dataset: str, where: str) -> int:
        return int(con.execute(f"select count(*) from read_csv('{data / dataset}.csv', all_varchar=true) where {where}").fetchall()[0][0])  # fmt: skip

    assert count("penalty_filings", "decision_date like '2024%'") == 11
    assert count("certificate_events", "event = '新申办' and event_date like '2024%'") == 72
    assert count("certificate_events", "event = '年审' and event_date like '2024%'") == 844
    assert count("normative_reviews", "review_kind = '备案审查' and filing_date like '2024%'") == 10
    assert count("normative_reviews", "review_kind = '后评估' and review_date like '2024%'") == 2
    assert count("normative_reviews", "outcome = '废止' and review_date like '2024%'") == 12
    assert count("normative_reviews", "outcome = '修改' and review_date like '2024%'") == 1


def test_every_row_of_the_sample_is_accounted_for(published: Any) -> None:
    summary = json.loads((published.private / "run.json").read_text("utf-8"))
    withheld = sum(t["withheld"] for t in summary["datasets"].values())
    assert withheld == len(lines(published.private / "withheld.csv")) == 6
