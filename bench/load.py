"""Rows into SQLite with keys and facet indexes, without search, beside `sqlite3 .import` of the
same.

    python -m bench.load SITE

SITE: a published site. The peer fills one table of text without a key. Where there is no sqlite3
shell, it is Python's own csv reader and executemany.
"""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from bench import measure

HERE = Path(__file__).parent
DATASET = "penalty_filings"
AIM = 2.0  # times the peer's time, at most


def run(site: Path) -> dict[str, Any]:
    """Seconds and peak memory of both, and the ratio of their times."""
    plain = (site / "current" / "data" / f"{DATASET}.csv").resolve()
    with tempfile.TemporaryDirectory(dir=site.parent) as folder:
        work = Path(folder)
        _as_text(plain, work / "rows.parquet")
        ours = [sys.executable, "-m", "bench.load", "--fill", f"{work}/rows.parquet", f"{work}/ours.db"]  # fmt: skip
        peer, name = _peer(plain, work / "peer.db")
        ran = [measure.run(command, HERE.parent, work / "log") for command in (peer, ours)]
        counts = [_count(work / f"{each}.db") for each in ("peer", "ours")]
    if counts[0] != counts[1] or any(each.exit_code for each in ran):
        raise AssertionError(f"{counts} rows, exit codes {[each.exit_code for each in ran]}")
    figures = [{"seconds": round(r.seconds, 2), "peak_mb": round(r.peak_bytes / 1e6)} for r in ran]
    ratio = round(ran[1].seconds / ran[0].seconds, 2)
    return {"rows": counts[0], "peer": name, "theirs": figures[0], "ours": figures[1], "ratio": ratio, "aim": AIM}  # fmt: skip


def _peer(plain: Path, target: Path) -> tuple[list[str], str]:
    if shell := shutil.which("sqlite3"):
        command = [shell, str(target), "-cmd", ".mode csv", f".import '{plain}' {DATASET}"]
        return command, "sqlite3 .import"
    command = [sys.executable, "-m", "bench.load", "--import", str(plain), str(target)]
    return command, "csv.reader and executemany"


def _count(database: Path) -> int:
    with closing(sqlite3.connect(database)) as con:
        return int(con.execute(f"select count(*) from {DATASET}").fetchone()[0])


# ---------------------------------------------------------------- what is measured, each in a process


def _as_text(plain: Path, target: Path) -> None:
    """A release's CSV as a run has it when it fills the database: Parquet of text, in order."""
    from pipeline.base import sql
    from pipeline.release.package import package

    with sql.connect(target.parent) as con:
        con.execute("set threads = 1")
        rows = package.csv_rows([plain], package.csv_header([plain]))
        con.execute(f"copy (select * from {rows}) to '{target}' (format parquet, row_group_size {package.ROW_GROUP})")  # fmt: skip


def fill(rows: Path, target: Path) -> None:
    """Fill the database `target` from `rows` as a run does."""
    from pipeline.contract import catalog
    from pipeline.release.database import database, schema

    dataset = catalog.load(HERE.parent / "datapackage").datasets[DATASET]
    with database._open(target) as con:
        con.execute(schema.create_table(dataset, set()))
        with database.loading(target) as cursor:
            database.load(cursor, dataset, rows)
        for statement in schema.indexes(dataset):
            con.execute(statement)


def import_rows(plain: Path, target: Path) -> None:
    """Fill one table of text in `target` with Python's csv reader."""
    with plain.open(encoding="utf-8", newline="") as file, closing(sqlite3.connect(target)) as con:
        rows = csv.reader(file)
        names = next(rows)
        con.execute(f"create table {DATASET} ({', '.join(names)})")
        con.executemany(f"insert into {DATASET} values ({', '.join('?' * len(names))})", rows)
        con.commit()


if __name__ == "__main__":
    asked, *paths = sys.argv[1:]
    if asked in ("--fill", "--import"):
        {"--fill": fill, "--import": import_rows}[asked](*map(Path, paths))
    else:
        print(json.dumps(run(Path(asked)), indent=2))
