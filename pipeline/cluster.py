"""The engine `dask`: the same functions over the same pieces, spread over a cluster of Dask.

Only this module knows Dask, and it is loaded only when it is asked for. Results come back in the
order of the pieces, so that a release is the same whatever computed it. Tasks and pieces, the key
that makes record ids among them, travel to the workers: a cluster belongs to whoever publishes.
Dask's own documentation: https://distributed.dask.org
"""

from __future__ import annotations

import os
import platform
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from pipeline.engine import OrderedMap
from pipeline.errors import GongshiError, StoreError, UsageError
from pipeline.words import language, say

RETRIES = 3  # of a piece whose worker died or whose task failed
A_WORKER = 2  # pieces under way for each thread of a worker
CONNECT_S = 15


@contextmanager
def engine(scheduler: str = "", tell: Callable[[str], None] = print) -> Iterator[OrderedMap]:
    """An OrderedMap over the cluster at `scheduler`; without one, over workers on this machine.

    `tell` is given the address at which Dask shows its work. Raises UsageError where Dask is not
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
            yield _Spread(distributed, client)
        finally:
            client.close()
    finally:
        if local:
            local.close()


def _local(distributed: Any) -> Any:
    """One worker process for each core: Python's lock is held for much of a check."""
    return distributed.LocalCluster(
        n_workers=os.cpu_count() or 1, threads_per_worker=1, dashboard_address=":0"
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


class _Spread:
    """`ordered_map` over a cluster: no more pieces under way than its workers can hold."""

    def __init__(self, distributed: Any, client: Any) -> None:
        self._distributed, self._client = distributed, client

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        task = self._client.scatter(work, broadcast=True, hash=False)
        under_way: deque[Any] = deque()
        for item in items:
            under_way.append(self._submit(task, item))
            if len(under_way) >= self._most():
                yield self._result(under_way.popleft())
        while under_way:
            yield self._result(under_way.popleft())

    def _submit(self, task: Any, item: Any) -> Any:
        return self._client.submit(_apply, task, item, pure=False, retries=RETRIES)

    def _most(self) -> int:
        return max(1, A_WORKER * int(sum(self._client.nthreads().values())))

    def _result(self, future: Any) -> Any:
        try:
            return future.result()
        except GongshiError:
            raise
        except (self._distributed.KilledWorker, self._distributed.client.FutureCancelledError, OSError) as error:  # fmt: skip
            raise StoreError(say("cluster-gave-up", language(), problem=error)) from error
        finally:
            future.release()


def _apply(task: Callable[[Any], Any], item: Any) -> Any:
    return task(item)
