"""What a row itself keeps from the public, looked for in its other cells: names of the persons it
is about, and the values of never-fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.model import Catalog, Dataset
from pipeline.checks.privacy.names import is_masked, mask_name
from pipeline.checks.privacy.person_list import occurrences, persons
from pipeline.checks.privacy.unlabelled_numbers import replaced

#: Characters of a never-field's value that is looked for: shorter ones are words.
SHORTEST = 6
#: Kinds of published columns in which names and values of persons are looked for.
_SEARCHED = frozenset({"text", "code", "document-number", "url"})
_NAMES = frozenset({"name", "organisation"})


def searched_kinds(catalog: Catalog) -> frozenset[str]:
    """Kinds of published columns in which names of persons are looked for: an organisation's own
    name is left as it is where the publisher's contract says so.
    """
    return _SEARCHED if catalog.shows_names("in_organisations") else _SEARCHED | _NAMES


def own_values(
    dataset: Dataset, table: pa.Table, masked: dict[str, pa.Array]
) -> dict[int, dict[str, str]]:
    """By row: each hidden value of that row → its replacement.

    Hidden are the persons in `masked` (column → mask of rows) and the values of never-fields,
    except single words (a kind of document, a sex).
    """
    own: dict[int, dict[str, str]] = {}
    for name, who in masked.items():
        _add_values(own, table[name].combine_chunks(), who, _names)
    for column in dataset.columns:
        if column.privacy == "never" and column.kind in ("code", "text", "name"):
            cells = table[column.name].combine_chunks()
            values = _names if column.kind == "name" else _long
            _add_values(own, cells, pc.not_equal(cells, ""), values)
    return own


def _names(cell: str) -> Iterable[tuple[str, str]]:
    for start, end in persons(cell):
        if end - start >= 2:
            yield cell[start:end], mask_name(cell[start:end])


def _long(cell: str) -> Iterable[tuple[str, str]]:
    if len(cell) >= SHORTEST and not is_masked(cell):
        yield cell, "***"


def _add_values(
    own: dict[int, dict[str, str]],
    cells: pa.Array,
    who: pa.Array,
    values: Callable[[str], Iterable[tuple[str, str]]],
) -> None:
    at = pc.indices_nonzero(pc.and_(who, pc.not_equal(cells, "")))
    for row, cell in zip(at.to_pylist(), cells.take(at).to_pylist(), strict=True):
        for value, mask in values(cell):
            own.setdefault(row, {})[value] = mask


def without_own(cells: pa.Array, own: dict[int, dict[str, str]]) -> tuple[pa.Array, list[int]]:
    """(`cells` with each row's own hidden values replaced, the rows that held one)."""
    rows, texts = list(own), cells.take(pa.array(list(own), pa.int64())).to_pylist()
    changed: dict[int, str] = {}
    for row, text in zip(rows, texts, strict=True):
        clean = text
        for value in sorted(own[row], key=len, reverse=True) if text else ():
            spans = occurrences(clean, value)
            clean = replaced(clean, [(start, end, own[row][value]) for start, end in spans])
        if clean != text:
            changed[row] = clean
    if not changed:
        return cells, []
    listed = cells.to_pylist()
    for row, text in changed.items():
        listed[row] = text
    return pa.array(listed, pa.string()), list(changed)
