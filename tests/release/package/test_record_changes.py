"""The list of changes names no person who is kept from the public."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pipeline.release.package import record_changes
from pipeline.release.package.record_changes import Change


def masked(texts: Sequence[str]) -> list[str]:
    return [text.replace("彭晗笙", "彭某某") for text in texts]


def test_the_key_of_a_record_that_is_gone_has_no_person_in_it() -> None:
    changes = [
        Change("penalty_filings", "平罚彭晗笙1号", "removed"),
        Change("penalty_filings", "平罚彭晗笙2号", "withdrawn"),
        Change("penalty_filings", "平罚3号", "added"),
    ]
    found = record_changes.without_persons(changes, masked)
    assert sorted((c.verb, c.key) for c in found) == [
        ("added", "平罚3号"),
        ("removed", "平罚彭某某1号"),
        ("withdrawn", "平罚彭某某2号"),
    ]


def test_earlier_changes_are_shown_again_without_the_person(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    rows = record_changes.new_rows(
        "2024-01-01-abcd", date(2024, 1, 1), [Change("penalty_filings", "平罚彭晗笙1号", "added")]
    )
    path = tmp_path / "data" / "changes.csv"
    path.write_text("release,date,dataset,key,verb,columns\n" + ",".join(rows[0]) + "\n", "utf-8")
    (row,) = record_changes.rows(tmp_path, masked)
    assert [*row] == [
        "2024-01-01-abcd",
        "2024-01-01",
        "penalty_filings",
        "平罚彭某某1号",
        "added",
        "",
    ]


def test_a_first_release_has_no_earlier_changes(tmp_path: Path) -> None:
    assert record_changes.rows(None, masked) == record_changes.rows(tmp_path, masked) == []
