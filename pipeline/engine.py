"""How functions are scheduled over chunks. Knows nothing of what they do."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


class OrderedMap(Protocol):
    """A function over items on whatever there is to compute with; results come in the items' order."""

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]: ...


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
