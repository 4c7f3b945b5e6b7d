"""How functions are scheduled over chunks. Knows nothing of what they do."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.thread import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

In = TypeVar("In")
Out = TypeVar("Out")


class Engine(Protocol):
    """Whatever there is to compute with."""

    @property
    def partitions(self) -> int:
        """Into how many pieces a table is cut at least; 0: as its size alone asks."""

    @property
    def is_spread(self) -> bool:
        """Whether work is done by processes that may not see the files that this one sees."""

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """`work` over `items`, taken as they are needed; results come in the items' order.

        Where `work` raises Unseen of an item, it is tried again with `item.carried()`.
        """


class Unseen(Exception):
    """A file that is not there where the work is done: its content has to be brought along."""


class Threads:
    """This process's threads, one a core."""

    is_spread = False

    def __init__(self, partitions: int = 0) -> None:
        self.partitions = partitions

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        return ordered_map(work, items)


LOCAL = Threads()


def ordered_map(work: Callable[[In], Out], items: Iterable[In]) -> Iterator[Out]:
    """`work` over `items` on all cores, results in the order of `items`.

    No more than two items a core are under way, so memory is bounded by the items' size and not by
    their number. Threads serve, since Arrow computes outside Python's lock. What `work` or `items`
    raise is raised here.
    """
    workers = os.cpu_count() or 1
    under_way: deque[Future[Out]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for item in items:
            under_way.append(pool.submit(work, item))
            if len(under_way) >= 2 * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def one_process() -> ProcessPoolExecutor:
    """Another process beside this one. Spawned: a fork would copy locks that other threads hold."""
    from concurrent.futures import ProcessPoolExecutor  # with all of multiprocessing
    from multiprocessing import get_context

    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))
