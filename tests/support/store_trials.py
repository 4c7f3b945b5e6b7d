"""Runs publications and withdrawals that are killed: each in a fork of one process that has all loaded.

    python -m tests.support.store_trials FOLDER VERB WAYS…

WAYS are numbers: at N the process kills itself just before its Nth step on the store (a file forced
to disk, renamed, linked, taken away); below 1 it is killed after that share of a whole run's time.
Prints a JSON line for each: {"way": …, "died": …, "wrong": […]}; "wrong" tells what was not as promised.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Loaded once for all forks, which would else each take their time for it.
import frictionless  # noqa: F401
import pandas  # noqa: F401

from pipeline.release.package import store
from pipeline.release.store import verify
from tests.support.shop import DOCUMENTS, SmallShop, documents, query, rows_of

STEPS = ("fsync", "replace", "rename", "unlink", "rmdir", "mkdir", "symlink", "link")
COMPLETED = 5  # every so many kills a run is let through
TAKEN = documents(4)[3]["文号"]


def prepared(folder: Path) -> Path:
    """A store of two releases, made once and copied for each trial."""
    base = folder / "base"
    if not base.exists():
        shop = SmallShop(base)
        for rows in (20, 22):
            shop.send(documents(rows))
            shop.publish()
        shop.send(documents(25))
    return base


def act(shop: SmallShop, verb: str) -> None:
    if verb == "publish":
        shop.publish()
    else:
        shop.withdraw(TAKEN, dataset=DOCUMENTS)


def counted(kill_at: int) -> list[int]:
    """Count every step on the store, and die just before the one asked for."""
    count = [0]

    def wrap(name: str) -> None:
        honest: Callable[..., Any] = getattr(os, name)

        def step(*arguments: Any, **options: Any) -> Any:
            count[0] += 1
            if count[0] == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return honest(*arguments, **options)

        setattr(os, name, step)

    for name in STEPS:
        wrap(name)
    return count


def forked(work: Callable[[], object], after: float | None = None) -> bool:
    """Whether a fork doing `work` died of SIGKILL; sent from outside `after` so many seconds."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def trial(place: Path, base: Path, verb: str, way: float, whole: float, completed: bool) -> dict[str, Any]:  # fmt: skip
    """Kill one run in `place`; then, if `completed`, run again and see that all is done.

    What one kill leaves is what the next run finds, so that crash upon crash is tried too; where the
    switch had been made already, the next begins anew.
    """
    if not place.exists():
        shutil.copytree(base, place, symlinks=True)
    before = SmallShop(place).current.name

    def killed() -> None:
        if way >= 1:
            counted(int(way))
        act(SmallShop(place), verb)

    died = forked(killed, None if way >= 1 else way * whole)
    wrong = after_a_crash(place, verb, before)
    switched = SmallShop(place).current.name != before
    if completed or switched:
        # A fork again, so that no connection or lock of one trial lives on into the next.
        forked(lambda: act(SmallShop(place), verb))
        wrong += when_completed(place, verb)
        shutil.rmtree(place)
    return {"way": way, "died": died, "switched": switched, "wrong": wrong}


def after_a_crash(place: Path, verb: str, before: str) -> list[str]:
    """`current` is one whole release: the one before, or the new one, which is then clean."""
    shop, wrong = SmallShop(place), []
    shown = store.current(shop.site)
    if shown is None:
        return ["no current"]
    if verify.release(shop.site, "", None).problems:
        wrong.append("current is not whole")
    if verb == "withdraw" and shown.name != before and holds(shown):
        wrong.append("a new current is not clean")
    return wrong


def holds(release: Path) -> bool:
    sql = f"select count(*) from {DOCUMENTS} where document_no = ?"
    return query(release, sql, TAKEN) != [(0,)]


def when_completed(place: Path, verb: str) -> list[str]:
    """Run again, it is done: all releases whole, nothing left over, nothing lost."""
    shop, wrong = SmallShop(place), []
    releases = store.kept(shop.site)
    bad = [r.name for r in releases if verify.release(shop.site, r.name, None).problems]
    if bad:
        wrong.append(f"not whole: {bad}")
    if [p.name for p in shop.site.iterdir() if p.name not in (".lock", "releases", "current")]:
        wrong.append("something is left over")
    if verb == "publish":
        wrong += [] if len(releases) == 3 else [f"{len(releases)} releases"]
        wrong += [] if len(rows_of(shop.current / "data" / f"{DOCUMENTS}.csv")) == 25 else ["rows"]
    elif any(holds(r) for r in releases) or len(releases) < 2:
        wrong.append("not withdrawn everywhere")
    return wrong


def steps_of(folder: Path, verb: str) -> tuple[int, float]:
    """How many steps an undisturbed run takes, and how long."""
    place, told = folder / "whole", folder / "steps"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(prepared(folder), place, symlinks=True)

    def work() -> None:
        count = counted(0)
        act(SmallShop(place), verb)
        told.write_text(str(count[0]))

    start = time.monotonic()
    forked(work)
    return int(told.read_text()), time.monotonic() - start


def main() -> None:
    folder, verb, *ways = sys.argv[1:]
    base = Path(folder)
    # The base is made by another process: this one must have no threads when it forks.
    if not (base / "base").exists():
        forked(lambda: prepared(base))
    steps, whole = steps_of(base, verb)
    ways = ways or [str(n) for n in range(1, steps + 1)]
    for number, way in enumerate(map(float, ways), 1):
        at = float(int(way) % steps + 1) if way >= 1 else way
        done = number % COMPLETED == 0 or number == len(ways)
        found = trial(base / "trial", prepared(base), verb, at, whole, done)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
    sys.stdout.write(
        json.dumps({"steps": steps, "seconds": whole, "threads": threading.active_count()}) + "\n"
    )


if __name__ == "__main__":
    main()
