"""Row checksums: how a stage proves that it got just the rows that the stage before it gave.

A checksum is the number of rows and the sum of a 64-bit hash of each row's cells. It does not depend on
the rows' order or on how they are cut into chunks; a row changed, dropped, doubled or split changes
it. Blank and missing cells count as the same.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from pipeline.base.arrow import leave_pandas_out
from pipeline.base.errors import Unaccounted
from pipeline.base.sql import Sql, quoted

leave_pandas_out()  # here, since all that handles tables imports this


@dataclass(frozen=True, slots=True)
class RowChecksum:
    rows: int = 0
    sum: int = 0

    def __add__(self, other: RowChecksum) -> RowChecksum:
        return RowChecksum(self.rows + other.rows, self.sum + other.sum)

    def __sub__(self, other: RowChecksum) -> RowChecksum:
        return RowChecksum(self.rows - other.rows, self.sum - other.sum)


def of_query(con: duckdb.DuckDBPyConnection, source: Sql, columns: Sequence[str]) -> RowChecksum:
    """The checksum of what `source` (a table, a view or a bracketed query) holds in `columns`."""
    cells = ", ".join(f"coalesce({quoted(c)}::varchar, '')" for c in columns)
    rows, total = con.execute(f"select count(*), sum(hash({cells})) from {source}").fetchall()[0]
    return RowChecksum(rows, int(total or 0))


_local = threading.local()


def of_table(table: pa.Table, columns: Sequence[str]) -> RowChecksum:
    """The checksum of an Arrow table of strings."""
    if not hasattr(_local, "con"):
        _local.con = duckdb.connect()
        _local.con.execute("set threads = 1")
    _local.con.register("checked_rows", table)
    try:
        return of_query(_local.con, "checked_rows", columns)
    finally:
        _local.con.unregister("checked_rows")


def of_rows(table: pa.Table) -> RowChecksum:
    """The checksum of all of a table's columns."""
    return of_table(table, table.column_names)


def in_memory(table: pa.Table) -> RowChecksum:
    """The checksum of a table that is handed on in memory, as it lies there:
    by checksum of its buffers.

    Several times faster than a checksum by rows, and for one and the same table only: it tells two that
    hold the same cells but lie otherwise apart.
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
    """The CRC of a buffer's weighted sums of 512 words of 8 bytes each,
    and of what is left over.
    """
    data = np.frombuffer(buffer, np.uint8)
    whole = len(data) - len(data) % (8 * len(_WEIGHTS))
    words = data[:whole].view(np.uint64).reshape(-1, len(_WEIGHTS))
    return zlib.crc32(data[whole:].data, zlib.crc32((words @ _WEIGHTS).data))


def compare(where: str, expected: RowChecksum, found: RowChecksum) -> None:
    """Raises Unaccounted unless the two checksums are one."""
    if expected != found:
        raise Unaccounted(
            f"{where}: {expected.rows} rows were handed over, {found.rows} arrived"
            + (", and their cells differ" if expected.rows == found.rows else "")
        )
