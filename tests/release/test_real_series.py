"""A real series that nobody here wrote: 27 monthly editions of a register in which records come and go.

Its dataset is a file under examples/; nothing in pipeline/ is changed for it.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import run
from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.release.gate import gate
from pipeline.release.package import record_changes, store
from pipeline.release.store import diff_report, verify
from tests.support.examples import examples
from tests.support.shop import rows_of

# What a run finds and publishes does not depend on what computes.
pytestmark = pytest.mark.usefixtures("every_engine")

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "real" / "jp-labour-violations"
EXAMPLE = ROOT / "examples" / "jp-labour-violations"
KEY = ("管轄", "企業・事業場名称", "所在地", "公表日", "違反法条")
DATASET = "labour_violations"
Key = tuple[str, ...]


def editions() -> list[Path]:
    found = sorted(REAL.glob("history_*.tsv")) + sorted(REAL.glob("company_list_*.tsv"))
    if not found:
        if os.environ.get("CI"):
            pytest.fail("the real input is not there")
        pytest.skip("needs ../shared/real beside the checkout")
    return found


def keys_of(edition: Path) -> set[Key]:
    """The records of an edition as it writes them: nothing of the pipeline's, and nothing made alike."""
    text = edition.read_bytes().decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t")
    return {tuple(row[name] for name in KEY) for row in rows}


Figures = tuple[list[int], list[int]]


def published(inbox: Path, series: list[Path], words: dict[str, Any]) -> Figures:
    """Publish one edition a month; how many records were new, and how many gone, in each but the first."""
    inbox.mkdir()
    shutil.copy(EXAMPLE / "sources.yaml.example", inbox / "sources.yaml")
    site, private = inbox.with_name("site"), inbox.with_name("private")
    contract, day = catalog.load(EXAMPLE, RULES), date(2017, 4, 30)
    before, new_ones, gone_ones = set[Key](), list[int](), list[int]()
    for number, edition in enumerate(series):
        shutil.copy(edition, inbox / "edition.tsv")
        allowed = run.Allowed(removals=True, downloads=number < 3)
        name, new, _ = run.publish(run.Job(inbox, site, private, contract, words, day, allowed))
        assert new
        release, now = site / "releases" / name, keys_of(edition)
        assert len(rows_of(release / "data" / f"{DATASET}.csv")) == len(now)
        if before:
            found = record_changes.counts(record_changes.read(release / "changes.csv"))[DATASET]
            assert found["added"] == len(now - before), edition.name
            assert found["removed"] == len(before - now), edition.name
            new_ones.append(found["added"])
            gone_ones.append(found["removed"])
        before, day = now, date.fromordinal(day.toordinal() + 30)
    return new_ones, gone_ones


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The site's words; and frictionless is asked in this process, not in one for each edition."""
    monkeypatch.setattr(gate, "ASIDE_FROM", sys.maxsize)
    words: dict[str, Any] = yaml.safe_load((ROOT / "metadata.yml").read_text("utf-8"))
    return words


@pytest.mark.slow
@pytest.mark.once
def test_new_and_gone_of_each_edition_are_what_sets_say(tmp_path: Path, words: dict[str, Any]) -> None:  # fmt: skip
    new_ones, gone_ones = published(tmp_path / "inbox", editions(), words)
    assert len(new_ones) == 26
    assert (min(new_ones), max(new_ones)) == (26, 130)
    assert (min(gone_ones), max(gone_ones)) == (23, 111)
    site = tmp_path / "site"
    kept = store.kept(site)
    assert len(kept) == words["keep"]
    assert verify.release(site, "", None).problems == ()
    assert diff_report.between(kept[-2], kept[-1]) == record_changes.read(kept[-1] / "changes.csv")
    assert len({row["release"] for row in rows_of(kept[-1] / "data" / "changes.csv")}) == 26


@pytest.mark.on_dask
def test_on_dask_they_are_so_too(tmp_path: Path, words: dict[str, Any]) -> None:
    """Of the first editions: how long a series is makes no difference to what computes."""
    published(tmp_path / "inbox", editions()[: examples(4, 27)], words)


def test_what_the_source_drops_after_a_year_needs_no_other_cause(tmp_path: Path) -> None:
    contract = catalog.load(EXAMPLE, RULES)
    words = yaml.safe_load((ROOT / "metadata.yml").read_text("utf-8"))
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    shutil.copy(EXAMPLE / "sources.yaml.example", inbox / "sources.yaml")
    seventh, eighth = editions()[6:8]
    days = (date(2017, 10, 31), date(2017, 11, 30))
    for edition, day in zip((seventh, eighth), days, strict=True):
        shutil.copy(edition, inbox / "edition.tsv")
        run.publish(
            run.Job(
                inbox,
                tmp_path / "site",
                tmp_path / "private",
                contract,
                words,
                day,
                run.Allowed(True, downloads=False),
            )
        )
    kept = store.kept(tmp_path / "site")
    published = {r["record_id"]: r["published_on"] for r in rows_of(kept[0] / "data" / f"{DATASET}.csv")}  # fmt: skip
    gone = {c.key for c in record_changes.read(kept[1] / "changes.csv") if c.verb == "removed"}
    unexplained = {row["key"] for row in rows_of(tmp_path / "private" / "removals.csv")}
    # Published by 30 November 2016, so a year old when the eighth edition came.
    assert {key for key in gone if published[key] <= "2016-11-30"} == gone - unexplained
    assert gone - unexplained
