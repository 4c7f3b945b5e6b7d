"""The benchmark: the peers, then ourselves, on one file in one run, each in its own process.

    python -m bench.run --rows 200000 [--wide] [--only PROGRAM …]

Prints a table and writes bench/results/ROWS.json, from which `bench.plot` draws a picture. Exits
with 1 when a program failed, or when what it wrote does not hold every row of the file. `--only`:
for sizes that a peer has no memory for.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import measure

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
DATASET = "penalty_filings"
TODAY = "2025-03-31"
LIBRARIES = ("frictionless", "csvs-to-sqlite", "pandas", "pyarrow", "duckdb", "datasette")

# Modules with `run() -> dict` that are run after the peers, each for a table of its own; one that
# is not there is left out.
SUITES = ("bench.startup", "bench.reports", "bench.intake", "bench.checks", "bench.releases")
OF_ROWS = ("bench.cluster",)  # of as many rows as the peers
SUITES_UP_TO = 200_000  # rows: they have sizes of their own and say nothing new of more
OF_SITE = ("bench.load", "bench.site")  # these take the release that has just been made

# What is compared, and what we aim at.
SCHEMA_RATIO = "Table Schema alone: rows a second, times those of frictionless validate"
CHECK_RATIO = "check: rows a second, times those of frictionless validate"
BARE_RATIO = (
    "check, package, database and search: time, as a share of both peers one after the other"
)
PUBLISH_RATIO = "publish with downloads too: time, as a share of both peers one after the other"
AIMS = {SCHEMA_RATIO: "at least 25", CHECK_RATIO: "at least 10", BARE_RATIO: "below 0.7", PUBLISH_RATIO: "below 0.7"}  # fmt: skip
MEMORY_AIM_MB = {2_000_000: 1_500, 10_000_000: 2_000}  # rows → peak of publish, all processes
GROWN, FALL_AIM = 100, 0.2  # so many times the rows: rows a second fall by at most that share


def prepare(rows: int, wide: bool = False) -> Path:
    """The folder of this size with its inbox and schema; the file is made once."""
    work = HERE / "work" / name_of(rows, wide)
    file = work / "inbox" / DATASET / f"synthetic-sample-{rows}.csv"
    if not file.exists():
        module("bench.make", str(rows), str(work / "inbox"), *(["--wide"] if wide else []))
    module("bench.contract_schema", str(file), str(work / "schema.json"))
    warm(file)
    return work


def name_of(rows: int, wide: bool) -> str:
    return f"{rows}{'-wide' if wide else ''}"


def warm(file: Path) -> None:
    """Reads the file, so that the first program does not pay for a cold disk.

    In pieces: this process has to stay small (see `bench.measure`).
    """
    with file.open("rb") as opened:
        while opened.read(1 << 20):
            pass


def module(name: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", name, *arguments], cwd=HERE.parent, check=True)


def commands(work: Path, rows: int) -> dict[str, list[str]]:
    file = f"inbox/{DATASET}/synthetic-sample-{rows}.csv"
    return {
        "frictionless validate": [
            f"{BIN}/frictionless", "validate", file, "--schema", "schema.json",
            "--encoding", "utf-8", "--limit-errors", str(10**9), "--json",
        ],
        "csvs-to-sqlite": [f"{BIN}/csvs-to-sqlite", file, "peer.db", "--table", DATASET],
        "our Table Schema check": [
            sys.executable, str(HERE / "schema_check.py"), file, "schema.json",
        ],
        "gongshi check": [f"{BIN}/gongshi", "check", "inbox", "--private", "private-check",
            "--today", TODAY,
        ],
        "publish, no downloads": [
            f"{BIN}/gongshi", "publish", "inbox", "--site", "site-bare", "--private", "private-bare",
            "--today", TODAY, "--no-downloads",
        ],
        "gongshi publish": [
            f"{BIN}/gongshi", "publish", "inbox", "--site", "site", "--private", "private",
            "--today", TODAY,
        ],
    }  # fmt: skip


def clean(work: Path) -> None:
    """Removes what an earlier run wrote, so that each run does the whole work."""
    for name in ("site", "private", "private-check", "site-bare", "private-bare"):
        shutil.rmtree(work / name, ignore_errors=True)
    (work / "peer.db").unlink(missing_ok=True)


def count_rows(database: Path) -> int:
    """Rows of a database that a program wrote."""
    if not database.exists():
        return 0
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        [(count,)] = connection.execute(f"select count(*) from {DATASET}")
    connection.close()
    return int(count)


def failures(work: Path, rows: int, measured: dict[str, measure.Measured]) -> list[str]:
    """What went wrong, one sentence each: a fast program that drops rows is not fast."""
    found = [
        f"{name} ended with {run.exit_code}; what it said: {log_of(work, name)}"
        for name, run in measured.items()
        if run.exit_code != 0
    ]
    for name, database in (
        ("csvs-to-sqlite", work / "peer.db"),
        ("gongshi publish", work / "site" / "current" / "disclosure.db"),
    ):
        if name in measured and (count := count_rows(database)) != rows:
            found.append(f"{name} wrote {count} of {rows} rows")
    return found


def log_of(work: Path, name: str) -> Path:
    """The path of a program's output."""
    path = work / f"{name.replace(' ', '-')}.log"
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def ratios(measured: dict[str, measure.Measured]) -> dict[str, float]:
    """What there is to compare, of all programs that were run: title → ratio."""
    seconds = {name: run.seconds for name, run in measured.items()}
    validate = {"frictionless validate"}
    both = {"frictionless validate", "csvs-to-sqlite"}
    return {
        title: round(sum(map(seconds.__getitem__, over)) / sum(map(seconds.__getitem__, under)), 2)
        for title, over, under in (
            (SCHEMA_RATIO, validate, {"our Table Schema check"}),
            (CHECK_RATIO, validate, {"gongshi check"}),
            (BARE_RATIO, {"publish, no downloads"}, both),
            (PUBLISH_RATIO, {"gongshi publish"}, both),
        )
        if (over | under) <= seconds.keys()
    }


