"""After any AWS call of a rerun is broken, the original is rerun once, nothing happens twice, and
the original keeps every byte except the name of its rerun."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.composition import services
from runledger.models.contact import ContactDocument
from runledger.services.contacts.contacts import Contacts
from runledger.store import keys
from runledger.store.values import Item

from tests.support.every_node import make_template
from tests.support.graphs import document, end, integration, message, node
from tests.support.kill_points import Scenario, break_everything
from tests.support.simulation import WORKSPACE, Simulation, open_simulation


@dataclass(frozen=True)
class Ready:
    """A run has sent one message, has made one call, and has failed at its second call."""

    simulation: Simulation
    original: str
    before: dict[str, Item]
    restore: Callable[[], None]

    def rerun(self, **asked: Any) -> dict[str, Any]:
        path = f"/v1/runs/{self.original}/rerun"
        return self.simulation.request("api", "POST", path, {"idempotencyKey": "k", **asked})

    def rows(self) -> dict[str, Item]:
        """Returns the rows of the original, and of its messages."""
        runs = keys.run(self.original).pk
        items = self.simulation.table.items()
        mine = [row for row in items if row["pk"] == runs or row.get("runId") == self.original]
        return {f"{row['pk']} {row['sk']}": row for row in mine}


def _graph(template_id: str) -> dict[str, Any]:
    nodes = [
        node("start", "TRIGGER", triggerType="MANUAL"),
        message("hello", template_id),
        integration("first", url="https://api.example.com/first"),
        integration("second", url="https://api.example.com/second"),
        message("goodbye", template_id),
        end(),
    ]
    edges = ("start > hello", "hello > first", "first > second", "second > goodbye")
    return {"name": "Orders", **document(nodes, *edges, "goodbye > done")}


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_simulation() as simulation:
        contacts = Contacts(services().stores.contacts, simulation.clock)
        ada = contacts.create(WORKSPACE, ContactDocument(email="ada@example.com"))
        automation_id = simulation.activate(_graph(make_template(simulation)))
        simulation.http.status_of = lambda url: 503 if url.endswith("second") else 200
        path = f"/v1/automations/{automation_id}/runs"
        opened = simulation.request("api", "POST", path, {"contactId": ada.id})
        simulation.settle()
        (run,) = simulation.runs()
        assert run["status"] == "FAILED"
        simulation.http.status_of = lambda url: 200
        restore_rows = simulation.snapshot()
        told, sent, called = simulation.bus.entries, simulation.ses.sent, simulation.http.calls

        def restore() -> None:
            restore_rows()
            simulation.bus.entries, simulation.heard = list(told), len(told)
            simulation.ses.sent, simulation.http.calls = list(sent), list(called)

        made = Ready(simulation, opened["body"]["runId"], {}, restore)
        yield Ready(simulation, made.original, made.rows(), restore)


def is_rerun(ready: Ready) -> None:
    answer = ready.rerun()
    assert answer["status"] in (200, 202), answer
    ready.simulation.settle()


def is_rerun_from_the_start(ready: Ready) -> None:
    """The first message and the first call are reused where the walk comes to them."""
    answer = ready.rerun(**{"from": "START"})
    assert answer["status"] in (200, 202), answer
    ready.simulation.settle()


def _what_is_wrong(ready: Ready) -> list[str]:
    found = []
    after = ready.rows()
    row = f"{keys.run(ready.original).pk} RUN"
    (rerun,) = [each for each in ready.simulation.runs() if each["pk"] != f"RUN#{ready.original}"]
    changed = {**after[row]}
    named = changed.pop("recoveredBy", None)
    if {**after, row: changed} != ready.before:
        found.append("the original has changed")
    is_named = named is not None and keys.id_of(named) == rerun["pk"].partition("#")[2]
    if is_named is not (rerun["status"] == "COMPLETED"):
        found.append(f"a {rerun['status']} rerun, and the original names {named}")
    calls = Counter(call.url.rpartition("/")[2] for call in ready.simulation.http.calls)
    if calls["first"] > 1 or calls["second"] > 2:
        found.append(f"calls were repeated: {calls}")
    sent = [ready.simulation.table.row(keys.delivery(each)) for each in ready.simulation.ses.sent]
    nodes = Counter(row["nodeId"] for row in sent if row is not None)
    if nodes["hello"] > 1 or nodes["goodbye"] > 1:
        found.append(f"messages were repeated: {nodes}")
    return found


SCENARIOS = (
    Scenario(
        is_rerun,
        ("COMPLETED", "FAILED"),
        ("api", "run_message", "run_integration", "follow_changes"),
        verdict=_what_is_wrong,
    ),
    Scenario(
        is_rerun_from_the_start,
        ("COMPLETED", "FAILED"),
        ("api", "run_message", "run_integration"),
        verdict=_what_is_wrong,
    ),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_after_any_fault_an_original_is_rerun_once(
    ready: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(break_everything(ready, scenario))
