"""Random schemas and dirty tables: our Table Schema findings are those of `frictionless validate`.

Compared cell by cell and kind by kind, over what a contract can say. Two differences are on purpose:

- A date without its zeros (2024-1-1) is none to us: Table Schema wants ISO 8601, and intake writes
  every date so. frictionless reads it, since Python's strptime does.
- A pattern with an alternative (甲|乙) must match the whole cell, as Table Schema says. frictionless
  puts ^ and $ around it without brackets, so that each binds to one side only.
"""

from __future__ import annotations

import random
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from frictionless import Resource, Schema

from pipeline.checks import keys
from pipeline.checks.schema import breaches
from pipeline.model import Column, Dataset

SEEDS, TABLES, ROWS = 24, 40, 14
TYPES = ("string", "integer", "number", "date", "year", "boolean")
WORDS = ("", "", "甲", "乙", "甲乙", "AB12", "ab", "示例〔2024〕1号", "0", "1", "-7", "12.50", ".5", "5.", "1e3", "1,000", "NaN", "INF", "true", "false", "TRUE", "2024-02-29", "2023-02-29", "2024-13-01", "20240101", "1949-10-01", "1948", "2024", "99999", "+5", "--5", "0x10", "１２", "𠮷野家", "e\u0301", '"', "'", "\\", "5%")  # fmt: skip
OURS = {"type": "type", "required": "required", "pattern": "pattern", "enum": "enum", "min-length": "minLength", "max-length": "maxLength", "minimum": "minimum", "maximum": "maximum"}  # fmt: skip
Finding = tuple[int, str, str]  # row from 0, column, kind


def random_column(chance: random.Random, number: int) -> Column:
    kind = chance.choice(TYPES)
    limits: dict[str, Any] = {}
    if chance.random() < 0.4:
        limits["required"] = True
    if kind == "string":
        wanted = chance.sample([("pattern", chance.choice(["[A-Z]{2}\\d+", ".{2,}", "[甲乙]", "\\S*"])), ("enum", ["甲", "AB12", "1"]), ("minLength", chance.randint(0, 3)), ("maxLength", chance.randint(1, 6))], chance.randint(0, 3))  # fmt: skip
        limits |= dict(wanted)
    elif kind in ("integer", "number", "year"):
        low = chance.randint(1000 if kind == "year" else -10, 2000)
        limits |= dict(chance.sample([("minimum", low), ("maximum", low + chance.randint(0, 90))], chance.randint(0, 2)))  # fmt: skip
    elif kind == "date":
        limits |= dict(chance.sample([("minimum", "1949-10-01"), ("maximum", "2024-02-28")], chance.randint(0, 2)))  # fmt: skip
    return Column(f"c{number}", "", "", type=kind, constraints=limits)


def random_cell(chance: random.Random) -> str:
    how = chance.random()
    if how < 0.5:
        return chance.choice(WORDS)
    if how < 0.7:
        return str(chance.randint(-20, 2100))
    if how < 0.85:
        return (
            f"{chance.randint(1940, 2030)}-{chance.randint(1, 12):02d}-{chance.randint(1, 31):02d}"
        )
    return "".join(chance.choice("甲乙AB12.-") for _ in range(chance.randint(1, 5)))


def of_ours(columns: list[Column], table: list[list[str]]) -> set[Finding]:
    found = set()
    for at, column in enumerate(columns):
        cells = pa.array([row[at] for row in table], pa.string())
        for breach in breaches(column, cells, None):
            found |= {(n, column.name, OURS[breach.rule]) for n, is_bad in enumerate(breach.mask.to_pylist()) if is_bad}  # fmt: skip
    return found


def of_frictionless(columns: list[Column], table: list[list[str]], **more: Any) -> set[Finding]:
    fields = [{"name": c.name, "type": c.type, "constraints": dict(c.constraints)} for c in columns]
    schema = Schema.from_descriptor({"fields": fields, **more})
    resource = Resource(data=[[c.name for c in columns], *table], schema=schema)
    report = resource.validate(limit_errors=1_000_000)
    told = report.flatten(["type", "rowNumber", "fieldName", "note"])
    return {(row - 2, field or "", _kind(kind, note)) for kind, row, field, note in told if kind != "blank-row"}  # fmt: skip


def _kind(kind: str, note: str) -> str:
    return note.split('"')[1] if kind == "constraint-error" else kind.removesuffix("-error")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_cell_is_judged_as_frictionless_judges_it(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(TABLES):
        columns = [random_column(chance, n) for n in range(chance.randint(1, 5))]
        table = [[random_cell(chance) for _ in columns] for _ in range(ROWS)]
        # A row with nothing in it is no record to either, but to frictionless a finding of its own.
        table = [row for row in table if any(row)]
        ours, theirs = of_ours(columns, table), of_frictionless(columns, table)
        told = [(finding, table[finding[0]], columns) for finding in ours ^ theirs]
        assert told == []


@pytest.mark.parametrize("seed", range(SEEDS))
def test_rows_that_share_a_key_are_those_that_frictionless_finds(seed: int) -> None:
    chance = random.Random(seed)
    columns = [Column("a", "", ""), Column("b", "", "")]
    table = [[chance.choice("甲乙丙"), chance.choice("甲乙丙")] for _ in range(6)]
    rows = [(n, *row, "s", str(n)) for n, row in enumerate(table)]
    names = ["_row", "a", "b", "source_id", "source_row"]
    dataset = Dataset("t", "", "", "", "", tuple(columns), unique_keys=(("a", "b"),))
    with duckdb.connect() as con:
        made = pa.table({n: [str(row[i]) for row in rows] for i, n in enumerate(names)})
        con.register("given", made)
        con.execute("create table t as select * from given")
        ours = {outcome.row for outcome in keys.not_unique(con, dataset)}
    theirs = of_frictionless(columns, table, primaryKey=["a", "b"])
    repeated = {n for n, _, kind in theirs if kind == "primary-key"}
    # frictionless names the second of two; which of them is right nobody knows, so we hold both back.
    both = {n for n, row in enumerate(table) if any(table[other] == row for other in repeated)}
    assert ours == both


def test_a_date_without_its_zeros_is_no_date_to_us_alone() -> None:
    column = Column("c0", "", "", type="date")
    assert of_ours([column], [["2024-1-1"]]) == {(0, "c0", "type")}
    assert of_frictionless([column], [["2024-1-1"]]) == set()


def test_an_alternative_must_match_the_whole_cell_with_us_alone() -> None:
    column = Column("c0", "", "", constraints={"pattern": "甲|乙"})
    assert of_ours([column], [["甲丙"], ["甲"]]) == {(0, "c0", "pattern")}
    assert of_frictionless([column], [["甲丙"], ["甲"]]) == set()
