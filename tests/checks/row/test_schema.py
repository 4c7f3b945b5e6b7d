"""Random schemas and dirty tables: our Table Schema findings are those of `frictionless validate`.

Compared cell by cell and kind by kind, over every type, format and constraint of Table Schema, missing
values and keys. Four differences are on purpose:

- A date without its zeros (2024-1-1) is none to us: Table Schema wants ISO 8601, and intake writes
  every date so. frictionless reads it, since Python's strptime does.
- A pattern with an alternative (甲|乙) must match the whole cell, as Table Schema says. frictionless
  puts ^ and $ around it without brackets, so that each binds to one side only.
- Of rows that share a key, frictionless names all but the first; which of them is right nobody knows, so
  we hold all of them back.
- Keys are compared as they are written. frictionless compares what the cells mean, 1 and 01 being one
  number; intake writes every value in one way only, so that to us the two are the same question.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from frictionless import Package, Resource, Schema

from pipeline.base.model import Column, Dataset, ForeignKey
from pipeline.checks.across import keys
from pipeline.checks.row import schema
from pipeline.checks.row.schema import breaches

SEEDS, TABLES, ROWS = 24, 125, 12
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
LENGTHS = {"minLength": (0, 1, 2, 3), "maxLength": (1, 2, 4, 6)}
PATTERNS = ("[A-Z]{2}\\d+", ".{2,}", "[甲乙]", "\\S*")

#: Of each type: formats, further properties, constraints with values to choose from, cells.
TYPES: dict[str, tuple[tuple[str, ...], dict[str, tuple[Any, ...]], dict[str, tuple[Any, ...]], tuple[str, ...]]] = {
    "string": (("default", "default", "default", "email", "uri", "uuid", "binary"), {}, {**LENGTHS, "pattern": PATTERNS, "enum": (["甲", "AB12", "1"],)}, ("a@b.cn", "a@", "http://a.cn/甲", "://", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "f47ac10b", "5ZCM", "甲=")),
    "integer": (("default",), {"bareNumber": (False,)}, {**dict.fromkeys(BOUNDS, (-3, 0, 12, 2000)), "enum": ([0, 1, 2024],)}, ("01", " 7", "1_000", "12元", "¥12", "99999999999999999999999")),
    "number": (("default",), {"decimalChar": (",",), "groupChar": (",", " "), "bareNumber": (False,)}, {**dict.fromkeys(BOUNDS, (-3, 0, 12.5, 2000)), "enum": ([0, 12.5],)}, ("1 000,5", "1,000.50", "12.50元", "Infinity", "-0", "0.1234567")),
    "boolean": (("default",), {"trueValues": (["是", "1"],), "falseValues": (["否", "0"],)}, {"enum": ([True],)}, ("是", "否", "True", "yes")),
    "date": (("default", "default", "any", "%Y%m%d", "%d/%m/%Y"), {}, {**dict.fromkeys(BOUNDS, ("1949-10-01", "2024-02-29")), "enum": (["2024-02-29"],)}, ("29/02/2024", "31/02/2024", "2024年2月29日", "Feb 29 2024")),
    "datetime": (("default", "any", "%Y-%m-%d %H:%M"), {}, {**dict.fromkeys(BOUNDS, ("2024-02-29T08:00:00",)), "enum": (["2024-02-29T08:00:00"],)}, ("2024-02-29T08:00:00", "2024-02-29T25:00:00", "2024-02-29 08:00", "2024-02-29T08:00:01.5", "2024-02-29T07:59:59", "2023-02-29T08:00:00")),
    "time": (("default", "any", "%H:%M"), {}, {**dict.fromkeys(BOUNDS, ("08:00:00",)), "enum": (["08:00:00"],)}, ("08:00:00", "08:00", "24:30:00", "23:59:59", "07:59:59.5", "8:00:00")),
    "year": (("default",), {}, {**dict.fromkeys(BOUNDS, (1949, 2024)), "enum": ([2024],)}, ("0000", "9999", "12024", "-024", "+024")),
    "yearmonth": (("default",), {}, {**dict.fromkeys(BOUNDS, ("2024-02",)), "enum": (["2024-02"],)}, ("2024-02", "2024-13", "2024-2", "2024", "1949-10", "2025-01")),
    "duration": (("default",), {}, {"enum": (["P1Y"],)}, ("P1Y", "P1Y2M10DT2H30M", "PT", "1 year", "P7D")),
    "geopoint": (("default", "array", "object"), {}, {}, ("114.1, 32.1", "200,0", "[114.1, 32.1]", "[1]", '{"lon": 114, "lat": 32}', '{"lon": 114}')),
    "geojson": (("default", "topojson"), {}, {}, ('{"type": "Point", "coordinates": [114.1, 32.1]}', '{"type": "Point"}', '{"type": "Topology", "objects": {}, "arcs": []}', "{}")),
    "object": (("default",), {}, LENGTHS, ("{}", '{"a": 1}', '{"a": 1, "b": 2, "c": 3}', "[]", "{")),
    "array": (("default",), {"arrayItem": ({"type": "integer"},)}, LENGTHS, ("[]", "[1]", '["甲", 2, 3]', "{}", "[")),
    "list": (("default",), {"delimiter": (";",), "itemType": ("integer", "date")}, LENGTHS, ("1,2", "1;2", "甲,乙,丙", "2024-02-29,2024-02-30", ",")),
    "any": (("default",), {}, {"enum": (["甲", "1"],)}, ()),
}  # fmt: skip
WORDS = ("", "", "甲", "乙", "甲乙", "AB12", "ab", "示例〔2024〕1号", "0", "1", "-7", "12.50", ".5", "5.", "1e3", "1,000", "NaN", "INF", "true", "false", "TRUE", "2024-02-29", "2023-02-29", "2024-13-01", "20240101", "1949-10-01", "1948", "2024", "99999", "+5", "--5", "0x10", "１２", "𠮷野家", "e\u0301", '"', "'", "\\", "5%", "-", "无")  # fmt: skip
V2 = "https://datapackage.org/profiles/2.0"
MISSING = (["-"], ["", "-", "无"], ["0", ""], [])
Finding = tuple[int, str, str]  # row from 0, column, kind


def random_column(chance: random.Random, number: int) -> Column:
    kind = chance.choice(list(TYPES))
    formats, properties, constraints, _ = TYPES[kind]
    names = chance.sample(list(constraints), min(chance.randint(0, 3), len(constraints)))
    limits = {name: chance.choice(constraints[name]) for name in names}
    if chance.random() < 0.4:
        limits["required"] = True
    options = {name: chance.choice(of) for name, of in properties.items() if chance.random() < 0.4}
    if chance.random() < 0.2:
        options["missingValues"] = chance.choice(MISSING)
    form = chance.choice(formats)
    if form not in ("default", "any"):  # a bound and a listed value have to be of the format, too
        limits = {k: v for k, v in limits.items() if k not in (*BOUNDS, "enum") or kind == "string"}
    return Column(f"c{number}", "", "", type=kind, format=form, constraints=limits, options=options)


def random_cell(chance: random.Random, column: Column) -> str:
    how = chance.random()
    if how < 0.08:
        return ""
    if how < 0.3:
        return chance.choice(WORDS)
    if how < 0.75 and TYPES[column.type][3]:
        return chance.choice(TYPES[column.type][3])
    if how < 0.83:
        return str(chance.randint(-20, 2100))
    if how < 0.9:
        return f"{chance.randint(1940, 2030)}-{chance.randint(1, 12):02d}-{chance.randint(1, 31):02d}"  # fmt: skip
    return "".join(chance.choice("甲乙AB12.-") for _ in range(chance.randint(1, 5)))


def of_ours(columns: list[Column], table: list[list[str]]) -> set[Finding]:
    constraint_of = {rule: constraint for constraint, rule in schema.RULES.items()}
    found = set()
    for at, column in enumerate(columns):
        cells = pa.array([row[at] for row in table], pa.string())
        for breach in breaches(column, cells, None):
            kind = constraint_of.get(breach.rule, breach.rule)
            found |= {(n, column.name, kind) for n in pc.indices_nonzero(breach.mask).to_pylist()}
    return found


def described(columns: list[Column]) -> dict[str, Any]:
    return {"$schema": f"{V2}/tableschema.json", "fields": [{"name": c.name, "type": c.type, "format": c.format, "constraints": dict(c.constraints), **c.options} for c in columns]}  # fmt: skip


def of_frictionless(columns: list[Column], table: list[list[str]], **more: Any) -> set[Finding]:
    # Each row has a number, so that none is blank to frictionless: what is not told of blank rows is.
    rows = [["n", *(c.name for c in columns)], *([str(n), *row] for n, row in enumerate(table))]
    told = {**described([Column("n", "", ""), *columns]), **more}
    resource = {"$schema": f"{V2}/dataresource.json", "name": "t", "data": rows, "schema": told}
    report = Resource.from_descriptor(resource).validate(limit_errors=1_000_000)
    errors = report.flatten(["type", "rowNumber", "fieldName", "note"])
    assert all(row for _, row, _, _ in errors), errors  # nothing is wrong with the schema
    return {(row - 2, field or "", _kind(kind, note)) for kind, row, field, note in errors}


def _kind(kind: str, note: str) -> str:
    return note.split('"')[1] if kind == "constraint-error" else kind.removesuffix("-error")


def random_tables(seed: int) -> Iterator[tuple[list[Column], list[list[str]]]]:
    chance = random.Random(seed)
    for _ in range(TABLES):
        columns = [random_column(chance, n) for n in range(chance.randint(1, 4))]
        yield columns, [[random_cell(chance, column) for column in columns] for _ in range(ROWS)]


def differing(seed: int) -> list[Any]:
    """What one side alone finds: the finding, the cell, the column."""
    found = []
    for columns, table in random_tables(seed):
        for finding in of_ours(columns, table) ^ of_frictionless(columns, table):
            at = int(finding[1][1:])
            found.append((finding, table[finding[0]][at], columns[at]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_cell_is_judged_as_frictionless_judges_it(seed: int) -> None:
    assert differing(seed) == []


@pytest.mark.slow
def test_the_tables_hold_every_type_format_and_constraint_broken_and_kept() -> None:
    seen, broken = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for seed in range(SEEDS):
        for columns, table in random_tables(seed):
            kinds = {c.name: c for c in columns}
            for _, name, kind in of_ours(columns, table):
                broken[kinds[name].type, kind] += 1
            for c in columns:
                seen.update([(c.type, c.format), *((c.type, k) for k in c.options)])
    for kind, (formats, options, constraints, _) in TYPES.items():
        assert all(seen[kind, each] for each in (*formats, *options, "missingValues")), kind
        assert all(broken[kind, each] for each in (*constraints, "required")), (kind, broken)
        assert kind in ("string", "any") or broken[kind, "type"]


@pytest.mark.slow
def test_a_check_that_errs_by_one_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = schema._BEYOND
    monkeypatch.setattr(schema, "_BEYOND", {**honest, "minimum": honest["exclusiveMinimum"]})
    assert any(differing(seed) for seed in range(3))


# ---------------------------------------------------------------- keys


def loaded(con: duckdb.DuckDBPyConnection, name: str, columns: list[str], table: list[list[str]]) -> None:  # fmt: skip
    """`table` as accepted rows stand in a run's database."""
    cells = [pa.array([row[i] for row in table], pa.string()) for i in range(len(columns))]
    numbers = pa.array([str(n) for n in range(len(table))], pa.string())
    source = pa.array(["s"] * len(table), pa.string())
    given = pa.table([*cells, source, numbers], [*columns, "source_id", "source_row"])
    con.register("given", given)
    con.execute(f"create table {name} as select * from given")
    con.unregister("given")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_rows_that_share_a_key_are_those_that_frictionless_finds(seed: int) -> None:
    chance = random.Random(seed)
    columns = [Column("a", "", ""), Column("b", "", "", constraints={"unique": True})]
    table = [[chance.choice("甲乙丙"), chance.choice(["", *"甲乙丙丁戊"])] for _ in range(6)]
    dataset = Dataset("t", "", "", "", "", tuple(columns), primary_key=("a", "b"))
    with duckdb.connect() as con:
        loaded(con, "t", ["a", "b"], table)
        ours = {outcome.row for outcome in keys.repeated(con, dataset, {"s": (0, 0)})}
        unique = {outcome.row for outcome in keys.not_unique(con, dataset)}
    theirs = of_frictionless(columns, table, primaryKey=["a", "b"])
    assert ours == {n for n, _, kind in theirs if kind == "primary-key"}
    assert unique == _all_that_share(table, {n for n, _, kind in theirs if kind == "unique"}, 1)


