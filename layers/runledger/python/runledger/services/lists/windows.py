"""The time range of a list, as readers ask for it."""

import re
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from runledger.clock import DAY, HOUR
from runledger.errors import InvalidInputError
from runledger.nodes.timezones import to_milliseconds, to_utc
from runledger.nodes.written_dates import Written, not_a_date, read_date, shown

_RANGES = {"1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
DEFAULT_ZONE = "UTC"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY, _MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)
_FAR = 2**53
# In a URL's query a plus means a space, so 09:00:00+01:00 may arrive as 09:00:00 01:00.
_EIGHT = re.compile(r"\d{8}", re.ASCII)
_LOST_PLUS = re.compile(r"(?<=[\d]) (?=\d{2}(?::?\d{2})?$)", re.ASCII)


def window(
    range_: str | None, since: str | None, until: str | None, now: int, zone: str | None = None
) -> tuple[int, int]:
    """Returns the first and last time, in epoch milliseconds. Raises InvalidInputError, with the
    parameter (`range`, `from`, `to`, `timeZone`), if a parameter is not valid.

    A date means the start of that day in `from`, and its end in `to`, in the zone (default UTC). If
    the range ends now, its end is set one day later, so that new rows are included even if clocks
    differ."""
    place = zone_of(zone)
    if range_ is not None:
        if since is not None or until is not None:
            raise InvalidInputError("send either `range`, or `from` and `to`", field="range")
        if range_ not in _RANGES:
            known = ", ".join(_RANGES)
            raise InvalidInputError(f"range must be one of {known}", field="range")
        return now - _RANGES[range_], now + DAY
    first = 0 if since is None else _first(_read(since, "from"), place)
    last = now + DAY if until is None else _last(_read(until, "to"), place)
    if first > last:
        raise InvalidInputError("`from` is later than `to`; swap them", field="from")
    return max(first, 0), min(max(last, 0), now + DAY)


def _first(written: Written, zone: str) -> int:
    moment = written.instant(zone)
    return _beyond(written) if moment is None else to_milliseconds(moment)


def _last(written: Written, zone: str) -> int:
    """Returns the last millisecond of a day, which may be longer or shorter when clocks change."""
    if not written.is_day:
        moment = written.instant(zone)
        return _beyond(written) if moment is None else (moment - _EPOCH) // _MILLISECOND
    try:
        following = datetime.combine(written.moment.date() + _DAY, time.min)
        return to_milliseconds(to_utc(following, ZoneInfo(zone))) - 1
    except OverflowError:
        return _beyond(written)


def _beyond(written: Written) -> int:
    """Returns a time before or after all rows, for a date that is too early or too late for
    Python."""
    return 0 if written.moment.year < _EPOCH.year else _FAR


def _read(text: str, field: str) -> Written:
    stripped = text.strip()
    # Here eight digits are always a date, although they may be anything elsewhere.
    plain = f"{stripped[:4]}-{stripped[4:6]}-{stripped[6:]}" if _EIGHT.fullmatch(stripped) else text
    written = read_date(plain) or read_date(_LOST_PLUS.sub("+", stripped))
    if written is None:
        raise InvalidInputError(not_a_date(text), field=field)
    return written


def zone_of(zone: str | None) -> str:
    """Returns the zone, by default UTC. Raises InvalidInputError for an unknown one."""
    if zone is None:
        return DEFAULT_ZONE
    try:
        return str(_zones().validate_python(zone))
    except ValidationError as error:
        raise InvalidInputError(
            f"{shown(zone)} is not a time zone; write an IANA name such as Europe/Berlin",
            field="timeZone",
        ) from error


@cache
def _zones() -> "TypeAdapter[str]":
    # Loaded late, because it loads the Liquid renderer, and a list without a zone does not need
    # that.
    from runledger.nodes.fields import TimeZone

    return TypeAdapter(TimeZone)
