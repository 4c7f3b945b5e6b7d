"""Loaded by worker processes of tests' clusters: mishaps that befall them, as files in a folder ask.

`die-at-PLACE`: whoever takes the file away is killed, as the system kills; one file, one death.
`always-die`: each piece kills its worker. `fail-twice`: each piece fails twice, and then works.
`hang`: a piece waits until the file goes, and says so by one called `hanging`. `elsewhere`: they see nothing of the publisher's files. `no-room`: files may have so many bytes. `other-version`: what `importlib.metadata` would then say.
PLACE is `rows`, `split` (keys into buckets) or `judge` (a bucket of keys).
"""

from __future__ import annotations

import functools
import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.base.engine import Unseen
from pipeline.checks.across import key_shuffle
from pipeline.checks.results import parquet
from pipeline.flow import dask_engine, read_inbox
from pipeline.intake.text import ranges

FOLDER = Path(os.environ["FAULTS"])


def befall(place: str, piece: str) -> None:
    if (FOLDER / "always-die").exists():
        _die()
    with suppress(FileNotFoundError):
        (FOLDER / f"die-at-{place}").unlink()
        _die()
    while (FOLDER / "hang").exists():
        (FOLDER / "hanging").touch()
        time.sleep(0.05)
    room = FOLDER / "no-room"
    most = int(room.read_text()) if room.exists() else resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    if (FOLDER / "fail-twice").exists():
        _fail_twice(f"{place}-{piece}".replace("/", "-"))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fail_twice(name: str) -> None:
    tried = len(list(FOLDER.glob(f"tried-{name}-*")))
    if tried < 2:
        (FOLDER / f"tried-{name}-{tried}").touch()
        raise OSError(f"not yet: {name}")


def _faulty(work: Callable[..., Any], place: str, name: Callable[[Any], str]) -> Any:
    @functools.wraps(work)
    def done(what: Any, *rest: Any, **options: Any) -> Any:
        befall(place, name(what))
        return work(what, *rest, **options)

    return done


def _unseen(self: ranges.Range) -> bytes:
    if (FOLDER / "elsewhere").exists():
        raise Unseen(str(self.path))
    return honest_read(self)


def _is_here(self: parquet.Home) -> bool:
    return not (FOLDER / "elsewhere").exists() and honest_is_here(self)


def _version(name: str) -> str:
    path = FOLDER / "other-version"
    return path.read_text() if path.exists() else honest_version(name)


honest_version, honest_read, honest_is_here = (
    dask_engine.version,
    ranges.Range._read,
    parquet.Home.is_here,
)
# What is put in the place of what: this process is a worker of tests alone, and ends with them.
REPLACED: list[tuple[Any, str, Callable[..., Any]]] = [
    (ranges.Range, "_read", _unseen),
    (parquet.Home, "is_here", _is_here),
    (dask_engine, "version", _version),
    (read_inbox, "check_chunk", _faulty(read_inbox.check_chunk, "rows", lambda chunk: f"{chunk.source.path}-{chunk.raw['_row'][0]}")),
    (key_shuffle._Keys, "split", _faulty(key_shuffle._Keys.split, "split", lambda keys: f"{keys.source.name}-{keys.fields}")),
    (key_shuffle._Bucket, "judge", _faulty(key_shuffle._Bucket.judge, "judge", lambda bucket: f"{bucket.number}-{bucket.files[0].name}")),
]  # fmt: skip
for owner, attribute, fault in REPLACED:
    setattr(owner, attribute, fault)
