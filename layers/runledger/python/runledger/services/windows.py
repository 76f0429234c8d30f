"""Which time a list is about, as readers ask for it."""

from runledger.clock import DAY, from_iso
from runledger.errors import InvalidInputError

_RANGES = {"24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY}


def window(range_: str | None, since: str | None, until: str | None, now: int) -> tuple[int, int]:
    """First and last moment, epoch milliseconds; InvalidInputError names the parameter (`range`,
    `from`, `to`) that cannot be read. What is created meanwhile is within, whatever the clocks."""
    if range_ is not None:
        if since is not None or until is not None:
            raise InvalidInputError("give either range or from and to", field="range")
        if range_ not in _RANGES:
            known = ", ".join(_RANGES)
            raise InvalidInputError(f"range is one of {known}", field="range")
        return now - _RANGES[range_], now + DAY
    first = _moment(since, "from") if since is not None else 0
    last = _moment(until, "to") if until is not None else now + DAY
    if first > last:
        raise InvalidInputError("from is later than to", field="from")
    return max(first, 0), min(max(last, 0), now + DAY)


def _moment(text: str, field: str) -> int:
    try:
        return from_iso(text)
    except ValueError as error:
        raise InvalidInputError(
            f"{text!r} is not an ISO 8601 moment such as 2026-01-31T09:30:00Z", field=field
        ) from error
