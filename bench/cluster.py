"""What a second worker gains: intake and checks of one file on a local Dask cluster.

    python -m bench.cluster [ROWS]

The same ranges of the same file are read and checked by one worker of one thread, then by two, in
turn and several times; the best of each counts. `checks` is the distributed work; `publish` the
whole run without downloads, most of which is done on the publishing machine (up to PUBLISH_UP_TO
rows).
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import distributed
import yaml

from bench.run import HERE, TODAY, prepare
from pipeline import run as whole_way
from pipeline.base.model import Catalog
from pipeline.checks.results.parquet import made_home
from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.flow.dask_engine import Spread
from pipeline.flow.read_inbox import Piece, Task
from pipeline.intake import read
from pipeline.intake.inbox import sources

ROWS, TRIES = 200_000, 3
PUBLISH_UP_TO = 200_000
PIECES, OF_ROWS = 40, 20_000  # so many at least, and of so many rows at most
AIM = 1.6  # times as fast with two workers, on two cores
DAY = date.fromisoformat(TODAY)


def run(rows: int = ROWS) -> dict[str, Any]:
    """Seconds with one and with two workers, and the ratios."""
    work, pieces = prepare(rows), max(PIECES, rows // OF_ROWS)
    contract = catalog.load(HERE.parent / "datapackage", RULES)
    result: dict[str, Any] = {"rows": rows, "pieces": pieces, "aim": AIM}
    ways = (("checks", _checks), ("publish", _publish))
    for name, way in ways[: 2 if rows <= PUBLISH_UP_TO else 1]:
        seconds = {n: _best(n, pieces, lambda spread, way=way: way(work, contract, spread)) for n in (1, 2)}  # fmt: skip
        result[name] = {"one_worker": seconds[1], "two_workers": seconds[2]}
        result[name]["ratio"] = round(seconds[1] / seconds[2], 2)
    return result


def _best(workers: int, pieces: int, work: Callable[[Spread], None]) -> float:
    with (
        distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as local,
        distributed.Client(local, set_as_default=False) as client,
    ):  # fmt: skip
        spread = Spread(distributed, client, pieces)
        work(spread)  # a first run warms imports and caches
        seconds = []
        for _ in range(TRIES):
            start = time.perf_counter()
            work(spread)
            seconds.append(time.perf_counter() - start)
    return round(min(seconds), 2)


def _checks(work: Path, contract: Catalog, spread: Spread) -> None:
    """Every piece of the inbox through intake and checks, written where it was checked."""
    folder = work / "cluster"
    shutil.rmtree(folder, ignore_errors=True)
    task = Task(contract, bytes(32), DAY, made_home(folder))
    rows = sum(
        checked.tally.read for checked in spread(task, _pieces(work, contract, spread.partitions))
    )
    assert rows, "nothing was read"
    shutil.rmtree(folder)


def _pieces(work: Path, contract: Catalog, count: int) -> Any:
    for file in sources.scan(work / "inbox", contract).files:
        for opened in read.open_file(file, contract):
            if isinstance(opened, read.Opened) and opened.dataset:
                for content in opened.pieces(count):
                    yield Piece(content, opened.chunk, opened.dataset)


def _publish(work: Path, contract: Catalog, spread: Spread) -> None:
    site, private = work / "site-cluster", work / "private-cluster"
    for folder in (site, private):
        shutil.rmtree(folder, ignore_errors=True)
    words = yaml.safe_load((HERE.parent / "metadata.yml").read_text("utf-8"))
    allowed = whole_way.Allowed(downloads=False)
    job = whole_way.Job(work / "inbox", site, private, contract, words, DAY, allowed, spread)
    whole_way.publish(job)
    for folder in (site, private):
        shutil.rmtree(folder)


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if sys.argv[1:] else ROWS), indent=2))
