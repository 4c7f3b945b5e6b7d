"""Odd inputs as real exports have them: every record comes out right or with a finding, no other suffers.

Each folder of `oddities/` is an inbox with what is right, written by someone who had not seen the code:

- `records`: a row of a file, the key by which its record is found, and values. `outcome` is `public`
  (it is among the accepted records with these values), `finding` (it is not, and has an error; or it
  is with these values left blank, and a finding says so) or `public_or_finding`.
- `not_records`: rows that are no records and have no error. `file_finding`: files that cannot be read,
  each with an error. `never_public`: texts that no accepted record holds.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.base.errors import UnreadableInput
from pipeline.base.model import Catalog
from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.flow import check
from tests.support.shop import ROOT, TODAY

HERE = Path(__file__).parent / "oddities"
Record = Mapping[str, str]
#: Where a department sees it: what a run only notes is not counted as told.
SERIOUS = ("error", "doubt")


@dataclass(frozen=True)
class Outcome:
    """What a run makes of an inbox."""

    accepted: Mapping[str, Sequence[Record]]
    findings: Sequence[Record]

    def records(self, dataset: str, key: Mapping[str, str]) -> list[Record]:
        return [r for r in self.accepted.get(dataset, ()) if all(r[k] == v for k, v in key.items())]

    def about(self, file: str, rows: Sequence[int] = (), serious: bool = True) -> list[Record]:
        """Findings about one of `rows` of `file`, or about all its rows."""
        return [
            f
            for f in self.findings
            if _same_file(f["file"], file)
            and (not serious or f["severity"] in SERIOUS)
            and f["rule"] != "header-absent"
            and (not rows or not f["row"] or int(f["row"]) in rows or _is_of_column(f))
        ]


def _same_file(found: str, file: str) -> bool:
    return found == file or found.endswith(f"/{file}") or Path(found).name == Path(file).name


def _is_of_column(finding: Record) -> bool:
    return finding["row"] == "1" and bool(finding["column"])


def _contract(case: Path, work: Path) -> Catalog:
    """The project's contract, with the datasets that the case brings."""
    if not (case / "contract").exists():
        return catalog.load(ROOT / "datapackage", RULES)
    shutil.copytree(ROOT / "datapackage", work / "contract")
    shutil.copytree(case / "contract", work / "contract", dirs_exist_ok=True)
    return catalog.load(work / "contract", RULES)


