"""The only module that puts a path, a name or a value into SQL, a SQLite address or a glob.

SQL in other modules consists of constants, of what this module returns, and of parts annotated
`Sql`, which are made in the same way; `tests/base/test_sql.py` parses all of `pipeline/` and finds
anything else.

Also connections to DuckDB with bounded memory, for work on more rows than a chunk holds. Temporary
tables that do not fit are written to a folder of the caller's, and removed with the connection. The
bound does not depend on the machine, so that a run needs the same memory everywhere.
"""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from pipeline.base.errors import UsageError
from pipeline.base.words import language, say

if TYPE_CHECKING:  # the site uses this module without DuckDB
    import duckdb

MEMORY = "512MB"
THREADS = 2  # each has its own row groups and buffers
#: From this many rows on, one thread is faster: two wait for each other's temporary files.
LARGE = 500_000

#: SQL made only of constants and of what this module has quoted.
Sql: TypeAlias = str


# ---------------------------------------------------------------- names and values


def quoted(name: str) -> Sql:
    """`name` as an SQL identifier, of SQLite and DuckDB alike."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> Sql:
    """`text` as an SQL string literal, for statements that allow no parameter there."""
    return "'" + text.replace("'", "''") + "'"


def trusted(text: str) -> Sql:
    """SQL that this program did not write and that is run unchanged.

    The contract's queries, and the queries of a site's visitor or of Datasette, which are run on a
    read-only connection. `tests/base/test_sql.py` lists the callers that are allowed.
    """
    return text


# ---------------------------------------------------------------- files in DuckDB


def read_parquet(files: Iterable[Path], row_numbers: bool = False) -> Sql:
    """A table function: the rows of Parquet files, in the files' order.

    `row_numbers` adds the column `file_row_number`.
    UsageError where a file's name cannot be given to DuckDB.
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
    """A glob pattern of DuckDB that matches the file at `path` and no other.

    DuckDB reads every path as a glob: `data[2024]` matches `data2`, where that exists. Its globs
    cannot escape a backslash, which separates folders. A path with one is given unchanged, since
    DuckDB reads a pattern without a match as a name; UsageError where it matches another file.
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
    """The URI by which SQLite opens a file: `ro` to read it, `rwc` to write it or create it.

    `immutable`: nobody writes the file, so that no lock is needed
    (https://www.sqlite.org/uri.html).
    """
    return f"{database.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"


def reading(database: Path, immutable: bool = False) -> sqlite3.Connection:
    """A read-only connection to a SQLite database. `immutable`: as in `address`.

    Raises sqlite3.OperationalError where the file cannot be opened.
    """
    return sqlite3.connect(address(database, immutable=immutable), uri=True)


def writing(database: Path) -> sqlite3.Connection:
    """A connection that writes a SQLite database, created if missing; transactions are explicit.

    It can attach other databases by their `address`.
    """
    return sqlite3.connect(address(database, "rwc"), isolation_level=None, uri=True)


def in_memory() -> sqlite3.Connection:
    """A connection to an empty SQLite database in memory."""
    return sqlite3.connect(":memory:")


# ---------------------------------------------------------------- DuckDB with temporary files


def scratch() -> duckdb.DuckDBPyConnection:
    """A connection of one thread to this process's own database in memory, for the caller to close.

    For queries over files and Arrow tables that keep nothing: to open a database takes longer than
    to read a small table. Its views and temporary tables are the caller's alone.
    """
    return _in_memory().cursor()


@cache
def _in_memory() -> duckdb.DuckDBPyConnection:
    import duckdb

    con = duckdb.connect()
    con.execute("set threads = 1")  # a second one would read ahead
    con.execute("set enable_external_file_cache = false")  # a file may be written anew
    return con


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB database in memory; what exceeds MEMORY goes to `folder`, created when needed."""
    import duckdb

    con = duckdb.connect()
    con.execute(f"set memory_limit = '{MEMORY}'")
    con.execute("set temp_directory = $folder", {"folder": str(folder.absolute())})
    prepare(con, 0)
    return con


def prepare(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Set the number of threads of `con` for statements over a table of `rows` rows."""
    threads = 1 if rows > LARGE else min(os.cpu_count() or 1, THREADS)
    con.execute("set threads = $threads", {"threads": threads})
