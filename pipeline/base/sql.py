"""DuckDB with bounded memory, for all that needs more rows at once than a chunk holds.

What does not fit is written to a folder of the caller's, and taken away with the connection. How much
fits does not depend on the machine, so that a run needs as much memory wherever it is made.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

MEMORY = "512MB"
THREADS = 2  # each holds row groups and buffers of its own
LARGE = 500_000  # rows from which on one thread is faster than two, which wait for each other's spilling


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory that spills to `folder`, which is made when it is needed."""
    con = duckdb.connect()
    con.execute(f"set memory_limit = '{MEMORY}'")
    con.execute("set temp_directory = $folder", {"folder": str(folder)})
    con.execute(f"set threads = {min(os.cpu_count() or 1, THREADS)}")
    return con


def prepare(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Set `con` up for statements over a table of so many rows."""
    con.execute(f"set threads = {1 if rows > LARGE else min(os.cpu_count() or 1, THREADS)}")
