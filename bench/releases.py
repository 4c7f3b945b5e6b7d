"""How long a release takes when little has changed, and how long a withdrawal of one record takes.

    python -m bench.releases [ROWS]

Twenty made-up files of one dataset are published; then one of them changes, twice; then one record
is withdrawn from the three releases that are kept. The same rows as workbooks, as most departments
send them, are published too, and then one of them changes; and so are they in parts, each file of a
division of its own, without a database of all. Times are wall-clock seconds.
"""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

from bench import make

HERE = Path(__file__).parent
ROWS, FILES = 200_000, 20
TODAY, DATASET, NUMBER = "2025-03-31", "penalty_filings", "行政处罚决定书文号"


def run(rows: int = ROWS) -> dict[str, Any]:
    """Seconds of a full run, of runs after a change in one file of twenty, and of a withdrawal."""
    work = HERE / "work" / f"releases-{rows}"
    shutil.rmtree(work, ignore_errors=True)
    inbox = work / "inbox" / DATASET
    inbox.mkdir(parents=True)
    table = make.penalties(rows)
    parts = [table.iloc[n::FILES].copy() for n in range(FILES)]
    for n, part in enumerate(parts):
        part.to_csv(inbox / f"部门{n:02d}-示例数据.csv", index=False)
    full = publish(work)
    after = []
    for turn in (1, 2):
        parts[3]["备注"] = f"{make.LABEL} {turn}"
        parts[3].to_csv(inbox / "部门03-示例数据.csv", index=False)
        after.append(publish(work))
    nothing = publish(work)
    number = str(parts[7][NUMBER].iloc[0])
    taken = gongshi(
        work, "withdraw", DATASET, number, "--reason", "示例", "--basis", "示例", *places(work)
    )
    holds = [count(path, number) for path in sorted((work / "site" / "releases").iterdir())]
    shutil.rmtree(work)
    books = _two_runs(work, parts, "xlsx", HERE.parent / "datapackage")
    for part, division in zip(parts, _divisions(), strict=True):
        part["行政区划代码"] = division
    contract = _in_parts(work / "contract")
    return {
        "rows": rows,
        "workbooks": books,
        "in parts": _two_runs(work, parts, "csv", contract),
        "full_seconds": full,
        "one_file_of_twenty_changed_seconds": after,
        "nothing_changed_seconds": nothing,
        "withdrawal_from_three_releases_seconds": taken,
        "changed_to_full": round(min(after) / full, 2),
        "withdrawal_to_full": round(taken / full, 2),
        "releases_that_still_hold_it": sum(holds),
    }


def _two_runs(work: Path, parts: list[pd.DataFrame], kind: str, contract: Path) -> dict[str, Any]:
    """Seconds of a full run over `parts` as files of a `kind`, and of one after one of them
    changed.
    """
    inbox = work / "inbox" / DATASET
    inbox.mkdir(parents=True)
    write = pd.DataFrame.to_csv if kind == "csv" else pd.DataFrame.to_excel
    for n, part in enumerate(parts):
        write(part, inbox / f"部门{n:02d}-示例数据.{kind}", index=False)
    full = publish(work, "--contract", str(contract))
    parts[3]["备注"] = f"{make.LABEL} {kind}"
    write(parts[3], inbox / f"部门03-示例数据.{kind}", index=False)
    after = publish(work, "--contract", str(contract))
    shutil.rmtree(work)
    return {
        "full_seconds": full,
        "one_file_of_twenty_changed_seconds": after,
        "changed_to_full": round(after / full, 2),
    }


def _in_parts(folder: Path) -> Path:
    """The contract, for a site in parts by division without the one database of all."""
    folder.mkdir(parents=True)
    shutil.copytree(HERE.parent / "datapackage", folder / "datapackage")
    words = (HERE.parent / "metadata.yml").read_text("utf-8")
    setting = "\nparts: {by: [region], above_rows: 1000, combined_up_to_rows: 1000}\n"
    (folder / "metadata.yml").write_text(words + setting, "utf-8")
    return folder / "datapackage"


def _divisions() -> list[str]:
    with (HERE.parent / "datapackage" / "codes" / "divisions.csv").open(encoding="utf-8") as file:
        codes = [row["code"] for row in csv.DictReader(file)]
    return [code for code in codes if not code.endswith("00")][:FILES]


def places(work: Path) -> list[str]:
    return ["--site", str(work / "site"), "--private", str(work / "private"), "--today", TODAY]


def publish(work: Path, *more: str) -> float:
    """Seconds of `gongshi publish` in `work`."""
    return gongshi(work, "publish", str(work / "inbox"), *places(work), *more)


def gongshi(work: Path, *arguments: str) -> float:
    """Seconds of a command of `gongshi` in `work`."""
    start = time.perf_counter()
    code = "from pipeline.cli import main; main()"
    subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=HERE.parent, check=True, stdout=subprocess.DEVNULL
    )  # fmt: skip
    return round(time.perf_counter() - start, 2)


def count(release: Path, number: str) -> int:
    con = sqlite3.connect(f"file:{release / 'disclosure.db'}?mode=ro", uri=True)
    found = con.execute(
        f"select count(*) from {DATASET} where decision_no = ?", (number,)
    ).fetchone()
    con.close()
    return int(found[0])


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if sys.argv[1:] else ROWS), indent=2))
