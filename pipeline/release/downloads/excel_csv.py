"""A dataset as CSV for Excel: with a byte order mark, and no cell that a spreadsheet would run as a
formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from pipeline.base import spreadsheet_safety
from pipeline.base.model import Dataset
from pipeline.base.sql import Sql, copy
from pipeline.contract.catalog import published_columns
from pipeline.release.downloads import zip_gzip
from pipeline.release.package.package import as_one

BOM = b"\xef\xbb\xbf"


def blocks(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, source: Sql, plain: Sequence[Path]
) -> Iterator[bytes]:
    """The file's bytes, a block at a time.

    `source`: the dataset's rows as an SQL source; `plain`: its CSV files, which are copied where no
    cell has to be escaped.
    """
    # Only columns that need it are rewritten: a copy of the CSV is much faster.
    texts = text_columns(dataset)
    tests = ", ".join(f"bool_or({spreadsheet_safety.is_marked_sql(name)})" for name in texts)
    found = con.execute(f"select {tests} from {source}").fetchall()[0] if texts else ()
    marked = [name for name, is_found in zip(texts, found, strict=True) if is_found]
    yield BOM
    if not marked:
        yield from as_one(plain)
        return
    safe = plain[0].with_name(f".{dataset.name}.csv.safe")
    try:
        con.execute(copy(f"({safe_cells(source, marked)})", safe, "format csv, header"))
        yield from zip_gzip.blocks_of(safe)
    finally:
        safe.unlink(missing_ok=True)


def text_columns(dataset: Dataset) -> list[str]:
    """The names of the columns that can hold what a spreadsheet would run: those of text."""
    return [c.name for c in published_columns(dataset) if c.type == "string"]


def safe_cells(source: Sql, names: Sequence[str]) -> Sql:
    """A query of the SQL source `source` that escapes the cells of the columns `names`."""
    return f"select * replace ({spreadsheet_safety.safe_sql(names)}) from {source}"
