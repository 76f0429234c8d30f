"""Repeats a write while AWS is briefly unavailable.

Only the process that got an answer or made a claim can record it. A claim without a recorded result
would mean an unknown outcome. So the process retries the write: throttling lasts for seconds, and
the lease of a claim lasts longer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from runledger.clock import SECOND, Clock
from runledger.errors import TransientError

T = TypeVar("T")

# Seconds before the second try. Each further wait is twice as long, up to the longest. The clients
# below make three tries of their own, with their own delays.
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 2.0
# Milliseconds kept back for the current try and for giving a claim back.
MARGIN = 1_500


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """The time for retrying writes: the last try must begin before `until` (epoch milliseconds).
    `sleep` takes seconds."""

    until: int
    clock: Clock
    sleep: Callable[[float], None]

    def retry(self, write: Callable[[], T]) -> T:
        """Does `write`, and repeats it while it raises TransientError and time is left. `write`
        must be idempotent, because the answer of the first try may be lost."""
        wait = _FIRST_WAIT
        while True:
            try:
                return write()
            except TransientError:
                if self.clock() + wait * SECOND >= self.until:
                    raise
                self.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    def within(self, until: int) -> "RetryBudget":
        """Returns a copy of the budget that ends at `until`, or earlier if this budget does."""
        return RetryBudget(min(self.until, until), self.clock, self.sleep)
