"""The timeline and the erasure of a contact on the deployed stack, with IAM enforced."""

import random
import string
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from runledger.clock import HOUR
from runledger.store.values import from_dynamo

from local.settings import STACK_NAME
from tests.emulator.orders import activate, ended, fire, template, wait_for
from tests.support.demo_users import own_workspace
from tests.support.stack import Stack
from tests.support.stored_text import find_words, kept

# Too large for a row, even compressed.
NOISE = "".join(random.Random(9).choices(string.ascii_letters + string.digits, k=120_000))


def everything(stack: Stack) -> Iterator[tuple[str, str]]:
    with closing(stack.aws("dynamodb")) as dynamodb, closing(stack.aws("s3")) as s3:
        pages = dynamodb.get_paginator("scan").paginate(TableName=stack.table_name)
        items = [from_dynamo(raw) for page in pages for raw in page["Items"]]
        bucket = stack.aws("cloudformation").describe_stack_resource(
            StackName=STACK_NAME, LogicalResourceId="BodyBucket"
        )["StackResourceDetail"]["PhysicalResourceId"]
        listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        names = [each["Key"] for each in listed]
        objects = {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in names}
    return kept(items, objects)


def let_an_hour_pass(
    stack: Stack, workspace_id: str, contact_id: str, run_ids: list[str], sent: list[str]
) -> None:
    """Moves the erasure of one contact and its rows an hour into the past, so that it is due."""
    changes: list[tuple[str, str, dict[str, Any]]] = []
    past = int(time.time() * 1_000) - HOUR
    due = f"{past:013d}#era_{workspace_id}#{contact_id}"
    moved = {"dueKey": {"S": due}} | {
        name: {"N": str(past)} for name in ("requestedAt", "quietSince", "notBefore")
    }
    changes.append((f"WORKSPACE#{workspace_id}#ERASURE", contact_id, moved))
    erased = {"erasedAt": {"N": str(past)}}
    changes += [(f"RUN#{each}", "RUN", {**erased, "openClaims": {"M": {}}}) for each in run_ids]
    changes += [(f"DELIVERY#{each}", "DELIVERY", erased) for each in sent]
    with closing(stack.aws("dynamodb")) as dynamodb:
        for pk, sk, values in changes:
            told = ", ".join(f"{name} = :{name}" for name in values)
            dynamodb.update_item(
                TableName=stack.table_name,
                Key={"pk": {"S": pk}, "sk": {"S": sk}},
                UpdateExpression=f"SET {told}",
                ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
            )


def test_a_contact_has_a_timeline_and_is_then_erased(stack: Stack) -> None:
    tag = uuid.uuid4().hex[:12]
    email, name = f"erase-{tag}@customer.example", f"Lovelace-{tag}"
    words = (email, name, f"canary-{tag}")
    workspace = own_workspace(stack)
    with stack.api(workspace.owner) as api:
        person = {"email": email, "lastName": name, "metadata": {"note": f"canary-{tag}"}}
        contact_id = api.post("/v1/contacts", json=person).raise_for_status().json()["id"]
        lookup = {"contactLookup": {"by": "email", "path": "email"}}
        message = {
            "recipients": {"kind": "TRIGGER_CONTACT"},
            "channels": [{"channel": "EMAIL", "templateId": template(api, "{{contact.lastName}}")}],
        }
        paused = {"kind": "COMPARE", "left": "{{trigger.waits}}", "operator": "EQUALS"}
        automation = activate(
            api,
            {
                "name": "Greets",
                "nodes": [
                    {"id": "start", "type": "TRIGGER"}
                    | {"config": {"triggerType": "WEBHOOK", **lookup}},
                    {"id": "mail", "type": "SEND_MESSAGE", "config": message},
                    {"id": "long", "type": "CONDITION", "config": {**paused, "right": True}},
                    {"id": "pause", "type": "WAIT", "config": {"delayMinutes": 1_440}},
                    {"id": "done", "type": "END"},
                ],
                "edges": [
                    {"source": "start", "target": "mail"},
                    {"source": "mail", "target": "long"},
                    {"source": "long", "target": "pause", "label": "true"},
                    {"source": "long", "target": "done", "label": "false"},
                    {"source": "pause", "target": "done"},
                ],
            },
        )
        large = {"email": email, "waits": False, "note": f"canary-{tag} {NOISE}"}
        run_ids = [fire(stack, automation, large)]
        ended(api, run_ids[0])
        run_ids.append(fire(stack, automation, {"email": email, "waits": True}))

        def told() -> Any:
            page = api.get(f"/v1/contacts/{contact_id}/timeline").raise_for_status().json()
            return page["items"] if len(page["items"]) == 4 else None

        items = wait_for("both messages", told)
        assert sorted(each["kind"] for each in items) == ["DELIVERY", "DELIVERY", "RUN", "RUN"]
        assert [each["at"] for each in items] == sorted((i["at"] for i in items), reverse=True)
        sent = [each["delivery"]["id"] for each in items if each["delivery"]]
        assert {each.rpartition(": ")[2] for each in find_words(everything(stack), words)} == {
            word.lower() for word in words
        }

        path = f"/v1/contacts/{contact_id}/erase"
        answer = api.post(path, json={"reason": "request 7"})
        assert (answer.status_code, answer.json()["status"]) == (202, "ERASING"), answer.text
        for run_id in run_ids:
            shown = api.get(f"/v1/runs/{run_id}").raise_for_status().json()
            assert (shown["contact"], shown["payload"]) == (None, None)
            assert shown["erasedAt"] is not None
        assert shown["canceled"]["reason"] == "contact erased"

        gone = api.get(f"/v1/contacts/{contact_id}")
        assert (gone.status_code, gone.json()["erasure"]) == (410, "ERASING")

        def erased() -> Any:
            # In any number of ticks, because the stack's own one may be at work on it meanwhile.
            let_an_hour_pass(stack, workspace.id, contact_id, run_ids, sent)
            stack.tick()
            gone = api.get(f"/v1/contacts/{contact_id}")
            return gone if gone.json()["erasure"] == "ERASED" else None

        gone = wait_for("the end of the erasure", erased)
        assert gone.status_code == 410
        assert gone.json()["erasedAt"] is not None
        assert find_words(everything(stack), words) == []
        left = find_words(everything(stack), [contact_id])
        assert [each.partition("/")[0] for each in left] == [f"WORKSPACE#{workspace.id}#ERASURE"]
