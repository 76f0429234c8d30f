"""Limits how many Lambda invocations run at the same time on this machine.

On AWS, each concurrent invocation has a processor of its own. Here all of them share the cores with
the emulator that answers them. If more of them run at once than the cores can handle, they take
more processor time in total, because they push one another out of the caches. None of them ends
sooner.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from local.one_core import ONE_CORE
from local.settings import LocalError

VARIABLE = "RUNLEDGER_INVOCATIONS_AT_ONCE"
# Some wait for an answer of the emulator while others compute.
_FOR_EACH_CORE = 2
# An invocation that takes longer mostly waits, perhaps for another invocation.
_LEASE_SECONDS = 0.3


def configured_limit(environment: Mapping[str, str]) -> int:
    """Returns the limit. Raises LocalError if the variable is no positive number."""
    text = environment.get(VARIABLE, "")
    if not text:
        return _FOR_EACH_CORE * max(1, len(ONE_CORE.usable))
    if not text.isdigit() or int(text) == 0:
        raise LocalError(f"{VARIABLE}={text} is not a whole number of 1 or more")
    return int(text)


class Turns:
    """Gives the turns in the order in which they were requested. A turn counts for `lease` seconds
    at most, so that invocations that wait for each other can all run."""

    def __init__(
        self,
        limit: int,
        lease: float = _LEASE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._lease = lease
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: dict[object, float] = {}
        self._waiting: deque[threading.Event] = deque()

    def begin(self) -> object:
        """Waits for a turn and returns it."""
        mine = object()
        self._begin(mine)
        return mine

    def end(self, turn: object) -> None:
        """Ends a turn, which may have ended before."""
        with self._lock:
            self._ends.pop(turn, None)
            self._wake_next()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for a turn, and gives it back at the end of the block."""
        mine = self.begin()
        try:
            yield
        finally:
            self.end(mine)

    def _begin(self, mine: object) -> None:
        with self._lock:
            if not self._waiting and self._has_room():
                self._ends[mine] = self._clock() + self._lease
                return
            called = threading.Event()
            self._waiting.append(called)
            if self._waiting[0] is called:
                # It looks at once how long it waits.
                called.set()
        seconds: float | None = None
        while True:
            called.wait(seconds)
            with self._lock:
                called.clear()
                # Without end: the one before it wakes it.
                seconds = None
                if self._waiting[0] is called:
                    if self._has_room():
                        self._waiting.popleft()
                        self._ends[mine] = self._clock() + self._lease
                        if self._waiting:
                            # Even without room: it is the first now, and wakes by itself.
                            self._waiting[0].set()
                        return
                    seconds = self._seconds_to_an_end()

    def _seconds_to_an_end(self) -> float:
        """Returns the seconds until the first lease of the running turns ends."""
        return max(0.0, min(self._ends.values()) - self._clock())

    def _has_room(self) -> bool:
        now = self._clock()
        for ended in [each for each, end in self._ends.items() if end <= now]:
            del self._ends[ended]
        return len(self._ends) < self._limit

    def _wake_next(self) -> None:
        if self._waiting and self._has_room():
            self._waiting[0].set()
