"""Reads dates and moments as people and systems write them: the only parser for them.

- ISO 8601 dates: `2026-03-01`, `2026-W09-7`.
- ISO 8601 and RFC 3339 date-times, with an offset or without: `2026-03-01T09:00:00Z`, `2026-03-01
  09:00:00+01`, `2026-03-01t09:00:00,1234567z`, `20260301T0900`, `2026-03-01 09:00 UTC`.
- RFC 2822: `Sun, 01 Mar 2026 09:00:00 +0100`. A weekday that does not match the date is an error.
- Seconds or milliseconds since 1970: `1772355600`, `1772355600000`, as numbers or as texts of 10 or
  13 digits. A number with fewer than 9 digits is a count or a date such as 20260301, not a moment.

`24:00` is the start of the next day (ISO 8601:2004, 4.2.3), and a leap second `23:59:60` is the
first second of the next minute, as in POSIX. Digits beyond microseconds are cut off. Years are 1 to
9999.
"""

import json
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from runledger.nodes.timezones import to_utc

# For messages about a text that could not be read.
ACCEPTED = (
    "write it as 2026-03-01, 2026-03-01T09:00:00Z (or with an offset such as +01:00), "
    "Sun, 01 Mar 2026 09:00:00 +0100, or seconds or milliseconds since 1970"
)

_CHARACTERS = 100
_SHOWN_CHARACTERS = 80
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A number below the first is a count or a date such as 20260301, not a moment. Below the second it
# counts seconds, below the third milliseconds. The third is in the year 5138.
_LEAST, _MILLISECONDS, _MOST = 10**8, 10**11, 10**14

_DIGITS = re.compile(r"\d{10}(?:\.\d{1,9})?|\d{13}", re.ASCII)
_DATE = r"(?P<date>\d{4}-\d{2}-\d{2}|\d{8}|\d{4}-W\d{2}(?:-[1-7])?|\d{4}W\d{2}[1-7]?)"
_CLOCK = (
    r"(?P<hour>\d{2})(?::?(?P<minute>\d{2})"
    r"(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,18}))?)?)?"
)
_OFFSET = (
    r"(?P<zone>[Zz]|UTC|GMT"
    r"|(?P<sign>[+\-\u2212])(?P<oh>\d{2})(?::?(?P<om>\d{2})(?::?(?P<os>\d{2}))?)?)"
)
_ISO = re.compile(rf"{_DATE}(?:(?:[Tt]|\ {{1,3}}){_CLOCK}(?:\ ?{_OFFSET})?)?", re.ASCII)

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RFC_2822 = re.compile(
    rf"(?:(?P<weekday>{'|'.join(_DAYS)}),?\s+)?(?P<day>\d{{1,2}})\s+(?P<month>{'|'.join(_MONTHS)})"
    r"\s+(?P<year>\d{4})\s+(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
    r"(?:\s*(?P<zone>(?P<sign>[+-])(?P<oh>\d{2})(?P<om>\d{2})|[a-z]{1,3}))?(?:\s*\([^()]*\))?",
    re.ASCII | re.IGNORECASE,
)
# RFC 2822, 4.3: the obsolete names that have only one meaning.
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0,
    "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8,
}  # fmt: skip


class Written(NamedTuple):
    """A date or a time read from a value.

    `moment` has a time zone if the value has an offset or is a number of seconds since 1970;
    otherwise it is a local time. `is_day` says that the value has no time of day. `is_digits` says
    that the value is a number, or a text of digits, which may not be a date at all.
    """

    moment: datetime
    is_day: bool = False
    is_digits: bool = False

    @property
    def is_instant(self) -> bool:
        return self.moment.tzinfo is not None

    def instant(self, zone: str) -> datetime | None:
        """Returns the moment in UTC. A local time is read in the zone; a date means the start of
        that day in the zone. None outside the years that Python supports."""
        try:
            if self.moment.tzinfo is not None:
                return self.moment.astimezone(UTC)
            return to_utc(self.moment, ZoneInfo(zone))
        except OverflowError:
            return None

    def day(self, zone: str) -> date | None:
        """Returns the day that the value names, or the day of its moment in the zone."""
        if self.moment.tzinfo is None:
            return self.moment.date()
        try:
            return self.moment.astimezone(ZoneInfo(zone)).date()
        except OverflowError:
            return None


