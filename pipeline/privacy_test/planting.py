"""Writes plants into a copy of the inbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.base.model import Catalog
from pipeline.intake.inbox.sources import InboxFile, scan
from pipeline.privacy_test.plants import Plant
from pipeline.privacy_test.spots import Table, open_table, renamed


@dataclass(slots=True)
class Written:
    """What was written: the plants that are in the inbox, and what is called otherwise now."""

    plants: list[Plant] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    sheets: dict[tuple[str, str], str] = field(default_factory=dict)

    def called(self, plant: Plant) -> tuple[str, str]:
        """(file, sheet) of a plant, as they are called now."""
        spot = plant.spot
        return self.files.get(spot.file, spot.file), self.sheets.get((spot.file, spot.sheet), spot.sheet)  # fmt: skip


def write(plants: Sequence[Plant], inbox: Path, catalog: Catalog) -> Written:
    """Write `plants` into the copy `inbox`; a plant that a file cannot take is left out."""
    files = {file.name: file for file in scan(inbox, catalog).files}
    written, by_file = Written(), defaultdict[str, list[Plant]](list)
    for plant in plants:
        by_file[plant.spot.file].append(plant)
    for name, some in by_file.items():
        file = files[name]
        if file.is_report:
            _into_report(some, inbox / name, written)
        else:
            _into_table(some, inbox / name, file, written)
        for plant in (p for p in some if p.spot.place == "file"):
            _rename(plant, inbox, file, written)
    return written


def _into_table(plants: Sequence[Plant], path: Path, file: InboxFile, written: Written) -> None:
    table = open_table(path, file)
    if table is None:
        return
    # A sheet is called by its old name until all its cells are written.
    for plant in sorted(plants, key=lambda p: p.spot.place == "sheet"):
        spot = plant.spot
        if spot.place == "file":
            continue
        if spot.place == "sheet":
            table.rename(spot.sheet, plant.text)
            written.sheets[spot.file, spot.sheet] = plant.text
        elif spot.place == "header":
            table.add_column(spot.sheet, spot.row, plant.text)
        else:
            _put(table, plant)
        written.plants.append(plant)
    table.save()


def _put(table: Table, plant: Plant) -> None:
    spot = plant.spot
    table.put(spot.sheet, spot.row, spot.position, plant.text)


def _into_report(plants: Sequence[Plant], path: Path, written: Written) -> None:
    text = path.read_text("utf-8")
    # New paragraphs first, while those they follow are as they were.
    for plant in sorted(plants, key=lambda p: p.spot.column):
        text = text.replace(plant.spot.written, plant.text)
        written.plants.append(plant)
    path.write_text(text, "utf-8")


def _rename(plant: Plant, inbox: Path, file: InboxFile, written: Written) -> None:
    new = renamed(file.name, plant.text, file)
    if new is not None and not (inbox / new).exists():
        (inbox / file.name).rename(inbox / new)
        written.files[file.name] = new
        written.plants.append(plant)
