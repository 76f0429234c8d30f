"""Limits how many workers of this machine one caller may use.

On AWS, Lambda has capacity for every call. Here all calls share a few workers and cores, so many
calls of one caller would slow down all others. So the number of changing requests (requests that do
more than read) is limited. While several callers are active, each caller's changing requests are
handled one after the other. While only one caller is active, as many of its changing requests are
handled at once as a function has workers.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

# The number of workers per function.
AT_ONCE = 4
# A caller counts as active for this many seconds after its last request.
PRESENT_SECONDS = 2.0


class CallerLimiter:
    """Decides when each caller may make its next change. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._busy = Counter[str]()
        self._changed = asyncio.Condition()

    def note(self, caller: str) -> None:
        """Records a request of this caller."""
        now = self._clock()
        self._seen = {
            name: seen for name, seen in self._seen.items() if now - seen < PRESENT_SECONDS
        }
        self._seen[caller] = now

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[None]:
        """Waits until the caller may make its next change."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._busy[caller] < self._limit(caller))
            self._busy[caller] += 1
        try:
            yield
        finally:
            async with self._changed:
                self._busy[caller] -= 1
                if not self._busy[caller]:
                    del self._busy[caller]
                self._changed.notify_all()

    def _limit(self, caller: str) -> int:
        now = self._clock()
        others = (seen for name, seen in self._seen.items() if name != caller)
        return 1 if any(now - seen < PRESENT_SECONDS for seen in others) else AT_ONCE
