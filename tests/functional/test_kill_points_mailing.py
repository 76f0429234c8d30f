"""If any AWS call of a message to many contacts fails, or the process dies at that call, each
contact has one delivery and got the message at most once, and the counts of the step match the
deliveries."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.composition import services
from runledger.models.contact import ContactDocument
from runledger.services.contacts import recipients
from runledger.services.contacts.contacts import Contacts
from runledger.store import keys
from runledger.store.run_rows import step_from_item

from tests.support.every_node import make_template
from tests.support.graphs import document, node
from tests.support.kill_points import Scenario, break_everything
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

CONTACTS = 5


@dataclass(frozen=True)
class Ready:
    simulation: Simulation
    automation_id: str
    reader: str
    tagged: frozenset[str]
    restore: Callable[[], None]

    def open(self) -> str:
        path = f"/v1/automations/{self.automation_id}/runs"
        opened = {"contactId": self.reader, "idempotencyKey": "k"}
        answer = self.simulation.request("api", "POST", path, opened)
        assert answer["status"] in (200, 202), answer
        return str(answer["body"]["runId"])

    def received(self) -> list[str]:
        rows = (self.simulation.table.row(keys.delivery(each)) for each in self.simulation.ses.sent)
        return [row["contactId"] for row in rows if row is not None]


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_simulation() as simulation, pytest.MonkeyPatch.context() as patched:
        patched.setattr(recipients, "PAGE_CONTACTS", 2)
        patched.setattr(recipients, "_LISTED", 3)
        contacts = Contacts(services().stores.contacts, simulation.clock)
        reader = contacts.create(WORKSPACE, ContactDocument(email="reader@example.com"))
        tagged = [
            contacts.create(
                WORKSPACE, ContactDocument(email=f"a{number}@example.com", tags=["news"])
            )
            for number in range(CONTACTS)
        ]
        news = node(
            "news",
            "SEND_MESSAGE",
            recipients={"kind": "TAG_QUERY", "tags": ["news"]},
            channels=[{"channel": "EMAIL", "templateId": make_template(simulation)}],
            frequencyCap={"messages": 1, "hours": 1},
        )
        nodes = [node("start", "TRIGGER", triggerType="MANUAL"), news, node("done", "END")]
        graph = document(nodes, "start > news", "news > done")
        automation_id = simulation.activate({"name": "News", **graph})
        simulation.records.clear()
        ids = frozenset(contact.id for contact in tagged)
        yield Ready(simulation, automation_id, reader.id, ids, simulation.snapshot())


def _output(ready: Ready, run_id: str) -> dict[str, Any]:
    row = ready.simulation.table.row(keys.step(run_id, "news"))
    assert row is not None
    return step_from_item(row, services().stores.bodies).output


def completes(ready: Ready) -> None:
    run_id = ready.open()
    ready.simulation.settle()
    received = ready.received()
    assert len(received) == len(set(received))
    assert {row["contactId"] for row in ready.simulation.deliveries()} == ready.tagged
    if ready.simulation.runs()[0]["status"] != "COMPLETED":
        return
    output = _output(ready, run_id)
    statuses = Counter(row["status"] for row in ready.simulation.deliveries())
    assert output["sent"] + output["unknown"] + output["queued"] + output["failed"] == CONTACTS
    assert output["sent"] <= statuses["SENT"]
    # The cap counts a message once, even if its sender came back to it.
    assert statuses["SUPPRESSED"] == output["suppressed"] == 0


def is_canceled_on_the_way(ready: Ready) -> None:
    simulation = ready.simulation
    run_id = ready.open()
    simulation.run_while(lambda: len(simulation.ses.sent) < 3 and bool(simulation.open_runs()))
    path = f"/v1/runs/{run_id}/cancel"
    answer = simulation.request("api", "POST", path, {"reason": "wrong list"})
    assert answer["status"] in (200, 409)
    sent = len(simulation.ses.sent)
    simulation.settle()
    assert len(simulation.ses.sent) == sent


SCENARIOS = (
    Scenario(completes, ("COMPLETED",), ("run_message", "follow_changes")),
    Scenario(is_canceled_on_the_way, ("CANCELED",), ("api", "run_message")),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_after_any_fault_each_contact_has_one_delivery(
    ready: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(break_everything(ready, scenario))
