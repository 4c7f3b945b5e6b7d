"""The engine `dask`: the same functions over the same pieces, spread over a cluster of Dask.

Only this module knows Dask, and it is loaded only when it is asked for. Results come back in the
order of the pieces, so that a release is the same whatever computed it. Workers that see PRIVATE read
their ranges of files there and lay rows down there; to others content travels, and back. The key that
makes record ids travels to all: a cluster belongs to whoever publishes.
Dask's own documentation: https://distributed.dask.org
"""

from __future__ import annotations

import os
import pickle
import platform
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from pipeline.engine import Engine, Unseen
from pipeline.errors import GongshiError, StoreError, UsageError
from pipeline.intake.sources import NO_ROOM
from pipeline.words import language, say

RETRIES = 3  # of a piece whose worker died or whose task failed
A_WORKER = 2  # pieces under way for each thread of a worker
CONNECT_S = 15


@contextmanager
def engine(
    scheduler: str = "", tell: Callable[[str], None] = print, partitions: int = 0
) -> Iterator[Engine]:
    """An Engine over the cluster at `scheduler`; without one, over workers on this machine.

    `partitions`: into how many pieces a table is cut; 0: enough for each thread of the cluster. `tell` is given the address at which Dask shows its work. Raises UsageError where Dask is not
    installed, StoreError where the scheduler cannot be reached, runs other versions, or gives up.
    """
    try:
        import distributed
    except ImportError as error:
        raise UsageError(say("cluster-missing", language())) from error
    local = None if scheduler else _local(distributed)
    try:
        client = _connected(distributed, scheduler or local)
        tell(say("cluster-dashboard", language(), address=client.dashboard_link))
        try:
            yield Spread(distributed, client, partitions)
        finally:
            client.close()
    finally:
        if local:
            local.close()


def _local(distributed: Any) -> Any:
    """One worker process for each core: Python's lock is held for much of a check.

    What it tells of its work is for this machine alone, at whatever port is free.
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
    """Another version of what computes could give another answer: it is refused."""
    ours = versions()
    try:
        theirs = client.run(versions)
    except Exception as error:  # whatever a worker without this program raises
        raise StoreError(
            say("cluster-versions", language(), address=where, problem=error)
        ) from error
    for worker, found in theirs.items():
        if other := {name: found.get(name) for name in ours if found.get(name) != ours[name]}:
            problem = ", ".join(f"{n} {other[n]} ≠ {ours[n]} ({worker})" for n in other)
            raise StoreError(say("cluster-versions", language(), address=where, problem=problem))


def versions() -> dict[str, str]:
    """Of what a result depends on: this program, Python, and the libraries that compute."""
    names = ("gongshi", "pyarrow", "duckdb", "numpy", "distributed")
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, **{name: version(name) for name in names}}


class Spread:
    """An Engine over a cluster: no more pieces under way than its workers can hold."""

    is_spread = True

    def __init__(self, distributed: Any, client: Any, partitions: int = 0) -> None:
        self._distributed, self._client, self._partitions = distributed, client, partitions
        self._carries = False  # once a worker has not seen a file, contents travel

    @property
    def partitions(self) -> int:
        return self._partitions or self._most()

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        # As a task of its own, not as scattered data: what a dead worker held is then made again.
        task = self._client.submit(pickle.loads, pickle.dumps(work), pure=False, retries=RETRIES)
        under_way: deque[tuple[Any, Any]] = deque()
        for item in items:
            under_way.append((item, self._submit(task, item)))
            if len(under_way) >= self._most():
                yield self._result(task, *under_way.popleft())
        while under_way:
            yield self._result(task, *under_way.popleft())

    def _submit(self, task: Any, item: Any) -> Any:
        if self._carries:
            item = item.carried()
        with warnings.catch_warnings():  # of a piece that travels and is large: it has to
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            return self._client.submit(_apply, task, item, pure=False, retries=RETRIES)

    def _most(self) -> int:
        return max(1, A_WORKER * int(sum(self._client.nthreads().values())))

    def _result(self, task: Any, item: Any, future: Any) -> Any:
        result = self._gathered(future)
        if isinstance(result, Unseen):
            self._carries = True
            result = self._gathered(self._submit(task, item))
        return result

    def _gathered(self, future: Any) -> Any:
        try:
            return future.result()
        except GongshiError:
            raise
        except (self._distributed.KilledWorker, self._distributed.client.FutureCancelledError, OSError) as error:  # fmt: skip
            raise StoreError(_why(error)) from error
        finally:
            future.release()


def _why(error: BaseException) -> str:
    """What is told of a piece that no try has brought to an end."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        why = error.strerror or str(error)
        return say("cluster-no-room", language(), path=error.filename or "–", why=why)
    return say("cluster-gave-up", language(), problem=error)


def _apply(task: Callable[[Any], Any], item: Any) -> Any:
    """A result; Unseen is one, so that it is not tried again where it cannot help."""
    try:
        return task(item)
    except Unseen as unseen:
        return unseen
