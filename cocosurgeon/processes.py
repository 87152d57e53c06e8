"""Work in several processes, a bounded amount of it at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

from cocosurgeon.annfile.parallel import processors

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_processes(
    function: Callable[[Task], Result], tasks: Iterable[Task], count: int
) -> Iterator[Result]:
    """Yield the result of each task, in order.

    No more tasks are made than a few for each process: together they may not fit into memory.

    Args:
        function: can be pickled, as tasks and results can.
        count: the number of tasks; a single one is done in this process.
    """
    workers = min(processors(), count)
    if workers < 2:
        yield from map(function, tasks)
        return
    with ProcessPoolExecutor(workers) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for task in tasks:
                waiting.append(pool.submit(function, task))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
