"""The words of a release's site: complete in both languages, and only about what is there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.base.errors import UsageError
from pipeline.base.model import Catalog, Code, CodeList, Column, Dataset, ForeignKey
from pipeline.contract.catalog import load
from pipeline.release.package.about import About
from pipeline.release.package.metadata import site_metadata

WORDS = yaml.safe_load(Path("metadata.yml").read_text("utf-8"))
TODAY = date(2025, 3, 31)
FILINGS = Dataset(
    name="penalty_filings",
    title="重大行政处罚备案",
    title_en="Major penalty filings",
    description="一行是一个决定。",
    description_en="One decision a row.",
    columns=(
        Column("record_id", "记录号", "Record"),
        Column("fine_yuan", "罚款金额", "Fine", "实际罚款", "As fined", "number", unit="元"),
        Column("authority_name", "处罚机关", "Authority"),
        Column("heaviest_penalty", "最重处罚", "Heaviest penalty", codes="penalty_types"),
        Column("decision_date", "决定日期", "Decided", type="date", kind="date"),
        Column("identity_no", "证件号码", "Identity number", privacy="never"),
    ),
    primary_key=("record_id",),
    foreign_keys=(ForeignKey(("authority_name",), "authorities", ("authority_name",)),),
    facets=("authority_name",),
    search=("authority_name",),
    sort="-decision_date",
)
CATALOG = Catalog(
    package={},
    datasets={"penalty_filings": FILINGS},
    codes={"penalty_types": CodeList("penalty_types", (Code("罚款", "罚款", "Fine"),))},
    version="0",
)


def made(present: Sequence[str] = ("penalty_filings",), sample: bool = True) -> dict[str, Any]:
    return site_metadata(About(CATALOG, WORDS, TODAY, sample), present=present)


def table(lang: str) -> dict[str, Any]:
    found: dict[str, Any] = made()[lang]["databases"]["disclosure"]["tables"]["penalty_filings"]
    return found


def test_titles_descriptions_and_units_come_in_each_language() -> None:
    assert table("zh")["columns"]["fine_yuan"] == "罚款金额（元）：实际罚款"
    assert table("en")["columns"]["fine_yuan"] == "Fine (yuan): As fined"
    assert table("zh")["title"] == "重大行政处罚备案"


def test_what_may_never_leave_is_not_described() -> None:
    assert "identity_no" not in json.dumps(made())


def test_the_contracts_sort_facets_and_references_are_passed_on() -> None:
    assert table("zh")["sort_desc"] == "decision_date"
    assert table("zh")["facets"] == ["authority_name"]
    columns = {c["name"]: c for c in table("en")["plugins"]["gongshi"]["columns"]}
    assert columns["authority_name"]["refers"]["table"] == "authorities"


def test_codes_are_explained_in_each_language() -> None:
    assert made()["en"]["plugins"]["gongshi"]["codes"] == {"penalty_types": {"罚款": "Fine"}}


def test_a_query_whose_table_is_not_in_the_release_is_left_out() -> None:
    queries = made()["zh"]["databases"]["disclosure"]["queries"]
    assert "penalties_by_type" in queries
    assert "documents_in_force" not in queries


def test_today_stands_for_the_releases_date_where_the_reader_gives_none() -> None:
    queries = made(present=["penalty_filings", "normative_documents"])["zh"]["databases"][
        "disclosure"
    ]["queries"]
    query = queries["documents_expiring"]
    assert query["params"] == ["today"]
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(
            "create table normative_documents "
            "(document_no, title, issuing_authority, valid_until, status)"
        )
        rows = [
            ("a", "2025-04-30", "有效"),
            ("b", "2026-04-30", "有效"),
            ("c", "2025-04-30", "废止"),
        ]
        db.executemany("insert into normative_documents values (?, '', '', ?, ?)", rows)
        found = db.execute(query["sql"], {"today": ""}).fetchall()
    assert [(row[0], row[4]) for row in found] == [("a", 30)]


@pytest.mark.parametrize("query", sorted(WORDS["queries"]))
def test_every_saved_query_is_named_and_described_in_both_languages(query: str) -> None:
    for part in ("title", "description"):
        assert set(WORDS["queries"][query][part]) == {"zh", "en"}


def test_the_sample_says_so_and_other_data_does_not() -> None:
    assert "虚构" in made()["zh"]["plugins"]["gongshi"]["sample_notice"]
    assert made(sample=False)["zh"]["plugins"]["gongshi"]["sample_notice"] == ""


def test_a_key_that_nobody_reads_is_refused() -> None:
    with pytest.raises(UsageError, match="titel"):
        site_metadata(About(CATALOG, WORDS | {"titel": ""}, TODAY), present=[])


def test_the_words_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(made())) == made()


def said_of_tables(part: str, lang: str = "zh") -> dict[str, Any]:
    contract = load(Path("datapackage"))
    words = site_metadata(About(contract, WORDS, TODAY), present=contract.datasets)
    tables = words[lang]["databases"]["disclosure"]["tables"]
    return {name: tables[name]["plugins"]["gongshi"][part] for name in contract.datasets}


def test_a_party_is_a_name_with_a_code_that_is_no_authoritys() -> None:
    told = said_of_tables("party")
    assert told["penalty_filings"] == ["respondent_uscc", "respondent_name"]
    assert told["inspections"] == ["party_uscc", "party_name"]
    assert told["certificates"] == told["authorities"] == []


def test_the_authority_of_a_record_is_the_one_that_the_register_knows() -> None:
    told = said_of_tables("authority")
    assert told["litigation"] == "defendant_authority"  # and not the court
    assert told["inspections"] == "authority_name"  # and not the party
    assert told["supervisors"] == "appointed_by"  # of two organs the one that metadata.yml says


def test_of_a_column_in_two_languages_the_readers_own_is_shown() -> None:
    assert "explanation" in said_of_tables("show")["statistics_checks"]
    english = said_of_tables("show", "en")["statistics_checks"]
    assert "explanation_en" in english and "explanation" not in english
