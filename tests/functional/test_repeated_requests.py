"""A request that is repeated with its idempotency key acts once."""

from typing import Any

import pytest
from runledger.clock import HOUR, MINUTE

from tests.support.graphs import document, end, node, wait
from tests.support.simulation import Simulation

TWO_WAITS = document(
    [node("start", "TRIGGER", triggerType="WEBHOOK"), wait("one", 600), wait("two", 600), end()],
    "start > one",
    "one > two",
    "two > done",
)


def post(simulation: Simulation, path: str, body: dict[str, Any]) -> dict[str, Any]:
    return simulation.request("api", "POST", path, body)


def waiting_at(simulation: Simulation, run_id: str) -> list[str]:
    """Returns the nodes at which the run waits now."""
    steps = simulation.steps(f"RUN#{run_id}")
    return [name for name, step in steps.items() if step["status"] == "WAITING"]


def test_a_repeated_skip_ends_no_later_wait(simulation: Simulation) -> None:
    automation_id = simulation.activate({"name": "Two waits", **TWO_WAITS})
    path = simulation.webhook_path(automation_id)
    run_id = simulation.request("webhook_in", "POST", path, {})["body"]["runId"]
    simulation.run_until(simulation.clock.now + MINUTE)
    assert waiting_at(simulation, run_id) == ["one"]
    asked = {"filter": {"automationId": automation_id}, "idempotencyKey": "k"}
    first = post(simulation, "/v1/runs/skip-wait", asked)
    assert (first["status"], first["body"]["skipped"]) == (202, 1)
    simulation.run_until(simulation.clock.now + 10 * MINUTE)
    assert waiting_at(simulation, run_id) == ["two"]
    again = post(simulation, "/v1/runs/skip-wait", asked)
    assert (again["status"], again["body"]["id"]) == (200, first["body"]["id"])
    simulation.run_until(simulation.clock.now + 10 * MINUTE)
    assert waiting_at(simulation, run_id) == ["two"]
    other = post(simulation, "/v1/runs/skip-wait", {**asked, "idempotencyKey": "l"})
    assert (other["body"]["id"] != first["body"]["id"], other["body"]["skipped"]) == (True, 1)
    simulation.run_until(simulation.clock.now + HOUR)
    assert simulation.open_runs() == []


def test_a_key_makes_a_new_export_after_an_erasure_deleted_the_first(
    simulation: Simulation,
) -> None:
    contact = post(simulation, "/v1/contacts", {"email": "ada@example.com"})["body"]["id"]
    asked = {"list": "REFUSALS", "format": "CSV", "idempotencyKey": "k"}
    first = post(simulation, "/v1/exports", asked)["body"]["id"]
    simulation.run_until(simulation.clock.now + MINUTE)
    erasure = simulation.request("api", "POST", f"/v1/contacts/{contact}/erase", None)
    assert erasure["status"] == 202, erasure
    simulation.run_until(simulation.clock.now + HOUR)
    assert simulation.request("api", "GET", f"/v1/exports/{first}", None)["status"] == 404
    again = post(simulation, "/v1/exports", asked)
    assert (again["status"], again["body"]["id"] != first) == (202, True), again


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        (
            "/v1/exports",
            {"list": "REFUSALS", "format": "JSONL"},
            {"list": "REFUSALS", "format": "CSV"},
        ),
        (
            "/v1/runs/cancel",
            {"filter": {}, "reason": "wrong list"},
            {"filter": {"status": "PENDING"}, "reason": "wrong list"},
        ),
        ("/v1/runs/skip-wait", {"filter": {}}, {"filter": {"contact": "ada@example.com"}}),
    ],
)
def test_a_key_is_of_one_request(
    simulation: Simulation, path: str, body: dict[str, Any], other: dict[str, Any]
) -> None:
    key = {"idempotencyKey": "k"}
    first = post(simulation, path, {**body, **key})
    assert first["status"] in (200, 202), first
    again = post(simulation, path, {**body, **key})
    assert (again["status"] in (200, 202), again["body"]["id"]) == (True, first["body"]["id"])
    refused = post(simulation, path, {**other, **key})
    assert (refused["status"], refused["body"]["detail"]) == (
        409,
        "this idempotency key was already used with another request",
    )
    # Without a key, or with another, each request is a new one.
    ids = {post(simulation, path, each)["body"]["id"] for each in (body, body)}
    ids |= {post(simulation, path, {**body, "idempotencyKey": "l"})["body"]["id"]}
    assert len(ids | {first["body"]["id"]}) == 4
    # A key is of one workspace.
    simulation.open_workspace("ws_other")
    elsewhere = simulation.request("api", "POST", path, {**body, **key}, "ws_other")
    assert elsewhere["body"]["id"] not in ids | {first["body"]["id"]}
