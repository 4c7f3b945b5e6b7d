"""The engine `dask`: the same functions over the same pieces, on a cluster of Dask.

Only this module uses Dask, and it is loaded only for this engine. Results come back in the order of
the pieces, so that a release is the same on every engine. Workers that have access to PRIVATE read
their ranges of files there and write rows there; other workers get and return the content. The key
that makes record ids is sent to all workers: the cluster must be the publisher's own. Dask's
documentation: https://distributed.dask.org
"""

from __future__ import annotations

import logging
import os
import pickle
import platform
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from typing import Any

from pipeline.base.disk_faults import NO_ROOM
from pipeline.base.engine import Engine, Unseen
from pipeline.base.errors import GongshiError, StoreError, UsageError
from pipeline.base.words import language, say

RETRIES = 3  # of a piece whose worker died or whose task failed
PIECES_A_THREAD = 2  # pieces in progress for each thread of a worker
CONNECT_S = 15
LOST_S = 60  # without any worker, until the run is given up
# For the result of a finished piece: a worker whose disk is full never sends it.
FETCH_S = 300
ASK_S = 2  # how often, while waiting for a piece, the workers are counted


@contextmanager
def engine(
    scheduler: str = "", report: Callable[[str], None] = print, partitions: int = 0
) -> Iterator[Engine]:
    """An Engine over the cluster at `scheduler`; without one, over workers on this machine.

    `partitions`: the least number of pieces of a table; 0: enough for each thread of the cluster.
    `report` is called with a sentence with the address of Dask's dashboard. Raises UsageError where
    Dask is not installed, StoreError where the scheduler cannot be reached, or its workers leave,
    run other versions or give up.
    """
    try:
        import distributed
    except ImportError as error:
        raise UsageError(say("cluster-missing", language())) from error
    # Errors become one sentence; Dask would log pages.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    local = None if scheduler else _local(distributed)
    try:
        client = _connected(distributed, scheduler or local)
        report(say("cluster-dashboard", language(), address=client.dashboard_link))
        try:
            yield Spread(distributed, client, partitions)
        finally:
            client.close()
    finally:
        if local:
            local.close()


def _local(distributed: Any) -> Any:
    """One worker process for each core: Python's lock is held for much of a check.

    The dashboard listens on this machine only, on any free port.
    """
    return distributed.LocalCluster(
        n_workers=os.cpu_count() or 1, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    )


def _connected(distributed: Any, to: Any) -> Any:
    where = to if isinstance(to, str) else to.scheduler_address
    try:
        client = distributed.Client(to, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise StoreError(say("cluster-unreachable", language(), address=where)) from error
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
        _same_everywhere(client, where)
    except TimeoutError as error:
        client.close()
        raise StoreError(say("cluster-no-workers", language(), address=where)) from error
    except StoreError:
        client.close()
        raise
    return client


def _same_everywhere(client: Any, where: str) -> None:
    """Refuse workers with other versions, which could give other results."""
    ours = versions()
    try:
        theirs = client.run(versions)
    except Exception as error:  # any error of a worker without this program
        raise StoreError(
            say("cluster-versions", language(), address=where, problem=error)
        ) from error
    for worker, found in theirs.items():
        if other := _differing(ours, found):
            problem = f"{other} ({worker})"
            raise StoreError(say("cluster-versions", language(), address=where, problem=problem))


def _differing(ours: dict[str, str], found: dict[str, str]) -> str:
    """The packages whose versions differ, as text; "" where none does."""
    names = [name for name in ours if found.get(name) != ours[name]]
    return ", ".join(f"{name} {found.get(name)} ≠ {ours[name]}" for name in names)


def versions() -> dict[str, str]:
    """Versions that a result depends on: this program, Python, the computing libraries."""
    names = ("gongshi", "pyarrow", "duckdb", "numpy", "distributed")
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, **{name: version(name) for name in names}}


