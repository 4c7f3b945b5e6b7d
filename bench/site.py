"""The site's speed beside plain Datasette's, on the same database, in the same run.

    python -m bench.site                       # on 200,000 made-up rows, published once
    python -m bench.site --rows 2000000        # the same ten times over, with keys of their own
    python -m bench.site --site FOLDER         # on a site that is there
    python -m bench.site --alone               # without plain Datasette beside it

One worker each, eight clients that open a new connection for every request. "new" means that no two
requests ask for the same: nothing that was asked before can be remembered. "in turn" are a hundred
requests one after the other, none of which asks for the same as another.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import httpx

from pipeline.base.model import Dataset
from pipeline.contract.catalog import load, published_columns
from pipeline.release.database import database

HERE = Path(__file__).parent
TABLE = "/disclosure/penalty_filings"
SECONDS, CLIENTS = 4.0, 8
TURNS, MEDIAN_AIM, P95_AIM = 100, 50.0, 200.0  # requests; milliseconds, at most
_PUBLISHED = 200_000  # rows of the largest release that is published, not multiplied
ENDLESS = quote(
    "with recursive c(x) as (select 1 union all select x+1 from c) select count(*) from c"
)
SERVE = (
    "import sys; from pathlib import Path; from pipeline.site.server.serve import serve; "
    "serve(Path(sys.argv[1]), '127.0.0.1', int(sys.argv[2]), 1)"
)


def run(site: Path | None = None, rows: int = _PUBLISHED, *, alone: bool = False) -> dict[str, Any]:
    """Requests a second and milliseconds of each kind of request, ours and plain Datasette's."""
    site = site or _made(rows)
    path = site / "current" / "disclosure.db"
    with closing(sqlite3.connect(f"file:{path.resolve()}?mode=ro", uri=True)) as db:
        [(held,)] = db.execute("select count(*) from penalty_filings")
        [(key,)] = db.execute("select record_id from penalty_filings limit 1 offset 10")
    result: dict[str, Any] = {"rows": held, "clients": CLIENTS, "workers": 1}
    with _served([sys.executable, "-c", SERVE, str(site)]) as port:
        result["in turn"] = asyncio.run(_in_turn(port, _asked_in_turn(path)))
        result["gongshi"] = asyncio.run(_measured(port, key, ours=True))
    if alone:
        return result
    datasette = str(Path(sys.executable).parent / "datasette")
    with _served([datasette, "serve", "-i", str(path), "-p"]) as port:
        result["datasette"] = asyncio.run(_measured(port, key, ours=False))
    result["times"] = {
        name: round(ours["per_second"] / result["datasette"][name]["per_second"], 1)
        for name, ours in result["gongshi"].items()
        if result["datasette"].get(name, {}).get("per_second")
    }
    return result


