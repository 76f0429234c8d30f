"""Schedules and fires of date automations as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.automations import FireView, ScheduleView
from runledger.clock import iso, optional_iso

if TYPE_CHECKING:
    from runledger.models.schedule import Fire, Schedule


def schedule_view(schedule: "Schedule", last: "Fire | None") -> ScheduleView:
    return ScheduleView(
        expression=schedule.expression,
        time_zone=schedule.time_zone,
        next_fire_at=iso(schedule.next_fire_at),
        last_fire=fire_view(last) if last else None,
    )


def fire_view(fire: "Fire") -> FireView:
    return FireView(
        day=fire.day.isoformat(),
        version=fire.version,
        occurs_on=fire.anchor.isoformat() if fire.anchor else None,
        scheduled_for=iso(fire.scheduled_for),
        fired_at=iso(fire.fired_at),
        by=fire.by,
        missed=fire.missed,
        status=fire.status,
        reason=fire.reason,
        opened=fire.opened,
        refused=fire.refused,
        finished_at=optional_iso(fire.finished_at),
    )
