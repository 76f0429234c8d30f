"""A message to a thousand contacts: sent page by page, and once to each despite faults."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.composition import services
from runledger.models.contact import ContactDocument
from runledger.models.run import Cancellation
from runledger.nodes.written_dates import ACCEPTED
from runledger.services.contacts.contacts import Contacts
from runledger.services.contacts.recipients import PAGE_CONTACTS
from runledger.store import keys

from tests.support.boundary import Call
from tests.support.depth import examples
from tests.support.every_node import make_template
from tests.support.fakes import client_error
from tests.support.graphs import document, edge, node
from tests.support.machine import Execution
from tests.support.simulation import WORKSPACE, ProcessDied, Simulation, open_simulation

PEOPLE = examples(1_000, quick=400)
OUTCOMES = ("sent", "partly_sent", "suppressed", "failed")


@dataclass
class Mailing:
    """A simulation with subscribed contacts, and an automation that sends them a message."""

    simulation: Simulation
    template_id: str
    reader: str
    restore: Callable[[], None]

    def activate(self, **config: Any) -> str:
        news = node(
            "news",
            "SEND_MESSAGE",
            **{
                "recipients": {"kind": "TAG_QUERY", "tags": ["news"]},
                "channels": [{"channel": "EMAIL", "templateId": self.template_id}],
                **config,
            },
        )
        nodes = [node("start", "TRIGGER", triggerType="MANUAL"), news, node("done", "END")]
        return self.simulation.activate(
            {"name": "News", **document(nodes, "start > news", "news > done")}
        )

    def open(self, automation_id: str) -> str:
        path = f"/v1/automations/{automation_id}/runs"
        opened = self.simulation.request("api", "POST", path, {"contactId": self.reader})
        assert opened["status"] == 202, opened
        return str(opened["body"]["runId"])

    def send(self, **config: Any) -> str:
        """Runs the automation to its end and returns the id of the run."""
        run_id = self.open(self.activate(**config))
        self.simulation.settle()
        return run_id

    def detail(self, run_id: str) -> dict[str, Any]:
        found = self.simulation.request("query", "GET", f"/v1/runs/{run_id}", None)
        assert found["status"] == 200, found
        body: dict[str, Any] = found["body"]
        return body

    def step(self, run_id: str) -> dict[str, Any]:
        (step,) = [each for each in self.detail(run_id)["steps"] if each["nodeId"] == "news"]
        return dict(step)

    def received(self) -> list[str]:
        """Returns the contacts whose messages the provider accepted, in the order of acceptance."""
        rows = (self.simulation.table.row(keys.delivery(each)) for each in self.simulation.ses.sent)
        return [row["contactId"] for row in rows if row is not None]

    def attempts(self) -> list[dict[str, Any]]:
        return [row for row in self.simulation.table.items() if row["sk"] == "DELIVERY"]

    def executions(self) -> list[Execution]:
        return list(self.simulation.step_functions.executions.values())

    def contacts(self) -> Contacts:
        return Contacts(services().stores.contacts, self.simulation.clock)

    def subscribers(self) -> list[str]:
        ids, _ = services().stores.contacts.tagged(WORKSPACE, "news", 2_000, None)
        return ids

    def retag(self, contact_id: str, *tags: str) -> None:
        before = services().stores.contacts.get(WORKSPACE, contact_id)
        changed = ContactDocument(email=before.email, tags=list(tags))
        self.contacts().replace(WORKSPACE, contact_id, changed)


@pytest.fixture(scope="module")
def whole() -> Iterator[Mailing]:
    with open_simulation() as simulation:
        template_id = make_template(simulation)
        contacts = Contacts(services().stores.contacts, simulation.clock)
        reader = contacts.create(WORKSPACE, ContactDocument(email="reader@example.com"))
        for number in range(PEOPLE):
            subscriber = ContactDocument(email=f"a{number}@example.com", tags=["news"])
            contacts.create(WORKSPACE, subscriber)
        simulation.records.clear()
        yield Mailing(simulation, template_id, reader.id, simulation.snapshot())


@pytest.fixture
def mailing(whole: Mailing) -> Iterator[Mailing]:
    whole.restore()
    yield whole
    whole.simulation.boundary.around = lambda call, act: act()


class Crashes:
    """Kills the sending function at chosen calls, alternately before and after the call takes
    effect. Spares the visit after a crash, since the machine retries a crashed task only once."""

    def __init__(self, simulation: Simulation, is_time: Callable[[Call, int], bool]) -> None:
        self.simulation = simulation
        self.is_time = is_time
        self.counts: dict[str, int] = {}
        self.died = 0
        self.visit = 0
        self.visits = 0
        self.spared = 0
        self.dead = 0

    def __call__(self, call: Call, act: Callable[[], Any]) -> Any:
        if self.simulation.function != "run_message":
            return act()
        if self.dead == self.simulation.requests:
            raise ProcessDied
        if self.visit != self.simulation.requests:
            self.visit = self.simulation.requests
            self.visits += 1
        number = self.counts[call.operation] = self.counts.get(call.operation, 0) + 1
        if self.spared == self.visits or not self.is_time(call, number):
            return act()
        if self.died % 2:
            act()
        self.died += 1
        self.dead, self.spared = self.simulation.requests, self.visits + 1
        raise ProcessDied


def is_record(call: Call) -> bool:
    return call.operation == "PutItem" and "STEP#news" in call.target


def test_every_subscriber_gets_one_message(mailing: Mailing) -> None:
    run_id = mailing.send()
    assert mailing.received() == mailing.subscribers()
    step = mailing.step(run_id)
    assert (step["status"], step["outcome"]) == ("COMPLETED", "sent")
    assert step["output"] == {
        "sent": PEOPLE,
        "queued": 0,
        "unknown": 0,
        "suppressed": 0,
        "failed": 0,
    }
    assert step["evidence"]["attemptCount"] == step["evidence"]["recipientCount"] == PEOPLE
    assert len(step["evidence"]["attempts"]) == len(step["deliveryIds"]) == 50
    (row,) = [row for row in mailing.simulation.table.items() if row["sk"] == "STEP#news"]
    assert row["visits"] == PEOPLE // PAGE_CONTACTS + 1
    assert mailing.detail(run_id)["status"] == "COMPLETED"


@pytest.mark.parametrize("died", [0, 1])
@pytest.mark.sampled(1)
def test_crashes_between_pages_send_each_message_once(mailing: Mailing, died: int) -> None:
    crashes = Crashes(mailing.simulation, lambda call, number: is_record(call))
    crashes.died = died
    mailing.simulation.boundary.around = crashes
    run_id = mailing.send()
    assert crashes.died - died > PEOPLE // PAGE_CONTACTS // 2
    assert mailing.received() == mailing.subscribers()
    step = mailing.step(run_id)
    assert (step["status"], step["outcome"], step["output"]["sent"]) == (
        "COMPLETED",
        "sent",
        PEOPLE,
    )


def test_a_crash_while_sending_leaves_only_that_message_unknown(
    mailing: Mailing,
) -> None:
    """Nobody can know whether an interrupted message left, so it is not sent again."""
    crashes = Crashes(
        mailing.simulation, lambda call, number: call.operation == "SendEmail" and number % 37 == 5
    )
    mailing.simulation.boundary.around = crashes
    run_id = mailing.send()
    assert crashes.died > PEOPLE // 64
    received = mailing.received()
    assert len(received) == len(set(received)) == PEOPLE - (crashes.died + 1) // 2
    assert {row["contactId"] for row in mailing.attempts()} == set(mailing.subscribers())
    step = mailing.step(run_id)
    assert (step["outcome"], step["output"]["sent"], step["output"]["unknown"]) == (
        "partly_sent",
        PEOPLE - crashes.died,
        crashes.died,
    )
    statuses = [row["status"] for row in mailing.attempts()]
    assert statuses.count("SENT") == PEOPLE - crashes.died
    assert statuses.count("FAILED") == crashes.died


@pytest.mark.parametrize("operation", ["UpdateItem", "TransactWriteItems", "BatchGetItem"])
@pytest.mark.sampled(1)
def test_crashes_at_other_calls_send_nothing_twice(mailing: Mailing, operation: str) -> None:
    crashes = Crashes(
        mailing.simulation, lambda call, number: call.operation == operation and number % 23 == 3
    )
    mailing.simulation.boundary.around = crashes
    run_id = mailing.send()
    assert crashes.died
    received = mailing.received()
    assert len(received) == len(set(received))
    step = mailing.step(run_id)
    assert sum(step["output"].values()) == PEOPLE
    assert step["status"] == "COMPLETED"
    assert {row["contactId"] for row in mailing.attempts()} == set(mailing.subscribers())


def test_canceling_the_run_stops_the_mailing(mailing: Mailing) -> None:
    simulation, after = mailing.simulation, PEOPLE // 3
    run_id = mailing.open(mailing.activate())

    def around(call: Call, act: Callable[[], Any]) -> Any:
        if call.operation == "SendEmail" and len(simulation.ses.sent) == after - 1:
            answer = act()
            canceled = Cancellation(by="ada@example.com", reason="wrong list")
            services().canceler.cancel(WORKSPACE, run_id, canceled)
            return answer
        return act()

    simulation.boundary.around = around
    simulation.settle()
    assert len(simulation.ses.sent) == after
    told = mailing.detail(run_id)
    assert told["status"] == "CANCELED"
    step = mailing.step(run_id)
    assert step["status"] == "CANCELED"
    # As of the last page that was recorded.
    assert step["output"]["sent"] == after - after % PAGE_CONTACTS
    assert {row["status"] for row in mailing.attempts()} == {"SENT"}


@pytest.mark.deep
def test_a_tag_change_counts_if_the_contacts_page_is_still_to_come(
    mailing: Mailing,
) -> None:
    simulation = mailing.simulation
    ids = mailing.subscribers()
    mailing.retag(ids[10])
    mailing.retag(ids[-100])
    changed: list[int] = []

    def around(call: Call, act: Callable[[], Any]) -> Any:
        answer = act()
        if call.operation == "SendEmail" and len(simulation.ses.sent) == 500 and not changed:
            changed.append(500)
            # A page that is already sent ignores the change; a later page follows it.
            mailing.retag(ids[10], "news")
            mailing.retag(ids[-100], "news")
            mailing.retag(ids[20])
            mailing.retag(ids[-200])
            # Planned for this very page.
            mailing.retag(ids[PEOPLE // 2 + 5])
        return answer

    simulation.boundary.around = around
    mailing.send()
    left_out = {ids[10], ids[-200]}
    received = mailing.received()
    assert len(received) == len(set(received))
    assert set(ids) - set(received) - {ids[PEOPLE // 2 + 5]} == left_out


@pytest.mark.parametrize(
    ("match", "expected"), [("ALL", PEOPLE // 5), ("ANY", PEOPLE)], ids=["all", "any"]
)
@pytest.mark.sampled(1)
def test_contacts_are_chosen_by_several_tags(mailing: Mailing, match: str, expected: int) -> None:
    ids = mailing.subscribers()
    for each in ids[::5]:
        mailing.retag(each, "news", "vip")
    tags = ["vip", "news"]
    mailing.send(recipients={"kind": "TAG_QUERY", "tags": tags, "match": match})
    assert mailing.received() == (ids if match == "ANY" else ids[::5])
    assert len(mailing.received()) == expected


def test_a_tag_without_contacts_skips_the_step(mailing: Mailing) -> None:
    run_id = mailing.send(recipients={"kind": "TAG_QUERY", "tags": ["nobody"]})
    step = mailing.step(run_id)
    assert (step["status"], step["outcome"]) == ("SKIPPED", "suppressed")
    assert step["reason"] == "nothing was sent: no contact has these tags"
    assert mailing.detail(run_id)["status"] == "COMPLETED"


@pytest.mark.deep
def test_a_missing_variable_suppresses_only_that_contacts_message(mailing: Mailing) -> None:
    made = mailing.simulation.request(
        "api",
        "POST",
        "/v1/templates",
        {
            "name": "Plan",
            "channel": "EMAIL",
            "subject": "Hi",
            "body": "Your plan is {{contact.metadata.plan}}, {{contact.email}}",
        },
    )
    ids = mailing.subscribers()
    contact = services().stores.contacts.get(WORKSPACE, ids[3])
    with_plan = ContactDocument(email=contact.email, tags=["news"], metadata={"plan": "pro"})
    mailing.contacts().replace(WORKSPACE, ids[3], with_plan)
    channels = [{"channel": "EMAIL", "templateId": made["body"]["id"]}]
    run_id = mailing.send(channels=channels)
    assert mailing.received() == [ids[3]]
    step = mailing.step(run_id)
    assert (step["outcome"], step["output"]["suppressed"]) == ("partly_sent", PEOPLE - 1)
    reason = json.dumps(step["evidence"]["attempts"][0]["reason"])
    assert "contact.metadata.plan" in reason
    assert mailing.detail(run_id)["status"] == "COMPLETED"


def test_a_throttled_mailing_continues_at_its_page(mailing: Mailing) -> None:
    simulation = mailing.simulation
    run_id = mailing.open(mailing.activate())
    simulation.run_while(lambda: len(simulation.ses.sent) < 120)
    simulation.no_room["run_message"] = 3
    simulation.settle()
    assert mailing.received() == mailing.subscribers()
    step = mailing.step(run_id)
    assert (step["status"], step["output"]["sent"]) == ("COMPLETED", PEOPLE)
    assert len(mailing.executions()) == 2


def test_a_page_that_keeps_crashing_fails_the_step_and_keeps_its_counts(mailing: Mailing) -> None:
    simulation = mailing.simulation

    def around(call: Call, act: Callable[[], Any]) -> Any:
        if call.operation == "SendEmail" and len(simulation.ses.sent) >= 120:
            raise ProcessDied
        return act()

    simulation.boundary.around = around
    run_id = mailing.send()
    told = mailing.detail(run_id)
    assert (told["status"], told["error"]["nodeId"]) == ("FAILED", "news")
    assert told["error"]["kind"] == "CRASHED"
    step = mailing.step(run_id)
    assert (step["status"], step["error"]["kind"]) == ("FAILED", "CRASHED")
    assert step["output"]["sent"] == 100
    assert len(step["evidence"]["attempts"]) == 50
    # Attempts whose answer was lost have ended too.
    assert {row["status"] for row in mailing.attempts()} == {"SENT", "FAILED"}


def test_an_internal_error_fails_the_step_and_keeps_its_counts(mailing: Mailing) -> None:
    simulation = mailing.simulation

    def around(call: Call, act: Callable[[], Any]) -> Any:
        if call.operation == "TransactWriteItems" and len(simulation.ses.sent) == 120:
            raise KeyError("nobody thought of this")
        return act()

    simulation.boundary.around = around
    run_id = mailing.send()
    step = mailing.step(run_id)
    assert (step["status"], step["error"]["kind"]) == ("FAILED", "INTERNAL_ERROR")
    assert step["output"]["sent"] == 100
    assert mailing.detail(run_id)["status"] == "FAILED"
    assert len(simulation.ses.sent) == 120


@pytest.mark.deep
def test_a_late_walker_changes_nothing(mailing: Mailing) -> None:
    """The late walker read the step before another walker took over. It tries to record its page
    afterwards."""
    simulation = mailing.simulation
    run_id = mailing.open(mailing.activate())
    simulation.run_while(lambda: len(simulation.ses.sent) < 120)
    store = services().stores.runs
    history = store.history(run_id)
    late = history.steps["news"]
    simulation.run_while(lambda: len(simulation.ses.sent) < 300)
    ahead = store.record(history.run, late.changed(visits=99), after=late)
    assert ahead.visits > late.visits
    assert store.history(run_id).steps["news"] == ahead
    simulation.settle()
    assert mailing.received() == mailing.subscribers()
    assert mailing.step(run_id)["output"]["sent"] == PEOPLE


class Phones:
    """SMS; `sent` are the ids of the accepted deliveries."""

    def __init__(self, refuses: str = "") -> None:
        self.sent: list[str] = []
        self.refuses = refuses

    def send_text_message(
        self, *, DestinationPhoneNumber: str, Context: dict[str, str], **more: Any
    ) -> dict[str, str]:
        if DestinationPhoneNumber == self.refuses:
            raise client_error("ValidationException", "SendTextMessage")
        self.sent.append(Context["deliveryId"])
        return {"MessageId": f"sms-{len(self.sent)}"}


@pytest.mark.parametrize(
    ("mode", "mails", "texts", "counts", "outcome"),
    [
        # Of the four: with both, without a phone, without an e-mail, with neither.
        ("CASCADE", 2, 1, {"sent": 3, "suppressed": 3, "failed": 0}, "partly_sent"),
        ("BROADCAST", 2, 1, {"sent": 3, "suppressed": 4, "failed": 1}, "partly_sent"),
    ],
)
def test_cascade_tries_channels_in_turn_and_broadcast_uses_all(
    mailing: Mailing, mode: str, mails: int, texts: int, counts: dict[str, int], outcome: str
) -> None:
    simulation = mailing.simulation
    made = simulation.request(
        "api", "POST", "/v1/templates", {"name": "Text", "channel": "SMS", "body": "Hello"}
    )
    phones = Phones(refuses="+4930901820")
    simulation.serve("pinpoint-sms-voice-v2", phones)
    for known in (
        {"email": "both@example.com", "phone": "+4930901820"},
        {"email": "mail@example.com"},
        {"phone": "+4930901821"},
        {},
    ):
        contact = ContactDocument.model_validate({**known, "tags": ["four"]})
        mailing.contacts().create(WORKSPACE, contact)
    channels = [
        {"channel": "EMAIL", "templateId": mailing.template_id},
        {"channel": "SMS", "templateId": made["body"]["id"]},
    ]
    recipients = {"kind": "TAG_QUERY", "tags": ["four"]}
    run_id = mailing.send(recipients=recipients, channels=channels, multiChannelMode=mode)
    assert (len(simulation.ses.sent), len(phones.sent)) == (mails, texts)
    step = mailing.step(run_id)
    assert {name: step["output"][name] for name in counts} == counts
    assert step["outcome"] == outcome


# ── segments ────────────────────────────────────────────────────────────────────────────────────


def make_segment(mailing: Mailing, *rules: dict[str, Any], match: str = "ALL") -> str:
    document = {"name": "Some", "match": match, "rules": list(rules)}
    made = mailing.simulation.request("api", "POST", "/v1/segments", document)
    assert made["status"] == 201, made
    return str(made["body"]["id"])


def to_segment(segment_id: str) -> dict[str, Any]:
    return {"kind": "SEGMENT", "segmentId": segment_id}


def with_plan(mailing: Mailing, contact_id: str, plan: str) -> None:
    before = services().stores.contacts.get(WORKSPACE, contact_id)
    changed = ContactDocument(email=before.email, tags=list(before.tags), metadata={"plan": plan})
    mailing.contacts().replace(WORKSPACE, contact_id, changed)


def test_segments_with_and_without_a_tag_choose_their_members(mailing: Mailing) -> None:
    ids = mailing.subscribers()
    for each in ids[::100]:
        with_plan(mailing, each, "pro")
    with_plan(mailing, mailing.reader, "pro")
    pro = {"kind": "METADATA", "key": "plan", "value": "pro"}
    news = {"kind": "HAS_TAG", "tag": "news"}
    mailing.send(recipients=to_segment(make_segment(mailing, news, pro)))
    assert mailing.received() == ids[::100]
    mailing.simulation.ses.sent.clear()
    segment_id = make_segment(mailing, pro)
    mailing.send(recipients=to_segment(segment_id))
    assert mailing.received() == [mailing.reader, *ids[::100]]
    preview = mailing.simulation.request("query", "GET", f"/v1/segments/{segment_id}/preview", None)
    assert preview["status"] == 200
    assert (preview["body"]["count"], preview["body"]["isWhole"]) == (1 + len(ids[::100]), True)
    assert [each["id"] for each in preview["body"]["contacts"]] == mailing.received()


@pytest.mark.parametrize("by_tag", [False, True])
def test_contacts_with_unreadable_dates_are_reported_and_get_no_message(
    mailing: Mailing, by_tag: bool
) -> None:
    ids = mailing.subscribers()
    plans = {ids[3]: "2026-02-03t04:05:06z", ids[5]: "03.02.2026", ids[-300]: "soon"}
    for each, plan in plans.items():
        with_plan(mailing, each, plan)
    since = {"kind": "METADATA", "key": "plan", "operator": "GREATER_THAN", "value": "2026-01-01"}
    news = [{"kind": "HAS_TAG", "tag": "news"}] if by_tag else []
    segment_id = make_segment(mailing, *news, since)
    run_id = mailing.send(recipients=to_segment(segment_id))
    assert mailing.received() == [ids[3]]
    evidence = mailing.step(run_id)["evidence"]
    assert evidence["notCompared"] == 2
    told = {each["contactId"]: each["problem"] for each in evidence["notComparedFirst"]}
    assert list(told) == [ids[5], ids[-300]]
    assert told[ids[5]].startswith('metadata.plan: "03.02.2026" GREATER_THAN "2026-01-01"')
    assert all(problem.endswith(ACCEPTED) for problem in told.values())
    preview = mailing.simulation.request("query", "GET", f"/v1/segments/{segment_id}/preview", None)
    assert (preview["body"]["count"], preview["body"]["unreadableCount"]) == (1, 2)
    assert [each["contactId"] for each in preview["body"]["unreadable"]] == [ids[5], ids[-300]]


@pytest.mark.parametrize("value", ["03.02.2026", "soon", True])
def test_a_segment_orders_only_numbers_and_dates(mailing: Mailing, value: Any) -> None:
    fine = {"kind": "METADATA", "key": "plan", "operator": "LESS_THAN", "value": "2026-01-01"}
    document = {"name": "Some", "rules": [fine, {**fine, "value": value}]}
    made = mailing.simulation.request("api", "POST", "/v1/segments", document)
    assert (made["status"], made["body"]["field"]) == (422, "rules.1.value")
    assert made["body"]["detail"].endswith(ACCEPTED)
    path = f"/v1/segments/{make_segment(mailing, fine)}"
    assert mailing.simulation.request("api", "PUT", path, document)["status"] == 422


def test_a_version_keeps_the_segment_from_its_activation(mailing: Mailing) -> None:
    ids = mailing.subscribers()
    with_plan(mailing, ids[7], "pro")
    pro = {"kind": "METADATA", "key": "plan", "value": "pro"}
    segment_id = make_segment(mailing, pro)
    automation_id = mailing.activate(recipients=to_segment(segment_id))
    everybody = {"name": "All", "rules": [{"kind": "HAS_TAG", "tag": "news"}]}
    path = f"/v1/segments/{segment_id}"
    assert mailing.simulation.request("api", "PUT", path, everybody)["status"] == 200
    assert mailing.simulation.request("query", "GET", path, None)["body"]["name"] == "All"
    mailing.open(automation_id)
    mailing.simulation.settle()
    assert mailing.received() == [ids[7]]


def test_segments_are_listed_and_invalid_ones_refused(mailing: Mailing) -> None:
    simulation = mailing.simulation
    made = [make_segment(mailing, {"kind": "HAS_TAG", "tag": tag}) for tag in ("a", "b")]
    listed = simulation.request("query", "GET", "/v1/segments", None)["body"]
    assert [each["id"] for each in listed["items"]] == made[::-1]
    assert listed["items"][0]["rules"] == [{"kind": "HAS_TAG", "tag": "b"}]
    broken = {"name": "A", "rules": [{"kind": "HAS_TAG"}]}
    refused = simulation.request("api", "POST", "/v1/segments", broken)
    assert refused["status"] == 422
    assert refused["body"]["field"] == "rules.0.tag"
    assert (
        simulation.request(
            "api",
            "PUT",
            "/v1/segments/seg_404",
            {"name": "A", "rules": [{"kind": "HAS_TAG", "tag": "a"}]},
        )["status"]
        == 404
    )
    assert simulation.request("query", "GET", "/v1/segments/seg_404", None)["status"] == 404
    unknown = {
        "name": "News",
        **document(
            [
                node("start", "TRIGGER", triggerType="MANUAL"),
                node(
                    "news",
                    "SEND_MESSAGE",
                    recipients=to_segment("seg_404"),
                    channels=[{"channel": "EMAIL", "templateId": mailing.template_id}],
                ),
                node("done", "END"),
            ],
            "start > news",
            "news > done",
        ),
    }
    refused = simulation.request("api", "POST", "/v1/automations", unknown)
    assert refused["status"] == 422
    assert "seg_404" in json.dumps(refused["body"])


# ── outcomes ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("consent", "tag", "expected"),
    [
        ("TRANSACTIONAL", "news", "sent"),
        ("MARKETING", "news", "suppressed"),
        ("TRANSACTIONAL", "nobody", "suppressed"),
    ],
)
def test_the_outcome_of_a_message_chooses_the_branch(
    mailing: Mailing, consent: str, tag: str, expected: str
) -> None:
    body = "{{unsubscribeUrl}}" if consent == "MARKETING" else "Hello"
    written = {"name": "News", "channel": "EMAIL", "subject": "Hi", "body": body}
    made = mailing.simulation.request("api", "POST", "/v1/templates", written)
    template_id = made["body"]["id"]
    news = node(
        "news",
        "SEND_MESSAGE",
        recipients={"kind": "TAG_QUERY", "tags": [tag]},
        channels=[{"channel": "EMAIL", "templateId": template_id}],
        consent=consent,
    )
    assignments = [
        node(
            f"was_{outcome}",
            "SET",
            assignments=[{"target": "vars.outcome", "value": outcome}],
        )
        for outcome in OUTCOMES
    ]
    nodes = [
        node("start", "TRIGGER", triggerType="MANUAL"),
        news,
        *assignments,
        node("done", "END"),
    ]
    graph = document(nodes, "start > news")
    graph["edges"] += [edge(f"news > was_{outcome} : {outcome}") for outcome in OUTCOMES]
    graph["edges"] += [edge(f"was_{outcome} > done") for outcome in OUTCOMES]
    run_id = mailing.open(mailing.simulation.activate({"name": "News", **graph}))
    mailing.simulation.settle()
    steps = mailing.detail(run_id)["steps"]
    assert [step["nodeId"] for step in steps] == ["start", "news", f"was_{expected}", "done"]
    assert steps[1]["outcome"] == expected
    assert mailing.detail(run_id)["status"] == "COMPLETED"


def test_a_frequency_cap_counts_across_automations(mailing: Mailing) -> None:
    cap = {"frequencyCap": {"messages": 1, "hours": 24}}
    ids = mailing.subscribers()
    for each in ids[PEOPLE // 2 :]:
        mailing.retag(each)
    first = mailing.send(**cap)
    assert mailing.step(first)["outcome"] == "sent"
    for each in ids[PEOPLE // 2 - 10 : PEOPLE // 2 + 10]:
        mailing.retag(each, "vip")
    second = mailing.send(recipients={"kind": "TAG_QUERY", "tags": ["vip"]}, **cap)
    step = mailing.step(second)
    assert (step["outcome"], step["output"]["sent"], step["output"]["suppressed"]) == (
        "partly_sent",
        10,
        10,
    )
    assert "1 in the last 24 h, 1 message allowed" in step["evidence"]["attempts"][0]["reason"]