def _made(rows: int) -> Path:
    """A site with made-up rows; made once for each size."""
    site = HERE / "work" / f"site-{rows}"
    if (site / "current").exists():
        return site
    if rows <= _PUBLISHED:
        _publish(site, rows)
    else:
        _multiply(_made(_PUBLISHED), site, rows // _PUBLISHED)
    return site


def _publish(site: Path, rows: int) -> None:
    """A real release, published from a made-up file."""
    with tempfile.TemporaryDirectory() as work:
        subprocess.run([sys.executable, "-m", "bench.make", str(rows), f"{work}/inbox"], check=True)
        command = [str(Path(sys.executable).parent / "gongshi"), "publish", f"{work}/inbox"]
        command += ["--site", str(site), "--private", f"{work}/private", "--today", "2025-03-31"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _multiply(base: Path, site: Path, times: int) -> None:
    """A release with each penalty of `base` so many times; its database made as a publish makes it."""
    old = (base / "current").resolve()
    folder = site / "releases" / old.name
    folder.mkdir(parents=True)
    for name in ("metadata.json", "manifest.json", "datapackage.json", "changes.csv"):
        shutil.copy(old / name, folder / name)
    datasets = list(load(HERE.parent / "datapackage").datasets.values())
    rows = {d.name: folder / f"{d.name}.parquet" for d in datasets}
    for dataset in datasets:
        _write_rows(old / "data", dataset, rows[dataset.name], times)
    database.build(folder / "disclosure.db", datasets, rows)
    for path in rows.values():
        path.unlink()
    (site / "current").symlink_to(Path("releases") / folder.name)


def _write_rows(data: Path, dataset: Dataset, path: Path, times: int) -> None:
    """A dataset's published rows as Parquet, sorted by key; penalties so many times over."""
    names = [column.name for column in published_columns(dataset)]
    cells = {name: f'"{name}"' for name in names}
    many = dataset.name == "penalty_filings"
    if many:
        cells["record_id"] = "left(md5(record_id || n), 16)"
        cells["decision_no"] = "replace(decision_no, '号', n || '号')"
    chosen = ", ".join(f'{cell} as "{name}"' for name, cell in cells.items())
    source = f"read_csv('{data / dataset.name}.csv', all_varchar = true, strict_mode = false)"
    with duckdb.connect() as con:
        con.execute("set memory_limit = '3GB'")
        con.execute(f"set temp_directory = '{path.parent}'")
        con.execute(
            f"copy (select {chosen} from {source}, range({times if many else 1}) as t(n)"
            f" order by {', '.join(dataset.primary_key) or 1}) to '{path}' (format parquet)"
        )


@contextmanager
def _served(command: list[str]) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [*command, str(port)],
        cwd=HERE.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    try:
        _await_answer(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _await_answer(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=30)
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError("the server does not answer")


async def _measured(port: int, key: str, *, ours: bool) -> dict[str, Any]:
    turn = count(1)
    # Plain Datasette's words for the same: it searches the same index by its own escaping.
    asked = {
        "home": lambda: "/",
        "table": lambda: TABLE,
        "table, new": lambda: f"{TABLE}?fine_yuan__gte={next(turn)}",
        "facet": lambda: f"{TABLE}?_facet=authority_name",
        "facet, new": lambda: f"{TABLE}?_facet=authority_name&fine_yuan__gte={next(turn)}",
        "search, two characters": lambda: f"{TABLE}?_search={quote('食品')}",
        "search, four characters": lambda: f"{TABLE}?_search={quote('食品经营')}",
        "record": lambda: f"{TABLE}/{key}",
        "JSON": lambda: f"{TABLE}.json?_shape=array&_size=50",
    }
    found: dict[str, Any] = {}
    for name, path in asked.items():
        await _get(port, path())
        found[name] = await _rate(port, path)
    began = time.perf_counter()
    size = await _get(port, f"{TABLE}.csv?_stream=on")
    took = time.perf_counter() - began
    found["CSV stream"] = {
        "seconds": round(took, 2),
        "mb": round(size / 1e6),
        "per_second": 1 / took,
    }
    found["record under hostile SQL"] = await _under_attack(port, f"{TABLE}/{key}")
    return found


def _asked_in_turn(path: Path) -> dict[str, list[str]]:
    """A hundred different addresses of each kind of page, as a reader would come to them."""
    with closing(sqlite3.connect(f"file:{path.resolve()}?mode=ro", uri=True)) as db:
        query = "select authority_name, heaviest_penalty, decision_date, record_id, respondent_name, decision_no, violation_type, violation_facts from penalty_filings where rowid % ? = 1 limit ?"
        [(last,)] = db.execute("select max(rowid) from penalty_filings")
        rows = db.execute(query, (max(last // TURNS, 1), TURNS)).fetchall()
    asked: dict[str, list[str]] = {"table": [], "facet": [], "search": [], "record": []}
    for n, (authority, penalty, decided, key, *texts) in enumerate(rows):
        text = texts[n % 4][:30]  # whom, which decision, what for, where
        asked["table"].append(f"{TABLE}?_sort_desc=decision_date&_next={decided}%2C{key}")
        chosen = (f"authority_name={quote(authority)}", f"heaviest_penalty={quote(penalty)}", f"decision_date={decided}")  # fmt: skip
        asked["facet"].append(f"{TABLE}?{chosen[n % 3]}&_sort={'decision_date' if n // 3 % 2 else 'record_id'}&_size={20 + n}")  # fmt: skip
        asked["search"].append(f"{TABLE}?_search={quote(text[-(4 + n % 9) :])}")
        asked["record"].append(f"{TABLE}/{key}")
    return asked


async def _in_turn(port: int, asked: dict[str, list[str]]) -> dict[str, Any]:
    """Median and 95th of a hundred milliseconds of each kind, and whether both are within the aim."""
    found: dict[str, Any] = {}
    for name, paths in asked.items():
        waits = []
        for path in paths:
            began = time.perf_counter()
            await _get(port, path)
            waits.append((time.perf_counter() - began) * 1000)
        waits.sort()
        median, late = statistics.median(waits), waits[int(len(waits) * 0.95) - 1]
        kept = median < MEDIAN_AIM and late < P95_AIM
        found[name] = {"ms_median": round(median, 1), "ms_p95": round(late, 1), "ms_worst": round(waits[-1], 1), "aim": kept}  # fmt: skip
    return found


async def _rate(port: int, path: Any) -> dict[str, float]:
    waits: list[float] = []
    until = time.perf_counter() + SECONDS

    async def client() -> None:
        while time.perf_counter() < until:
            began = time.perf_counter()
            await _get(port, path())
            waits.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    took = time.perf_counter() - began
    alone = time.perf_counter()
    await _get(port, path())
    alone = time.perf_counter() - alone
    waits.sort()
    return {
        "per_second": round(len(waits) / took, 1),
        "ms_median": round(statistics.median(waits) * 1000, 1),
        "ms_p95": round(waits[int(len(waits) * 0.95)] * 1000, 1),
        "ms_alone": round(alone * 1000, 1),
    }


async def _under_attack(port: int, path: str) -> dict[str, float]:
    """How long another visitor's record takes while eight clients run SQL that never ends."""
    stop = asyncio.Event()

    async def attack() -> None:
        while not stop.is_set():
            await _get(port, f"/disclosure?sql={ENDLESS}")

    attackers = [asyncio.create_task(attack()) for _ in range(CLIENTS)]
    await asyncio.sleep(1)
    waits = []
    while len(waits) < 20 and sum(waits) < 20:
        began = time.perf_counter()
        await _get(port, path)
        waits.append(time.perf_counter() - began)
    stop.set()
    for attacker in attackers:
        attacker.cancel()
    await asyncio.gather(*attackers, return_exceptions=True)
    middle, worst = statistics.median(waits), max(waits)
    return {"ms_median": round(middle * 1000, 1), "ms_worst": round(worst * 1000, 1)}


async def _get(port: int, path: str) -> int:
    """Ask for `path` on a connection of its own; the number of bytes that came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    size = 0
    while part := await reader.read(1 << 16):
        size += len(part)
    writer.close()
    return size


def main() -> None:
    parser = argparse.ArgumentParser(description="The site beside plain Datasette")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--site", type=Path)
    parser.add_argument("--alone", action="store_true")
    given = parser.parse_args()
    print(json.dumps(run(given.site, given.rows, alone=given.alone), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
