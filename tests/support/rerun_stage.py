"""A run that failed after a message and a call, ready to be rerun in a simulation."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from runledger.composition import services
from runledger.models.contact import ContactDocument
from runledger.services.contacts.contacts import Contacts
from runledger.store import keys
from runledger.store.values import Item

from tests.support.every_node import make_template
from tests.support.graphs import document, end, integration, message, node
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

EMAIL = "ada@lovelace.example"


@dataclass(frozen=True)
class FailedRun:
    """A run that has sent one message, made one call, and failed at its second call. Its rerun
    sends another message."""

    simulation: Simulation
    automation_id: str
    contact_id: str
    original: str
    before: dict[str, Item]
    restore: Callable[[], None]

    def rerun(self, **asked: Any) -> dict[str, Any]:
        path = f"/v1/runs/{self.original}/rerun"
        return self.simulation.request("api", "POST", path, {"idempotencyKey": "k", **asked})

    def reruns(self) -> dict[str, Item]:
        """Returns the rows of all reruns, by id."""
        rows = {str(row["pk"]).partition("#")[2]: row for row in self.simulation.runs()}
        return {run_id: row for run_id, row in rows.items() if "rerunOf" in row}

    def rows(self) -> dict[str, Item]:
        """Returns the rows of the original, and of its messages."""
        runs = keys.run(self.original).pk
        items = self.simulation.table.items()
        return {
            f"{row['pk']} {row['sk']}": row
            for row in items
            if row["pk"] == runs or (row["sk"] == "DELIVERY" and row["runId"] == self.original)
        }

    def changes(self) -> list[str]:
        """Returns how the original has changed, except for the field that names its completed
        rerun."""
        row = f"{keys.run(self.original).pk} RUN"
        after = self.rows()
        changed = {**after[row]}
        named = changed.pop("recoveredBy", None)
        found = [] if {**after, row: changed} == self.before else ["the original has changed"]
        completed = {id_ for id_, each in self.reruns().items() if each["status"] == "COMPLETED"}
        if (named is None and completed) or (named and keys.id_of(named) not in completed):
            found.append(f"{completed} completed, and the original names {named}")
        return found

    def repeated(self) -> list[str]:
        """Returns each effect that happened more often than one rerun allows."""
        calls = Counter(call.url.rpartition("/")[2] for call in self.simulation.http.calls)
        rows = [self.simulation.table.row(keys.delivery(id_)) for id_ in self.simulation.ses.sent]
        nodes = Counter(row["nodeId"] for row in rows if row is not None)
        found = []
        if calls["first"] > 1 or calls["second"] > 2:
            found.append(f"calls were repeated: {calls}")
        if nodes["hello"] > 1 or nodes["goodbye"] > 1:
            found.append(f"messages were repeated: {nodes}")
        return found


def rerun_graph(template_id: str) -> dict[str, Any]:
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


@contextmanager
def open_rerun_stage(answer: Any = None, **settings: Any) -> Iterator[FailedRun]:
    """Yields the stage. `answer` is what the service answers, `settings` are those of the
    automation."""
    with open_simulation() as simulation:
        if answer is not None:
            simulation.http.answer = answer
        contacts = Contacts(services().stores.contacts, simulation.clock)
        ada = contacts.create(WORKSPACE, ContactDocument(email=EMAIL))
        graph = rerun_graph(make_template(simulation))
        automation_id = simulation.activate({**graph, **settings})
        simulation.http.status_of = lambda url: 503 if url.endswith("second") else 200
        path = f"/v1/automations/{automation_id}/runs"
        opened = simulation.request("api", "POST", path, {"contactId": ada.id})
        simulation.settle()
        (run,) = simulation.runs()
        assert run["status"] == "FAILED"
        simulation.http.status_of = lambda url: 200
        restore = restorer(simulation)
        made = FailedRun(simulation, automation_id, ada.id, opened["body"]["runId"], {}, restore)
        yield FailedRun(simulation, automation_id, ada.id, made.original, made.rows(), restore)


def restorer(simulation: Simulation) -> Callable[[], None]:
    """Returns a function that restores the present state of the simulation, including all effects
    and events so far."""
    restore_rows = simulation.snapshot()
    told, sent, called = simulation.bus.entries, simulation.ses.sent, simulation.http.calls

    def restore() -> None:
        restore_rows()
        simulation.bus.entries, simulation.heard = list(told), len(told)
        simulation.ses.sent, simulation.http.calls = list(sent), list(called)

    return restore
