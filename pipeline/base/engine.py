"""How functions are run over pieces of work, in parallel and in order."""

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
    """What runs functions over pieces: threads, or a cluster."""

    @property
    def partitions(self) -> int:
        """The least number of pieces that a table is cut into; 0: as many as its size needs."""

    @property
    def is_spread(self) -> bool:
        """Whether other machines do the work, which may not have this machine's files."""

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """Results of `work` over `items`, in their order; `items` is read only as far as needed.

        Where `work` raises Unseen for an item, it is called again with `item.carried()`.
        """


class Unseen(Exception):
    """A file is missing where the work is done: its content has to be sent along."""


class Threads:
    """An Engine over this process's threads, one for each core."""

    is_spread = False

    def __init__(self, partitions: int = 0) -> None:
        self.partitions = partitions

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        return ordered_map(work, items)


LOCAL = Threads()


def ordered_map(work: Callable[[In], Out], items: Iterable[In]) -> Iterator[Out]:
    """Results of `work` over `items` on all cores, in the order of `items`.

    At most two items for each core are in progress, so that memory is bounded by the items' size
    and not by their number. Threads are enough, since Arrow computes without Python's lock. What
    `work` or `items` raise is raised here.
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
    """A pool of one process. Spawned: a fork would copy locks that other threads hold."""
    from concurrent.futures import ProcessPoolExecutor  # with all of multiprocessing
    from multiprocessing import get_context

    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))