def _run(inbox: Path, contract: Catalog, work: Path, today: date = TODAY) -> Outcome:
    accepted = dict[str, list[Record]]()
    with suppress(UnreadableInput):  # each file has its finding
        run = check.check(inbox, work / "private", contract, today)
        for name, paths in run.ledger.accepted():
            accepted[name] = [row for path in paths for row in pq.read_table(path).to_pylist()]
        run.con.close()
    with (work / "private" / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        return Outcome(accepted, list(csv.DictReader(file)))


def _wrong_record(outcome: Outcome, wanted: Mapping[str, Any]) -> Iterator[str]:
    rows = [wanted["row"], *wanted.get("alt_rows", ())]
    place = f"{wanted['file']}:{wanted['row']}"
    found = outcome.records(wanted["dataset"], wanted["match"])
    errors = outcome.about(wanted["file"], rows)
    every = outcome.about(wanted["file"], rows, serious=False)
    if len(found) > 1:
        yield f"{place} is accepted {len(found)} times"
    if wanted.get("told") and not every:
        yield f"{place} has no finding"
    if not found:
        if wanted["outcome"] == "public" or not errors:
            yield f"{place} is not accepted: {[f['rule'] for f in errors]}"
        return
    other = {k: found[0][k] for k, v in wanted["values"].items() if found[0][k] != v}
    blank = {k for k, v in other.items() if not v}
    if (wanted["outcome"] == "public" and other) or other.keys() - blank or (blank and not every):
        yield f"{place} has {other}"
    if wanted["outcome"] == "finding" and not every:
        yield f"{place} is accepted without a finding"
    for name, value in wanted.get("wrong", {}).items():
        if found[0][name] == value:
            yield f"{place} is accepted as it was wrongly written: {value}"


def _wrong(outcome: Outcome, expect: Mapping[str, Any]) -> Iterator[str]:
    for wanted in expect["records"]:
        yield from _wrong_record(outcome, wanted)
    for dataset in {wanted["dataset"] for wanted in expect["records"]}:
        keys = [w["match"] for w in expect["records"] if w["dataset"] == dataset]
        for record in outcome.accepted.get(dataset, ()):
            if not any(all(record[k] == v for k, v in key.items()) for key in keys):
                yield f"a record that nobody wrote: {record}"
    for row in expect["not_records"]:
        found = outcome.about(row["file"], [row["row"]])
        if rules := [f["rule"] for f in found if f["row"] == str(row["row"])]:
            yield f"{row} is no record and has {rules}"
    for file in expect.get("file_finding", ()):
        if not 0 < len(outcome.about(file)) <= 3:
            yield f"{file} has {len(outcome.about(file))} errors"
    yield from _never(outcome, expect["never_public"])


def _never(outcome: Outcome, texts: Sequence[str]) -> Iterator[str]:
    cells = {v for rows in outcome.accepted.values() for row in rows for v in row.values() if v}
    for text in texts:
        yield from (f"{text!r} is in {cell!r}" for cell in cells if text in cell)


@pytest.mark.once  # what is read is the same on every engine: test_same_bytes_on_every_engine
@pytest.mark.usefixtures("every_engine")
@pytest.mark.parametrize(
    "case", sorted(path.parent for path in HERE.glob("*/expect.json")), ids=lambda case: case.name
)
def test_an_odd_input_comes_out_right_or_with_a_finding(case: Path, tmp_path: Path) -> None:
    expect = json.loads((case / "expect.json").read_text("utf-8"))
    outcome = _run(case / "inbox", _contract(case, tmp_path), tmp_path)
    assert list(_wrong(outcome, expect)) == []
    names = ("KeyError", "BadZipFile", "Traceback", "ValueError", "Panic")
    assert not [f for f in outcome.findings if any(name in f["message"] for name in names)]


# ---------------------------------------------------------------- cases kept beside the checkout

SHARED = ROOT.parent / "shared" / "cases"
FINE = {"fine_yuan": "120000.00", "decision_date": "2024-03-15"}
PENALTIES = "penalty_filings"


@dataclass(frozen=True)
class Wanted:
    """What is right: row → values of the record that is accepted, rows with an error each, rows of
    which either holds, texts that no record has, and rules that tell what was done."""

    rows: Mapping[int, Record]
    errors: Sequence[int] = ()
    either: Sequence[int] = ()
    never: Sequence[str] = ()
    rules: Sequence[str] = ()
    dataset: str = PENALTIES
    today: date = TODAY


CASES = {
    "amounts": Wanted({4: FINE, 7: FINE, 8: FINE}, errors=(2, 3, 5, 6, 10), either=(9,)),
    "backslash": Wanted({}, either=(2, 3, 4)),
    "backslash-parts": Wanted({}, either=(2, 3, 4)),
    "codes-row-a": Wanted({4: FINE, 5: FINE}),
    "codes-row-b": Wanted({3: FINE, 4: FINE, 5: FINE}),
    "ctrl-z": Wanted({2: FINE, 3: FINE, 4: FINE}),
    "dates-export": Wanted({7: FINE}, either=(2, 3, 4, 5, 6, 8)),
    "dispimg": Wanted({2: FINE | {"remarks": ""}, 3: FINE}, rules=("picture-in-cell",)),
    "ditto": Wanted({2: FINE}, either=(3, 4), never=("同上", "〃")),
    "dot0": Wanted(
        {2: {"certificate_no": "16115030011"}, 3: {"certificate_no": "16115030012"}},
        dataset="certificates",
    ),
    "double-enc": Wanted({}, either=(2,), never=("绀",)),
    "eq-quote": Wanted({2: FINE | {"decision_no": "示人社罚〔2024〕201号"}, 3: FINE}, never=("=",)),
    "formula-nocache": Wanted({}, errors=(2, 3, 4), rules=("formula-without-result",)),
    "formula-third": Wanted({3: FINE | {"fine_yuan": "33333.33"}}, either=(2, 4)),
    "group-headers": Wanted(
        {
            5: {"fine_yuan": "120000.00", "confiscated_yuan": "", "decision_date": "2026-07-03"},
            6: {"fine_yuan": "110000.00", "confiscated_yuan": "23000.00"},
        },
        either=range(7, 14),
        today=date(2026, 12, 31),
    ),
    "header-nl": Wanted({2: FINE | {"respondent_name": "示例市丙子南劳务有限公司"}, 3: FINE}),
    "hidden-rows": Wanted({2: FINE, 3: FINE, 4: FINE}, rules=("rows-hidden",)),
    "kunjinkao": Wanted({}, errors=(2, 3), rules=("garbled-text",)),
    "no-as-date": Wanted({}, errors=(2,), either=(3,), rules=("number-became-date",)),
    "notes-around": Wanted({7: FINE, 8: FINE, 9: FINE}),
    "nulls": Wanted({row: FINE | {"remarks": "", "legal_representative": ""} for row in range(2, 10)}),
    "plus-sign": Wanted({3: FINE | {"fine_yuan": "112000.00"}}, either=(2, 4)),
    "reader-panics": Wanted({}, rules=("file-broken",)),
    "totals-huizong": Wanted({2: FINE, 3: FINE}),
    "transposed": Wanted({}, rules=("table-transposed",)),
    "xls-errors": Wanted({}, errors=(2,), never=("#N/A",), rules=("formula-error",)),
    "xls-only": Wanted({2: FINE, 3: FINE, 4: FINE}),
    "zeropad": Wanted({2: FINE | {"respondent_organisation_code": "005678912"}, 3: FINE}),
}  # fmt: skip


@pytest.mark.once
@pytest.mark.usefixtures("every_engine")
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_case_that_went_wrong_once_comes_out_right(name: str, tmp_path: Path) -> None:
    if not SHARED.exists():
        pytest.skip("needs ../shared/cases beside the checkout")
    wanted = CASES[name]
    outcome = _run(SHARED / "intake" / name, _contract(SHARED, tmp_path), tmp_path, wanted.today)
    accepted = {int(r["source_row"]): r for r in outcome.accepted.get(wanted.dataset, ())}
    errors = {int(f["row"]) for f in outcome.findings if f["severity"] == "error" and f["row"]}
    for row, values in wanted.rows.items():
        assert {k: accepted[row][k] for k in values} == values, f"row {row}"
    assert errors <= {*wanted.errors, *wanted.either, 1}
    assert set(wanted.errors) <= errors - accepted.keys()
    assert accepted.keys() <= {*wanted.rows, *wanted.either}
    for row in set(wanted.either) & accepted.keys():
        assert accepted[row]["decision_date"] == FINE["decision_date"] or wanted.today != TODAY
    cells = [v for r in accepted.values() for v in r.values() if v]
    assert not [v for v in cells for text in wanted.never if text in v]
    assert set(wanted.rules) <= {f["rule"] for f in outcome.findings}
