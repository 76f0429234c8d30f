"""Previews and the history of deliveries on the deployed stack, IAM enforced."""

import uuid

from tests.emulator.orders import ADMIN, activate, ended, fire
from tests.support.stack import Stack

VIEWER = "viewer@demo.example"


def test_a_message_is_previewed_sent_and_found_again(stack: Stack) -> None:
    email = f"history-{uuid.uuid4().hex[:12]}@customer.example"
    with stack.api(ADMIN) as api, stack.api(VIEWER) as viewer:
        person = {"email": email, "firstName": "Ada"}
        contact = api.post("/v1/contacts", json=person).raise_for_status().json()
        body = "Hello {{ contact.firstName }}, order {{ trigger.orderId }}"
        template = {"name": "Paid", "channel": "EMAIL", "subject": "Your order", "body": body}
        template_id = api.post("/v1/templates", json=template).raise_for_status().json()["id"]

        path = f"/v1/templates/{template_id}/preview"
        lacking = api.post(path, json={"email": email}).raise_for_status().json()
        assert [each["variable"] for each in lacking["problems"]] == ["trigger.orderId"]
        asked = {"contactId": contact["id"], "payload": {"orderId": "A-7"}}
        seen = api.post(path, json=asked).raise_for_status().json()
        assert (seen["address"], seen["body"]) == (email, "Hello Ada, order A-7")
        assert all(gate["passed"] for gate in seen["gates"])
        assert viewer.post(path, json=asked).status_code == 403
        assert not [mail for mail in stack.mailbox() if email in str(mail)]

        lookup = {"by": "email", "path": "email"}
        trigger = {"triggerType": "WEBHOOK", "contactLookup": lookup}
        message = {
            "recipients": {"kind": "TRIGGER_CONTACT"},
            "channels": [{"channel": "EMAIL", "templateId": template_id}],
        }
        automation = activate(
            api,
            {
                "name": "Order paid, told",
                "nodes": [
                    {"id": "start", "type": "TRIGGER", "config": trigger},
                    {"id": "mail", "type": "SEND_MESSAGE", "config": message},
                    {"id": "done", "type": "END"},
                ],
                "edges": [
                    {"source": "start", "target": "mail"},
                    {"source": "mail", "target": "done"},
                ],
            },
        )
        run_id = fire(stack, automation, {"email": email, "orderId": "A-7"})
        run = ended(api, run_id)
        (link,) = run["deliveries"]
        assert (link["address"], link["channel"]) == (email, "EMAIL")

        filters = (
            {"runId": run_id},
            {"contact": email.upper(), "channel": "EMAIL", "range": "24h"},
            {"automationId": automation["id"], "status": "SENT,DELIVERED"},
            {"contact": contact["id"], "limit": 1},
        )
        for given in filters:
            page = viewer.get("/v1/deliveries", params=given).raise_for_status().json()
            assert [each["id"] for each in page["items"]] == [link["id"]], given
            assert page["items"][0]["automationName"] == "Order paid, told"
        nothing = viewer.get("/v1/deliveries", params={"runId": run_id, "channel": "SMS"})
        assert nothing.json() == {"items": [], "nextCursor": None}

        told = viewer.get(link["path"]).raise_for_status().json()
        assert (told["subject"], told["body"]) == ("Your order", "Hello Ada, order A-7")
        assert (told["templateName"], told["links"]["run"]) == ("Paid", f"/v1/runs/{run_id}")
        assert [each["outcome"] for each in told["triesLog"]] == ["ACCEPTED"]
        assert len([mail for mail in stack.mailbox() if email in str(mail)]) == 1