class Spread:
    """An Engine over a cluster; the number of pieces in progress is bounded by its threads."""

    is_spread = True

    def __init__(self, distributed: Any, client: Any, partitions: int = 0) -> None:
        self._distributed, self._client, self._partitions = distributed, client, partitions
        self._address, self._versions = client.scheduler.address, versions()
        self._carries = False  # once a worker could not read a file, contents are sent

    @property
    def partitions(self) -> int:
        """The least number of pieces that a table is cut into."""
        return self._partitions or self._most_pieces()

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        task = self._call(self._task, work)
        under_way: deque[tuple[Any, Any]] = deque()
        for item in items:
            under_way.append((item, self._submit(task, item)))
            if len(under_way) >= self._most_pieces():
                yield self._result(task, *under_way.popleft())
        while under_way:
            yield self._result(task, *under_way.popleft())

    def _task(self, work: Callable[[Any], Any]) -> Any:
        """`work` as a task, not as scattered data: Dask recomputes what a dead worker held."""
        return self._client.submit(pickle.loads, pickle.dumps(work), pure=False, retries=RETRIES)

    def _submit(self, task: Any, item: Any) -> Any:
        if self._carries:
            item = item.carried()
        with warnings.catch_warnings():  # a piece with its content is large by design
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            return self._call(
                self._client.submit, _apply, task, item, self._versions, pure=False, retries=RETRIES
            )

    def _most_pieces(self) -> int:
        return max(1, PIECES_A_THREAD * self._threads())

    def _threads(self) -> int:
        return int(sum(self._call(self._client.nthreads).values()))

    def _result(self, task: Any, item: Any, future: Any) -> Any:
        result = self._received(future)
        if isinstance(result, Unseen):
            self._carries = True
            result = self._received(self._submit(task, item))
        if isinstance(result, _OtherVersions):
            raise self._other(result)
        return result

    def _other(self, problem: object) -> StoreError:
        return StoreError(
            say("cluster-versions", language(), address=self._address, problem=problem)
        )

    def _received(self, future: Any) -> Any:
        try:
            return self._call(self._waited, future)
        finally:
            future.release()

    def _waited(self, future: Any) -> Any:
        """The result of a piece.

        Raises StoreError where there has been no worker for LOST_S seconds.
        """
        last = time.monotonic()
        while True:
            is_done = future.status == "finished"
            try:
                return future.result(FETCH_S if is_done else ASK_S)
            except TimeoutError:
                if is_done or future.status == "error":  # an error of the piece itself
                    raise
            if self._threads():
                last = time.monotonic()
            elif time.monotonic() - last > LOST_S:
                raise StoreError(say("cluster-lost", language(), address=self._address))

    def _call(self, ask: Callable[..., Any], *what: Any, **how: Any) -> Any:
        """`ask(*what, **how)`, a call to the cluster.

        Raises StoreError where the cluster cannot be reached any more, or gave a task up.
        """
        lib = self._distributed
        try:
            return ask(*what, **how)
        except GongshiError:
            raise
        except ImportError as error:  # of a worker that joined later, without this program
            raise self._other(error) from error
        except (lib.client.FutureCancelledError, lib.client.ClosedClientError) as error:
            raise StoreError(self._cut_message()) from error
        except (lib.KilledWorker, OSError) as error:
            is_cut = self._client.status != "running"
            raise StoreError(self._cut_message() if is_cut else _failure_message(error)) from error

    def _cut_message(self) -> str:
        return say("cluster-cut", language(), address=self._address)


def _failure_message(error: BaseException) -> str:
    """The message about a piece for which every try failed."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        why = error.strerror or str(error)
        path = error.filename or "dask worker --local-directory"  # without a name it is Dask's own
        return say("cluster-no-room", language(), path=path, why=why)
    return say("cluster-gave-up", language(), problem=error)


class _OtherVersions(str):
    """The result of a worker that joined later and has other versions: which ones."""


@cache
def _versions_here() -> dict[str, str]:
    return versions()


def _apply(task: Callable[[Any], Any], item: Any, wanted: dict[str, str]) -> Any:
    """A result. Failures that a retry cannot solve are returned, since Dask retries errors."""
    if other := _differing(wanted, _versions_here()):
        return _OtherVersions(other)
    try:
        return task(item)
    except Unseen as unseen:
        return unseen
