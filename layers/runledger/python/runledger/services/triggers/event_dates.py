"""Finds when a run starts, if a date in its event's body sets that."""

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from runledger.clock import DAY
from runledger.errors import InvalidInputError
from runledger.nodes.dates import calendar_date, moment_of_day, shifted
from runledger.nodes.written_dates import not_a_date

if TYPE_CHECKING:
    from runledger.nodes.trigger import DateTrigger

# How far ahead a run can be scheduled.
LONGEST_WAIT = 364 * DAY


class EventDate(NamedTuple):
    """The day that the event names, in the trigger's zone, and the time (epoch milliseconds) its
    run starts. A time in the past means at once."""

    day: date
    moment: int


def event_date(trigger: "DateTrigger", path: str, value: Any, now: int) -> EventDate:
    """Reads the date `value`, found at `path`. Raises InvalidInputError, with the path, if it is
    not a date or starts the run more than 364 days ahead."""
    day = calendar_date(value, trigger.time_zone)
    if day is None:
        raise InvalidInputError(
            f"the payload has no date at {path}: {not_a_date(value)}", field=path
        )
    moment = _moment(day, trigger)
    if moment is None:
        raise InvalidInputError(f"the date at {path} is outside the years 1 to 9999", field=path)
    if moment > now + LONGEST_WAIT:
        raise InvalidInputError(
            f"the date at {path} would start the run more than {LONGEST_WAIT // DAY} days "
            "from now, which is the limit",
            field=path,
        )
    return EventDate(day, moment)


def _moment(day: date, trigger: "DateTrigger") -> int | None:
    """Returns when a run for this day starts (epoch milliseconds), or None for a year beyond
    Python's range."""
    start = shifted(day, trigger.offset_days)
    if start is None:
        return None
    try:
        return moment_of_day(start, trigger.time_of_day, trigger.time_zone)
    except OverflowError:
        return None
