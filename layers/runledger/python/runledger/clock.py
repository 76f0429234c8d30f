"""Times in epoch milliseconds, UTC."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def iso(moment: int) -> str:
    """Returns a time as `2026-01-31T09:30:00.123Z`."""
    text = datetime.fromtimestamp(moment / 1_000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def optional_iso(moment: int | None) -> str | None:
    return None if moment is None else iso(moment)


def from_iso(text: str) -> int:
    """Returns the epoch milliseconds of an ISO 8601 time; without an offset it is UTC.

    Raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000)
