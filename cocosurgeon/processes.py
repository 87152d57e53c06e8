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

    Only a few tasks for each process are made ahead, because all of them may not fit into memory.

    Args:
        function: must be picklable, as must tasks and results.
        count: the number of tasks; with a single one or a single processor, no process is started.
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
