"""Row checksums: a stage compares them to prove that it got the rows that the one before wrote.

A row checksum is the number of rows and the sum of a 64-bit hash of each row's cells. It does not
depend on the rows' order or on how they are cut into chunks; a row changed, dropped, doubled or
split changes it. Blank and missing cells count as the same. It finds mistakes, not attacks: the
hash is DuckDB's and has no key.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from pipeline.base.arrow import leave_pandas_out
from pipeline.base.errors import Unaccounted
from pipeline.base.sql import Sql, quoted, scratch

leave_pandas_out()  # here, since every module that handles tables imports this one


@dataclass(frozen=True, slots=True)
class RowChecksum:
    """Number of rows, and the sum of their hashes; of disjoint sets of rows, checksums add up."""

    rows: int = 0
    sum: int = 0

    def __add__(self, other: RowChecksum) -> RowChecksum:
        return RowChecksum(self.rows + other.rows, self.sum + other.sum)

    def __sub__(self, other: RowChecksum) -> RowChecksum:
        return RowChecksum(self.rows - other.rows, self.sum - other.sum)


def of_query(con: duckdb.DuckDBPyConnection, source: Sql, columns: Sequence[str]) -> RowChecksum:
    """The checksum of the `columns` of `source`: a table, a view or a bracketed query."""
    # Every type as text, null as "": the same cells give one hash from Arrow, CSV and Parquet.
    cells = ", ".join(f"coalesce({quoted(c)}::varchar, '')" for c in columns)
    rows, total = con.execute(f"select count(*), sum(hash({cells})) from {source}").fetchall()[0]
    return RowChecksum(rows, int(total or 0))


def of_table(table: pa.Table, columns: Sequence[str]) -> RowChecksum:
    """The checksum of the `columns` of an Arrow table of strings."""
    with scratch() as con:
        con.register("checked_rows", table)
        return of_query(con, "checked_rows", columns)


def of_rows(table: pa.Table) -> RowChecksum:
    """The checksum of all of a table's columns."""
    return of_table(table, table.column_names)


def in_memory(table: pa.Table) -> RowChecksum:
    """A checksum of a table's buffers, for a table that is passed on in memory.

    Several times faster than one by rows, but only for the same object: two tables with the same
    cells and other chunks or offsets have different ones.
    """
    described, known = list[object](), dict[tuple[int, int], int]()
    for name, column in zip(table.column_names, table.columns, strict=True):
        described.append(name)
        for chunk in column.chunks:
            described += chunk.offset, len(chunk)
            for buffer in filter(None, chunk.buffers()):
                place = buffer.address, buffer.size  # blank columns may share one
                known[place] = known[place] if place in known else _checksum(buffer)
                described.append(known[place])
    return RowChecksum(len(table), zlib.crc32(repr(described).encode()))


_WEIGHTS = np.arange(1, 1025, 2, dtype=np.uint64)  # odd, so that no change of one word is lost


def _checksum(buffer: pa.Buffer) -> int:
    """The CRC-32 of a buffer's weighted sums of 512 words of 8 bytes each, and of its last bytes.

    The sums are one matrix product in NumPy: a CRC of the whole buffer takes several times as long.
    """
    data = np.frombuffer(buffer, np.uint8)
    whole = len(data) - len(data) % (8 * len(_WEIGHTS))
    words = data[:whole].view(np.uint64).reshape(-1, len(_WEIGHTS))
    return zlib.crc32(data[whole:].data, zlib.crc32((words @ _WEIGHTS).data))


def compare(where: str, expected: RowChecksum, found: RowChecksum) -> None:
    """Raises Unaccounted, naming the stage `where`, unless the two checksums are equal."""
    if expected != found:
        raise Unaccounted(
            f"{where}: {expected.rows} rows were handed over, {found.rows} arrived"
            + (", and their cells differ" if expected.rows == found.rows else "")
        )
