"""Tombstones of withdrawn records: which must no longer be public, since when and why.

`PRIVATE/withdrawn.csv` holds all of them, and later runs obey it; the public table `withdrawals` of
a release holds the same without the day of the order. Neither holds a value of a record but its
key.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from pipeline.base.files import write_durably

TABLE = "withdrawals"
FILE = "withdrawn.csv"


@dataclass(frozen=True, slots=True, order=True)
class Tombstone:
    """One record withdrawn; dates in ISO 8601. `ordered_on` never leaves PRIVATE."""

    dataset: str
    key: str
    withdrawn_on: str
    reason: str
    basis: str
    ordered_on: str = ""


_HEADER = [field.name for field in fields(Tombstone)]
_PUBLIC = ("record_id", "dataset", "withdrawn_on", "reason", "basis")


def read(private: Path, release: Path | None = None) -> list[Tombstone]:
    """All tombstones, sorted: those in the folder `private`, and those that `release` publishes.

    So none is lost where one of the two places is.
    """
    found: dict[tuple[str, str], Tombstone] = {}
    if release:
        for row in _rows(release / "data" / f"{TABLE}.csv"):
            tombstone = Tombstone(row["dataset"], row["record_id"], *(row[c] for c in _PUBLIC[2:]))
            found[tombstone.dataset, tombstone.key] = tombstone
    for row in _rows(private / FILE):
        tombstone = Tombstone(**{name: row[name] for name in _HEADER})
        found[tombstone.dataset, tombstone.key] = tombstone
    return sorted(found.values())


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(private: Path, withdrawn: Iterable[Tombstone]) -> None:
    """Write the tombstones to PRIVATE, atomically, and on disk when this returns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows([getattr(s, name) for name in _HEADER] for s in sorted(withdrawn))
    write_durably(private / FILE, text.getvalue())


def keys(withdrawn: Iterable[Tombstone]) -> dict[str, set[str]]:
    """Dataset → keys of withdrawn records."""
    found: dict[str, set[str]] = {}
    for tombstone in withdrawn:
        found.setdefault(tombstone.dataset, set()).add(tombstone.key)
    return found


def public_rows(withdrawn: Collection[Tombstone]) -> list[tuple[str, str, str, str, str]]:
    """The rows of the public table: record_id, dataset, withdrawn_on, reason, basis."""
    return [(s.key, s.dataset, s.withdrawn_on, s.reason, s.basis) for s in sorted(withdrawn)]
