"""The orders to withdraw: which records must not be public any more, since when and why.

`PRIVATE/withdrawn.csv` holds them all and is what later runs go by; the public table `withdrawals`
of a release holds the same without the day of the order.
Neither has any value of a record but its key.
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
    """All orders: those in PRIVATE, and those that `release` shows,
    so that losing one is no harm.
    """
    found: dict[tuple[str, str], Tombstone] = {}
    if release:
        for row in _rows(release / "data" / f"{TABLE}.csv"):
            stone = Tombstone(row["dataset"], row["record_id"], *(row[c] for c in _PUBLIC[2:]))
            found[stone.dataset, stone.key] = stone
    for row in _rows(private / FILE):
        stone = Tombstone(**{name: row[name] for name in _HEADER})
        found[stone.dataset, stone.key] = stone
    return sorted(found.values())


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(private: Path, stones: Iterable[Tombstone]) -> None:
    """Put the orders in PRIVATE, whole or not at all, and on disk when this returns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows([getattr(s, name) for name in _HEADER] for s in sorted(stones))
    write_durably(private / FILE, text.getvalue())


def keys(stones: Iterable[Tombstone]) -> dict[str, set[str]]:
    """Dataset → keys."""
    found: dict[str, set[str]] = {}
    for stone in stones:
        found.setdefault(stone.dataset, set()).add(stone.key)
    return found


def public_rows(stones: Collection[Tombstone]) -> list[tuple[str, str, str, str, str]]:
    """The rows of the public table."""
    return [(s.key, s.dataset, s.withdrawn_on, s.reason, s.basis) for s in sorted(stones)]
