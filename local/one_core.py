"""Keeps all threads of a process on one core (Linux).

Only one thread of a Python process computes at a time. If its threads are spread over several
cores, each change of threads wakes another core, which must first fetch what the previous core had
in its cache.

Stacks on one machine take different cores. If no core is free, a stack uses all of them. To take a
core, a process binds a Unix socket whose name contains the core's number. The kernel frees this
name, and so the core, as soon as the process ends.
"""

import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

# An abstract address: it is in no folder (unix(7)).
_ADDRESS = "\0runledger-core-{}"
_FEWEST_CORES = 2


def cores() -> Sequence[int]:
    """Returns the cores that the main thread may use; none if the system does not tell."""
    return sorted(os.sched_getaffinity(os.getpid())) if sys.platform == "linux" else ()


class OneCore:
    """The core that this process keeps from `take` to `release`, if one was free. `usable` are all
    cores that the process may use; it is empty if the system does not tell."""

    def __init__(self, addresses: str = _ADDRESS) -> None:
        self._addresses = addresses
        self.usable = cores()
        self._held: socket.socket | None = None
        self.core: int | None = None

    def take(self) -> None:
        """Binds this thread, and the threads that it will start, to a core that no other process
        has taken. Does nothing if there is none, or only one core."""
        if len(self.usable) < _FEWEST_CORES:
            return
        for core in self.usable:
            held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                held.bind(self._addresses.format(core))
            except OSError:
                held.close()
                continue
            self._held, self.core = held, core
            self._bind({core})
            return

    @contextmanager
    def on_all(self) -> Iterator[None]:
        """Lets this thread use all cores until the end of the block. A process that the thread
        starts in the block may always use all cores."""
        if self.core is None:
            yield
            return
        self._bind(self.usable)
        try:
            yield
        finally:
            self._bind({self.core})

    def release(self) -> None:
        """Frees the core, and lets this thread use all cores. The other threads of the process stay
        on the core."""
        if self._held is not None:
            self._held.close()
            self._bind(self.usable)
            self._held = self.core = None

    def _bind(self, chosen: Sequence[int] | set[int]) -> None:
        os.sched_setaffinity(0, chosen)


ONE_CORE = OneCore()
