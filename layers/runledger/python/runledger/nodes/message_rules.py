"""Limits that a SEND_MESSAGE node can set: how often, and at what times, a recipient gets
messages."""

from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from runledger.models.base import Config
from runledger.models.frequency import MAX_CAP_HOURS, MAX_CAP_MESSAGES
from runledger.nodes.fields import TimeOfDay, TimeZone
from runledger.nodes.timezones import to_utc
from runledger.timezone_names import zone_named


class FrequencyCap(Config):
    """The highest number of messages that one recipient gets within a number of hours. E-mail
    addresses and phone numbers are counted separately."""

    messages: int = Field(ge=1, le=MAX_CAP_MESSAGES, description="The most messages in that time.")
    hours: int = Field(
        ge=1,
        le=MAX_CAP_HOURS,
        description="The length of the period in which messages are counted, in hours.",
    )


class QuietHours(Config):
    """The time of day in which no message is sent. If `to` is earlier than `from`, the quiet hours
    include midnight."""

    from_: TimeOfDay = Field(alias="from", description="When the quiet hours begin, HH:MM.")
    to: TimeOfDay = Field(
        description="When the quiet hours end, HH:MM. Messages may be sent from this minute on."
    )
    time_zone: TimeZone = Field(
        default="UTC",
        description="The IANA zone for contacts without a `timeZone` in their metadata.",
    )

    @model_validator(mode="after")
    def _has_a_length(self) -> "QuietHours":
        if self.from_ == self.to:
            raise ValueError("`from` and `to` are the same time; leave quiet hours out instead")
        return self

    def zone_of(self, metadata: dict[str, Any] | None) -> str:
        """Returns the contact's own time zone if its metadata has a valid one, otherwise the
        configured zone."""
        own = zone_named((metadata or {}).get("timeZone"))
        return self.time_zone if own is None else own.key

    def ends(self, now: datetime, zone: str) -> datetime | None:
        """Returns when the quiet hours around `now` end; None if `now` is not in quiet hours.

        If clocks skip the start or the end of the quiet hours, the first moment after the gap is
        used. If clocks show it twice, the earlier moment is used.
        """
        place = ZoneInfo(zone)
        begin, end = (time_of_day.fromisoformat(each) for each in (self.from_, self.to))
        over_midnight = timedelta(days=1 if end < begin else 0)
        today = now.astimezone(place).date()
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            since = to_utc(datetime.combine(day, begin), place)
            until = to_utc(datetime.combine(day + over_midnight, end), place)
            if since <= now < until:
                return until
        return None