def machine() -> dict[str, Any]:
    """What the figures depend on: processor, cores, memory, versions."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "os": f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in LIBRARIES},
    }


def cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def figures(rows: int, run: measure.Measured) -> dict[str, Any]:
    return {
        "seconds": round(run.seconds, 2),
        "cpu_seconds": round(run.cpu_seconds, 2),
        "rows_a_second": round(rows / run.seconds),
        "peak_mb": round(run.peak_bytes / 1e6),
        "exit_code": run.exit_code,
    }


def suites(wanted: list[str], rows: int) -> dict[str, Any]:
    """Results of the further benchmarks among `wanted`."""
    own = {name: {} for name in SUITES if rows <= SUITES_UP_TO} | {name: {"rows": rows} for name in OF_ROWS}  # fmt: skip
    found = (n for n in own if n in wanted and importlib.util.find_spec(n))
    return {name: importlib.import_module(name).run(**own[name]) for name in found}


def of_site(wanted: list[str], site: Path, rows: int) -> dict[str, Any]:
    """What is measured on the release that has just been made."""
    # Plain Datasette needs minutes for a page of a large table.
    more = {"bench.load": {}, "bench.site": {"alone": rows > SUITES_UP_TO}}
    chosen = [name for name in OF_SITE if name in wanted]
    return {name: importlib.import_module(name).run(site, **more[name]) for name in chosen}


def growth(result: dict[str, Any]) -> dict[str, float]:
    """Of each program: its rows a second as a share of those of a file a hundredth the size."""
    path = HERE / "results" / f"{result['rows'] // GROWN}.json"
    if not path.exists():
        return {}
    small = json.loads(path.read_text("utf-8"))["runs"]
    both = ((name, run, small[name]) for name, run in result["runs"].items() if name in small)
    return {name: round(run["rows_a_second"] / had["rows_a_second"], 2) for name, run, had in both}


def show(result: dict[str, Any]) -> None:
    """Print the table of results."""
    print(f"{result['rows']:,} rows x {result['columns']} columns, {result['bytes'] / 1e6:.0f} MB")
    print(f"{'':24}{'seconds':>9}{'cpu s':>9}{'rows/s':>11}{'peak MB':>9}")
    for name, run in result["runs"].items():
        print(
            f"{name:24}{run['seconds']:>9.2f}{run['cpu_seconds']:>9.2f}"
            f"{run['rows_a_second']:>11,}{run['peak_mb']:>9,}"
        )
    for name, ratio in result["ratios"].items():
        print(f"{name}: {ratio} (aim: {AIMS[name]})")
    for name, share in result["growth"].items():
        print(f"{name}: rows a second, of those at a hundredth of the rows: {share} (aim: {1 - FALL_AIM})")  # fmt: skip
    most, publish = MEMORY_AIM_MB.get(result["rows"]), result["runs"].get("gongshi publish")
    if most and publish:
        print(f"publish: peak {publish['peak_mb']} MB (aim: below {most})")
    for name, suite in result["suites"].items():
        print(f"{name}: {json.dumps(suite, ensure_ascii=False)}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Speed and memory beside the peers")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--wide", action="store_true", help="34 columns in place of 25")
    parser.add_argument(
        "--suites", nargs="*", default=[*OF_SITE, *SUITES, *OF_ROWS], help="none: just the peers"
    )
    parser.add_argument("--only", nargs="+", help="just these programs", metavar="PROGRAM")
    arguments = parser.parse_args()
    rows = arguments.rows

    work = prepare(rows, arguments.wide)
    clean(work)
    measured = {}
    for name, command in commands(work, rows).items():
        if arguments.only and name not in arguments.only:
            continue
        print(f"{name} …", file=sys.stderr, flush=True)
        measured[name] = measure.run(command, work, log_of(work, name).absolute())
    wrong = failures(work, rows, measured)

    file = work / "inbox" / DATASET / f"synthetic-sample-{rows}.csv"
    result = {
        "rows": rows,
        "columns": len(json.loads((work / "schema.json").read_text("utf-8"))["fields"]),
        "bytes": file.stat().st_size,
        "runs": {name: figures(rows, run) for name, run in measured.items()},
        "ratios": ratios(measured),
        "suites": of_site(arguments.suites, work / "site", rows) | suites(arguments.suites, rows),
        "machine": machine(),
        "failures": wrong,
    }
    result["growth"] = growth(result)
    target = HERE / "results" / f"{name_of(rows, arguments.wide)}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    show(result)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