def read_date(value: Any) -> Written | None:
    """Reads a JSON value. None if it is not a date in any of the accepted forms."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        return _counted(Decimal(value) if isinstance(value, int) else Decimal(str(value)))
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not 0 < len(text) <= _CHARACTERS:
        return None
    if _DIGITS.fullmatch(text):
        return _counted(Decimal(text))
    try:
        iso = _ISO.fullmatch(text)
        if iso is not None:
            return _from_iso(iso)
        mail = _RFC_2822.fullmatch(text)
        return _from_mail(mail) if mail is not None else None
    except (ValueError, OverflowError):
        return None


def moment_of(value: Any, zone: str) -> datetime | None:
    """Returns the moment that a value means, in UTC. The zone is used if the value has no offset.
    None if the value is not a date or a time."""
    written = read_date(value)
    return None if written is None else written.instant(zone)


def shown(value: Any) -> str:
    """The value for use in a message: the beginning of its JSON text."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def not_a_date(value: Any) -> str:
    """Says which value is not a date, and which forms are accepted."""
    return f"{shown(value)} is not a date; {ACCEPTED}"


def _counted(number: Decimal) -> Written | None:
    if not number.is_finite() or not _LEAST <= abs(number) < _MOST:
        return None
    scale = 1_000_000 if abs(number) < _MILLISECONDS else 1_000
    try:
        moment = _EPOCH + timedelta(microseconds=int(number * scale))
    except OverflowError:
        return None
    return Written(moment, is_digits=True)


def _from_iso(found: re.Match[str]) -> Written | None:
    day = date.fromisoformat(found["date"])
    if found["hour"] is None:
        # Eight digits may be anything.
        is_date = not found["date"].isdigit()
        return Written(datetime.combine(day, time.min), is_day=True) if is_date else None
    local = _at(day, found["hour"], found["minute"], found["second"], found["fraction"])
    if found["zone"] is None:
        return Written(local)
    return Written(local.replace(tzinfo=_offset(found)))


def _from_mail(found: re.Match[str]) -> Written | None:
    month = _MONTHS.index(found["month"].lower()) + 1
    day = date(int(found["year"]), month, int(found["day"]))
    weekday = found["weekday"]
    if weekday is not None and _DAYS[day.weekday()] != weekday.lower():
        return None
    local = _at(day, found["hour"], found["minute"], found["second"], None)
    if found["zone"] is None:
        return Written(local)
    if found["sign"] is not None:
        return Written(local.replace(tzinfo=_offset(found)))
    hours = _ZONES.get(found["zone"].lower())
    if hours is None:
        return None
    return Written(local.replace(tzinfo=timezone(timedelta(hours=hours))))


def _at(
    day: date, hour: str, minute: str | None, second: str | None, fraction: str | None
) -> datetime:
    """Combines a day and a time. Raises ValueError if the time does not exist. The latest time is
    24:00."""
    hours, minutes, seconds = int(hour), int(minute or 0), int(second or 0)
    microseconds = int((fraction or "0")[:6].ljust(6, "0"))
    more = timedelta(0)
    if hours == 24 and not (minutes or seconds or int(fraction or 0)):
        hours, more = 0, timedelta(days=1)
    if seconds == 60 and minutes == 59:
        seconds, more = 59, timedelta(seconds=1)
    return datetime.combine(day, time(hours, minutes, seconds, microseconds)) + more


def _offset(found: re.Match[str]) -> timezone:
    """Returns the offset. Raises ValueError if it is a day or more."""
    if found["sign"] is None:
        return UTC
    groups = found.groupdict()
    hours, minutes, seconds = (int(groups.get(name) or 0) for name in ("oh", "om", "os"))
    if minutes > 59 or seconds > 59:
        raise ValueError("no such offset")
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(offset if found["sign"] == "+" else -offset)
