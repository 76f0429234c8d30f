"""Runs several reads in parallel, or one after the other."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Protocol, TypeVar

T = TypeVar("T")

# The number of connections that a client keeps open.
THREADS = 10


class Gather(Protocol):
    """Returns the results of all calls, in order. Raises the first error of any call."""

    def __call__(self, calls: Iterable[Callable[[], T]]) -> list[T]: ...


def in_turn(calls: Iterable[Callable[[], T]]) -> list[T]:
    return [call() for call in calls]


def in_parallel(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Runs the first call in this thread, and the others in a few threads, which the process keeps.
    Returns or raises only after all calls have ended."""
    waiting = list(calls)
    if not waiting:
        return []
    first, *others = waiting
    started = [_threads().submit(call) for call in others]
    try:
        result = first()
    finally:
        wait(started)
    return [result, *(each.result() for each in started)]


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="reads")
