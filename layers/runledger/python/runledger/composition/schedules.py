"""Puts the services of `services/schedules/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.triggers import TriggersRoom
from runledger.settings import ScheduleSettings

if TYPE_CHECKING:
    from runledger.services.schedules.date_fires import DateFires
    from runledger.services.schedules.missed_fires import MissedFires
    from runledger.services.schedules.schedules import Schedules


class SchedulesRoom(TriggersRoom):
    @cached_property
    def schedules(self) -> "Schedules":
        from runledger.services.schedules.schedules import Schedules, ScheduleTarget

        settings = self.settings(ScheduleSettings)
        target = ScheduleTarget(
            group=settings.schedule_group,
            fan_out_arn=settings.fan_out_arn,
            role_arn=settings.schedule_role_arn,
            lost_events_arn=settings.lost_events_arn,
        )
        return Schedules(self.stores.schedules, self.client("scheduler"), target, self.clock)

    @cached_property
    def date_fires(self) -> "DateFires":
        from runledger.services.schedules.date_fires import DateFires
        from runledger.services.schedules.due_contacts import DueContacts

        of = self.stores
        return DateFires(
            self.table,
            of.automations,
            of.schedules,
            of.fires,
            DueContacts(self.table, of.contacts),
            self.opener,
            self.refusals,
            of.workspaces,
            self.clock,
        )

    @cached_property
    def missed_fires(self) -> "MissedFires":
        from runledger.services.schedules.missed_fires import MissedFires

        of = self.stores
        return MissedFires(
            self.table,
            of.automations,
            self.schedules,
            of.fires,
            of.workspaces,
            self.effect_client("stepfunctions"),
            self.settings(ScheduleSettings).fan_out_arn,
            self.clock,
        )
