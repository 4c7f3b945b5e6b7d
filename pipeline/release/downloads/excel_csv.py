"""A dataset as CSV for Excel: a byte order mark in front,
and no cell that a spreadsheet would run.
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
    """The file's bytes, a block at a time, made of `source`, the dataset's rows as an SQL source.

    `plain`: the dataset's CSV files. They are taken as they are where no cell has to be marked.
    """
    texts = text_columns(dataset)
    looked = ", ".join(f"bool_or({spreadsheet_safety.is_marked_sql(name)})" for name in texts)
    found = con.execute(f"select {looked} from {source}").fetchall()[0] if texts else ()
    marked = [name for name, hit in zip(texts, found, strict=True) if hit]
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
    """The columns in which there can be what a spreadsheet would run: those of text."""
    return [c.name for c in published_columns(dataset) if c.type == "string"]


def safe_cells(source: Sql, names: Sequence[str]) -> Sql:
    """A query of the SQL source `source` in which no cell of the columns `names` would be run."""
    return f"select * replace ({spreadsheet_safety.safe_sql(names)}) from {source}"
