"""A rerun on the deployed stack repeats the call that another service answered with an error. The
message and the call that succeeded before are not repeated."""

import uuid
from itertools import pairwise
from typing import Any

from tests.emulator.orders import (
    ADMIN,
    activate,
    demo_service,
    ended,
    fire,
    template,
    wait_for,
)
from tests.support.stack import Stack

# Long enough for the echo's answer to be a file, which the rerun copies.
LONG = "all work and no play " * 15_000


def fragile(service: str, template_id: str, key: str) -> dict[str, Any]:
    """A message, an echo, and a call that fails once."""
    mail = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "EMAIL", "templateId": template_id}],
    }
    lookup = {"contactLookup": {"by": "email", "path": "email"}, "createIfMissing": True}
    nodes: list[tuple[str, str, dict[str, Any]]] = [
        ("start", "TRIGGER", {"triggerType": "WEBHOOK", **lookup}),
        ("mail", "SEND_MESSAGE", mail),
        ("echo", "INTEGRATION", {"url": f"{service}/echo", "body": {"text": "{{trigger.text}}"}}),
        ("flaky", "INTEGRATION", {"url": f"{service}/flaky?failures=1&key={key}", "body": {}}),
        ("done", "END", {}),
    ]
    names = [name for name, _, _ in nodes]
    return {
        "name": "Fragile",
        "nodes": [{"id": name, "type": kind, "config": config} for name, kind, config in nodes],
        "edges": [{"source": a, "target": b} for a, b in pairwise(names)],
    }


def test_a_failed_run_is_rerun_with_its_preview(stack: Stack) -> None:
    email = f"{uuid.uuid4().hex}@rerun.example"
    with stack.api(ADMIN) as api:
        document = fragile(demo_service(api), template(api, "Thank you"), uuid.uuid4().hex)
        automation = activate(api, document)
        run_id = fire(stack, automation, {"email": email, "text": LONG})
        failed = ended(api, run_id)
        assert (failed["status"], failed["error"]["nodeId"]) == ("FAILED", "flaky")

        path = f"/v1/runs/{run_id}/rerun"
        shown = api.post(path, json={"dryRun": True}).raise_for_status().json()
        actions = {node["nodeId"]: node["action"] for node in shown["nodes"]}
        assert (shown["from"], shown["problems"]) == ("flaky", [])
        assert actions == {"mail": "REUSED", "echo": "REUSED", "flaky": "RUN"}
        (effect,) = next(node["effects"] for node in shown["nodes"] if node["nodeId"] == "flaky")
        assert (effect["kind"], effect["status"], effect["then"]) == ("POST", "503", "REPEAT")

        reruns: list[str] = []
        # From the start: the file of the echo's answer is copied for a step that waits.
        for asked in ({"idempotencyKey": "mended"}, {"from": "START", "reason": "once more"}):
            opened = api.post(path, json=asked)
            assert opened.status_code == 202, opened.text
            reruns.append(opened.json()["runId"])
            rerun = ended(api, reruns[-1])
            assert (rerun["status"], rerun["rerunOf"]) == ("COMPLETED", run_id)
            steps = {step["nodeId"]: step for step in rerun["steps"]}
            assert steps["mail"]["reusedFrom"] == steps["echo"]["reusedFrom"] == run_id
            assert steps["echo"]["response"]["bodyLink"]["bytes"] > len(LONG)
        assert steps["flaky"]["reusedFrom"] == reruns[0]

        def is_named() -> bool:
            found: bool = api.get(f"/v1/runs/{run_id}").json()["recoveredBy"] == reruns[1]
            return found

        wait_for("the name of the latest rerun", is_named)
        repeated = api.post(path, json={"idempotencyKey": "mended"})
        assert (repeated.status_code, repeated.json()["duplicate"]) == (200, True)
    assert sum(email in str(message) for message in stack.mailbox()) == 1
