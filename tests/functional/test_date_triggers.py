"""Date automations: their schedules, their fires, and the handling of missed fires."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from runledger.clock import DAY, HOUR, MINUTE, from_iso, iso
from runledger.errors import (
    InvalidInputError,
    NotFoundError,
    RunledgerError,
    TransientError,
)
from runledger.models.automation import AutomationDocument, AutomationStatus
from runledger.models.contact import ContactDocument
from runledger.models.run import RunStatus, TriggerType
from runledger.models.schedule import Fire, FireSource, FireStatus, MissedReason
from runledger.services.schedules import date_fires
from runledger.services.schedules.fire_contract import (
    FireEvent,
    FireInput,
    FireOperation,
    FirePlace,
)
from runledger.store import keys
from runledger.store.fires import FireStore
from runledger.store.table import Change

from tests.support.api_calls import wrap_calls
from tests.support.engine import Engine, EngineOpener
from tests.support.environment import FAN_OUT, SCHEDULE_GROUP
from tests.support.lists import request

BY = "ada@example.com"
# A day before the first fire, in Berlin's winter time.
START = from_iso("2026-01-15T12:00:00Z")
FIRST = "2026-01-16T08:00:00Z"


class Dates:
    """An engine with a fan-out machine, whose executions the test walks itself."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.clock.now = START
        engine.stepfunctions.create_state_machine(
            name=FAN_OUT.rpartition(":")[2],
            definition='{"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}',
            roleArn="arn:aws:iam::123456789012:role/machine",
        )
        self.walked: set[str] = set()

    def document(self, *, trigger: dict[str, Any] | None = None, **config: Any) -> Any:
        birthday = {
            "triggerType": "DATE",
            "source": {"kind": "CONTACT_METADATA", "key": "birthday"},
            "timeOfDay": "09:00",
            "timeZone": "Europe/Berlin",
            "repeat": "YEARLY",
            **config,
        }
        return AutomationDocument.model_validate(
            {
                "name": "Birthday",
                "nodes": [
                    {"id": "start", "type": "TRIGGER", "config": trigger or birthday},
                    {"id": "done", "type": "END", "config": {}},
                ],
                "edges": [{"source": "start", "target": "done"}],
            }
        )

    def activate(self, reentry: str = "ALWAYS", **config: Any) -> str:
        document = self.document(**config).changed(reentry=reentry)
        made = self.engine.automations.create(self.engine.workspace_id, document, BY)
        self.engine.activations.activate(self.engine.workspace_id, made.id, BY)
        return made.id

    def activate_with_contacts(self, count: int) -> str:
        """Creates an active automation, and this many contacts who have their birthday on the day
        of its first fire."""
        automation_id = self.activate()
        for _ in range(count):
            self.contact()
        return automation_id

    def change(self, automation_id: str, **config: Any) -> None:
        workspace_id = self.engine.workspace_id
        self.engine.automations.update(workspace_id, automation_id, self.document(**config), BY)
        self.engine.activations.activate(workspace_id, automation_id, BY)

    def pause(self, automation_id: str) -> None:
        status = AutomationStatus.PAUSED
        self.engine.stopping.stop(self.engine.workspace_id, automation_id, status, BY)

    def resume(self, automation_id: str) -> None:
        self.engine.activations.activate(self.engine.workspace_id, automation_id, BY)

    def contact(self, birthday: str | None = "1990-01-16") -> str:
        metadata = {} if birthday is None else {"birthday": birthday}
        document = ContactDocument(metadata=metadata)
        return self.engine.contacts.create(self.engine.workspace_id, document).id

    def at(self, moment: str) -> None:
        self.engine.clock.now = from_iso(moment)

    def fire_input(self, automation_id: str, moment: str = FIRST) -> FireInput:
        """Returns the input that Scheduler passes to the machine."""
        return FireInput(
            workspace_id=self.engine.workspace_id,
            automation_id=automation_id,
            scheduled_time=moment,
        )

    def begin(self, automation_id: str, moment: str = FIRST) -> FirePlace:
        self.engine.clock.now = max(self.engine.clock.now, from_iso(moment))
        return self.call(
            FireEvent(operation=FireOperation.BEGIN, input=self.fire_input(automation_id, moment))
        )

    def page(self, place: FirePlace) -> FirePlace:
        return self.call(FireEvent(operation=FireOperation.PAGE, fire=place))

    def call(self, event: FireEvent) -> FirePlace:
        """Invokes the function through JSON, like Lambda does."""
        again = FireEvent.model_validate(json.loads(event.model_dump_json(exclude_none=True)))
        place = self.engine.date_fires.handle(again)
        return FirePlace.model_validate(json.loads(place.model_dump_json()))

    def walk(self, place: FirePlace) -> FirePlace:
        while place.goes_on:
            place = self.page(place)
        return place

    def fire(self, automation_id: str, moment: str = FIRST) -> Fire | None:
        """Runs a whole fire of the schedule."""
        return self.stored(automation_id, self.walk(self.begin(automation_id, moment)))

    def stored(self, automation_id: str, place: FirePlace) -> Fire | None:
        if place.day is None or place.version is None:
            return None
        return self.engine.stores.fires.get(automation_id, place.day, place.version)

    def tick(self, minutes: int = 1) -> None:
        """Lets the minutes pass one by one. In each minute, plays a tick, then walks each new
        execution until the execution ends."""
        for _ in range(minutes):
            self.engine.clock.advance(MINUTE)
            self.engine.due_work.settle_due(1_000)
            for fire_input in self.started():
                self.walk(self.call(FireEvent(operation=FireOperation.BEGIN, input=fire_input)))

    def started(self) -> list[FireInput]:
        """Returns the inputs of the executions that started since the last call."""
        states = self.engine.stepfunctions
        found = []
        for execution in states.list_executions(stateMachineArn=FAN_OUT)["executions"]:
            if execution["name"] not in self.walked:
                self.walked.add(execution["name"])
                description = states.describe_execution(executionArn=execution["executionArn"])
                found.append(FireInput.model_validate(json.loads(description["input"])))
        return found

    def fires(self, automation_id: str) -> list[Fire]:
        return self.engine.stores.fires.newest(automation_id, 100, None)[0]

    def runs(self, automation_id: str | None = None) -> dict[str, RunStatus]:
        """Returns the status of each run, of one automation or of all, by the run's contact. Fails
        if a contact has two runs."""
        rows = [row for row in self.rows("RUN") if automation_id in (None, row["automationId"])]
        by_contact = {row["contactId"]: RunStatus(row["status"]) for row in rows}
        assert len(by_contact) == len(rows)
        return by_contact

    def scheduled(self) -> dict[str, str]:
        """Returns the schedules that Scheduler holds: expression and zone by name."""
        client = self.engine.scheduler
        found = {}
        for each in client.list_schedules(GroupName=SCHEDULE_GROUP)["Schedules"]:
            got = client.get_schedule(Name=each["Name"], GroupName=SCHEDULE_GROUP)
            assert got["State"] == "ENABLED"
            expression = got["ScheduleExpression"]
            found[each["Name"]] = f"{expression} {got['ScheduleExpressionTimezone']}"
        return found

    def rows(self, sort: str) -> list[Any]:
        """Returns the rows with this sort key."""
        return [row for row in self.engine.rows() if row["sk"] == sort]

    def due(self) -> list[str]:
        """Returns the id of every row in the due index."""
        return sorted(row["dueKey"][14:] for row in self.engine.rows() if "gsi4pk" in row)


