"""Refused events on the deployed stack, with IAM enforced: they are kept, replayed once, and erased
with the person that they mention."""

import json
import time
import uuid
from contextlib import closing
from typing import Any

from runledger.clock import HOUR

from tests.emulator.orders import ADMIN, activate, ended, wait_for
from tests.emulator.test_erasing import NOISE, everything
from tests.emulator.test_webhook_intake import VIEWER, graph, post
from tests.support.demo_users import own_workspace
from tests.support.stack import Stack
from tests.support.stored_text import find_words


def make_due(stack: Stack, workspace_id: str, contact_id: str) -> None:
    """Makes the next check of an erasure due now."""
    due = f"{int(time.time() * 1_000) - HOUR:013d}#era_{workspace_id}#{contact_id}"
    with closing(stack.aws("dynamodb")) as dynamodb:
        dynamodb.update_item(
            TableName=stack.table_name,
            Key={"pk": {"S": f"WORKSPACE#{workspace_id}#ERASURE"}, "sk": {"S": contact_id}},
            UpdateExpression="SET dueKey = :due",
            ExpressionAttributeValues={":due": {"S": due}},
        )


def test_a_refused_event_is_replayed_once_and_erased(stack: Stack) -> None:
    tag = uuid.uuid4().hex[:12]
    email = f"kept-{tag}@customer.example"
    words = (email, f"canary-{tag}")
    workspace = own_workspace(stack)
    with stack.api(workspace.owner) as api, stack.api(workspace.viewer) as viewer:
        lookup = {"contactLookup": {"by": "email", "path": "email"}}
        automation = activate(api, graph("Keeps", triggerType="WEBHOOK", **lookup))

        def refuse(**document: Any) -> str:
            """Sends an event that the trigger refuses, and returns the refusal's id."""
            body = json.dumps(document).encode()
            answer = post(stack, automation, body, authorization="Bearer hunter2")
            assert answer.status_code == 422, answer.text
            query = {"automationId": automation["id"]}
            newest = viewer.get("/v1/refusals", params=query).raise_for_status().json()["items"]
            return str(newest[0]["id"])

        # One is too large for a row, the other belongs to nobody.
        event = {"email": email, "note": f"canary-{tag} {NOISE}"}
        first = refuse(**event)
        other = refuse(email=f"nobody-{tag}@customer.example", friend=email)
        shown = viewer.get(f"/v1/refusals/{first}").raise_for_status().json()
        assert shown["event"]["body"] == event
        assert shown["event"]["headers"]["authorization"] == "[redacted]"
        found = find_words(everything(stack), [f"canary-{tag}"])
        assert [each for each in found if each.startswith(f"refusals/{first}/")] != []

        contact_id = api.post("/v1/contacts", json={"email": email}).json()["id"]
        path = f"/v1/refusals/{first}/replay"
        assert viewer.post(path).status_code == 403
        replayed = api.post(path)
        assert replayed.status_code == 202, replayed.text
        run_id = replayed.json()["runs"][0]["runId"]
        assert ended(api, run_id)["payload"] == event
        again = api.post(path)
        assert (again.status_code, again.json()["state"]) == (409, "REPLAYED"), again.text
        assert run_id in again.json()["detail"]

        erased = api.post(f"/v1/contacts/{contact_id}/erase", json={"reason": "request 7"})
        assert erased.status_code == 202, erased.text
        make_due(stack, workspace.id, contact_id)
        stack.tick()

        def only_the_erasure_knows() -> bool:
            # It still knows the address, because it is not over yet.
            left = find_words(everything(stack), words)
            return all("#ERASURE/" in each for each in left)

        # The stack's own tick may have been faster, and be at work.
        wait_for("the erasure of the kept events", only_the_erasure_knows)
        for refusal_id in (first, other):
            shown = viewer.get(f"/v1/refusals/{refusal_id}").raise_for_status().json()
            assert (shown["event"], shown["keptUntil"]) == (None, None)
            assert shown["erasedAt"] is not None


def test_captured_events_are_shown_with_their_results(stack: Stack) -> None:
    with stack.api(ADMIN) as api, stack.api(VIEWER) as viewer:
        automation = activate(api, graph("Captures", triggerType="WEBHOOK"))
        path = f"/v1/automations/{automation['id']}"
        assert viewer.post(f"{path}/capture").status_code == 403
        begun = api.post(f"{path}/capture").raise_for_status().json()
        shown = viewer.get(f"{path}/captured-events").raise_for_status().json()
        assert shown == {"items": [], "capture": begun}
        assert [post(stack, automation, body).status_code for body in (b'{"a": 1}', b"{")] == [
            202,
            422,
        ]
        shown = viewer.get(f"{path}/captured-events").raise_for_status().json()
        found = [(each["outcome"], each["status"], each["body"]) for each in shown["items"]]
        assert found == [("REFUSED", 422, "{"), ("ACCEPTED", 202, {"a": 1})]
        assert shown["capture"] == {**begun, "left": begun["left"] - 2}
