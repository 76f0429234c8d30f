"""A message to many contacts on the deployed stack, whose sending function is killed meanwhile."""

import uuid
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.emulator.orders import ADMIN, activate, ended, template, wait_for
from tests.support.depth import examples
from tests.support.stack import Stack

# More than one page of recipients.
MANY = examples(110, quick=60)
OUTCOMES = ("sent", "partly_sent", "suppressed", "failed")


def mailing(segment_id: str, template_id: str) -> dict[str, Any]:
    """Returns an automation that branches by the outcome of its message."""
    notes = [
        {
            "id": f"was_{outcome}",
            "type": "SET",
            "config": {"assignments": [{"target": "vars.outcome", "value": outcome}]},
        }
        for outcome in OUTCOMES
    ]
    news = {
        "recipients": {"kind": "SEGMENT", "segmentId": segment_id},
        "channels": [{"channel": "EMAIL", "templateId": template_id}],
        "frequencyCap": {"messages": 1, "hours": 24},
    }
    return {
        "name": "News",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
            {"id": "news", "type": "SEND_MESSAGE", "config": news},
            *notes,
            {"id": "done", "type": "END", "config": {}},
        ],
        "edges": [
            {"source": "start", "target": "news"},
            *(
                {"source": "news", "target": f"was_{outcome}", "label": outcome}
                for outcome in OUTCOMES
            ),
            *({"source": f"was_{outcome}", "target": "done"} for outcome in OUTCOMES),
        ],
    }


def received(stack: Stack, domain: str) -> Counter[str]:
    """Returns how many e-mails each address of the domain received."""
    found = [address for mail in stack.mailbox() for address in mail["To"]]
    return Counter(address for address in found if address.endswith(domain))


def open_by_hand(api: httpx.Client, automation_id: str, contact_id: str) -> str:
    path = f"/v1/automations/{automation_id}/runs"
    opened = api.post(path, json={"contactId": contact_id}).raise_for_status()
    return str(opened.json()["runId"])


@pytest.mark.deep
def test_each_contact_of_a_segment_gets_one_message_although_the_sender_is_killed(
    stack: Stack,
) -> None:
    tag = uuid.uuid4().hex
    domain = f"@{tag}.example"
    with stack.api(ADMIN) as api:
        made = [
            api.post("/v1/contacts", json={"email": f"a{number}{domain}", "tags": [tag]})
            for number in range(MANY)
        ]
        contact_id = made[0].raise_for_status().json()["id"]
        rules = [{"kind": "HAS_TAG", "tag": tag}]
        segment = api.post("/v1/segments", json={"name": "Many", "rules": rules})
        segment_id = segment.raise_for_status().json()["id"]
        preview = api.get(f"/v1/segments/{segment_id}/preview").raise_for_status().json()
        assert (preview["count"], preview["isWhole"]) == (MANY, True)
        document = mailing(segment_id, template(api, "News for {{contact.email}}"))
        automation = activate(api, document)
        assert automation["machine"]["type"] == "STANDARD"

        run_id = open_by_hand(api, automation["id"], contact_id)
        wait_for("the first messages", lambda: len(received(stack, domain)) > 5)
        assert stack.kill_worker("RunMessage") > 0
        told = ended(api, run_id)

        assert told["status"] == "COMPLETED", told["error"]
        (step,) = [each for each in told["steps"] if each["nodeId"] == "news"]
        counts = step["output"]
        assert counts["sent"] + counts["unknown"] == MANY
        # One worker was killed, at one message at most.
        assert counts["unknown"] <= 1
        assert set(received(stack, domain).values()) == {1}
        assert len(received(stack, domain)) >= counts["sent"]
        expected = "partly_sent" if counts["unknown"] else "sent"
        assert step["outcome"] == expected
        assert told["steps"][2]["nodeId"] == f"was_{expected}"

        again = ended(api, open_by_hand(api, automation["id"], contact_id))
        step = again["steps"][1]
        assert (step["outcome"], step["output"]["suppressed"]) == ("suppressed", MANY)
        assert set(received(stack, domain).values()) == {1}
