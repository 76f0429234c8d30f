"""A run with a sent e-mail, an unanswered call, a failed SMS and a mailing that stopped half-way:
its rerun names all four, repeats nothing that may have happened, and reaches the missing people."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from runledger.composition import services
from runledger.errors import NodeError
from runledger.models.contact import ContactDocument
from runledger.services.contacts import recipients
from runledger.services.contacts.contacts import Contacts
from runledger.store import keys

from tests.support.boundary import Call, straight
from tests.support.every_node import make_template
from tests.support.fakes import client_error
from tests.support.graphs import document, end, integration, message, node
from tests.support.simulation import WORKSPACE, ProcessDied, Simulation, open_simulation

PEOPLE = 5
# How many messages the mailing sent before it stopped.
LEFT = 3


@dataclass
class Sms:
    """The provider of text messages. It refuses for good while `refuses` is set."""

    refuses: bool = True
    sent: list[str] = field(default_factory=list)

    def send_text_message(self, *, DestinationPhoneNumber: str, **more: Any) -> dict[str, Any]:
        if self.refuses:
            raise client_error("ValidationException", "SendTextMessage")
        self.sent.append(DestinationPhoneNumber)
        return {"MessageId": f"text-{len(self.sent)}"}


@dataclass(frozen=True)
class Story:
    simulation: Simulation
    sms: Sms
    run_id: str
    people: frozenset[str]

    def rerun(self, **asked: Any) -> dict[str, Any]:
        return self.simulation.request("api", "POST", f"/v1/runs/{self.run_id}/rerun", asked)

    def mailed(self) -> Counter[str]:
        """Returns how many messages of the mailing each contact got."""
        return self._sent("news")

    def greeted(self) -> int:
        return self._sent("hello").total()

    def _sent(self, node_id: str) -> Counter[str]:
        rows = [self.simulation.table.row(keys.delivery(id_)) for id_ in self.simulation.ses.sent]
        found = [row for row in rows if row is not None and row["nodeId"] == node_id]
        return Counter(str(row["contactId"]) for row in found)

    def orders(self) -> list[str]:
        """Returns the Idempotency-Key of each order that the partner got."""
        return [call.headers["Idempotency-Key"] for call in self.simulation.http.calls]

    def status(self, run_id: str) -> str:
        found = self.simulation.request("query", "GET", f"/v1/runs/{run_id}", None)
        return str(found["body"]["status"])


def _graph(simulation: Simulation) -> dict[str, Any]:
    email = make_template(simulation)
    text = {"name": "Text", "channel": "SMS", "body": "Hello"}
    sms = simulation.request("api", "POST", "/v1/templates", text)["body"]["id"]
    nodes = [
        node("start", "TRIGGER", triggerType="MANUAL"),
        message("hello", email),
        integration("order", url="https://api.example.com/order"),
        node(
            "text",
            "SEND_MESSAGE",
            recipients={"kind": "TRIGGER_CONTACT"},
            channels=[{"channel": "SMS", "templateId": sms}],
        ),
        node(
            "news",
            "SEND_MESSAGE",
            recipients={"kind": "TAG_QUERY", "tags": ["news"]},
            channels=[{"channel": "EMAIL", "templateId": email}],
        ),
        end(),
    ]
    outcomes = ("sent", "partly_sent", "suppressed", "failed")
    edges = ["start > hello", "hello > order", "order > text: ok", "order > text: error"]
    edges += [f"text > news: {outcome}" for outcome in outcomes]
    return {"name": "Four effects", **document(nodes, *edges, "news > done")}


@pytest.fixture
def story() -> Iterator[Story]:
    """Plays the run up to the point where its mailing stops."""
    with open_simulation() as simulation, pytest.MonkeyPatch.context() as patched:
        patched.setattr(recipients, "PAGE_CONTACTS", 2)
        sms = Sms()
        simulation.serve("pinpoint-sms-voice-v2", sms)
        contacts = Contacts(services().stores.contacts, simulation.clock)
        ada = contacts.create(
            WORKSPACE, ContactDocument(email="ada@example.com", phone="+491701234567")
        )
        people = [
            contacts.create(WORKSPACE, ContactDocument(email=f"a{n}@example.com", tags=["news"]))
            for n in range(PEOPLE)
        ]
        automation_id = simulation.activate(_graph(simulation))

        def fail(call: Call, act: Any) -> Any:
            """Lets the HTTP call of the node `order` happen, but loses the answer. After the
            mailing has sent LEFT messages, the mailing's function dies at every call. So nothing
            records that the last of these messages was sent."""
            if call.service == "http":
                act()
                raise NodeError("TIMEOUT", "the service did not answer in time")
            if simulation.function == "run_message" and len(simulation.ses.sent) > LEFT:
                raise ProcessDied
            return act()

        simulation.boundary.around = fail
        path = f"/v1/automations/{automation_id}/runs"
        opened = simulation.request("api", "POST", path, {"contactId": ada.id})
        simulation.settle()
        simulation.boundary.around = straight
        ids = frozenset(each.id for each in people)
        story = Story(simulation, sms, str(opened["body"]["runId"]), ids)
        assert story.status(story.run_id) == "FAILED"
        assert (story.mailed().total(), story.greeted(), len(story.orders())) == (LEFT, 1, 1)
        yield story


def effects(shown: dict[str, Any]) -> dict[str, Counter[tuple[str, str, str]]]:
    """Returns kind, status and plan of each node's effects."""
    return {
        each["nodeId"]: Counter(
            (effect["kind"], effect["status"], effect["then"]) for effect in each["effects"]
        )
        for each in shown["body"]["nodes"]
    }


