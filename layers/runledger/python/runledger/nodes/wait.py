"""WAIT: pauses a run."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, ClassVar

from pydantic import Field, model_validator

from runledger.errors import NodeError
from runledger.models.base import Config
from runledger.models.contact import Contact
from runledger.models.records import WaitEvidence, WaitMode
from runledger.models.run import StepStatus
from runledger.nodes.base import RESULT_PATH, NodeResult, NodeType, Placement, Visit
from runledger.nodes.claiming import Claiming
from runledger.nodes.fields import Operand, TimeOfDay, TimeZone, operand_source
from runledger.nodes.inputs import Place, Record
from runledger.nodes.timezones import (
    from_milliseconds,
    next_time_of_day,
    next_weekday_time,
    time_of_day_in,
    to_iso,
    to_milliseconds,
)
from runledger.nodes.written_dates import moment_of, not_a_date
from runledger.templating import evaluate
from runledger.timezone_names import zone_named

# The year of a Standard execution, less one day for everything else in it.
MAX_MINUTES = 364 * 24 * 60
# The most hours that clocks may change meanwhile.
_CLOCK_CHANGES = 4


class Day(StrEnum):
    """Which day a time of day refers to, in the calendar of the time zone."""

    NEXT = "NEXT"
    TODAY = "TODAY"
    TOMORROW = "TOMORROW"
    NEXT_WEEKDAY = "NEXT_WEEKDAY"

    @property
    def hours(self) -> int:
        """The most hours that a wait for a time on this day can take, including changes of the
        clocks."""
        return {Day.TOMORROW: 48, Day.NEXT_WEEKDAY: 72}.get(self, 24) + _CLOCK_CHANGES


class Until(Config):
    """The moment until which to wait: the date in a field, or a time of day when it
    comes next."""

    field: Operand | None = Field(
        default=None,
        description="The date to wait for: a path like trigger.dueOn, or Liquid. Its value is a "
        "date, a date-time, or seconds or milliseconds since 1970.",
    )
    max_days: int | None = Field(
        default=None,
        ge=1,
        le=364,
        description="How many days the date may be in the future at most; 30 if left out.",
    )
    time_of_day: TimeOfDay | None = Field(default=None, description="HH:MM.")
    day: Day | None = Field(
        default=None,
        description="The day of `timeOfDay`. NEXT (the default): today, or tomorrow if the time "
        "has passed. TODAY: today; if the time has passed, no wait. TOMORROW: tomorrow. "
        "NEXT_WEEKDAY: as NEXT, but not on a Saturday or Sunday.",
    )

    @model_validator(mode="after")
    def _one_mode(self) -> "Until":
        if (self.field is None) == (self.time_of_day is None):
            raise ValueError("set exactly one of `field` and `timeOfDay`")
        if self.time_of_day is not None and self.max_days is not None:
            raise ValueError("`maxDays` is allowed only with `field`; leave it out")
        if self.day is not None and self.time_of_day is None:
            raise ValueError("`day` is allowed only with `timeOfDay`; leave it out")
        return self

    @property
    def days(self) -> int:
        return 30 if self.max_days is None else self.max_days


class WaitConfig(Config):
    """How long to wait, or until when."""

    delay_minutes: int | None = Field(
        default=None, ge=1, le=MAX_MINUTES, description="Minutes to wait."
    )
    until: Until | None = Field(default=None, description="When the wait ends.")
    time_zone: TimeZone = Field(
        default="UTC", description="The IANA zone of a date or time of day, e.g. Europe/Berlin."
    )
    contact_time_zone: bool = Field(
        default=False,
        description="true: use the contact's own zone (`timeZone` in its metadata) if it has one.",
    )

    @model_validator(mode="after")
    def _one_mode(self) -> "WaitConfig":
        if (self.delay_minutes is None) == (self.until is None):
            raise ValueError("set exactly one of `delayMinutes` and `until`")
        return self

    def zone_for(self, contact: Contact | None) -> tuple[str, str]:
        """Returns the time zone for this contact, and where it comes from: CONTACT or CONFIG."""
        if self.contact_time_zone and contact is not None:
            own = zone_named(contact.metadata.get("timeZone"))
            if own is not None:
                return own.key, "CONTACT"
        return self.time_zone, "CONFIG"


class WaitNode(NodeType[WaitConfig]):
    """Pauses the run for some minutes, until the moment in a date field, or until a time of day.
    For a time of day, `day` says when the wait ends. By default that is today, or tomorrow if the
    time has already passed. It can also be today in any case, tomorrow in any case, or the next
    day from Monday to Friday. The time zone is the given one, or the contact's own.

    A date without a time means the start of that day. If the moment has passed, the run does not
    wait. If clocks go forward and skip the time, the run continues at the first instant after the
    gap. If clocks go back and show the time twice, the run continues at the first of the two."""

    name = "WAIT"
    title = "Wait"
    icon = "clock"
    example: ClassVar[dict[str, Any]] = {
        "until": {"timeOfDay": "09:00"},
        "timeZone": "Europe/Berlin",
    }
    config_model = WaitConfig

    def wait_seconds(self, config: WaitConfig) -> int:
        if config.delay_minutes is not None:
            return config.delay_minutes * 60
        if config.until is not None and config.until.field is not None:
            return config.until.days * 24 * 60 * 60
        day = config.until.day if config.until is not None else None
        return (day or Day.NEXT).hours * 60 * 60

    def is_express_safe(self, config: WaitConfig) -> bool:
        return False

    def places(self, config: WaitConfig) -> list[tuple[Place, str]]:
        if config.until is None or config.until.field is None:
            return []
        return [(("until", "field"), operand_source(config.until.field))]

    def claiming(self, config: WaitConfig) -> Claiming:
        # The claim shows until when the run waits.
        return Claiming.FIRST

    def reads_contact(self, config: WaitConfig) -> bool:
        # A time zone may come from the contact's metadata.
        return config.delay_minutes is None

    def recorded_values(self, config: WaitConfig, record: Record) -> dict[Place, Any]:
        """Returns the date that was read from a field, because the evidence contains it. Returns
        nothing for other waits."""
        evidence = record.evidence
        if evidence is None or "value" not in evidence:
            return {}
        return {("until", "field"): evidence["value"]}

    def states(self, config: WaitConfig, placement: Placement) -> dict[str, dict[str, Any]]:
        wait = f"{placement.node_id} wait"
        return {
            placement.node_id: {**placement.task, "ResultPath": RESULT_PATH, "Next": wait},
            wait: {
                "Type": "Wait",
                "TimestampPath": f"{RESULT_PATH}.waitUntil",
                "Next": placement.exits[None],
            },
        }

    def run(self, config: WaitConfig, visit: Visit) -> NodeResult:
        now = from_milliseconds(visit.now)
        if config.delay_minutes is not None:
            moment = now + timedelta(minutes=config.delay_minutes)
            mode: WaitMode = {"delayMinutes": config.delay_minutes}
        elif config.until is not None and config.until.time_of_day is not None:
            zone, zone_from = config.zone_for(visit.contact)
            day = config.until.day or Day.NEXT
            moment = _TIMES_OF_DAY[day](now, config.until.time_of_day, zone)
            mode = {
                "timeOfDay": config.until.time_of_day,
                "day": day.value,
                "timeZone": zone,
                "timeZoneFrom": zone_from,
            }
        else:
            moment, mode = _field_moment(config, visit)
        evidence: WaitEvidence = {**mode, "until": to_iso(moment), "passed": moment <= now}
        return NodeResult(
            status=StepStatus.WAITING,
            wait_until=max(visit.now, to_milliseconds(moment)),
            evidence=evidence,
        )


def _field_moment(config: WaitConfig, visit: Visit) -> tuple[datetime, WaitMode]:
    until = config.until
    if until is None or until.field is None:
        raise ValueError("the config of WAIT has neither `delayMinutes` nor `until`")
    value = evaluate(operand_source(until.field), visit.scope)
    zone, zone_from = config.zone_for(visit.contact)
    moment = moment_of(value, zone)
    if moment is None:
        raise NodeError("INVALID_DATE", f"`{until.field}`: {not_a_date(value)}")
    if moment > from_milliseconds(visit.now) + timedelta(days=until.days):
        raise NodeError(
            "WAIT_TOO_LONG",
            f"`{until.field}` is {to_iso(moment)}, more than {until.days} days (`maxDays`) ahead",
        )
    return moment, {
        "field": until.field,
        "value": value,
        "timeZone": zone,
        "timeZoneFrom": zone_from,
    }


_TIMES_OF_DAY: dict[Day, Callable[[datetime, str, str], datetime]] = {
    Day.NEXT: next_time_of_day,
    Day.TODAY: partial(time_of_day_in, days=0),
    Day.TOMORROW: partial(time_of_day_in, days=1),
    Day.NEXT_WEEKDAY: next_weekday_time,
}