def existing(fire: Fire | None) -> Fire:
    assert fire is not None
    return fire


@pytest.fixture
def dates(engine: Engine) -> Dates:
    return Dates(engine)


@pytest.fixture
def two_contacts_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(date_fires, "PAGE_CONTACTS", 2)


class Outage:
    """Fails the AWS calls of a story one by one, each in a new engine. Every call fails before it
    takes effect; a write also fails after it has taken effect. Of equal reads in a row, only the
    first and the last fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, new_engine: EngineOpener) -> None:
        self._patch = monkeypatch
        self._new_engine = new_engine
        self.points = 0

    def each(
        self, prepare: Callable[[Dates], str]
    ) -> Iterator[tuple[Dates, str, Callable[[], None]]]:
        """Yields three values for each failure: a new engine in which this failure happens, the
        value that `prepare` returned for this engine, and a function that ends the failure. In the
        first engine no call fails, which shows the calls that there are."""
        calls: list[str] = []
        yield from self._try(prepare, calls, None)
        points = [(number, False) for number in _without_repeated_reads(calls)]
        points += [(number, True) for number, call in enumerate(calls) if not _reads(call)]
        for point in points:
            self.points += 1
            yield from self._try(prepare, [], point)

    def _try(
        self, prepare: Callable[[Dates], str], calls: list[str], point: tuple[int, bool] | None
    ) -> Iterator[tuple[Dates, str, Callable[[], None]]]:
        with self._new_engine(1) as engine, self._patch.context() as patched:
            dates = Dates(engine)
            made = prepare(dates)
            wrap_calls(patched, engine.table, self._failing(calls, point))
            yield dates, made, patched.undo

    def _failing(self, calls: list[str], point: tuple[int, bool] | None) -> Any:
        def call(operation: str, act: Callable[[], Any]) -> Any:
            number = len(calls)
            calls.append(operation)
            if point == (number, True):
                act()
                raise ConnectTimeoutError(endpoint_url="the answer was lost")
            if point == (number, False):
                error: Any = {"Error": {"Code": "AccessDenied", "Message": "refused by the test"}}
                raise ClientError(error, operation)
            return act()

        return call


def _reads(operation: str) -> bool:
    return operation.startswith(("Get", "BatchGet", "Query", "List", "Describe"))


def _without_repeated_reads(calls: list[str]) -> list[int]:
    """Returns the indexes of the calls. Of equal reads in a row, it includes only the first and the
    last."""
    around = zip(["", *calls[:-1]], calls, [*calls[1:], ""], strict=True)
    return [
        number
        for number, (before, call, after) in enumerate(around)
        if not (_reads(call) and before == call == after)
    ]


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch, new_engine: EngineOpener) -> Outage:
    return Outage(monkeypatch, new_engine)


# ── Schedules ───────────────────────────────────────────────────────────────────────────────────


def test_a_date_automation_has_a_schedule_while_it_is_active(dates: Dates) -> None:
    automation_id = dates.activate()
    assert dates.scheduled() == {automation_id: "cron(0 9 * * ? *) Europe/Berlin"}
    got = dates.engine.scheduler.get_schedule(Name=automation_id, GroupName=SCHEDULE_GROUP)
    assert got["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert got["Target"]["Arn"] == FAN_OUT
    assert got["Target"]["DeadLetterConfig"]["Arn"].endswith(":lost")
    assert json.loads(got["Target"]["Input"]) == {
        "workspaceId": dates.engine.workspace_id,
        "automationId": automation_id,
        "scheduledTime": "<aws.scheduler.scheduled-time>",
    }
    stored = dates.engine.stores.schedules.get(automation_id)
    assert stored is not None and stored.is_synced
    assert iso(stored.next_fire_at) == "2026-01-16T08:00:00.000Z"

    dates.change(automation_id, timeOfDay="17:05", timeZone="America/New_York")
    assert dates.scheduled() == {automation_id: "cron(5 17 * * ? *) America/New_York"}
    dates.pause(automation_id)
    assert dates.scheduled() == {}
    assert not [each for each in dates.due() if each.startswith("sch")]
    dates.resume(automation_id)
    assert dates.scheduled() == {automation_id: "cron(5 17 * * ? *) America/New_York"}
    stopping = dates.engine.stopping
    stopping.stop(dates.engine.workspace_id, automation_id, AutomationStatus.ARCHIVED, BY)
    assert dates.scheduled() == {}


def test_changing_the_trigger_type_deletes_the_schedule(dates: Dates) -> None:
    automation_id = dates.activate()
    dates.change(automation_id, trigger={"triggerType": "MANUAL"})
    assert dates.scheduled() == {}
    dates.change(automation_id)
    assert list(dates.scheduled()) == [automation_id]


def test_a_date_in_an_event_has_a_webhook_address_and_no_schedule(dates: Dates) -> None:
    automation_id = dates.activate(source={"kind": "WEBHOOK_PAYLOAD", "path": "at"}, repeat="NEVER")
    automation = dates.engine.stores.automations.get(dates.engine.workspace_id, automation_id)
    assert automation.webhook_token is not None
    assert dates.scheduled() == {}
    assert dates.engine.stores.schedules.get(automation_id) is None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", ["activate", "pause", "resume"])
@pytest.mark.sampled(2)
def test_the_schedule_is_correct_after_any_failed_call(outage: Outage, step: str) -> None:
    def prepare(dates: Dates) -> str:
        if step == "activate":
            document = dates.document()
            return dates.engine.automations.create(dates.engine.workspace_id, document, BY).id
        automation_id = dates.activate()
        if step == "resume":
            dates.pause(automation_id)
        return automation_id

    for dates, automation_id, mend in outage.each(prepare):
        with suppress(RunledgerError):
            (dates.pause if step == "pause" else dates.resume)(automation_id)
        mend()
        dates.tick()
        automation = dates.engine.stores.automations.get(dates.engine.workspace_id, automation_id)
        stored = dates.engine.stores.schedules.get(automation_id)
        wanted: dict[str, str] = {}
        if automation.status is AutomationStatus.ACTIVE and automation.active is not None:
            hour, minute = automation.active.trigger["timeOfDay"].split(":")
            cron = f"cron({int(minute)} {int(hour)} * * ? *)"
            wanted = {automation_id: f"{cron} Europe/Berlin"}
        assert dates.scheduled() == wanted
        assert stored is None or stored.is_synced
        assert stored is None or stored.is_enabled == bool(wanted)
    assert outage.points > 8
    print(f"{step}: {outage.points} points of failure")


def test_a_late_delete_recreates_the_schedule_of_a_resumed_automation(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation_id = dates.activate()
    schedules, real = dates.engine.schedules, dates.engine.scheduler.delete_schedule

    def resumed_meanwhile(**request: Any) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(dates.engine.scheduler, "delete_schedule", real)
            dates.resume(automation_id)
        return real(**request)

    with monkeypatch.context() as patched:
        patched.setattr(dates.engine.scheduler, "delete_schedule", resumed_meanwhile)
        dates.pause(automation_id)
    stored = schedules.store.get(automation_id)
    assert stored is not None and stored.is_synced and stored.is_enabled
    assert list(dates.scheduled()) == [automation_id]


def test_the_tick_retries_a_failing_scheduler_every_minute(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def refuse(**request: Any) -> Any:
        asked.append(request["Name"])
        error: Any = {"Error": {"Code": "ThrottlingException", "Message": "not now"}}
        raise ClientError(error, "CreateSchedule")

    with monkeypatch.context() as patched:
        patched.setattr(dates.engine.scheduler, "create_schedule", refuse)
        automation_id = dates.activate()
        dates.tick(3)
    assert len(asked) == 4
    dates.tick(2)
    assert list(dates.scheduled()) == [automation_id]


# ── Fires ───────────────────────────────────────────────────────────────────────────────────────


def test_a_fire_opens_runs_for_exactly_the_due_contacts(dates: Dates) -> None:
    automation_id = dates.activate()
    due = [dates.contact(), dates.contact("2001-01-16"), dates.contact("1975-01-15T23:30:00Z")]
    for other in ("1990-01-17", "1990-02-16", "2027-01-16", "soon", None):
        dates.contact(other)

    fire = existing(dates.fire(automation_id))

    assert dates.runs() == dict.fromkeys(due, RunStatus.PENDING)
    assert (fire.status, fire.by, fire.missed) == (
        FireStatus.COMPLETED,
        FireSource.SCHEDULE,
        None,
    )
    # One has a date that cannot be read, which is said.
    assert (fire.opened, fire.refused, fire.day) == (3, 1, date(2026, 1, 16))
    run_id = dates.engine.queries.runs(dates.engine.workspace_id, request(limit=50)).items[0].id
    payload = dates.engine.detail(run_id)["payload"]
    assert payload["date"] in ("1990-01-16", "2001-01-16", "1975-01-15T23:30:00Z")
    assert payload["occursOn"] == "2026-01-16"
    assert payload["field"] == "birthday"
    stored = dates.engine.stores.schedules.get(automation_id)
    assert stored is not None and stored.next_day == date(2026, 1, 17)
    assert not [each for each in dates.due() if each.startswith("fire")]


@pytest.mark.parametrize(("offset", "birthday"), [(-7, "1990-01-23"), (30, "1990-12-17")])
def test_an_offset_fires_before_or_after_the_date(dates: Dates, offset: int, birthday: str) -> None:
    automation_id = dates.activate(offsetDays=offset)
    contact_id = dates.contact(birthday)
    dates.contact("1990-01-16")
    dates.fire(automation_id)
    assert list(dates.runs()) == [contact_id]


def test_the_creation_date_of_a_contact_can_be_the_trigger(dates: Dates) -> None:
    dates.at("2025-01-16T10:00:00Z")
    contact_id = dates.contact(None)
    dates.at("2025-01-17T10:00:00Z")
    dates.contact(None)
    dates.engine.clock.now = START
    automation_id = dates.activate(source={"kind": "CONTACT_CREATED_AT"})
    dates.fire(automation_id)
    assert list(dates.runs()) == [contact_id]


def test_a_repeated_fire_opens_no_further_run(dates: Dates) -> None:
    automation_id = dates.activate()
    contacts = [dates.contact() for _ in range(3)]
    first = dates.fire(automation_id)
    again = dates.fire(automation_id)
    assert again == first
    assert sorted(dates.runs()) == sorted(contacts)
    # A contact that comes after the fire waits for the next.
    dates.contact()
    assert dates.fire(automation_id) == first


@pytest.mark.usefixtures("two_contacts_a_page")
def test_two_concurrent_walkers_open_each_run_once(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation_id = dates.activate()
    contacts = [dates.contact() for _ in range(7)]
    place = dates.begin(automation_id)
    real = date_fires.DateFires._move_on
    depth = 0

    def overtaken(self: Any, before: Fire, after: Fire, due_at: int | None) -> None:
        nonlocal depth
        depth += 1
        if depth == 1:
            # The other walker does the same page, from the same cursor, and is faster.
            dates.page(place)
        depth -= 1
        real(self, before, after, due_at)

    monkeypatch.setattr(date_fires.DateFires, "_move_on", overtaken)
    dates.walk(place)
    fire = existing(dates.stored(automation_id, place))
    assert (fire.status, fire.opened) == (FireStatus.COMPLETED, 7)
    assert sorted(dates.runs()) == sorted(contacts)


@pytest.mark.usefixtures("two_contacts_a_page")
def test_a_date_changed_during_the_fire_counts_as_it_is_now(dates: Dates) -> None:
    automation_id = dates.activate()
    contacts = sorted(dates.contact() for _ in range(4))
    place = dates.page(dates.begin(automation_id))
    document = ContactDocument(metadata={"birthday": "1990-01-17"})
    dates.engine.contacts.replace(dates.engine.workspace_id, contacts[3], document)
    dates.engine.contacts.replace(dates.engine.workspace_id, contacts[0], document)
    dates.walk(place)
    assert sorted(dates.runs()) == contacts[:3]
    # A contact whose date moved is due on the new one too, because it is another date.
    dates.fire(automation_id, "2026-01-17T08:00:00Z")
    runs = Counter(row["contactId"] for row in dates.rows("RUN"))
    assert runs == Counter(contacts) + Counter([contacts[0]])


@pytest.mark.usefixtures("two_contacts_a_page")
def test_pausing_during_a_fire_leaves_no_open_run(dates: Dates) -> None:
    automation_id = dates.activate_with_contacts(6)
    place = dates.page(dates.begin(automation_id))
    assert place.goes_on
    dates.pause(automation_id)
    place = dates.walk(place)
    fire = existing(dates.stored(automation_id, place))
    assert (fire.status, fire.opened) == (FireStatus.STOPPED, 2)
    assert fire.reason == "the automation is PAUSED"
    dates.tick(3)
    assert set(dates.runs().values()) == {RunStatus.CANCELED}
    # The day is not made up for, and the next one is.
    dates.resume(automation_id)
    dates.tick(4)
    assert len(dates.fires(automation_id)) == 1
    assert len(dates.runs()) == 2


@pytest.mark.usefixtures("two_contacts_a_page")
def test_a_pause_during_a_page_counts_the_runs_of_that_page(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation_id = dates.activate_with_contacts(6)
    place = dates.page(dates.begin(automation_id))
    real = date_fires.DateFires._move_on
    paused = False

    def overtaken(self: Any, before: Fire, after: Fire, due_at: int | None) -> None:
        nonlocal paused
        if not paused:
            # The runs of the page are opened, and another walker is the first to see the pause.
            paused = True
            dates.pause(automation_id)
            dates.page(place)
        real(self, before, after, due_at)

    monkeypatch.setattr(date_fires.DateFires, "_move_on", overtaken)
    dates.walk(place)
    fire = existing(dates.stored(automation_id, place))
    assert (fire.status, fire.opened) == (FireStatus.STOPPED, 4)
    assert len(dates.runs()) == 4


def test_a_pause_after_a_failed_page_counts_the_runs_it_opened(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(date_fires, "PAGE_CONTACTS", 4)
    automation_id = dates.activate_with_contacts(6)
    place = dates.begin(automation_id)
    real = date_fires.DateFires._open
    opened = 0

    def dying(self: Any, *about: Any) -> date_fires.Opening:
        nonlocal opened
        if opened == 3:
            raise TransientError("the table is away")
        opened += 1
        return real(self, *about)

    monkeypatch.setattr(date_fires.DateFires, "_open", dying)
    with pytest.raises(TransientError):
        dates.page(place)
    dates.pause(automation_id)
    dates.walk(place)
    fire = existing(dates.stored(automation_id, place))
    assert (fire.status, fire.opened) == (FireStatus.STOPPED, 3)
    assert len(dates.runs()) == 3


@pytest.mark.usefixtures("two_contacts_a_page")
def test_a_pause_and_resume_between_two_pages_stops_the_fire(dates: Dates) -> None:
    automation_id = dates.activate_with_contacts(6)
    place = dates.page(dates.begin(automation_id))
    dates.pause(automation_id)
    dates.resume(automation_id)
    fire = existing(dates.stored(automation_id, dates.walk(place)))
    assert fire.status is FireStatus.STOPPED
    assert len(dates.runs()) == 2


@pytest.mark.usefixtures("two_contacts_a_page")
def test_a_fire_continues_if_a_new_version_has_the_same_trigger(dates: Dates) -> None:
    automation_id = dates.activate_with_contacts(6)
    place = dates.page(dates.begin(automation_id))
    dates.change(automation_id, timeOfDay="08:00")
    place = dates.page(place)
    dates.change(automation_id, offsetDays=1)
    fire = existing(dates.stored(automation_id, dates.walk(place)))
    assert (fire.status, fire.opened) == (FireStatus.STOPPED, 4)
    assert fire.reason == "the active version 3 has another trigger"


def test_a_time_changed_to_later_today_fires_again_for_new_contacts(dates: Dates) -> None:
    automation_id = dates.activate()
    dates.contact()
    dates.fire(automation_id)
    dates.change(automation_id, timeOfDay="17:00")
    late = dates.contact()
    fire = existing(dates.fire(automation_id, "2026-01-16T16:00:00Z"))
    assert fire.version == 2
    assert late in dates.runs()
    assert len(dates.runs()) == 2


def test_contacts_blocked_by_reentry_are_refused_with_the_reason(dates: Dates) -> None:
    automation_id = dates.activate("ONCE", repeat="MONTHLY")
    contact_id = dates.contact("2025-12-16")
    dates.fire(automation_id)
    dates.at("2026-02-16T07:59:00Z")
    _expect_next(dates, automation_id, date(2026, 2, 16))
    fire = existing(dates.fire(automation_id, "2026-02-16T08:00:00Z"))
    assert (fire.opened, fire.refused) == (0, 1)
    dates.fire(automation_id, "2026-02-16T08:00:00Z")
    (refusal,) = dates.rows("REFUSAL")
    assert refusal["reason"] == "REENTRY_BLOCKED"
    assert refusal["contactId"] == contact_id


def _expect_next(dates: Dates, automation_id: str, day: date) -> None:
    """Sets the next expected day, as if all fires before it had happened."""
    store = dates.engine.stores.schedules
    stored = store.get(automation_id)
    assert stored is not None
    from runledger.nodes.dates import moment_of_day

    moment = moment_of_day(day, stored.time_of_day, stored.time_zone)
    dates.engine.table.transact([store.advance(stored, day, moment, moment + 2 * MINUTE)])


def test_a_fire_of_a_paused_automation_leaves_one_refusal(dates: Dates) -> None:
    automation_id = dates.activate()
    dates.contact()
    dates.pause(automation_id)
    for _ in range(2):
        assert dates.fire(automation_id) is None
    (refusal,) = dates.rows("REFUSAL")
    assert refusal["reason"] == "INACTIVE"
    assert "2026-01-16" in refusal["message"]
    assert dates.runs() == {}


def test_an_unexpected_fire_opens_nothing(dates: Dates) -> None:
    automation_id = dates.activate(timeOfDay="17:00")
    dates.contact()
    # An old schedule, from before the time was changed: the day's fire is to come.
    assert dates.fire(automation_id) is None
    dates.at("2026-01-16T16:30:00Z")
    dates.pause(automation_id)
    dates.resume(automation_id)
    # Resumed after the day's moment.
    assert dates.fire(automation_id, "2026-01-16T16:00:00Z") is None
    assert dates.runs() == {}


@pytest.mark.usefixtures("two_contacts_a_page")
def test_a_long_fire_continues_in_further_executions(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(date_fires, "EXECUTION_PAGES", 2)
    automation_id = dates.activate_with_contacts(11)
    place = dates.walk(dates.begin(automation_id))
    assert len(dates.runs()) == 4
    # The first fire looks at all contacts behind those that are due: 11 pages.
    dates.tick(5)
    fire = existing(dates.stored(automation_id, place))
    assert (fire.status, fire.opened, fire.attempt) == (FireStatus.COMPLETED, 11, 6)
    assert len(dates.runs()) == 11


@pytest.mark.usefixtures("two_contacts_a_page")
def test_a_fire_that_lost_its_execution_is_continued(dates: Dates) -> None:
    automation_id = dates.activate_with_contacts(5)
    place = dates.page(dates.begin(automation_id))
    dates.tick(4)
    assert len(dates.runs()) == 2
    dates.tick(2)
    fire = existing(dates.stored(automation_id, place))
    assert (fire.status, fire.opened, fire.attempt) == (FireStatus.COMPLETED, 5, 2)
    assert fire.by is FireSource.SCHEDULE


def test_the_api_shows_the_schedule_and_the_fires(dates: Dates) -> None:
    automation_id = dates.activate()
    dates.contact()
    workspace_id = dates.engine.workspace_id
    reading = dates.engine.resource_lists

    def schedule() -> Any:
        automation = dates.engine.stores.automations.get(workspace_id, automation_id)
        return dates.engine.automations.view(automation).schedule

    shown = schedule()
    assert shown.expression == "cron(0 9 * * ? *)"
    assert (shown.time_zone, shown.last_fire) == ("Europe/Berlin", None)
    assert shown.next_fire_at == "2026-01-16T08:00:00.000Z"
    for day in (16, 17, 18):
        dates.fire(automation_id, f"2026-01-{day}T08:00:00Z")
    assert schedule().last_fire.day == "2026-01-18"
    assert schedule().next_fire_at == "2026-01-19T08:00:00.000Z"
    (listed,) = reading.automations(workspace_id, 10, None).items
    assert listed.trigger_type is TriggerType.DATE
    assert listed.next_fire_at == "2026-01-19T08:00:00.000Z"
    first = reading.fires(workspace_id, automation_id, 2, None)
    second = reading.fires(workspace_id, automation_id, 2, first.next_cursor)
    assert [each.day for each in (*first.items, *second.items)] == [
        "2026-01-18",
        "2026-01-17",
        "2026-01-16",
    ]
    assert second.next_cursor is None
    assert second.items[0].opened == 1
    with pytest.raises(NotFoundError):
        reading.fires("ws_other", automation_id, 2, None)
    other = dates.activate()
    with pytest.raises(InvalidInputError):
        reading.fires(workspace_id, other, 2, first.next_cursor)
    dates.engine.clock.advance(90 * DAY)
    assert reading.fires(workspace_id, automation_id, 9, None).items == []
    dates.pause(automation_id)
    assert schedule() is None


# ── Missed fires ────────────────────────────────────────────────────────────────────────────────


def missed(dates: Dates, automation_id: str) -> list[tuple[str, FireSource, MissedReason | None]]:
    return [(str(each.day), each.by, each.missed) for each in dates.fires(automation_id)]


def test_the_tick_makes_up_for_a_missed_fire(dates: Dates) -> None:
    automation_id = dates.activate()
    contact_id = dates.contact()
    dates.at("2026-01-16T08:00:30Z")
    dates.tick()
    assert dates.runs() == {}
    dates.tick(3)
    assert list(dates.runs()) == [contact_id]
    reason = MissedReason.TARGET_FAILED
    assert missed(dates, automation_id) == [("2026-01-16", FireSource.TICK, reason)]
    # The schedule comes after all, and the tick goes on: nothing more happens.
    dates.fire(automation_id)
    dates.tick(5)
    assert len(dates.fires(automation_id)) == len(dates.runs()) == 1


@pytest.mark.parametrize("reason", ["SCHEDULE_DISABLED", "SCHEDULE_MISSING", "SCHEDULE_CHANGED"])
def test_a_schedule_changed_by_hand_is_repaired(dates: Dates, reason: str) -> None:
    automation_id = dates.activate()
    before = dates.scheduled()
    dates.contact()
    client = dates.engine.scheduler
    named = {"Name": automation_id, "GroupName": SCHEDULE_GROUP}
    got = client.get_schedule(**named)
    if reason == "SCHEDULE_MISSING":
        client.delete_schedule(**named)
    else:
        changed = {"State": "DISABLED"}
        if reason == "SCHEDULE_CHANGED":
            changed = {"ScheduleExpression": "cron(0 3 * * ? *)"}
        kept = ("ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
        client.update_schedule(**named, **{**{name: got[name] for name in kept}, **changed})
    dates.at("2026-01-16T08:03:00Z")
    dates.tick()
    assert missed(dates, automation_id) == [("2026-01-16", FireSource.TICK, MissedReason(reason))]
    assert len(dates.runs()) == 1
    assert dates.scheduled() == before


def test_a_skipped_local_time_fires_right_after_the_gap(dates: Dates) -> None:
    dates.at("2026-03-28T12:00:00Z")
    automation_id = dates.activate(timeOfDay="02:30")
    contact_id = dates.contact("1990-03-29")
    dates.at("2026-03-29T01:00:30Z")
    dates.tick()
    assert dates.runs() == {}
    dates.tick()
    assert list(dates.runs()) == [contact_id]
    reason = MissedReason.DST_GAP
    assert missed(dates, automation_id) == [("2026-03-29", FireSource.TICK, reason)]
    assert iso(dates.fires(automation_id)[0].scheduled_for) == "2026-03-29T01:00:00.000Z"


def test_a_missed_fire_runs_even_if_its_cause_cannot_be_read(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation_id = dates.activate()
    dates.contact()

    def refuse(**request: Any) -> Any:
        error: Any = {"Error": {"Code": "ThrottlingException", "Message": "not now"}}
        raise ClientError(error, "GetSchedule")

    monkeypatch.setattr(dates.engine.scheduler, "get_schedule", refuse)
    dates.at("2026-01-16T08:03:00Z")
    dates.tick()
    reason = MissedReason.UNKNOWN
    assert missed(dates, automation_id) == [("2026-01-16", FireSource.TICK, reason)]


def test_missed_days_are_made_up_for_oldest_first(dates: Dates) -> None:
    automation_id = dates.activate()
    for day in range(14, 28):
        dates.contact(f"1990-01-{day}")
    dates.at("2026-01-19T12:00:00Z")
    caught: list[int] = []
    for _ in range(5):
        dates.tick()
        caught.append(len(dates.fires(automation_id)))
    assert caught == [1, 2, 3, 4, 4]
    assert [each.day.day for each in dates.fires(automation_id)] == [19, 18, 17, 16]
    assert len(dates.runs()) == 4


def test_a_fire_missed_for_more_than_a_week_is_only_recorded(dates: Dates) -> None:
    automation_id = dates.activate()
    for day in range(16, 31):
        dates.contact(f"1990-01-{day}")
    dates.at("2026-01-26T12:00:00Z")
    dates.tick(12)
    found = {each.day.day: each for each in dates.fires(automation_id)}
    assert sorted(found) == list(range(16, 27))
    assert [day for day, each in found.items() if each.status is FireStatus.SKIPPED] == [
        19,
        18,
        17,
        16,
    ]
    assert found[16].missed is MissedReason.TARGET_FAILED
    assert found[16].reason == "noticed more than seven days late"
    assert len(dates.runs()) == 7


def test_an_earlier_missed_day_is_made_up_for_after_a_later_fire(dates: Dates) -> None:
    automation_id = dates.activate()
    first, second = dates.contact("1990-01-16"), dates.contact("1990-01-17")
    # The tick was away, and so was the schedule for a day.
    dates.fire(automation_id, "2026-01-17T08:00:00Z")
    assert list(dates.runs()) == [second]
    dates.tick(3)
    assert set(dates.runs()) == {first, second}
    reasons = {str(each.day): each.missed for each in dates.fires(automation_id)}
    assert reasons == {"2026-01-16": MissedReason.TARGET_FAILED, "2026-01-17": None}
    stored = dates.engine.stores.schedules.get(automation_id)
    assert stored is not None and stored.next_day == date(2026, 1, 18)


def test_the_tick_ignores_a_schedule_without_a_missed_fire(dates: Dates) -> None:
    dates.activate()
    before = dates.due()
    dates.engine.clock.advance(HOUR)
    assert dates.engine.due_work.settle_due(10) == 0
    assert dates.due() == before
    assert START + DAY > dates.engine.clock.now


def test_a_contact_whose_run_is_damaged_does_not_stop_a_fire(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation_id = dates.activate_with_contacts(2)
    place = dates.begin(automation_id)

    def die(*args: Any) -> None:
        raise ConnectionError("the process died")

    with monkeypatch.context() as dying:
        dying.setattr(FireStore, "move_on", die)
        with pytest.raises(ConnectionError):
            dates.page(place)
    row = dates.rows("RUN")[0]
    dates.engine.table.put({**row, "attempt": "first"})
    dates.walk(place)
    [fire] = dates.fires(automation_id)
    assert (fire.status, fire.opened) == (FireStatus.COMPLETED, 2)


def _fail_once(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Lets the process die at the next call of this method of the fires' store."""
    real = getattr(FireStore, name)

    def die(*args: Any) -> None:
        monkeypatch.setattr(FireStore, name, real)
        raise ConnectionError("the process died")

    monkeypatch.setattr(FireStore, name, die)


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_a_contact_that_is_listed_on_two_pages_counts_once(
    dates: Dates, monkeypatch: pytest.MonkeyPatch, is_interrupted: bool
) -> None:
    monkeypatch.setattr(date_fires, "PAGE_CONTACTS", 1)
    automation_id = dates.activate()
    dates.fire(automation_id)
    for _ in range(2):
        dates.contact("1990-01-17")
    place = dates.page(dates.begin(automation_id, "2026-01-17T08:00:00Z"))
    [contact_id] = dates.runs()
    dates.engine.clock.advance(1_000)
    # Days are listed before instants.
    document = ContactDocument(metadata={"birthday": "1990-01-17T09:00:00Z"})
    dates.engine.contacts.replace(dates.engine.workspace_id, contact_id, document)
    while place.goes_on:
        if is_interrupted:
            _fail_once(monkeypatch, "move_on")
            with pytest.raises(ConnectionError):
                dates.page(place)
        dates.engine.clock.advance(1_000)
        place = dates.page(place)
    fire = existing(dates.stored(automation_id, place))
    assert (fire.status, fire.opened) == (FireStatus.COMPLETED, 2)
    assert len(dates.runs()) == 2


