"""The one home of what puts a path, a name or a value into SQL, a SQLite address or a glob.

SQL elsewhere is made of constants, of what this module gives, and of parts annotated `Sql`, which
are made likewise; `tests/base/test_sql.py` parses all of `pipeline/` for anything else.

Also DuckDB with bounded memory, for all that needs more rows at once than a chunk holds. What does
not fit is written to a folder of the caller's, and removed with the connection. How much fits does
not depend on the machine, so that a run needs as much memory wherever it is made.
"""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from pipeline.base.errors import UsageError
from pipeline.base.words import language, say

if TYPE_CHECKING:  # what serves pages needs the rest of this module alone, and no DuckDB
    import duckdb

MEMORY = "512MB"
THREADS = 2  # each holds row groups and buffers of its own
#: Rows from which on one thread is faster than two, which wait for each other's spilling.
LARGE = 500_000

#: Text of SQL in which nothing stands as it came: only constants, and what this module has quoted.
Sql: TypeAlias = str


# ---------------------------------------------------------------- names and values


def quoted(name: str) -> Sql:
    """`name` as an SQL identifier, of SQLite and DuckDB alike."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> Sql:
    """`text` as an SQL string, where a statement cannot take it as a parameter."""
    return "'" + text.replace("'", "''") + "'"


def trusted(text: str) -> Sql:
    """SQL that is no work of this program, and is run as it is.

    The contract's queries; and of a reader, or of Datasette on a reader's behalf, what is run on a
    connection that can do nothing but read. The lint test lists who may say so.
    """
    return text


# ---------------------------------------------------------------- files in DuckDB


def read_parquet(files: Iterable[Path], row_numbers: bool = False) -> Sql:
    """A table function: the rows of Parquet files, in the files' order.

    `row_numbers` adds the column `file_row_number`.
    UsageError where DuckDB cannot be told of a file.
    """
    numbered = ", file_row_number=true" if row_numbers else ""
    return f"read_parquet([{_files(files)}], hive_partitioning=false{numbered})"


def read_csv(files: Iterable[Path], columns: Iterable[str], longest_line: int) -> Sql:
    """A table function: the rows of CSV files as the pipeline writes them, every cell as text.

    `columns`: the names in the files' header; `longest_line`: bytes.
    UsageError as of `read_parquet`.
    """
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    return (
        f"read_csv([{_files(files)}], header=true, delim=',', quote='\"', escape='\"', "
        f"auto_detect=false, hive_partitioning=false, columns={{{types}}}, "
        f"max_line_size={int(longest_line)}, buffer_size={int(longest_line)})"
    )


def copy(source: Sql, target: Path, options: Sql) -> Sql:
    """The statement that writes `source`, a bracketed query, to the file `target`."""
    return f"copy {source} to {literal(str(target.absolute()))} ({options})"


def _files(files: Iterable[Path]) -> Sql:
    return ", ".join(literal(_for_duckdb(path.absolute())) for path in files)


def _for_duckdb(path: Path) -> str:
    """A pattern that means the file at `path` and no other.

    DuckDB takes every path for a pattern: `data[2024]` means `data2`, where there is one. Its
    patterns have no sign for a backslash, at which it parts them. A path with one is given as it
    is, since a pattern that fits no file is taken for a name;
    UsageError where it does fit another file.
    """
    text = str(path)
    if "\\" not in text:
        return glob.escape(text)
    if glob.has_magic(text):
        import duckdb

        with duckdb.connect() as con:
            found = con.execute("select file from glob(?)", [text]).fetchall()
        if any(name != text for (name,) in found):
            raise UsageError(say("path-for-others", language(), path=path))
    return text


# ---------------------------------------------------------------- databases in SQLite


def address(database: Path, mode: Literal["ro", "rwc"] = "ro", immutable: bool = False) -> str:
    """The address by which SQLite opens a file: to read it alone, or to write it, made if need be.

    `immutable`: nobody writes it, so that no lock is needed (https://www.sqlite.org/uri.html).
    """
    return f"{database.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"


def reading(database: Path, immutable: bool = False) -> sqlite3.Connection:
    """A SQLite database to be read alone. `immutable`: as of `address`."""
    return sqlite3.connect(address(database, immutable=immutable), uri=True)


def writing(database: Path) -> sqlite3.Connection:
    """A SQLite database to be written, with transactions as its statements say; made if need be.

    It can attach others by their address.
    """
    return sqlite3.connect(address(database, "rwc"), isolation_level=None, uri=True)


def in_memory() -> sqlite3.Connection:
    """A SQLite database that no file holds."""
    return sqlite3.connect(":memory:")


# ---------------------------------------------------------------- DuckDB that spills


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A database in memory that spills to `folder`, which is made when it is needed."""
    import duckdb

    con = duckdb.connect()
    con.execute(f"set memory_limit = '{MEMORY}'")
    con.execute("set temp_directory = $folder", {"folder": str(folder.absolute())})
    prepare(con, 0)
    return con


def prepare(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Set `con` up for statements over a table of so many rows."""
    threads = 1 if rows > LARGE else min(os.cpu_count() or 1, THREADS)
    con.execute("set threads = $threads", {"threads": threads})
