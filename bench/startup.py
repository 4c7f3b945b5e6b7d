"""Start-up cost of a command: its processor time beside that of importing its libraries.

    python -m bench.startup

`gongshi --help`, and `gongshi check` of one file of ten rows, each as a share of `import pandas,
pyarrow, duckdb`. Taken in turn, the median of several turns counts, so that a busy machine affects
all alike. Each check has its own PRIVATE. Its contract comes from the cache, except in
`first_check`, which parses it. Modules are compiled, as after an installation.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import measure

HERE = Path(__file__).parent
TURNS, ROWS, TODAY = 5, 10, "2025-03-31"
AIMS = {"help": 0.3, "check": 1.2}  # of what the imports cost, at most


def run() -> dict[str, Any]:
    """Of each command: processor seconds, its share of the imports' and what that should be."""
    work = HERE / "work" / "startup"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    make = [sys.executable, "-m", "bench.make", str(ROWS), str(work / "inbox")]
    subprocess.run(make, cwd=HERE.parent, check=True)
    gongshi = [sys.executable, "-c", "from pipeline.cli import main; main()"]
    check = [*gongshi, "check", "inbox", "--private", "private", "--today", TODAY]
    commands = {
        "imports": [sys.executable, "-c", "import pandas, pyarrow, duckdb"],
        "help": [*gongshi, "--help"],
        "check": check,
        "first_check": check,
    }
    for command in commands.values():  # compiles, and keeps the contract
        _seconds(command, work)
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(TURNS):
        for name, command in commands.items():
            if name == "first_check":
                shutil.rmtree(work / "cache")
            spent[name].append(_seconds(command, work))
    middle = {name: statistics.median(seconds) for name, seconds in spent.items()}
    return {name: _figures(name, seconds, middle["imports"]) for name, seconds in middle.items()}


def _figures(name: str, seconds: float, imports: float) -> dict[str, float]:
    figures = {"cpu_seconds": round(seconds, 3), "share": round(seconds / imports, 2)}
    return figures | ({"aim": AIMS[name]} if name in AIMS else {})


def _seconds(command: list[str], work: Path) -> float:
    """User and system time of one command, which has to end well."""
    shutil.rmtree(work / "private", ignore_errors=True)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPATH": str(HERE.parent), "XDG_CACHE_HOME": str(work / "cache")}
    (work / "cache").mkdir(exist_ok=True)
    done = measure.run(command, work, work / "log", env)
    if done.exit_code:
        raise AssertionError(f"{command} ended with {done.exit_code}; what it said: {work / 'log'}")
    return done.cpu_seconds


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
