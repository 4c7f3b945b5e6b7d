"""Leaks across rows: a hidden value of one row in a published cell of another row.

A row's own hidden values are removed from its texts when it is checked; those of other rows are
known only when every file is read. The exit guard would stop the whole release for one leak.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

import duckdb

from pipeline.base.model import Dataset
from pipeline.base.sql import quoted
from pipeline.checks.across.keys import Outcome
from pipeline.checks.privacy.known_values import KnownValues, ways_written

AT_ONCE = 20_000  # rows
WORDS = frozenset(
    {
        "text",
        "name",
        "organisation",
        "code",
        "document-number",
        "social-credit-code",
        "url",
        "integer",
        "number",
    }
)


def rows(con: duckdb.DuckDBPyConnection, dataset: Dataset, known: KnownValues) -> Iterator[Outcome]:
    """An outcome for each accepted row that holds one of `known`, with the first such column.

    `con` has the accepted rows as a view with the dataset's name.
    """
    columns = [c.name for c in dataset.published if c.kind in WORDS]
    if not known.by_end or not columns:
        return
    cells = ", ".join(f"coalesce({quoted(name)}, '')" for name in columns)
    asked = f"select source_id, source_row, [{cells}] as cells from {quoted(dataset.name)}"
    for batch in con.sql(asked).to_arrow_reader(AT_ONCE):
        texts = [text.encode() for text in batch["cells"].flatten().to_pylist()]
        held = _held(texts, known)
        first = {at // len(columns): at % len(columns) for at in sorted(held, reverse=True)}
        for row, column in sorted(first.items()):
            source_id, number = batch["source_id"][row].as_py(), batch["source_row"][row].as_py()
            yield Outcome(
                source_id, int(number), "quarantined", "hidden-value-elsewhere", columns[column]
            )


def _held(cells: Sequence[bytes], known: KnownValues) -> set[int]:
    """Which of `cells` hold one of `known`, as it is written or as escapes."""
    written = [(at, text) for at, cell in enumerate(cells) for text in ways_written(cell)]
    # All cells are joined and searched once, which is faster than a search for each cell; the
    # ends of the cells in the joined text say which cell a value is in.
    ends = [*accumulate(len(text) + 1 for _, text in written)]
    places = known.places(b"\n".join(text for _, text in written))
    return {written[bisect_right(ends, start)][0] for start, _ in places}
