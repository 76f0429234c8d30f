"""Fires a date automation for a day: one fire, which opens a run for each due contact, page by
page.

One transaction begins a fire and moves its schedule to the next day. Each page opens its runs first
and then stores its cursor, so if a page is repeated, it finds the runs that it opened the first
time.
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr

from runledger.clock import MINUTE, Clock, from_iso, iso
from runledger.errors import (
    ConditionFailedError,
    InvalidInputError,
    ReentryBlockedError,
    TransientError,
    UnreadableError,
)
from runledger.models.automation import AutomationStatus
from runledger.models.event import Event
from runledger.models.refusal import RefusalReason
from runledger.models.run import TriggerType
from runledger.models.schedule import Fire, FireStatus
from runledger.nodes.date_rules import anchor_of
from runledger.nodes.dates import local_date, moment_of_day, shifted
from runledger.nodes.trigger import ContactMetadataDate, DateTrigger
from runledger.nodes.written_dates import not_a_date
from runledger.observability import logger
from runledger.services.schedules.due_contacts import CREATED_FIELD, DueContact, DuePage, Unreadable
from runledger.services.schedules.fire_contract import (
    FireEvent,
    FireInput,
    FireOperation,
    FirePlace,
)
from runledger.services.schedules.fire_rules import (
    event_key,
    key_of,
    rule_of,
    rule_trigger,
    unreadable_key,
)
from runledger.services.schedules.schedules import GRACE, scheduled_trigger
from runledger.services.triggers.open_run import RunRequest, keyed_run_id
from runledger.services.triggers.refusals import RefusedEvent
from runledger.store import keys
from runledger.store.table import Check, Write

if TYPE_CHECKING:
    from datetime import date

    from runledger.models.automation import Automation
    from runledger.models.schedule import Schedule
    from runledger.services.schedules.due_contacts import DueContacts
    from runledger.services.triggers.open_run import RunOpener
    from runledger.services.triggers.refusals import Refusals
    from runledger.store.automations import AutomationStore
    from runledger.store.fires import FireStore
    from runledger.store.schedules import ScheduleStore
    from runledger.store.table import Table
    from runledger.store.workspaces import WorkspaceStore

# Contacts that one page looks at.
PAGE_CONTACTS = 100
# Pages of one execution. Its history holds 25,000 events; a page makes seven, its retries more.
EXECUTION_PAGES = 1_000
# After this long without progress, a fire has lost its execution.
STALL = 5 * MINUTE
# Scheduler's clock may be ahead of ours.
_EARLY = MINUTE
# A try is lost only if another process changed the automation or its schedule.
_BEGIN_TRIES = 4
# How many earlier fires to check for one that looked at all contacts.
_EARLIER_FIRES = 10


class Opening(Enum):
    """What a page of a fire did for a due contact.

    - OPENED: it opened the contact's run.
    - KNOWN: an earlier page, or an earlier fire, had opened the run.
    - REFUSED: the re-entry rule allows no run.
    """

    OPENED = auto()
    KNOWN = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class DateFires:
    table: "Table"
    automations: "AutomationStore"
    schedules: "ScheduleStore"
    fires: "FireStore"
    due: "DueContacts"
    opener: "RunOpener"
    refusals: "Refusals"
    workspaces: "WorkspaceStore"
    clock: Clock

    def handle(self, event: FireEvent) -> FirePlace:
        """Begins a fire, or does one page. Raises InvalidInputError if the event is neither."""
        if event.operation is FireOperation.BEGIN and event.input is not None:
            return self.begin(event.input)
        if event.operation is FireOperation.PAGE and event.fire is not None:
            return self.page(event.fire)
        raise InvalidInputError(
            f"the event lacks the part that {event.operation} needs: `input` for BEGIN, "
            "`fire` for PAGE"
        )

    def begin(self, given: FireInput) -> FirePlace:
        """Writes the fire, unless it exists. An event for a day that is not expected does
        nothing."""
        if given.version is not None:
            return _place(given, given.day, given.version, goes_on=True)
        for _ in range(_BEGIN_TRIES):
            try:
                return self._begin(given)
            except ConditionFailedError:
                continue
        raise TransientError("the automation kept changing; try again")

    def _begin(self, given: FireInput) -> FirePlace:
        automation = self.automations.get(given.workspace_id, given.automation_id)
        trigger = scheduled_trigger(automation)
        moment = from_iso(given.scheduled_time) if given.scheduled_time else self.clock()
        if trigger is None or automation.active is None:
            self._refuse(automation, given.day or local_date(moment, "UTC"))
            return _place(given, None, None, goes_on=False)
        day = given.day or local_date(moment, trigger.time_zone)
        schedule = self.schedules.get(automation.id)
        if day is None or schedule is None:
            return self._unexpected(given, "the automation has no schedule")
        version = automation.active.version
        stored = self.fires.get(automation.id, day, version)
        if stored is not None:
            if schedule.is_enabled and schedule.next_day == day:
                self.table.transact([self._advance(schedule)])
            is_running = stored.status is FireStatus.RUNNING
            return _place(given, day, version, goes_on=is_running)
        now = self.clock()
        scheduled_for = moment_of_day(day, trigger.time_of_day, trigger.time_zone)
        if not schedule.is_enabled or day < schedule.next_day or scheduled_for > now + _EARLY:
            return self._unexpected(given, f"the next fire is on {schedule.next_day}")
        retention = self.workspaces.cached(automation.workspace_id).retention
        fire = Fire(
            workspace_id=automation.workspace_id,
            automation_id=automation.id,
            version=version,
            day=day,
            anchor=anchor_of(day, trigger.offset_days),
            rule=rule_of(trigger),
            scheduled_for=scheduled_for,
            fired_at=now,
            by=given.by,
            missed=given.missed,
            status=FireStatus.RUNNING,
            looks_at_all=self._looks_at_all(automation.id, trigger),
            expires_at=now + retention,
        )
        is_active = Attr("status").eq(AutomationStatus.ACTIVE.value)
        is_same_version = Attr("active.version").eq(version)
        key = keys.automation(automation.workspace_id, automation.id)
        writes: list[Write] = [
            self.fires.first(fire, now + STALL),
            Check(key, is_active & is_same_version),
        ]
        if schedule.next_day == day:
            # If an earlier day is missing, the tick first fires that, and reaches this one later.
            writes.append(self._advance(schedule))
        source = trigger.source
        if fire.looks_at_all and isinstance(source, ContactMetadataDate):
            # Contacts written from now on are listed by this key; this fire looks through the
            # others.
            writes.append(self.due.contacts.index_date_field(automation.workspace_id, source.key))
        self.table.transact(writes)
        return _place(given, day, version, goes_on=True)

    def _looks_at_all(self, automation_id: str, trigger: DateTrigger) -> bool:
        """Whether the fire must search all contacts. This is needed only for a date in the
        contacts' metadata, until one fire for the same metadata key has searched them all."""
        if not isinstance(trigger.source, ContactMetadataDate):
            return False
        earlier, _ = self.fires.newest(automation_id, _EARLIER_FIRES, None)
        return not any(
            fire.status is FireStatus.COMPLETED
            and fire.looks_at_all is not None
            and rule_trigger(fire.rule).source == trigger.source
            for fire in earlier
        )

    def page(self, place: FirePlace) -> FirePlace:
        """Opens a run for each due contact of the next page."""
        over = place.changed(goes_on=False)
        if place.day is None or place.version is None:
            return over
        fire = self.fires.get(place.automation_id, place.day, place.version)
        if fire is None or fire.status is not FireStatus.RUNNING:
            return over
        automation = self.automations.get(place.workspace_id, place.automation_id)
        trigger = scheduled_trigger(automation)
        reason = self._why_stop(fire, automation, trigger)
        now = self.clock()
        if reason is not None or trigger is None:
            opened, refused = self._done_ahead(automation, fire)
            stopped = fire.changed(
                status=FireStatus.STOPPED,
                reason=reason,
                finished_at=now,
                opened=fire.opened + opened,
                refused=fire.refused + refused,
            )
            self._move_on(fire, stopped, None)
            return over
        found = self._due(fire, trigger)
        openings = Counter(self._open(automation, trigger, fire, each) for each in found.due)
        for unread in found.unreadable:
            self._refuse_unreadable(automation, trigger, unread)
        now = self.clock()
        after = fire.changed(
            cursor=found.cursor,
            moved_at=now,
            pages=fire.pages + 1,
            opened=fire.opened + openings[Opening.OPENED],
            refused=fire.refused + openings[Opening.REFUSED] + len(found.unreadable),
        )
        pages = place.pages + 1
        if found.cursor is None:
            completed = after.changed(status=FireStatus.COMPLETED, finished_at=now)
            self._move_on(fire, completed, None)
            return over.changed(pages=pages)
        is_full = pages >= EXECUTION_PAGES
        # After its last page, an execution leaves the rest to the next one, which the tick starts
        # at once.
        self._move_on(fire, after, now if is_full else now + STALL)
        return place.changed(pages=pages, goes_on=not is_full)

    def _due(self, fire: Fire, trigger: DateTrigger) -> DuePage:
        if fire.anchor is None:
            return DuePage([], None)
        return self.due.page(
            fire.workspace_id,
            trigger,
            fire.anchor,
            limit=PAGE_CONTACTS,
            after=fire.cursor,
            looks_at_all=bool(fire.looks_at_all),
        )

    def _open(
        self, automation: "Automation", trigger: DateTrigger, fire: Fire, due: DueContact
    ) -> Opening:
        """Opens the run for this contact and day, unless an earlier call did. A run that
        exists counts as opened if it was created since this page began, because an earlier try of
        the page may have opened it. An older run is not counted again: its contact was already on
        an earlier page, and is on this one too because its date was changed in between."""
        assert fire.anchor is not None
        source = trigger.source
        facts: dict[str, Any] = {
            "field": source.key if isinstance(source, ContactMetadataDate) else CREATED_FIELD,
            "date": due.written,
            "occursOn": fire.anchor.isoformat(),
            "offsetDays": trigger.offset_days,
        }
        try:
            opened = self.opener.open(
                automation,
                due.contact,
                RunRequest(
                    Event(
                        trigger_type=TriggerType.DATE,
                        details={
                            **facts,
                            "source": source.kind,
                            "repeat": trigger.repeat.value,
                            "scheduledFor": iso(fire.scheduled_for),
                            "by": fire.by.value,
                        },
                        body={**facts, "contactId": due.contact.id},
                    ),
                    dedupe_key=event_key(fire, due),
                    source=fire.by.value.lower(),
                    may_repeat=True,
                ),
            )
        except ReentryBlockedError:
            return Opening.REFUSED
        except UnreadableError:
            # The run of an earlier call is damaged. It must not keep the others from being opened.
            logger.warning("the run is damaged", extra={"automationId": automation.id})
            return Opening.OPENED
        is_of_this_page = not opened.is_duplicate or opened.run.created_at >= fire.page_since
        return Opening.OPENED if is_of_this_page else Opening.KNOWN

    def _done_ahead(self, automation: "Automation", fire: Fire) -> tuple[int, int]:
        """Returns how many contacts of the page after the fire's cursor already have their run, and
        how many have a new refusal. The process that did this may have died, or may still be at
        work."""
        trigger = rule_trigger(fire.rule)
        found = self._due(fire, trigger)
        event_keys = [event_key(fire, each) for each in found.due]
        ids = [keyed_run_id(fire.workspace_id, fire.automation_id, key) for key in event_keys]
        runs = self.opener.runs.get_many(ids, consistent=True).values()
        refusals = self.refusals.recorded(
            automation,
            [
                *((RefusalReason.REENTRY_BLOCKED, key) for key in event_keys),
                *(
                    (RefusalReason.INVALID_PAYLOAD, unreadable_key(trigger, each))
                    for each in found.unreadable
                ),
            ],
        )
        opened = sum(run.created_at >= fire.page_since for run in runs)
        refused = sum(refusal.created_at >= fire.page_since for refusal in refusals)
        return opened, refused

    def _why_stop(
        self, fire: Fire, automation: "Automation", trigger: DateTrigger | None
    ) -> str | None:
        if automation.status is not AutomationStatus.ACTIVE:
            return f"the automation is {automation.status}"
        if trigger is None or rule_of(trigger) != fire.rule:
            assert automation.active is not None
            return f"the active version {automation.active.version} has another trigger"
        schedule = self.schedules.get(fire.automation_id)
        if schedule is None or schedule.enabled_at > fire.fired_at:
            return "the automation was stopped in the meantime"
        return None

    def _move_on(self, before: Fire, after: Fire, due_at: int | None) -> None:
        try:
            self.fires.move_on(before, after, due_at)
        except ConditionFailedError:
            # Another execution did and counts this page too, or stopped the fire meanwhile.
            logger.info("page was already done", extra={"page": after.pages})
            self.fires.count_late(before, after)

    def _advance(self, schedule: "Schedule") -> Write:
        return advance(self.schedules, schedule, self.clock())

    def _unexpected(self, given: FireInput, reason: str) -> FirePlace:
        logger.warning(
            "unexpected fire of a schedule",
            extra={"automationId": given.automation_id, "reason": reason},
        )
        return _place(given, None, None, goes_on=False)

    def _refuse_unreadable(
        self, automation: "Automation", trigger: DateTrigger, found: Unreadable
    ) -> None:
        """Records one refusal for each unreadable value, even if the value stays for many days."""
        refused = RefusedEvent(
            trigger_type=TriggerType.DATE,
            reason=RefusalReason.INVALID_PAYLOAD,
            message=f"metadata.{key_of(trigger)} of the contact: {not_a_date(found.value)}",
            contact_id=found.contact.id,
            event_key=unreadable_key(trigger, found),
        )
        self.refusals.record(automation, refused)

    def _refuse(self, automation: "Automation", day: "date | None") -> None:
        what = "has no date trigger"
        if automation.status is not AutomationStatus.ACTIVE:
            what = f"is {automation.status}"
        refused = RefusedEvent(
            trigger_type=TriggerType.DATE,
            reason=RefusalReason.INACTIVE,
            message=f"the automation {what}, so its schedule for {day} opens no runs",
            event_key=f"fire:{day}",
        )
        self.refusals.record(automation, refused)


def advance(store: "ScheduleStore", schedule: "Schedule", now: int) -> Write:
    """Returns the write that moves the schedule's next day forward by one day."""
    day = shifted(schedule.next_day, 1)
    assert day is not None
    fire_at = moment_of_day(day, schedule.time_of_day, schedule.time_zone)
    # A schedule that Scheduler does not know yet stays due.
    return store.advance(schedule, day, fire_at, fire_at + GRACE if schedule.is_synced else now)


def _place(
    given: FireInput, day: "date | None", version: int | None, *, goes_on: bool
) -> FirePlace:
    return FirePlace(
        workspace_id=given.workspace_id,
        automation_id=given.automation_id,
        day=day,
        version=version,
        pages=0,
        goes_on=goes_on,
    )
