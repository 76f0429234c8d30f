"""Storing what is known while AWS is briefly away.

A call that was answered, or a claim that was made, is known to the process that made it and to
nobody else. Throttling lasts for seconds, a lease lasts longer: the process holds on to what it
knows and writes it again, instead of leaving a claim behind that says that nobody knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from runledger.clock import SECOND, Clock
from runledger.errors import TransientError

T = TypeVar("T")

# Seconds before the second try; each further one waits twice as long, up to the longest. The
# clients below make three tries of their own, with delays of theirs.
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 2.0
# Kept back of the time there is: for the try at hand, and for giving a claim back.
MARGIN = 1_500


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """`until` (epoch milliseconds) is when the last try must have begun; `sleep` takes seconds."""

    until: int
    clock: Clock
    sleep: Callable[[float], None]

    def retry(self, write: Callable[[], T]) -> T:
        """Does `write`, again while it raises TransientError and there is time. It must come to
        the same when it is done twice, as the answer of the first may be lost."""
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
        """The same, with no more time than until then."""
        return RetryBudget(min(self.until, until), self.clock, self.sleep)
