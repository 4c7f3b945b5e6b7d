"""Every type and constraint of the contract, as column and as key, with extreme values: drafted,
checked, published and verified, each value is in every store as it was written, or told with its row.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import yaml
from stdnum.cn import uscc

from pipeline.base.model import Catalog
from pipeline.flow.authoring import new_dataset
from pipeline.release.store import verify
from tests.support import shop
from tests.support.examples import examples

DRAWN = random.Random(1)
TEXTS = ["0", "00", "1e5", "0x10", "+1", "-1", "inf", 'a"b', "a,b", "a\nb", "'a'", "<b>&lt;", "𠀀甲", "é", "_x000D_", "1:30", "true", "甲" * 300]  # fmt: skip
NUMBERS = ["0", "-0.5", "0.1", "0.30000000000000004", "0.00005", "1234567890123456", "0.1234567890123456789", "123456789012345678", "9223372036854775808", "100000000000000000000", "0.000012345678901234567", "5e-324"]  # fmt: skip
INTEGERS = ["0", "-1", "10", "9", "9007199254740992", "-9007199254740992", "9007199254740993", "9223372036854775808"]  # fmt: skip
DAYS = ["0001-01-01", "1899-12-31", "1900-02-28", "1900-03-01", "2024-02-29", "9999-12-31", "2023-02-29"]  # fmt: skip
AMOUNTS = ["0.00", "0.01", "-0.01", "0.30", "123456789012.34", "9999999999999.99", "10000000000000.00"]  # fmt: skip
#: Values that no store holds, by the kind of their column: each is an error with its row.
REFUSED = {
    "integer": {"9007199254740993", "9223372036854775808"},
    "number": {"123456789012345678", "9223372036854775808", "5e-324"},
    "date": {"2023-02-29"},
    "money": {"10000000000000.00"},
    "year": {"0001"},
}
#: A key must be a number that a database tells from others.
REFUSED_KEY = {"number": {"0.1234567890123456789", "0.000012345678901234567"}}


def some_doubles(count: int) -> Iterator[str]:
    """Doubles of any size that plain digits write, shortest first."""
    while count:
        [double] = struct.unpack("<d", DRAWN.randbytes(8))
        if 1e-30 < abs(double) < 2**53:
            count -= 1
            plain = f"{Decimal(repr(double)):f}"
            yield plain.removesuffix(".0")


def some(make: Callable[[], object]) -> list[str]:
    return [str(make()) for _ in range(examples(15, 400))]


def day() -> date:
    return date.fromordinal(DRAWN.randint(1, date.max.toordinal()))


def credit_code() -> str:
    number = f"91411500{DRAWN.randrange(10**9):09}"
    return number + uscc.calc_check_digit(number)


VALUES: dict[str, list[str]] = {
    "text": TEXTS,
    "organisation": some(lambda: f"示例{DRAWN.randrange(10**5)}公司"),
    "document-number": some(lambda: f"示罚〔{DRAWN.randrange(1000, 9999)}〕{DRAWN.randrange(1, 10**6)}号"),
    "date": DAYS + some(day),
    "money": AMOUNTS + some(lambda: f"{DRAWN.randrange(-(10**15), 10**15) / 100:.2f}"),
    "code": ["0", "00", "007", "A-1", "1/2", *some(lambda: f"{DRAWN.randrange(10**5):06}")],
    "social-credit-code": some(credit_code),
    "choice": ["自然人", "法人及非法人组织", "个体工商户"],
    "integer": INTEGERS + some(lambda: DRAWN.randint(-(2**53), 2**53)),
    "number": [*NUMBERS, *some_doubles(examples(15, 400))],
    "year": ["2024", "1000", "9999", "0001"],
    "url": some(lambda: f"https://example.com/?a={DRAWN.randrange(99)}&b={DRAWN.randrange(99)}"),
}  # fmt: skip
TYPES = {"date": "date", "money": "number", "integer": "integer", "number": "number", "year": "integer"}  # fmt: skip
MORE = {"money": {"gongshi:unit": "元"}, "choice": {"gongshi:codes": "respondent_types"}}


@dataclass(frozen=True, slots=True)
class Case:
    """A table of one inbox: its contract, its rows, and the rows of it that are refused."""

    name: str
    rows: list[tuple[str, str]]
    refused: frozenset[int] = frozenset()  # as the file counts them
    contract: Mapping[str, Any] = field(default_factory=dict)


def column(name: str, kind: str, **constraints: Any) -> dict[str, Any]:
    typed = {"name": name, "title": name, "title_en": name, "type": TYPES.get(kind, "string")}
    return {**typed, "gongshi:kind": kind, **MORE.get(kind, {}), "constraints": constraints}


def contract(name: str, *columns: Mapping[str, Any]) -> dict[str, Any]:
    schema = {"primaryKey": ["k"], "fields": list(columns)}
    return {"name": name, "title": name, "title_en": name, "schema": schema}


def of_kinds() -> Iterator[Case]:
    """Each kind as the key, and as a column beside it in another order; the last cell is blank."""
    for kind, written in VALUES.items():
        keys = list(dict.fromkeys(written))
        cells = [*reversed(keys[1:]), ""]
        bad = REFUSED.get(kind, set())
        no_key = bad | REFUSED_KEY.get(kind, set())
        rows = list(zip(keys, cells, strict=True))
        refused = frozenset(n for n, (k, v) in enumerate(rows, 2) if k in no_key or v in bad)
        name = f"of_{kind.replace('-', '_')}"
        yield Case(name, rows, refused, contract(name, column("k", kind, required=True), column("v", kind)))  # fmt: skip


#: Kind, constraints, values that keep them, values that break them.
LIMITS: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    ("integer", {"minimum": -5, "maximum": 7}, ["-5", "7"], ["-6", "8"]),
    ("integer", {"exclusiveMinimum": -5, "exclusiveMaximum": 7}, ["-4", "6"], ["-5", "7"]),
    ("number", {"minimum": 0.1, "maximum": 0.3}, ["0.1", "0.3"], ["0.30000000000000004", "0.0999"]),
    ("number", {"enum": [0.5, 1]}, ["0.5", "1"], ["0.25"]),
    ("money", {"minimum": 0, "exclusiveMaximum": 100}, ["0.00", "99.99"], ["-0.01", "100.00"]),
    ("date", {"minimum": "2024-01-01", "maximum": "2024-12-31"}, ["2024-01-01", "2024-12-31"], ["2023-12-31", "2025-01-01"]),
    ("text", {"minLength": 2, "maxLength": 3}, ["ab", "甲乙丙"], ["a", "abcd"]),
    ("text", {"enum": ["a", "01"]}, ["a", "01"], ["b", "1"]),
    ("code", {"pattern": "0[0-9]{2}"}, ["007", "012"], ["7", "0123"]),
    ("year", {"minimum": 2000}, ["2000", "2024"], ["1999"]),
    ("text", {"required": True}, ["a"], [""]),
]  # fmt: skip


def of_constraints() -> Iterator[Case]:
    for number, (kind, constraints, good, bad) in enumerate(LIMITS):
        values = [*good, *bad]
        broken = frozenset(range(len(good) + 2, len(values) + 2))
        beside, key = f"limit_{number}", f"limit_key_{number}"
        both = column("k", "code", required=True), column("v", kind, **constraints)
        rows = [(f"r{n}", value) for n, value in enumerate(values)]
        yield Case(beside, rows, broken, contract(beside, *both))
        both = column("k", kind, **{**constraints, "required": True}), column("v", "text")
        yield Case(key, [(value, "x") for value in values], broken, contract(key, *both))


CASES = [*of_kinds(), *of_constraints()]


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("k", "v"), *rows])
    return path


class AnyShop(shop.Shop):
    """A shop of all cases, and of what `new` drafts from those that it is shown."""

    few = ("withdrawals", "changes", "sources", "run_tallies")

    def alter(self, contract: Path) -> None:
        catalog = shop.catalog.read(contract)
        for case in CASES:
            (contract / f"{case.name}.yaml").write_text(yaml.safe_dump(case.contract), "utf-8")
            write(self.inbox / case.name / "a.csv", case.rows)
        for case in of_kinds():
            self.draft(contract, catalog, case)

    def draft(self, contract: Path, catalog: Catalog, case: Case) -> None:
        name = f"new_{case.name}"
        sample = write(self.inbox / name / f"{name}.csv", case.rows)
        made = new_dataset.draft(sample, catalog, shop.TODAY)
        (contract / f"{name}.yaml").write_text(made.yaml, "utf-8")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[AnyShop, Path]:
    made = AnyShop(tmp_path_factory.mktemp("any"))
    return made, made.publish(downloads=True)


def public(release: Path, name: str) -> list[dict[str, str]]:
    return shop.rows_of(release / "data" / f"{name}.csv")


def errors(made: AnyShop, name: str) -> set[int]:
    """The rows of a table with an error."""
    found = shop.rows_of(made.private / "findings.csv")
    mine = [f for f in found if f["file"].startswith(f"{name}/") and f["severity"] == "error"]
    return {int(f["row"]) for f in mine if f["row"]}


def tables(made: AnyShop) -> list[str]:
    return [d.name for d in made.contract.datasets.values() if not d.produced]


# What is written matters here, not what computes it.
pytestmark = [pytest.mark.once, pytest.mark.usefixtures("every_engine")]


def test_each_value_is_public_as_written_or_an_error_with_its_row(published: tuple[AnyShop, Path]) -> None:  # fmt: skip
    made, release = published
    for case in CASES:
        rows = {int(r["source_row"]): (r["k"], r["v"]) for r in public(release, case.name)}
        expected = {n: row for n, row in enumerate(case.rows, 2) if n not in case.refused}
        assert rows == expected, case.name
        assert errors(made, case.name) == case.refused, case.name


def test_what_new_drafts_holds_its_sample_as_written_or_tells_the_row(published: tuple[AnyShop, Path]) -> None:  # fmt: skip
    made, release = published
    for case in of_kinds():
        name = f"new_{case.name}"
        drafted = made.contract.datasets[name]
        shown = [c.name for c in drafted.published]
        rows = {int(r["source_row"]): r for r in public(release, name)}
        told = errors(made, name)
        assert len(rows) >= len(case.rows) * 0.8, name
        for number, (key, value) in enumerate(case.rows, 2):
            assert (number in rows) != (number in told), (name, number)
            written = {"k": key, "v": value}
            if number in rows:
                held = [(rows[number][n], written[n]) for n in shown]
                assert all(is_same(*pair) for pair in held), (name, held)


def is_same(held: str, written: str) -> bool:
    """Whether a value is as written; a number may have lost zeros at its end."""
    return held == written or Decimal(held) == Decimal(written)


def text(value: object) -> str:
    """A value of a store as the CSV writes it."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float):
        plain = f"{Decimal(repr(value)):f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return str(value).replace("_x005F_", "_")  # as a workbook writes _


