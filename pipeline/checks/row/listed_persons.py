"""The names of a table's rows that are kept from the public, for the run's list of persons.

Other rows, other datasets, names of files and reports are searched for them when all is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.model import Dataset
from pipeline.checks.privacy.names import is_masked
from pipeline.checks.privacy.person_list import is_organisation, persons

#: One row for each name and number of its case; `case` is "" where the row has no number.
SCHEMA = pa.schema([(n, pa.string()) for n in ("name", "case", "source_id", "source_row")])


def listed_persons(
    dataset: Dataset,
    table: pa.Table,
    masked: Mapping[str, pa.Array],
    in_texts: Mapping[int, Iterable[str]],
    source_id: str,
) -> pa.Table:
    """Table of `SCHEMA`: the persons in the columns that the contract masks (column → mask of the
    rows in which it does) or never publishes, and those found `in_texts` (row number → names).
    """
    columns = {**masked}
    for column in dataset.columns:
        if column.privacy == "never" and column.kind == "name":
            columns[column.name] = pc.not_equal(table[column.name].combine_chunks(), "")
    found = [pair for name, who in columns.items() for pair in _named(table, name, who)]
    found += [(row, name) for row, names in in_texts.items() for name in names]
    if not found:
        return SCHEMA.empty_table()
    cases = _cases(dataset, table)
    lines = dict.fromkeys(
        (name, case, source_id, str(row)) for row, name in found for case in cases[row] or ("",)
    )
    return pa.table(
        [pa.array(cells, pa.string()) for cells in zip(*lines, strict=True)], schema=SCHEMA
    )


def _named(table: pa.Table, column: str, who: pa.Array) -> Iterator[tuple[int, str]]:
    """(row number, name) of each person in the cells of `column` that `who` marks."""
    rows = table["_row"].filter(who).to_pylist()
    cells = table[column].filter(who).combine_chunks().dictionary_encode()
    names = [[*_whole(cell)] for cell in cells.dictionary.to_pylist()]
    for row, at in zip(rows, cells.indices.to_pylist(), strict=True):
        yield from ((row, name) for name in names[at])


def _whole(cell: str) -> Iterator[str]:
    """The names in a cell that are whole: of two characters and more, and not masked."""
    for start, end in persons(cell):
        name = cell[start:end].strip()
        if len(name) > 1 and not is_masked(name) and not is_organisation(name):
            yield name


def _cases(dataset: Dataset, table: pa.Table) -> dict[int, tuple[str, ...]]:
    """Row number → the numbers of documents in its published columns."""
    numbers = [c.name for c in dataset.published if c.kind == "document-number"]
    columns = [table[name].to_pylist() for name in numbers]
    rows = table["_row"].to_pylist()
    return {
        row: tuple(dict.fromkeys(filter(None, cells)))
        for row, *cells in zip(rows, *columns, strict=True)
    }
