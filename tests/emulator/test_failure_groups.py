"""Failed runs on the deployed stack join their failure group, through bus and queue."""

import uuid
from typing import Any

from tests.emulator.orders import ADMIN, activate, demo_service, ended, fire, wait_for
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


def test_two_runs_with_the_same_failure_share_a_group(stack: Stack) -> None:
    with stack.api(ADMIN) as api:
        automation = activate(api, too_small())
        runs = [
            fire(stack, automation, {"orderId": order, "email": f"{uuid.uuid4().hex}@x.example"})
            for order in ("A-1001", uuid.uuid4().hex)
        ]
        failed = [ended(api, run_id) for run_id in runs]
        groups = {run["errorGroup"] for run in failed}
        assert len(groups) == 1
        # The two may be grouped in either order.
        first = min(run["finishedAt"] for run in failed)
        query = {"automationId": automation["id"], "range": "24h", "text": "too small"}

        def look() -> Any:
            listed = api.get("/v1/failure-groups", params=query).raise_for_status().json()["items"]
            return [
                group for group in listed if group["count"] == 2 and group["firstSeenAt"] == first
            ]

        (group,) = wait_for("the group of two runs", look)
        assert {group["id"]} == groups
        assert group["title"] == group["message"] == "Order <id> of <email> is too small"
        assert group["status"] == "OPEN"
        assert (group["nodeId"], group["contacts"], group["firstVersion"]) == ("bad", 2, 1)
        assert group["automationName"] == "Refuses"
        one = api.get(f"/v1/failure-groups/{group['id']}").json()
        # A list shows the beginning of the newest message.
        beginning = group["newestMessage"].removesuffix("…")
        assert one["newestMessage"].startswith(beginning)
        # Its trend is that of 30 days, the list's is that of the list's period.
        assert sum(one["trend"]["counts"]) == sum(group["trend"]["counts"]) == 2
        own = {name: one[name] for name in ("newestMessage", "trend")}
        assert one == {**group, **own}
        assert one["newestRunId"] == runs[1]
    stranger = stack.local["workspaces"][1]["users"][0]["email"]
    with stack.api(stranger) as api:
        assert api.get(f"/v1/failure-groups/{group['id']}").status_code == 404
        assert api.get("/v1/failure-groups", params=query).json()["items"] == []


def calls(url: str) -> dict[str, Any]:
    return {
        "name": "Calls",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
            {"id": "score", "type": "INTEGRATION", "config": {"url": url}},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "score"}, {"source": "score", "target": "done"}],
    }


def test_failed_calls_are_grouped_by_status_and_resolved(stack: Stack) -> None:
    with stack.api(ADMIN) as api:
        base = demo_service(api)
        host = base.partition("://")[2]
        automation = activate(api, calls(base + "/{{trigger.path}}"))
        query = {"automationId": automation["id"]}

        def away() -> str:
            return f"flaky?failures=9&key={uuid.uuid4()}"

        def failed(path: str) -> None:
            told = ended(api, fire(stack, automation, {"path": path}))
            assert told["error"]["kind"] == "HTTP_STATUS", told["error"]

        def groups(wanted: dict[str, int], **more: str) -> dict[str, Any]:
            """Returns the groups by title as soon as they have the wanted counts."""

            def look() -> Any:
                listed = api.get("/v1/failure-groups", params={**query, **more})
                found = {each["title"]: each for each in listed.raise_for_status().json()["items"]}
                return found if {key: each["count"] for key, each in found.items()} == wanted else 0

            return dict(wait_for(f"the groups {wanted}", look))

        for path in (away(), away(), "fail", f"A-{uuid.uuid4()}", "nothing"):
            failed(path)
        where = f"POST {host}/{{id}} answered"
        expected = {f"{where} 503": 2, f"{where} 500": 1, f"{where} 404": 2}
        found = groups(expected)
        group = found[f"{where} 503"]
        assert " answered 503; expected 2xx" in api.get(f"/v1/failure-groups/{group['id']}").text

        path = f"/v1/failure-groups/{group['id']}"
        resolved = api.post(f"{path}/resolve", json={"note": "They are back"})
        assert resolved.status_code == 200, resolved.text
        told = resolved.json()
        assert (told["status"], told["resolvedBy"]) == ("RESOLVED", ADMIN)
        assert (told["note"], told["count"]) == ("They are back", 2)
        groups({f"{where} 503": 2}, status="RESOLVED")
        groups({f"{where} 500": 1, f"{where} 404": 2}, status="OPEN")
        # Another status opens nothing; the same one does.
        failed("fail")
        groups({f"{where} 503": 2}, status="RESOLVED")
        failed(away())
        reopened = groups({**expected, f"{where} 503": 3, f"{where} 500": 2}, status="OPEN")
        assert reopened[f"{where} 503"]["reopenedAt"] is not None
        assert reopened[f"{where} 503"]["resolvedBy"] is None
        assert api.post(f"{path}/resolve", json={}).json()["status"] == "RESOLVED"
        assert api.post(f"{path}/reopen").json()["status"] == "OPEN"
    viewer = next(
        user["email"] for user in stack.local["workspaces"][0]["users"] if user["role"] == "VIEWER"
    )
    with stack.api(viewer) as api:
        assert api.get(path).json()["status"] == "OPEN"
        assert api.post(f"{path}/resolve", json={}).status_code == 403
    with stack.api(stack.local["workspaces"][1]["users"][0]["email"]) as api:
        assert api.post(f"{path}/resolve", json={}).status_code in (403, 404)
