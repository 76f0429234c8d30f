"""Step Functions: a Retry obeys MaxDelaySeconds and JitterStrategy.

The emulator ignores both and limits every delay to 60 seconds. The patch waits for the right time
itself, and then gives the emulator a retrier without a delay.
"""

import random
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.patches import guard

# Jitter for a retry's delay; not for secrets.
_random = random.Random()


def apply() -> None:
    guard.expect(stepfunctions, "_with_retry_and_catch", "b351699db7b381ef")
    guard.wrap(stepfunctions, "_find_matching_retrier", "cb494ae8503cce39", _delayed)


def delay_seconds(retrier: dict[str, Any], tries: int, draw: Callable[[], float]) -> float:
    """Returns the delay before the next retry, after `tries` retries. `draw` returns a random
    number in [0, 1)."""
    delay: float = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** tries
    delay = min(delay, retrier.get("MaxDelaySeconds", delay))
    return delay * draw() if retrier.get("JitterStrategy") == "FULL" else delay


def _delayed(find: Callable[..., Any]) -> Callable[..., Any]:
    def find_and_sleep(retriers: Any, error: str, retry_counts: dict[int, int]) -> Any:
        retrier, index = find(retriers, error, retry_counts)
        if retrier is None:
            return None, -1
        stepfunctions._scaled_sleep(
            delay_seconds(retrier, retry_counts.get(index, 0), _random.random)
        )
        return {**retrier, "IntervalSeconds": 0}, index

    return find_and_sleep
