"""One workbook for each file in which a department must correct something."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.base import progress
from pipeline.base.model import Catalog, Dataset, Source, Tally
from pipeline.base.sheet_cells import Grid
from pipeline.base.words import language, say
from pipeline.checks.results.notes import Notes

LONGEST_NAME = 200  # bytes of a file's name


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read from a file: its source, its dataset and the counts of its rows."""

    source: Source
    dataset: Dataset
    tally: Tally


def write_all(
    folder: Path,
    notes: Notes,
    tables: Mapping[str, Sequence[Table]],
    grids_of: Callable[[str], Sequence[Grid]],
    catalog: Catalog,
) -> list[str]:
    """A workbook under `folder` for each file that `notes` has something on; gives their names.

    `tables`: what was read, by file. `grids_of` gives a file's sheets as they were written; it is
    asked only for files with a table. Workbooks of earlier runs are removed.
    """
    names = list[str]()
    with _replacing(folder) as made:
        for number, file in enumerate(sorted(notes.counts), 1):
            from pipeline.checks.feedback.book import Book  # with all that writes a workbook

            what = say("step-feedback", language(), file=file)
            progress.step(what, number, len(notes.counts))
            read = tables.get(file, ())
            name = _name(file, names)
            path = made / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Book(path, file, notes, read, catalog).write(grids_of(file) if read else ())
            names.append(name)
    return names


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `folder` at the end; on an error nothing is left."""
    made = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    try:
        yield made
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    made.replace(folder)


def _name(file: str, used: Iterable[str]) -> str:
    """`a.xlsx` keeps its name, `a.csv` becomes `a.csv.xlsx`; a name too long for a disk is cut."""
    path = PurePosixPath(file)
    name = path.name if path.suffix.lower() == ".xlsx" else f"{path.name}.xlsx"
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        name = f"{name[:50]}-{digest}.xlsx"
    while str(path.with_name(name)) in used:
        name = f"{name}.xlsx"
    return str(path.with_name(name))
