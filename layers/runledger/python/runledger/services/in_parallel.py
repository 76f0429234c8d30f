"""Runs several reads in parallel, or one after the other."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
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
    """Runs the calls in a few threads, which the process keeps."""
    waiting = list(calls)
    if len(waiting) < 2:
        return in_turn(waiting)
    return list(_threads().map(lambda call: call(), waiting))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="reads")
