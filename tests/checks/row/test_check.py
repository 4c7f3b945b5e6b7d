"""Checks of cells against frictionless, of keys across rows, and of a chunk with every row accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from frictionless import Field
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.base import row_checksums
from pipeline.base.errors import Unaccounted
from pipeline.base.model import (
    Catalog,
    Chunk,
    Column,
    Dataset,
    ForeignKey,
    Held,
    Misfit,
    SetAside,
    Source,
    found,
)
from pipeline.checks.across import keys
from pipeline.checks.row import check
from pipeline.checks.row.check import check_chunk, record_ids
from pipeline.checks.row.schema import breaches
from pipeline.checks.rules import RULES
from pipeline.contract import catalog as contracts
from pipeline.release.package import package
from tests.support.examples import tries
from tests.support.shop import SmallShop, documents, rows_of

ROOT = Path(__file__).parents[3]
TODAY = date(2025, 3, 31)


@pytest.fixture(scope="module")
def contract() -> Catalog:
    return contracts.load(ROOT / "datapackage", RULES)


# ---------------------------------------------------------------- cells

FIELDS: list[tuple[str, dict[str, Any]]] = [
    ("string", {}), ("string", {"required": True}), ("string", {"maxLength": 3}), ("string", {"minLength": 2}),
    ("string", {"pattern": "[A-Z]{2}\\d+"}), ("string", {"enum": ["甲", "乙"]}), ("integer", {}), ("integer", {"minimum": 1949, "maximum": 2099}),
    ("number", {}), ("number", {"minimum": 0}), ("number", {"maximum": 10}), ("date", {}), ("date", {"minimum": "1949-10-01"}), ("date", {"required": True}),
]  # fmt: skip
CELLS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=5),
    st.sampled_from(["", "甲", "丙", "AB12", "ab12", "AB", "0", "-1", "+5", "12", "12.50", ".5", "5.", "1e3", "1,000", "2024-02-29", "2023-02-29", "2024-13-01", "1949-09-30", "1949-10-01", "20240101", "1948", "2100", "２０２４", " 5", "5 ", "NaN", "INF", "true"]),
    st.integers(-5, 3000).map(str), st.dates().map(str), st.decimals(-5, 20, places=2).map(str),
)  # fmt: skip


def broken_by_us(column: Column, cells: list[str]) -> list[bool]:
    masks = [b.mask.to_pylist() for b in breaches(column, pa.array(cells, pa.string()), None)]
    return [any(mask[i] for mask in masks) for i in range(len(cells))]


def broken_by_frictionless(column: Column, cells: list[str]) -> list[bool]:
    constraints = {k: [str(v) for v in c] if k == "enum" else c for k, c in column.constraints.items()}  # fmt: skip
    field = Field.from_descriptor({"name": "c", "type": column.type, "constraints": constraints})
    read = [field.read_cell(cell) for cell in cells]
    return [
        bool(notes) or (value is None and cell != "")
        for (value, notes), cell in zip(read, cells, strict=True)
    ]


@pytest.mark.parametrize(("kind", "constraints"), FIELDS, ids=str)
def test_the_cells_refused_are_those_that_frictionless_refuses(
    kind: str, constraints: dict[str, Any]
) -> None:
    column = Column("c", "", "", type=kind, constraints=constraints)

    @settings(max_examples=tries(60))
    @given(st.lists(CELLS, max_size=20))
    def compare(cells: list[str]) -> None:
        assert broken_by_us(column, cells) == broken_by_frictionless(column, cells), cells

    compare()
    odd = ["NaN", "INF", "-INF", "1e400", "０", "9" * 30, "0." + "9" * 30, "-0"]
    if kind in ("number", "integer"):
        assert broken_by_us(column, odd) == broken_by_frictionless(column, odd)


def test_a_cell_outside_its_code_list_is_told_as_that() -> None:
    column = Column("c", "", "", codes="l", separator=";")
    found = list(breaches(column, pa.array(["甲", "甲;乙", "甲;丙", "", ";"]), frozenset("甲乙")))
    assert [(b.rule, b.mask.to_pylist()) for b in found] == [("code-unknown", [False, False, True, False, True])]  # fmt: skip


# ---------------------------------------------------------------- keys

Rows = list[dict[str, str]]
LAW = Dataset("laws", "法", "Laws", "", "", (Column("no", "", "", constraints={"required": True}), Column("text", "", ""), Column("code", "", "", constraints={"unique": True}), Column("of", "", "")), primary_key=("no",))  # fmt: skip
RANK = {"a": (0, 0), "b": (0, 1), "high": (5, 2)}


@pytest.fixture
def laws() -> Iterator[Callable[[Rows], duckdb.DuckDBPyConnection]]:
    con = duckdb.connect()

    def fill(rows: Rows) -> duckdb.DuckDBPyConnection:
        names = [*(c.name for c in LAW.columns), "source_id", "source_row"]
        full = [{n: str(i + 2) if n == "source_row" else r.get(n, "a" if n == "source_id" else "") for n in names} for i, r in enumerate(rows)]  # fmt: skip
        con.register("given", pa.table({n: pa.array([r[n] for r in full], pa.string()) for n in names}))  # fmt: skip
        con.execute("create or replace table laws as select * from given")
        return con

    yield fill
    con.close()


def fates(outcomes: Iterator[keys.Outcome]) -> list[tuple[str, int, str, str]]:
    return [(o.source_id, o.row, o.status, o.rule) for o in outcomes]


def test_an_identical_row_counts_once_and_the_first_is_kept(laws: Callable[..., Any]) -> None:
    con = laws([{"no": "1", "text": "x"}, {"no": "1", "text": "x", "source_id": "b"}, {"no": "2"}])
    assert fates(keys.repeated(con, LAW, RANK)) == [("b", 3, "repeated", "")]


def test_rows_of_one_key_that_differ_are_all_held_back(laws: Callable[..., Any]) -> None:
    con = laws([{"no": "1", "text": "x"}, {"no": "1", "text": "y", "source_id": "b"}, {"no": "1", "text": "x"}])  # fmt: skip
    found = fates(keys.repeated(con, LAW, RANK))
    assert sorted(found) == [("a", 2, "quarantined", "conflict"), ("a", 4, "repeated", ""), ("b", 3, "quarantined", "conflict")]  # fmt: skip


def test_a_source_of_higher_precedence_wins(laws: Callable[..., Any]) -> None:
    con = laws([{"no": "1", "text": "x"}, {"no": "1", "text": "y", "source_id": "high"}])
    assert fates(keys.repeated(con, LAW, RANK)) == [("a", 2, "repeated", "superseded")]


def test_a_value_that_must_be_unique_and_is_not_holds_its_rows_back(
    laws: Callable[..., Any],
) -> None:
    con = laws([{"no": "1", "code": "c"}, {"no": "2", "code": "c"}, {"no": "3", "code": ""}, {"no": "4", "code": ""}])  # fmt: skip
    assert fates(keys.not_unique(con, LAW)) == [("a", 2, "quarantined", "unique"), ("a", 3, "quarantined", "unique")]  # fmt: skip


@pytest.mark.parametrize(
    ("severity", "fate"),
    [
        ("error", ("a", 3, "quarantined", "foreign-key")),
        ("warning", ("a", 3, "kept", "foreign-key-open")),
    ],
)
def test_a_key_that_names_nothing_is_told_and_a_blank_one_points_nowhere(
    laws: Callable[..., Any], severity: Any, fate: tuple[str, int, str, str]
) -> None:
    con = laws([{"no": "1", "of": ""}, {"no": "2", "of": "9"}, {"no": "3", "of": "1"}])
    found = keys.dangling(con, LAW, ForeignKey(("of",), "laws", ("no",), severity))
    assert fates(found) == [fate]


def test_datasets_come_behind_those_that_they_name(contract: Catalog) -> None:
    names = [d.name for d in keys.order_of(contract.datasets)]
    assert sorted(names) == sorted(contract.datasets)
    assert names.index("certificates") < names.index("certificate_events")
    assert names.index("normative_documents") < names.index("normative_reviews")


# ---------------------------------------------------------------- a chunk

SOURCE = Source("s1", "f.csv", "0" * 64, 1, dataset="authorities", header=("名称", "代码", "名称"))
GOOD, BAD = {"authority_name": "示例局", "authority_uscc": "11411503005500001B"}, {"authority_name": "", "authority_uscc": "1"}  # fmt: skip


def chunk(dataset: Dataset, rows: Rows, **more: Any) -> Chunk:
    at = pa.array(range(2, 2 + len(rows)), pa.int64())
    table = pa.table({c.name: pa.array([r.get(c.name, "") for r in rows], pa.string()) for c in dataset.columns}).append_column("_row", at)  # fmt: skip
    raw = pa.table({str(i): pa.array([f"{i}-{r}" for r in range(len(rows))], pa.string()) for i in range(3)}).append_column("_row", at)  # fmt: skip
    changes = pa.table({"rule": pa.array([], pa.string())})
    return Chunk(SOURCE, raw, table, row_checksums.in_memory(table), changes, **more)


def checked(contract: Catalog, rows: Rows, name: str = "authorities", **more: Any) -> Any:
    dataset = contract.datasets[name]
    return check_chunk(chunk(dataset, rows, **more), dataset, contract, b"k" * 16, TODAY)


def test_every_row_is_accepted_held_back_or_set_aside_and_counted(contract: Catalog) -> None:
    done = checked(contract, [GOOD, BAD, GOOD], misfits=(Misfit(9, "ragged-row", ("a", "b")),), set_aside=(SetAside(10, "total", "合计"),))  # fmt: skip
    assert (done.tally.read, done.tally.accepted, done.tally.quarantined, done.tally.set_aside) == (5, 2, 2, 1)  # fmt: skip
    assert done.accepted["source_row"].to_pylist() == ["2", "4"]
    assert done.quarantined["row"].to_pylist() == ["3", "9"]
    assert done.checksum.rows == 2


def test_a_row_shows_all_that_is_wrong_with_it(contract: Catalog) -> None:
    done = checked(contract, [BAD])
    reasons = done.quarantined["reasons"].to_pylist()[0].split(";")
    assert {"required", "social-credit-code"} <= set(reasons) and len(reasons) == len(set(reasons))
    assert {f.rule for f in done.findings if f.severity == "error"} == set(reasons)


def test_a_quarantined_row_is_kept_as_it_was_written(contract: Catalog) -> None:
    record = checked(contract, [BAD]).quarantined["record"].to_pylist()[0]
    assert record == '{"名称": "0-0", "代码": "1-0", "名称#3": "2-0"}'


def test_a_chunk_without_rows_is_no_trouble(contract: Catalog) -> None:
    for name in ("authorities", "penalty_filings", "certificates", "normative_documents"):
        assert checked(contract, [], name).tally.read == 0


def test_a_row_that_was_changed_on_its_way_is_noticed(contract: Catalog) -> None:
    dataset = contract.datasets["authorities"]
    honest = chunk(dataset, [GOOD])
    changed = honest.table.set_column(0, "authority_name", pa.array(["别的局"]))
    forged = Chunk(SOURCE, honest.raw, changed, honest.checksum, honest.changes)
    with pytest.raises(Unaccounted):
        check_chunk(forged, dataset, contract, b"k" * 16, TODAY)


def test_a_record_s_number_is_stable_keyed_and_tells_nothing() -> None:
    table = pa.table({"no": ["1", "1", "1\x1f2"], "name": ["甲", "乙", "甲"]})
    ids = record_ids(table, ["no", "name"], b"k" * 16).to_pylist()
    assert ids == record_ids(table, ["no", "name"], b"k" * 16).to_pylist()
    assert ids != record_ids(table, ["no", "name"], b"x" * 16).to_pylist()
    assert len(set(ids)) == 3 and all(len(i) == 20 for i in ids)


def test_of_several_penalties_the_heaviest_is_worked_out(contract: Catalog) -> None:
    row = {
        "decision_no": "示市监罚〔2024〕1号", "respondent_name": "示例有限公司", "respondent_type": "法人及非法人组织", "violation_type": "x", "violation_facts": "x",
        "legal_basis": "x", "penalty_types": "警告;责令停产停业", "penalty_content": "给予警告，责令停产停业", "decision_date": "2024-03-05", "valid_until": "2026-03-05",
        "authority_name": "示例局", "authority_uscc": "11411503005500001B", "source_name": "示例局", "source_uscc": "11411503005500001B",
    }  # fmt: skip
    done = checked(contract, [row], "penalty_filings")
    assert done.accepted["heaviest_penalty"].to_pylist() == ["责令停产停业"], done.findings


@pytest.mark.usefixtures("every_engine")
def test_a_record_longer_than_what_reads_a_release_takes_is_held_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert (
        check.RECORD_MOST * 2 + 100_000 < package.LONGEST_LINE
    )  # each quote in it is written twice
    monkeypatch.setattr(check, "RECORD_MOST", 3_000)
    shop, rows = SmallShop(tmp_path), documents(5)
    rows[1]["制定机关"] += "长" * 500
    rows[3]["制定机关"] += "长" * 1_000
    shop.send(rows)
    shop.publish()
    found = [f for f in rows_of(shop.private / "findings.csv") if f["rule"] == "record-too-long"]
    assert [(f["row"], f["column"]) for f in found] == [("5", "issuing_authority")]


def test_what_follows_from_a_cause_that_is_told_already_is_not_told_again() -> None:
    source, empty = Source("s", "a.csv", "", 1), pa.table({"_row": pa.array([], pa.int64())})
    causes = [found("amount-exponent", source, row=2, column="fine")]
    held = (Held(3, "decided", "date-ambiguous"),)
    chunk = Chunk(
        source, empty, empty, row_checksums.RowChecksum(), empty, findings=tuple(causes), held=held
    )
    judged = [("type", 2, "fine"), ("type", 3, "decided"), ("type", 4, "decided"), ("date-order", 4, "decided"), ("date-order", 5, "decided"), ("type", 2, "decided")]  # fmt: skip
    findings = [found(rule, source, row=row, column=column) for rule, row, column in judged]
    told = check._without_consequences(findings, chunk)
    assert [(f.rule, f.row, f.column) for f in told] == [judged[2], judged[4], judged[5]]