def _all_that_share(table: list[list[str]], later: set[int], at: int) -> set[int]:
    """The rows in `later`, and those before them that have the same cell."""
    return {n for n, row in enumerate(table) if any(table[m][at] == row[at] for m in later)}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_rows_that_point_nowhere_are_those_that_frictionless_finds(seed: int) -> None:
    chance = random.Random(seed)
    parents = [[a, b] for a in "甲乙丙" for b in "子丑" if chance.random() < 0.6] or [["甲", "子"]]
    table = [[chance.choice("甲乙丙丁"), chance.choice("子丑寅")] for _ in range(8)] + [["", ""]]
    key = ForeignKey(("a", "b"), "p", ("x", "y"))
    dataset = Dataset("t", "", "", "", "", (Column("a", "", ""), Column("b", "", "")))
    with duckdb.connect() as con:
        loaded(con, "p", ["x", "y"], parents)
        loaded(con, "t", ["a", "b"], table)
        ours = {outcome.row for outcome in keys.dangling(con, dataset, key)}
    there = {"fields": ["a", "b"], "reference": {"resource": "p", "fields": ["x", "y"]}}
    rows = [["n", "a", "b"], *([str(n), *row] for n, row in enumerate(table))]
    pointing = Schema.from_descriptor({**described([Column(c, "", "") for c in "nab"]), "foreignKeys": [there]})  # fmt: skip
    pointed = Schema.from_descriptor(described([Column(c, "", "") for c in "xy"]))
    package = Package(resources=[Resource(name="t", data=rows, schema=pointing), Resource(name="p", data=[["x", "y"], *parents], schema=pointed)])  # fmt: skip
    told = package.validate(limit_errors=1_000_000).flatten(["type", "rowNumber"])
    assert {kind for kind, _ in told} <= {"foreign-key"}
    assert ours == {row - 2 for _, row in told}


# ---------------------------------------------------------------- where we differ on purpose


def test_a_date_without_its_zeros_is_no_date_to_us_alone() -> None:
    column = Column("c0", "", "", type="date")
    assert of_ours([column], [["2024-1-1"]]) == {(0, "c0", "type")}
    assert of_frictionless([column], [["2024-1-1"]]) == set()


def test_an_alternative_must_match_the_whole_cell_with_us_alone() -> None:
    column = Column("c0", "", "", constraints={"pattern": "甲|乙"})
    assert of_ours([column], [["甲丙"], ["甲"]]) == {(0, "c0", "pattern")}
    assert of_frictionless([column], [["甲丙"], ["甲"]]) == set()
