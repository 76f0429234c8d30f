"""If any AWS call fails while a marketing SMS is sent or answered, or the process dies at that
call, a person who answers with STOP still gets no marketing SMS after the answer. Each answer is
recorded once, and the latest answer decides."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.clock import HOUR, SECOND
from runledger.composition import services
from runledger.models.consent import ConsentChannel, ConsentOrigin, ConsentPurpose
from runledger.models.contact import ContactDocument

from tests.support.fakes import Ses
from tests.support.graphs import document, node
from tests.support.kill_points import Scenario, break_everything
from tests.support.provider_events import sms_answer
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

PHONE = "+491701234567"


@dataclass
class Sms:
    """The SMS service. It notes its messages in the e-mail service's list of sent messages."""

    ses: Ses

    def send_text_message(self, *, Context: dict[str, str], **more: Any) -> dict[str, Any]:
        self.ses.sent.append(Context["deliveryId"])
        return {"MessageId": f"sms-{len(self.ses.sent)}"}


@dataclass
class Ready:
    simulation: Simulation
    contact_id: str
    webhook: str
    restore: Callable[[], None]
    # How many marketing SMS had left before the first STOP, and how many after it, in the last
    # play.
    before: int = 0
    after: int = 0
    fired: int = 0

    def fire(self) -> None:
        """Sends a marketing SMS, if the consent allows it."""
        self.fired += 1
        event = {"phone": PHONE, "n": self.fired}
        answer = self.simulation.request("webhook_in", "POST", self.webhook, event)
        assert answer["status"] in (200, 202), answer
        self.simulation.settle()

    def answer(self, event: dict[str, Any]) -> None:
        self.simulation.asynchronously("delivery_feedback", event)

    def accepts(self) -> bool:
        contact = services().stores.contacts.get(WORKSPACE, self.contact_id)
        return contact.consents.allows(ConsentPurpose.MARKETING, ConsentChannel.SMS)

    def answers(self) -> list[bool]:
        """Returns the recorded answers: True for START, False for STOP."""
        record = services().stores.contacts.consent_record(WORKSPACE, self.contact_id)
        return [each.is_given for each in record if each.source.origin is ConsentOrigin.MESSAGE]


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_simulation() as simulation:
        simulation.serve("pinpoint-sms-voice-v2", Sms(simulation.ses))
        given = ContactDocument.model_validate({"phone": PHONE, "consents": {"marketing": True}})
        contact = services().contacts.create(WORKSPACE, given)
        template = {"name": "News", "channel": "SMS", "body": "News"}
        made = simulation.request("api", "POST", "/v1/templates", template)
        assert made["status"] == 201, made
        news = node(
            "news",
            "SEND_MESSAGE",
            recipients={"kind": "TRIGGER_CONTACT"},
            channels=[{"channel": "SMS", "templateId": made["body"]["id"]}],
            consent="MARKETING",
        )
        trigger = node(
            "start",
            "TRIGGER",
            triggerType="WEBHOOK",
            contactLookup={"by": "phone", "path": "phone"},
            dedupePath="n",
        )
        graph = document([trigger, news, node("done", "END")], "start > news", "news > done")
        automation_id = simulation.activate({"name": "News", **graph})
        webhook = simulation.webhook_path(automation_id)
        simulation.records.clear()
        yield Ready(simulation, contact.id, webhook, simulation.snapshot())


def withdraws_with_stop(ready: Ready) -> None:
    simulation = ready.simulation
    ready.fired = 0
    ready.fire()
    # Every try of the first message is over.
    simulation.run_until(simulation.clock.now + 24 * HOUR)
    ready.before = len(simulation.ses.sent)
    stop = sms_answer("STOP", PHONE, simulation.clock.now, "stop")
    ready.answer(stop)
    ready.fire()
    # SNS delivers it again.
    ready.answer(stop)
    ready.fire()
    simulation.run_until(simulation.clock.now + 24 * HOUR)
    ready.after = len(simulation.ses.sent) - ready.before


def no_marketing_after_stop(ready: Ready) -> list[str]:
    found = []
    if ready.before and (ready.after or ready.accepts()):
        found.append("a marketing SMS may leave after the STOP")
    if ready.answers() != [False] * len(ready.answers()) or len(ready.answers()) > 1:
        found.append(f"the recorded answers are {ready.answers()}")
    return found


def gives_again_with_start(ready: Ready) -> None:
    simulation = ready.simulation
    ready.fired = 0
    ready.fire()
    simulation.run_until(simulation.clock.now + 24 * HOUR)
    ready.before = len(simulation.ses.sent)
    now = simulation.clock.now
    stop = sms_answer("STOP", PHONE, now, "stop")
    start = sms_answer("START", PHONE, now + SECOND, "start")
    simulation.clock.advance(HOUR)
    # START overtakes its STOP, and both come twice.
    for event in (start, stop, start, stop):
        ready.answer(event)
    ready.fire()
    simulation.run_until(simulation.clock.now + 24 * HOUR)


def the_latest_answer_decided(ready: Ready) -> list[str]:
    found = [] if ready.accepts() else ["the consent is withdrawn after the START"]
    wanted = [True] if ready.before else []
    # If the first note was lost with its message, nobody was asked anything.
    if ready.answers() not in (wanted, [True]):
        found.append(f"the recorded answers are {ready.answers()}")
    return found


SCENARIOS = (
    Scenario(
        withdraws_with_stop,
        ("COMPLETED",) * 3,
        ("run_message", "delivery_feedback"),
        ("SENT", "SUPPRESSED", "SUPPRESSED"),
        no_marketing_after_stop,
    ),
    Scenario(
        gives_again_with_start,
        ("COMPLETED",) * 2,
        ("run_message", "delivery_feedback"),
        ("SENT", "SENT"),
        the_latest_answer_decided,
    ),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_after_any_fault_the_latest_answer_decides(
    ready: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(break_everything(ready, scenario))