def actions(shown: dict[str, Any]) -> dict[str, str]:
    return {each["nodeId"]: each["action"] for each in shown["body"]["nodes"]}


def test_the_default_goes_on_with_the_mailing_and_repeats_nothing(story: Story) -> None:
    before = story.mailed()
    shown = story.rerun(dryRun=True)
    assert (shown["status"], shown["body"]["from"]) == (200, "news")
    assert actions(shown) == {
        "hello": "REUSED",
        "order": "REUSED",
        "text": "REUSED",
        "news": "RUN",
    }
    named = effects(shown)
    assert named["hello"] == {("EMAIL", "SENT", "REUSE"): 1}
    assert named["order"] == {("POST", "OUTCOME_UNKNOWN", "REUSE"): 1}
    assert named["text"] == {("SMS", "FAILED", "REUSE"): 1}
    assert named["news"] == {
        ("EMAIL", "SENT", "REUSE"): LEFT - 1,
        ("EMAIL", "OUTCOME_UNKNOWN", "REUSE"): 1,
    }

    story.sms.refuses = False
    opened = story.rerun()
    assert opened["status"] == 202, opened
    story.simulation.settle()

    assert story.status(opened["body"]["runId"]) == "COMPLETED"
    assert story.mailed() == dict.fromkeys(story.people, 1)
    missing = story.people - before.keys()
    assert len(missing) == PEOPLE - LEFT
    assert story.mailed() - before == dict.fromkeys(missing, 1)
    assert (story.greeted(), len(story.orders()), story.sms.sent) == (1, 1, [])


def test_from_the_start_only_the_unanswered_call_needs_a_choice(story: Story) -> None:
    asked: dict[str, Any] = {"from": "START"}
    shown = story.rerun(**asked, dryRun=True)
    assert actions(shown) == {
        "hello": "REUSED",
        "order": "UNDECIDED",
        "text": "RUN",
        "news": "RUN",
    }
    named = effects(shown)
    assert named["order"] == {("POST", "OUTCOME_UNKNOWN", "CHOOSE"): 1}
    assert named["text"] == {("SMS", "FAILED", "REPEAT"): 1}
    refused = story.rerun(**asked)
    assert (refused["status"], len(story.simulation.runs())) == (422, 1)

    story.sms.refuses = False
    opened = story.rerun(**asked, effects={"order": {"do": "REPEAT"}})
    assert opened["status"] == 202, opened
    story.simulation.settle()

    assert story.status(opened["body"]["runId"]) == "COMPLETED"
    assert story.mailed() == dict.fromkeys(story.people, 1)
    assert (story.greeted(), len(story.sms.sent)) == (1, 1)
    # The partner can recognize the order by its key.
    first, second = story.orders()
    assert first == second


def test_a_second_rerun_repeats_nothing_of_the_first(story: Story) -> None:
    """After the first rerun the mailing is complete, but one of its messages still has an unknown
    outcome."""
    story.sms.refuses = False
    order = {"order": {"do": "SUPPRESS", "outcome": "ok", "output": {}}}
    for effects in (order, {**order, "news": {"do": "REUSE"}}):
        opened = story.rerun(**{"from": "START"}, effects=effects)
        assert opened["status"] == 202, opened
        story.simulation.settle()
        assert story.status(opened["body"]["runId"]) == "COMPLETED"
        assert story.mailed() == dict.fromkeys(story.people, 1)
        assert (story.greeted(), len(story.sms.sent), len(story.orders())) == (1, 1, 1)
