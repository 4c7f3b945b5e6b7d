"""The rows of a release in which the exit guard finds what must not be public."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pipeline.base.errors import RefusedRow
from pipeline.base.model import Dataset
from pipeline.base.words import say
from pipeline.contract.catalog import published_columns
from pipeline.release.gate.artefacts import SEPARATOR, columns_of
from pipeline.release.package.package import csv_header, data_files

Cells = Sequence[str]


def with_matches(
    release: Path, datasets: Sequence[Dataset], is_match: Callable[[bytes], str]
) -> list[RefusedRow]:
    """The rows in which the exit guard finds something.

    `is_match` gives the kind of what it finds in a text, "" for nothing.
    """
    refused = list[RefusedRow]()
    for dataset in datasets:
        paths = data_files(release, dataset.name)
        names = list(csv_header(paths)) if paths else []
        if "source_row" not in names:  # made by the pipeline, not read
            continue
        for batch in columns_of(paths, names):
            rows = list(zip(*(batch[name].to_pylist() for name in names), strict=True))
            for cells in _among(rows, is_match):
                refused.append(_matched(dataset, names, cells, is_match))
    return refused


def _among(rows: Sequence[Cells], is_match: Callable[[bytes], str]) -> Iterator[Cells]:
    """The rows with a match; halves without one are not looked at row by row."""
    if not is_match("\n".join(SEPARATOR.join(cells) for cells in rows).encode()):
        return
    if len(rows) == 1:
        yield rows[0]
        return
    half = len(rows) // 2
    yield from _among(rows[:half], is_match)
    yield from _among(rows[half:], is_match)


def _matched(
    dataset: Dataset, names: Sequence[str], cells: Cells, is_match: Callable[[bytes], str]
) -> RefusedRow:
    own = [
        (name, kind)
        for name, cell in zip(names, cells, strict=True)
        if (kind := is_match(cell.encode()))
    ]
    name, kind = own[0] if own else (names[0], is_match(SEPARATOR.join(cells).encode()))
    return by_column(dataset, names, cells, name, kind)


def by_column(
    dataset: Dataset, names: Sequence[str], cells: Cells, name: str, kind: str
) -> RefusedRow:
    """The row `cells` refused for what is in its column `name`. `names`: of the cells."""
    column = next(c for c in published_columns(dataset) if c.name == name)
    kinds = {"kind": say(f"guard-{kind}", "zh"), "kind_en": say(f"guard-{kind}", "en")}
    titles = {"title": column.title, "title_en": column.title_en}
    record = dict(zip(names, cells, strict=True))
    place, params = (record["source_id"], int(record["source_row"])), {**titles, **kinds}
    return RefusedRow(*place, "guard-match", name, params, dataset.name)