def test_a_contact_that_moves_to_a_place_behind_the_fire_gets_no_run(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(date_fires, "PAGE_CONTACTS", 1)
    automation_id = dates.activate()
    first, moved = dates.contact("1990-01-16"), dates.contact("1991-01-16")
    place = dates.page(dates.begin(automation_id))
    document = ContactDocument(metadata={"birthday": "1989-01-16"})
    dates.engine.contacts.replace(dates.engine.workspace_id, moved, document)
    fire = existing(dates.stored(automation_id, dates.walk(place)))
    # Known, and accepted: a fire does not look again at the places that it has passed.
    assert (fire.status, fire.opened) == (FireStatus.COMPLETED, 1)
    assert list(dates.runs()) == [first]


def test_a_second_fire_of_a_day_counts_only_the_runs_that_it_opened(dates: Dates) -> None:
    automation_id = dates.activate()
    dates.contact()
    dates.fire(automation_id)
    dates.change(automation_id, timeOfDay="17:00")
    dates.contact()
    fire = existing(dates.fire(automation_id, "2026-01-16T16:00:00Z"))
    assert (fire.version, fire.opened) == (2, 1)


def test_a_fire_of_an_earlier_release_goes_on(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(date_fires, "PAGE_CONTACTS", 1)
    automation_id = dates.activate()
    dates.fire(automation_id)
    for _ in range(3):
        dates.contact("1990-01-17")
    place = dates.page(dates.begin(automation_id, "2026-01-17T08:00:00Z"))
    _fail_once(monkeypatch, "move_on")
    with pytest.raises(ConnectionError):
        dates.page(place)
    assert place.day is not None
    key = keys.fire(automation_id, place.day, 1)
    dates.engine.table.update(key, Change(remove=["movedAt"]))
    fire = existing(dates.stored(automation_id, dates.walk(place)))
    assert (fire.status, fire.opened) == (FireStatus.COMPLETED, 3)


def _blocked_and_unreadable(dates: Dates) -> str:
    """Creates an automation whose next fire, on 16 February, refuses three contacts."""
    automation_id = dates.activate("ONCE", repeat="MONTHLY")
    for _ in range(2):
        dates.contact("2025-12-16")
    dates.fire(automation_id)
    dates.contact("soon")
    dates.at("2026-02-16T07:59:00Z")
    _expect_next(dates, automation_id, date(2026, 2, 16))
    return automation_id


def test_a_fire_that_is_stopped_after_a_failed_page_counts_its_refusals(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation_id = _blocked_and_unreadable(dates)
    place = dates.begin(automation_id, "2026-02-16T08:00:00Z")
    _fail_once(monkeypatch, "move_on")
    with pytest.raises(ConnectionError):
        dates.page(place)
    dates.pause(automation_id)
    fire = existing(dates.stored(automation_id, dates.walk(place)))
    assert (fire.status, fire.opened, fire.refused) == (FireStatus.STOPPED, 0, 3)


def test_a_fire_that_is_stopped_between_two_pages_counts_no_earlier_refusals(
    dates: Dates,
) -> None:
    automation_id = _blocked_and_unreadable(dates)
    dates.fire(automation_id, "2026-02-16T08:00:00Z")
    place = dates.begin(automation_id, "2026-02-17T08:00:00Z")
    dates.pause(automation_id)
    fire = existing(dates.stored(automation_id, dates.walk(place)))
    assert (fire.status, fire.opened, fire.refused) == (FireStatus.STOPPED, 0, 0)


def test_a_pause_during_a_page_counts_the_refusals_of_that_page(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation_id = _blocked_and_unreadable(dates)
    place = dates.begin(automation_id, "2026-02-16T08:00:00Z")
    real = date_fires.DateFires._open
    is_paused = False

    def overtaken(self: Any, *about: Any) -> Any:
        nonlocal is_paused
        if not is_paused:
            # The page is about to refuse its contacts, and another walker stops the fire.
            is_paused = True
            dates.pause(automation_id)
            dates.page(place)
        return real(self, *about)

    monkeypatch.setattr(date_fires.DateFires, "_open", overtaken)
    dates.walk(place)
    fire = existing(dates.stored(automation_id, place))
    assert fire.status is FireStatus.STOPPED
    assert fire.refused == 3
