"""What became of each plant: read in every public byte of the release, and in the quarantine."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.base.model import Catalog
from pipeline.privacy_test import public_bytes
from pipeline.privacy_test.aside import Aside
from pipeline.privacy_test.folding import folded
from pipeline.privacy_test.needles import Needles
from pipeline.privacy_test.planting import Written
from pipeline.privacy_test.plants import MARK, Plant
from pipeline.privacy_test.spots import public_rows

#: leaked: public. kept: a harmless text is public as it was. masked: its place is public, the value
#: not. held: its row or sentence waits for a person. other: it is not public for another reason.
Fate = Literal["leaked", "kept", "masked", "held", "other"]

#: Findings for which a row waits until a person has looked at it.
DOUBTS = frozenset(("name-unsure", "party-unsure", "personal-fact-unsure", "own-value-in-text", "hidden-value-elsewhere", "personal-value-in-code", "guard-match"))  # fmt: skip
_MARKED = re.compile(folded(MARK) + "([a-z]{4})")
_AFTER = 4  # characters by which a mask may make a sentence longer
_LABELS = ("file", "sheet", "header")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The fate of one plant. Of a leak: `found`, in the public file `where` first. Of a row that is
    not public: the findings for that, as `reasons`.
    """

    plant: Plant
    fate: Fate
    where: str = ""
    found: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Seen:
    """What reading the release has shown."""

    needles: dict[str, str] = field(default_factory=dict)  # rare needle → the first file it is in
    leaked: dict[int, tuple[str, str]] = field(
        default_factory=dict
    )  # plants found behind their marks: file, needle
    marked: set[int] = field(default_factory=set)  # plants whose marks are public
    whole: set[int] = field(default_factory=set)  # plants whose whole text is public


def read(release: Path, plants: Sequence[Plant]) -> Seen:
    """Look for `plants` in every public byte of `release`."""
    seen, by_mark = Seen(), {folded(plant.mark): plant for plant in plants}
    rare = [needle for plant in plants for needle in plant.value.rare]
    labels = [folded(_label(plant)) for plant in plants if plant.spot.place in _LABELS]
    words = Needles(filter(lambda word: len(word) > 2, [*rare, *labels]))
    for where, text in public_bytes.texts(release):
        plain = folded(text)
        for needle in words.in_text(plain):
            seen.needles.setdefault(needle, where)
        for found in _MARKED.finditer(plain):
            if plant := by_mark.get(found[0]):
                _behind_mark(plant, plain[found.end() :][: _room(plant)], where, seen)
    for where, needle in public_bytes.search(release, rare):
        seen.needles.setdefault(needle, where)
    return seen


def _room(plant: Plant) -> int:
    return len(folded(plant.value.text)) + _AFTER


def _behind_mark(plant: Plant, text: str, where: str, seen: Seen) -> None:
    seen.marked.add(plant.number)
    if text.startswith(folded(plant.value.text)):
        seen.whole.add(plant.number)
    for needle in plant.value.needles:
        if needle in text:
            seen.leaked.setdefault(plant.number, (where, needle))


def _label(plant: Plant) -> str:
    """The whole of a name that was planted, as it would be public."""
    if plant.spot.place != "file":
        return plant.text
    name = Path(plant.spot.file)
    return f"{name.stem}-{plant.text}"


def judge(published: Aside, written: Written, catalog: Catalog) -> list[Outcome]:
    """The outcome of each plant that was written into the published inbox."""
    seen = read(published.release, written.plants)
    rows = _Rows(published, written, catalog)
    return [_outcome(plant, seen, rows) for plant in written.plants]


class _Rows:
    """Where the rows with plants are: the public ones, and those that wait."""

    def __init__(self, published: Aside, written: Written, catalog: Catalog) -> None:
        sources = {(s.path, s.sheet): s.source_id for s in published.run.sources}
        self.public: dict[int, Mapping[str, str]] = {}
        self.reasons: dict[int, set[str]] = defaultdict(set)
        self.read = {p.number for p in written.plants if written.called(p) in sources}
        cells = [p for p in written.plants if p.spot.row and p.spot.place != "header"]
        of_row = {(sources.get(written.called(p), ""), p.spot.row): p.number for p in cells}
        for name in {p.spot.dataset for p in cells}:
            for row in public_rows(published.release, catalog.datasets[name]):
                number = of_row.get((row["source_id"], int(row["source_row"])))
                if number is not None:
                    self.public[number] = row
        held = {(*written.called(p), str(p.spot.row)): p.number for p in cells}
        for path in (published.private / "quarantine").glob("*.csv"):
            with path.open(encoding="utf-8-sig", newline="") as file:
                self._hold(csv.DictReader(file), held)

    def _hold(
        self, rows: Iterable[Mapping[str, str]], held: Mapping[tuple[str, str, str], int]
    ) -> None:
        for row in rows:
            number = held.get((row["file"], row["sheet"], row["row"]))
            if number is not None:
                self.reasons[number] |= set(row["reasons"].split(";"))


def _outcome(plant: Plant, seen: Seen, rows: _Rows) -> Outcome:
    cell = folded(rows.public.get(plant.number, {}).get(plant.spot.column, ""))
    if leak := _leak(plant, seen, cell):
        return Outcome(plant, "leaked", *leak)
    if plant.value.is_harmless and _is_whole(plant, seen, cell):
        return Outcome(plant, "kept")
    reasons = tuple(sorted(rows.reasons[plant.number]))
    return Outcome(plant, _not_shown(plant, seen, rows), reasons=reasons)


def _leak(plant: Plant, seen: Seen, cell: str) -> tuple[str, str] | None:
    """The public file that has the value, and what of it; None for none."""
    for needle in plant.value.rare:
        if needle in seen.needles:
            return seen.needles[needle], needle
    if plant.spot.place == "code":
        added = cell.removeprefix(folded(plant.spot.written))
        if found := [needle for needle in plant.value.needles if needle in added]:
            return f"data/{plant.spot.dataset}.csv", found[0]
    return seen.leaked.get(plant.number)


def _is_whole(plant: Plant, seen: Seen, cell: str) -> bool:
    if plant.spot.place in _LABELS:
        return folded(_label(plant)) in seen.needles
    if plant.spot.place == "code":
        return folded(plant.value.text) in cell
    return plant.number in seen.whole


def _not_shown(plant: Plant, seen: Seen, rows: _Rows) -> Fate:
    """Why a value is not public."""
    if plant.spot.place == "report":
        return "masked" if plant.number in seen.marked else "held"
    if plant.spot.place in _LABELS:
        return "masked" if plant.number in rows.read else "other"
    if plant.number in rows.public:
        return "masked"
    return "held" if rows.reasons[plant.number] & DOUBTS else "other"
