"""WAIT: the pause in an automation."""

from datetime import timedelta
from typing import Any, ClassVar

from pydantic import Field, model_validator

from runledger.errors import NodeError
from runledger.models.base import Config
from runledger.models.run import StepStatus
from runledger.nodes.base import RESULT_PATH, NodeResult, NodeType, Placement, Visit
from runledger.nodes.fields import Operand, TimeOfDay, TimeZone, operand_source
from runledger.nodes.inputs import Place, Record
from runledger.nodes.moments import (
    from_milliseconds,
    next_time_of_day,
    to_iso,
    to_milliseconds,
)
from runledger.nodes.written_dates import moment_of, not_a_date
from runledger.templating import evaluate

# A year's Standard execution, less a day for everything else in it.
MAX_MINUTES = 364 * 24 * 60
# The next time of day is at most a day away, plus the hours by which clocks change.
_TIME_OF_DAY_SECONDS = 28 * 60 * 60


class Until(Config):
    """A moment: that of a date field, or the next time of day."""

    field: Operand | None = Field(
        default=None,
        description="A date or date-time, or seconds or milliseconds since 1970: a path like "
        "trigger.dueOn, or Liquid.",
    )
    max_days: int | None = Field(
        default=None,
        ge=1,
        le=364,
        description="The farthest the date may lie ahead, in days; 30 unless set.",
    )
    time_of_day: TimeOfDay | None = Field(default=None, description="The next HH:MM.")

    @model_validator(mode="after")
    def _one_mode(self) -> "Until":
        if (self.field is None) == (self.time_of_day is None):
            raise ValueError("give either `field` or `timeOfDay`")
        if self.time_of_day is not None and self.max_days is not None:
            raise ValueError("`maxDays` goes with `field` only")
        return self

    @property
    def days(self) -> int:
        return 30 if self.max_days is None else self.max_days


class WaitConfig(Config):
    """How long, or until when."""

    delay_minutes: int | None = Field(
        default=None, ge=1, le=MAX_MINUTES, description="Minutes to wait."
    )
    until: Until | None = Field(default=None, description="The moment to wait for.")
    time_zone: TimeZone = Field(
        default="UTC", description="The IANA zone of a date or time of day, e.g. Europe/Berlin."
    )

    @model_validator(mode="after")
    def _one_mode(self) -> "WaitConfig":
        if (self.delay_minutes is None) == (self.until is None):
            raise ValueError("give either `delayMinutes` or `until`")
        return self


class WaitNode(NodeType[WaitConfig]):
    """Pauses the run: for some minutes, until the moment of a date field, or until the next time
    of day in a time zone. A date without a time means the start of that day. A moment that has
    passed means no wait. Where clocks go forward and skip the time, the run goes on at the first
    instant after the gap; where they go back and show it twice, at the earlier one."""

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
        return _TIME_OF_DAY_SECONDS

    def is_express_safe(self, config: WaitConfig) -> bool:
        return False

    def places(self, config: WaitConfig) -> list[tuple[Place, str]]:
        if config.until is None or config.until.field is None:
            return []
        return [(("until", "field"), operand_source(config.until.field))]

    def told(self, config: WaitConfig, record: Record) -> dict[Place, Any]:
        """The evidence has the date that was read, beside the moment that it came to."""
        evidence = record.evidence or {}
        return {("until", "field"): evidence["value"]} if "value" in evidence else {}

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
            evidence: dict[str, Any] = {"delayMinutes": config.delay_minutes}
        elif config.until is not None and config.until.time_of_day is not None:
            moment = next_time_of_day(now, config.until.time_of_day, config.time_zone)
            evidence = {"timeOfDay": config.until.time_of_day, "timeZone": config.time_zone}
        else:
            moment, evidence = _field_moment(config, visit)
        evidence["until"] = to_iso(moment)
        evidence["passed"] = moment <= now
        return NodeResult(
            status=StepStatus.WAITING,
            wait_until=max(visit.now, to_milliseconds(moment)),
            evidence=evidence,
        )


def _field_moment(config: WaitConfig, visit: Visit) -> tuple[Any, dict[str, Any]]:
    until = config.until
    if until is None or until.field is None:
        raise ValueError("a wait without a mode cannot be built")
    value = evaluate(operand_source(until.field), visit.scope)
    moment = moment_of(value, config.time_zone)
    if moment is None:
        raise NodeError("INVALID_DATE", f"`{until.field}`: {not_a_date(value)}")
    if moment > from_milliseconds(visit.now) + timedelta(days=until.days):
        raise NodeError(
            "WAIT_TOO_LONG",
            f"`{until.field}` is {to_iso(moment)}, more than {until.days} days ahead",
        )
    return moment, {"field": until.field, "value": value, "timeZone": config.time_zone}
