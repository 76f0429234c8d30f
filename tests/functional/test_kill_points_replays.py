"""If any AWS call in the life of a refused event fails, or the process dies at that call, the event
is still replayed once, an erasure finds all data of the event, and each object that is left has an
item that leads to the object."""

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.clock import MINUTE
from runledger.store.values import Item

from tests.support.kill_points import Scenario, break_everything
from tests.support.simulation import Simulation, open_simulation
from tests.support.stored_text import find_words, stored_in_simulation

EMAIL = "ada@lovelace.example"
NOISE = base64.b85encode(random.Random(3).randbytes(70_000)).decode()


def hook(**more: Any) -> dict[str, Any]:
    trigger = {"triggerType": "WEBHOOK", "contactLookup": {"by": "email", "path": "email"}, **more}
    return {
        "name": "Hook",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": trigger},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "done"}],
    }


@dataclass(frozen=True)
class Ready:
    """Two automations: one reads a key from the event, the other has refused an event without a
    key. Both events are too large for a row."""

    simulation: Simulation
    keyed: str
    keyless: str
    restore: Callable[[], None]

    def send(self, path: str, **more: Any) -> None:
        event = {"n": 1, "email": EMAIL, "note": f"canary-payload {NOISE}", **more}
        answer = self.simulation.request("webhook_in", "POST", path, event)
        assert answer["status"] == 422, (answer, self.simulation.unforeseen)

    def refusals(self) -> list[Item]:
        return [row for row in self.simulation.table.items() if row["sk"] == "REFUSAL"]

    def replay(self) -> None:
        """The operator replays every refusal that has an event, twice. There may be two such
        refusals, because a sender that got no answer has sent its event again."""
        for row in self.refusals():
            path = f"/v1/refusals/{row['pk'].removeprefix('REFUSAL#')}/replay"
            for _ in range(2):
                answer = self.simulation.request("api", "POST", path, None)
                assert answer["status"] in (200, 202, 409), (answer, self.simulation.unforeseen)
            assert answer["status"] == 409

    def contact(self) -> str:
        """Creates the contact, and returns its id."""
        made = self.simulation.request("api", "POST", "/v1/contacts", {"email": EMAIL})
        # If the answer was lost, the repeated request meets the contact.
        assert made["status"] in (201, 409), made
        rows = self.simulation.table.items()
        (found,) = (row["sk"] for row in rows if row["pk"] == "WORKSPACE#ws_demo#CONTACT")
        return str(found)


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_simulation() as simulation:
        keyed = simulation.webhook_path(simulation.activate(hook(dedupePath="n")))
        keyless = simulation.webhook_path(simulation.activate(hook()))
        made = Ready(simulation, keyed, keyless, simulation.snapshot())
        made.send(made.keyless)
        simulation.records.clear()
        yield Ready(simulation, keyed, keyless, simulation.snapshot())


# ── the stories ─────────────────────────────────────────────────────────────────────────────────


def is_replayed(ready: Ready) -> None:
    ready.contact()
    ready.replay()
    ready.simulation.settle()


def is_replayed_too_early(ready: Ready) -> None:
    """The replay is refused, and the new refusal is replayed."""
    ready.replay()
    ready.contact()
    ready.replay()
    ready.simulation.settle()


def is_refused_and_replayed(ready: Ready) -> None:
    ready.send(ready.keyed)
    ready.contact()
    ready.replay()
    ready.simulation.settle()


def is_refused_and_erased(ready: Ready) -> None:
    contact_id = ready.contact()
    ready.send(ready.keyed, email="nobody@lovelace.example", also=EMAIL)
    ready.simulation.run_until(ready.simulation.clock.now + 2 * MINUTE)
    path = f"/v1/contacts/{contact_id}/erase"
    answer = ready.simulation.request("api", "POST", path, {"reason": "request 7"})
    assert answer["status"] == 202, (answer, ready.simulation.unforeseen)
    ready.simulation.settle()


# ── what has to hold at the end ─────────────────────────────────────────────────────────────────


def each_leads_to_all(ready: Ready) -> list[str]:
    """Returns the events and objects to which no item leads, and the refusals that promise an event
    that does not exist."""
    rows = list(ready.simulation.table.items())
    items = [row for row in rows if row["pk"].endswith("#KEPT") and "row" in row]
    led_to = {tuple(item["row"]) for item in items}
    events = {(row["pk"], row["sk"]) for row in rows if row["sk"] == "EVENT"}
    found = [f"nothing leads to {pk}" for pk, sk in events - led_to]
    prefixes = tuple(item["objects"] for item in items)
    for key in ready.simulation.s3.objects:
        if key.startswith("refusals/") and not key.startswith(prefixes):
            found.append(f"nothing leads to {key}")
    for row in ready.refusals():
        if "keptUntil" in row and (row["pk"], "EVENT") not in events:
            found.append(f"{row['pk']} promises an event")
    return found


def is_replayed_once(ready: Ready) -> list[str]:
    found = each_leads_to_all(ready)
    runs = {row["pk"].removeprefix("RUN#") for row in ready.simulation.runs()}
    named: set[str] = set()
    for row in ready.refusals():
        replay = row.get("replay")
        if "keptUntil" in row and (replay is None or "runIds" not in replay):
            found.append(f"{row['pk']} was not replayed to its end: {replay}")
        named |= set((replay or {}).get("runIds", ()))
    if named != runs:
        found.append(f"the refusals name {named}, and there are {runs}")
    return found


def is_gone(ready: Ready) -> list[str]:
    found = find_words(stored_in_simulation(ready.simulation), [EMAIL, "canary-payload"])
    found += [f"{key} is left" for key in ready.simulation.s3.objects]
    rows = ready.simulation.table.items()
    (erasure,) = (row for row in rows if row["pk"].endswith("#ERASURE"))
    if erasure["status"] != "ERASED":
        found.append(f"the erasure is {erasure}")
    return found


STORIES = (
    Scenario(is_replayed, ("COMPLETED",), ("api",), verdict=is_replayed_once),
    Scenario(is_replayed_too_early, ("COMPLETED",), ("api",), verdict=is_replayed_once),
    Scenario(
        is_refused_and_replayed,
        ("COMPLETED", "COMPLETED"),
        ("webhook_in", "api"),
        verdict=is_replayed_once,
    ),
    Scenario(is_refused_and_erased, (), ("webhook_in", "api", "tick"), verdict=is_gone),
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", STORIES, ids=lambda each: each.play.__name__)
def test_whatever_breaks_the_event_is_replayed_once_and_can_be_erased(
    ready: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(break_everything(ready, scenario))
