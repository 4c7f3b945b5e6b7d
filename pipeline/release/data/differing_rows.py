"""Which rows a file or database of a release holds otherwise than they were given to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from pipeline.base.errors import RefusedRow, RowsRefused, Unaccounted
from pipeline.base.model import Dataset
from pipeline.contract.catalog import published_columns

Cells = Sequence[str]
SHOWN = 40  # characters of a value in a message


def refuse(dataset: Dataset, store: str, given: Iterable[Cells], held: Iterable[Cells]) -> None:
    """Raise what is to be said of a store that does not hold the rows it was given.

    `store`: its name. `given`, `held`: the published cells of each row, in the same order. Raises
    RowsRefused with the rows that differ, Unaccounted where the fault is no row's: rows are missing,
    or the table is not made of rows that were read.
    """
    lost = Unaccounted(f"{store} {dataset.name}: holds other rows than it was given")
    if dataset.produced:
        raise lost
    names = [c.name for c in published_columns(dataset)]
    source, row = names.index("source_id"), names.index("source_row")
    refused = list[RefusedRow]()
    for wanted, there in zip_longest(given, held):
        if wanted is None or there is None:
            raise lost
        if tuple(wanted) != tuple(there):
            at = next(
                i for i, pair in enumerate(zip(wanted, there, strict=True)) if pair[0] != pair[1]
            )
            params = _params(dataset, names[at], wanted, store)
            params |= {"given": wanted[at][:SHOWN], "held": there[at][:SHOWN]}
            if at in (source, row):
                raise lost
            place = wanted[source], int(wanted[row])
            refused.append(RefusedRow(*place, "row-not-held", names[at], params, dataset.name))
    if not refused:
        raise lost
    raise RowsRefused(str(lost), refused)


def _params(dataset: Dataset, name: str, cells: Cells, store: str) -> dict[str, str]:
    columns = published_columns(dataset)
    column = next(c for c in columns if c.name == name)
    key = " ".join(
        cell for c, cell in zip(columns, cells, strict=True) if c.name in dataset.primary_key
    )
    return {
        "dataset": dataset.title,
        "dataset_en": dataset.title_en,
        "key": key[:SHOWN],
        "title": column.title,
        "title_en": column.title_en,
        "store": store,
    }
