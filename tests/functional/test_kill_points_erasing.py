"""If any AWS call of an erasure fails, or the process dies at that call, no item or object holds
personal data in the end, and every row keeps its place in the indexes."""

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from runledger.clock import MINUTE
from runledger.store.values import Item

from tests.support.kill_points import Scenario, break_everything
from tests.support.rerun_stage import restorer
from tests.support.simulation import Simulation, open_simulation
from tests.support.stored_text import find_words, stored_in_simulation

EMAIL, PHONE, NAME = "ada@lovelace.example", "+491701234567", "Lovelace-King"
EXTERNAL_ID = "cus_canary7"
PERSONAL = (EMAIL, PHONE, NAME, EXTERNAL_ID, "canary-metadata", "canary-payload", "canary-answer")
# Hardly compressible, so too large for a row.
NOISE = base64.b85encode(random.Random(3).randbytes(70_000)).decode()
LATER = "TooManyRequestsException"
MAIL = {"recipients": {"kind": "TRIGGER_CONTACT"}, "channels": [{"channel": "EMAIL"}]}


@dataclass(frozen=True)
class Ready:
    """Everything except the erasure has happened. `places` are the index keys of the rows."""

    simulation: Simulation
    contact_id: str
    shop: str
    places: dict[str, Item]
    restore: Callable[[], None]

    def erase(self) -> dict[str, Any]:
        path = f"/v1/contacts/{self.contact_id}/erase"
        answer = self.simulation.request("api", "POST", path, {"reason": "request 7"})
        assert answer["status"] == 202, (answer, self.simulation.unforeseen)
        body: dict[str, Any] = answer["body"]
        return body


def shop(template_id: str) -> dict[str, Any]:
    """Returns an automation that calls a service, sends the contact a message, and waits for an
    hour."""
    keys = [{"name": "customer", "path": "email"}]
    lookup = {"contactLookup": {"by": "email", "path": "email"}, "keys": keys}
    ask = {"method": "POST", "url": "https://api.example.com/", "body": "{{contact.email}}"}
    mail = {**MAIL, "channels": [{"channel": "EMAIL", "templateId": template_id}]}
    nodes = [
        ("start", "TRIGGER", {"triggerType": "WEBHOOK", **lookup}),
        ("ask", "INTEGRATION", ask),
        ("mail", "SEND_MESSAGE", mail),
        ("pause", "WAIT", {"delayMinutes": 60}),
        ("done", "END", {}),
    ]
    names = [name for name, _, _ in nodes]
    return {
        "name": "Shop",
        "reentry": "ALWAYS",
        "nodes": [{"id": name, "type": kind, "config": made} for name, kind, made in nodes],
        "edges": [{"source": a, "target": b} for a, b in pairwise(names)],
    }


def fire(simulation: Simulation, shop_id: str, note: str) -> None:
    event = {"email": EMAIL, "note": f"canary-payload {note}"}
    answer = simulation.request("webhook_in", "POST", simulation.webhook_path(shop_id), event)
    assert answer["status"] == 202, (answer, simulation.unforeseen)


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_simulation() as simulation:
        simulation.http.answer = {"told": "canary-answer"}
        document = {
            "name": "M",
            "channel": "EMAIL",
            "subject": "Hi {{contact.lastName}}",
            "body": "To {{contact.email}}: {{trigger.note}}",
        }
        template = simulation.request("api", "POST", "/v1/templates", document)
        person = {
            "email": EMAIL,
            "phone": PHONE,
            "externalIds": {"stripe": EXTERNAL_ID},
            "lastName": NAME,
            "tags": ["people"],
            "metadata": {"note": "canary-metadata", "born": "1815-12-10"},
        }
        made = simulation.request("api", "POST", "/v1/contacts", person)
        shop_id = simulation.activate(shop(template["body"]["id"]))
        # One run that has ended, with a payload and a message too large for their rows, and one
        # that waits, with a message that waits too.
        fire(simulation, shop_id, NOISE)
        simulation.settle()
        simulation.ses.refusals = [LATER] * 9
        fire(simulation, shop_id, "again")
        simulation.run_until(simulation.clock.now + MINUTE)
        assert sum(row["pk"].startswith("KEY#") for row in simulation.table.items()) == 2
        # No row names the object of the message as it was when it was claimed.
        assert len(simulation.open_runs()) == 1 and len(simulation.s3.objects) == 3
        assert {
            each.rpartition(": ")[2]
            for each in find_words(stored_in_simulation(simulation), PERSONAL)
        } == {word.lower() for word in PERSONAL}
        restore = restorer(simulation)
        rows = [*simulation.runs(), *simulation.deliveries()]
        places = {row["pk"]: row for row in rows}
        yield Ready(simulation, made["body"]["id"], shop_id, places, restore)


def is_erased(ready: Ready) -> None:
    ready.erase()
    ready.simulation.settle()


def what_is_left(ready: Ready) -> list[str]:
    simulation = ready.simulation
    found = find_words(stored_in_simulation(simulation), PERSONAL)
    found += [f"{key} is left" for key in simulation.s3.objects]
    leads = [row["pk"] for row in simulation.table.items() if row["pk"].startswith("KEY#")]
    found += [f"{key} still leads to a run" for key in leads]
    record = f"WORKSPACE#ws_demo#ERASURE/{ready.contact_id}"
    named = find_words(stored_in_simulation(simulation), [ready.contact_id])
    found += [each for each in named if not each.startswith(record)]
    (erasure,) = (row for row in simulation.table.items() if row["pk"].endswith("#ERASURE"))
    if erasure["status"] != "ERASED" or "addresses" in erasure or "gsi4pk" in erasure:
        found.append(f"the erasure is {erasure}")
    for row in [*simulation.runs(), *simulation.deliveries()]:
        if row["createdKey"] != ready.places[row["pk"]]["createdKey"] or "gsi1pk" not in row:
            found.append(f"{row['pk']} is in no list any more")
    return found


@pytest.mark.timeout(300)
def test_after_any_fault_nothing_personal_is_left(
    ready: Ready, report_figure: Callable[[str], None]
) -> None:
    scenario = Scenario(
        is_erased,
        ("CANCELED", "COMPLETED"),
        ("api", "tick"),
        ("SENT", "SUPPRESSED"),
        what_is_left,
    )
    report_figure(break_everything(ready, scenario))


def test_a_run_that_appears_late_in_the_index_is_erased_too(ready: Ready) -> None:
    """The run was opened by a process that had still found the contact."""
    simulation = ready.simulation
    ready.restore()
    simulation.table.holds_back = True
    fire(simulation, ready.shop, "just before")
    assert ready.erase()["status"] == "ERASING"
    simulation.table.holds_back = False
    simulation.table.catch_up()
    simulation.settle()
    assert len(simulation.runs()) == 3
    assert find_words(stored_in_simulation(simulation), PERSONAL) == []
    assert ready.erase()["status"] == "ERASED"