def nearest(column: Any, cell: str, exact: bool) -> str:
    """What a store may hold of a cell: itself, or the nearest double where it has no more digits."""
    if column.kind == "money" and cell:
        return text(float(cell))
    if column.type == "number" and cell and not exact:
        return text(float(cell))
    return cell


def stored(release: Path, name: str, columns: list[str]) -> Iterator[tuple[str, bool, list[Any]]]:
    """(store, whether it holds any number exactly, its rows) for each store but the CSV."""
    listed = ", ".join(f'"{n}"' for n in columns)
    yield "SQLite", False, shop.query(release, f'select {listed} from "{name}" order by rowid')
    file = release / "downloads" / name
    with closing(duckdb.connect()) as con:
        source = f"read_parquet('{file}.parquet')"
        rows = con.execute(f"select {listed} from {source}").fetchall()
        yield "Parquet", False, rows
    with gzip.open(f"{file}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield "JSON Lines", True, [[json.loads(line)[n] for n in columns] for line in lines]
    book = openpyxl.load_workbook(f"{file}.xlsx", read_only=True)
    head, *body = book.worksheets[0].iter_rows(values_only=True)
    yield "XLSX", True, [[row[head.index(n)] for n in columns] for row in body]


def test_every_store_holds_what_the_csv_holds(published: tuple[AnyShop, Path]) -> None:
    made, release = published
    for name in tables(made):
        dataset = made.contract.datasets[name]
        columns = [c.name for c in dataset.published]
        rows = public(release, name)
        for store, exact, held in stored(release, name, columns):
            wanted = [[nearest(c, r[c.name], exact) for c in dataset.published] for r in rows]
            found = [[text(float(v)) if c.kind == "money" and v is not None else text(v) for c, v in zip(dataset.published, row, strict=True)] for row in held]  # fmt: skip
            assert found == wanted, (store, name)


def test_such_a_release_is_verified(published: tuple[AnyShop, Path]) -> None:
    made, release = published
    assert not verify.release(made.site, release.name, None).problems
