"""Failed runs on the deployed stack come to their group, through the bus and the queue."""

import uuid
from typing import Any

from tests.emulator.orders import ADMIN, activate, ended, fire, wait_for
from tests.support.stack import Stack


def too_small() -> dict[str, Any]:
    return {
        "name": "Refuses",
        "nodes": [
            {
                "id": "start",
                "type": "TRIGGER",
                "config": {
                    "triggerType": "WEBHOOK",
                    "contactLookup": {"by": "email", "path": "email"},
                    "createIfMissing": True,
                },
            },
            {
                "id": "bad",
                "type": "STOP_ERROR",
                "config": {
                    "message": "Order {{trigger.orderId}} of {{contact.email}} is too small"
                },
            },
        ],
        "edges": [{"source": "start", "target": "bad"}],
    }


def test_two_runs_that_fail_alike_are_one_group(stack: Stack) -> None:
    with stack.api(ADMIN) as api:
        automation = activate(api, too_small())
        runs = [
            fire(stack, automation, {"orderId": order, "email": f"{uuid.uuid4().hex}@x.example"})
            for order in ("A-1001", uuid.uuid4().hex)
        ]
        groups = {ended(api, run_id)["errorGroup"] for run_id in runs}
        assert len(groups) == 1
        query = {"automationId": automation["id"], "range": "24h", "text": "too small"}

        def look() -> Any:
            listed = api.get("/v1/failure-groups", params=query).raise_for_status().json()["items"]
            return [group for group in listed if group["count"] == 2]

        (group,) = wait_for("the group of two runs", look)
        assert {group["id"]} == groups
        assert group["message"] == "Order <id> of <email> is too small"
        assert (group["nodeId"], group["contacts"], group["firstVersion"]) == ("bad", 2, 1)
        assert group["automationName"] == "Refuses"
        assert api.get(f"/v1/failure-groups/{group['id']}").json() == group
    stranger = stack.local["workspaces"][1]["users"][0]["email"]
    with stack.api(stranger) as api:
        assert api.get(f"/v1/failure-groups/{group['id']}").status_code == 404
        assert api.get("/v1/failure-groups", params=query).json()["items"] == []
