"""Every AWS call of an erasure is broken in turn: in the end nothing of the person is left, be it
in an item or an object, and every row stands where it stood."""

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
from tests.support.stage import Stage, open_stage
from tests.support.traces import kept_by_stage, traces

EMAIL, PHONE, NAME = "ada@lovelace.example", "+491701234567", "Lovelace-King"
PERSONAL = (EMAIL, PHONE, NAME, "canary-metadata", "canary-payload", "canary-answer")
# Hardly compressible, so too large for a row.
NOISE = base64.b85encode(random.Random(3).randbytes(70_000)).decode()
LATER = "TooManyRequestsException"
MAIL = {"recipients": {"kind": "TRIGGER_CONTACT"}, "channels": [{"channel": "EMAIL"}]}


@dataclass(frozen=True)
class Ready:
    """Everything has happened by now but the erasing; `places` are the index keys of the rows."""

    stage: Stage
    contact_id: str
    shop: str
    places: dict[str, Item]
    restore: Callable[[], None]

    def erase(self) -> dict[str, Any]:
        path = f"/v1/contacts/{self.contact_id}/erase"
        answer = self.stage.request("api", "POST", path, {"reason": "request 7"})
        assert answer["status"] == 202, (answer, self.stage.unforeseen)
        body: dict[str, Any] = answer["body"]
        return body


def shop(template_id: str) -> dict[str, Any]:
    """Calls a service, writes to the contact, and waits for an hour."""
    lookup = {"contactLookup": {"by": "email", "path": "email"}}
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


def fire(stage: Stage, shop_id: str, note: str) -> None:
    event = {"email": EMAIL, "note": f"canary-payload {note}"}
    answer = stage.request("webhook_in", "POST", stage.webhook_path(shop_id), event)
    assert answer["status"] == 202, (answer, stage.unforeseen)


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_stage() as stage:
        stage.http.answer = {"told": "canary-answer"}
        document = {
            "name": "M",
            "channel": "EMAIL",
            "subject": "Hi {{contact.lastName}}",
            "body": "To {{contact.email}}: {{trigger.note}}",
        }
        template = stage.request("api", "POST", "/v1/templates", document)
        person = {
            "email": EMAIL,
            "phone": PHONE,
            "lastName": NAME,
            "tags": ["people"],
            "metadata": {"note": "canary-metadata", "born": "1815-12-10"},
        }
        made = stage.request("api", "POST", "/v1/contacts", person)
        shop_id = stage.activate(shop(template["body"]["id"]))
        # One run that has ended, with a payload and a message too large for their rows, and one
        # that waits, with a message that waits too.
        fire(stage, shop_id, NOISE)
        stage.settle()
        stage.ses.refusals = [LATER] * 9
        fire(stage, shop_id, "again")
        stage.run_until(stage.clock.now + MINUTE)
        # No row names the object of the message as it was when it was claimed.
        assert len(stage.open_runs()) == 1 and len(stage.s3.objects) == 3
        assert {each.rpartition(": ")[2] for each in traces(kept_by_stage(stage), PERSONAL)} == {
            word.lower() for word in PERSONAL
        }
        restore_rows = stage.snapshot()
        told, sent, called = stage.bus.entries, stage.ses.sent, stage.http.calls

        def restore() -> None:
            restore_rows()
            stage.bus.entries, stage.heard = list(told), len(told)
            stage.ses.sent, stage.http.calls = list(sent), list(called)

        rows = [*stage.runs(), *stage.deliveries()]
        places = {row["pk"]: row for row in rows}
        yield Ready(stage, made["body"]["id"], shop_id, places, restore)


def is_erased(ready: Ready) -> None:
    ready.erase()
    ready.stage.settle()


def what_is_left(ready: Ready) -> list[str]:
    stage = ready.stage
    found = traces(kept_by_stage(stage), PERSONAL)
    found += [f"{key} is left" for key in stage.s3.objects]
    record = f"WORKSPACE#ws_demo#ERASURE/{ready.contact_id}"
    named = traces(kept_by_stage(stage), [ready.contact_id])
    found += [each for each in named if not each.startswith(record)]
    (erasure,) = (row for row in stage.table.items() if row["pk"].endswith("#ERASURE"))
    if erasure["status"] != "ERASED" or "addresses" in erasure or "gsi4pk" in erasure:
        found.append(f"the erasure is {erasure}")
    for row in [*stage.runs(), *stage.deliveries()]:
        if row["createdKey"] != ready.places[row["pk"]]["createdKey"] or "gsi1pk" not in row:
            found.append(f"{row['pk']} is in no list any more")
    return found


@pytest.mark.timeout(300)
def test_whatever_breaks_nothing_of_the_person_is_left(
    ready: Ready, tell: Callable[[str], None]
) -> None:
    scenario = Scenario(
        is_erased,
        ("CANCELED", "COMPLETED"),
        ("api", "tick"),
        ("SENT", "SUPPRESSED"),
        what_is_left,
    )
    tell(break_everything(ready, scenario))


def test_what_an_index_tells_late_is_erased_too(ready: Ready) -> None:
    """The run was opened by somebody who had still found the contact."""
    stage = ready.stage
    ready.restore()
    stage.table.holds_back = True
    fire(stage, ready.shop, "just before")
    assert ready.erase()["status"] == "ERASING"
    stage.table.holds_back = False
    stage.table.catch_up()
    stage.settle()
    assert len(stage.runs()) == 3
    assert traces(kept_by_stage(stage), PERSONAL) == []
    assert ready.erase()["status"] == "ERASED"
