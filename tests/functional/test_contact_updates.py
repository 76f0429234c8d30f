"""UPDATE_CONTACT from the event to the stored contact."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.support.boundary import Call, straight
from tests.support.graphs import document, end, node
from tests.support.simulation import Simulation


def create(simulation: Simulation, **fields: Any) -> str:
    made = simulation.request("api", "POST", "/v1/contacts", fields)
    assert made["status"] == 201, made
    return str(made["body"]["id"])


def contact(simulation: Simulation, contact_id: str) -> dict[str, Any]:
    found = simulation.request("query", "GET", f"/v1/contacts/{contact_id}", None)
    assert found["status"] == 200, found
    body: dict[str, Any] = found["body"]
    return body


def erase(simulation: Simulation, contact_id: str) -> None:
    path = f"/v1/contacts/{contact_id}/erase"
    erased = simulation.request("api", "POST", path, {"reason": "asked"})
    assert erased["status"] in (200, 202), erased


def automation(update: dict[str, Any], *more: dict[str, Any], **trigger: Any) -> dict[str, Any]:
    """Returns an automation that makes the update, and then visits the nodes `more`."""
    nodes = [node("start", "TRIGGER", triggerType="WEBHOOK", **trigger)]
    nodes += [node("update", "UPDATE_CONTACT", **update), *more, end()]
    ids = [each["id"] for each in nodes]
    edges = [f"{source} > {target}" for source, target in pairwise(ids)]
    return {"name": "Update", **document(nodes, *edges)}


BY_EMAIL = {"contactLookup": {"by": "email", "path": "email"}}


def run(simulation: Simulation, graph: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """Returns the run that the event opened, when it has ended."""
    path = simulation.webhook_path(simulation.activate(graph))
    opened = simulation.request("webhook_in", "POST", path, event)
    assert opened["status"] in (200, 202), opened
    simulation.settle()
    run_id = opened["body"]["runId"]
    shown: dict[str, Any] = simulation.request("query", "GET", f"/v1/runs/{run_id}", None)["body"]
    return shown


def step(shown: dict[str, Any]) -> dict[str, Any]:
    (found,) = (each for each in shown["steps"] if each["nodeId"] == "update")
    return dict(found)


def test_later_nodes_read_what_was_set_and_the_step_shows_the_values(
    simulation: Simulation,
) -> None:
    contact_id = create(simulation, email="ada@example.com", tags=["lead"])
    update = {
        "fields": [{"field": "metadata.plan", "value": "{{trigger.plan}}"}],
        "addTags": ["customer"],
        "removeTags": ["lead"],
    }
    plan = {"target": "vars.p", "value": "{{contact.metadata.plan}}"}
    graph = automation(update, node("note", "SET", assignments=[plan]), **BY_EMAIL)
    shown = run(simulation, graph, {"email": "ada@example.com", "plan": "pro"})
    assert shown["status"] == "COMPLETED"
    found = contact(simulation, contact_id)
    assert (found["metadata"], found["tags"]) == ({"plan": "pro"}, ["customer"])
    assert step(shown)["evidence"] == {
        "fields": ["metadata.plan"],
        "cleared": [],
        "addedTags": ["customer"],
        "removedTags": ["lead"],
    }
    assert step(shown)["input"]["fields"][0]["value"] == "pro"
    (noted,) = (each for each in shown["steps"] if each["nodeId"] == "note")
    assert noted["output"] == {"p": "pro"}


def test_consents_stay_as_they_are(simulation: Simulation) -> None:
    consents = {"marketing": True, "transactional": False}
    contact_id = create(simulation, email="ada@example.com", consents=consents)
    update = {"fields": [{"field": "firstName", "value": "Ada"}]}
    run(simulation, automation(update, **BY_EMAIL), {"email": "ada@example.com"})
    assert contact(simulation, contact_id)["consents"] == {**consents, "channels": {}}


@pytest.mark.parametrize(
    ("update", "kind", "message"),
    [
        (
            {"fields": [{"field": "email", "value": "grace@example.com"}]},
            "CONTACT_CONFLICT",
            "the contact cannot be changed: this e-mail belongs to another contact",
        ),
        (
            {"fields": [{"field": "email", "value": "nobody"}]},
            "INVALID_VALUE",
            "the contact cannot be changed: ",
        ),
        ({"addTags": ["x" * 65]}, "INVALID_VALUE", "the contact cannot be changed: "),
    ],
)
def test_a_refused_change_fails_the_run_and_changes_nothing(
    simulation: Simulation, update: dict[str, Any], kind: str, message: str
) -> None:
    create(simulation, email="grace@example.com")
    contact_id = create(simulation, email="ada@example.com", tags=["lead"])
    before = contact(simulation, contact_id)
    whole = {**update, "removeTags": ["lead"]}
    shown = run(simulation, automation(whole, **BY_EMAIL), {"email": "ada@example.com"})
    assert shown["status"] == "FAILED"
    assert shown["error"]["kind"] == kind
    assert shown["error"]["message"].startswith(message)
    assert contact(simulation, contact_id) == before


def test_a_run_without_a_contact_skips_the_step(simulation: Simulation) -> None:
    shown = run(simulation, automation({"addTags": ["vip"]}), {"any": 1})
    assert shown["status"] == "COMPLETED"
    assert (step(shown)["status"], step(shown)["reason"]) == ("SKIPPED", "the run has no contact")


def test_a_contact_that_was_erased_meanwhile_is_not_made_again(simulation: Simulation) -> None:
    contact_id = create(simulation, email="ada@example.com")
    pause = node("pause", "WAIT", delayMinutes=60)
    graph = automation({"addTags": ["vip"]}, **BY_EMAIL)
    graph["nodes"].insert(1, pause)
    graph["edges"] = [
        {"source": "start", "target": "pause"},
        {"source": "pause", "target": "update"},
        {"source": "update", "target": "done"},
    ]
    path = simulation.webhook_path(simulation.activate(graph))
    opened = simulation.request("webhook_in", "POST", path, {"email": "ada@example.com"})
    simulation.run_until(simulation.clock.now + 60_000)
    erase(simulation, contact_id)
    simulation.settle()
    found = simulation.request("query", "GET", f"/v1/contacts/{contact_id}", None)
    assert found["status"] == 410
    run_id = opened["body"]["runId"]
    shown = simulation.request("query", "GET", f"/v1/runs/{run_id}", None)["body"]
    assert shown["status"] == "CANCELED"


@pytest.mark.parametrize("operation", ["GetItem", "TransactWriteItems"])
def test_a_contact_that_is_erased_during_the_visit_stays_erased(
    simulation: Simulation, operation: str
) -> None:
    contact_id = create(simulation, email="ada@example.com")
    is_erased = False

    def erases_first(call: Call, act: Callable[[], Any]) -> Any:
        nonlocal is_erased
        is_visit = simulation.function == "run_logic" and call.operation == operation
        if is_visit and not is_erased:
            is_erased = True
            simulation.boundary.around = straight
            erase(simulation, contact_id)
        return act()

    graph = automation({"addTags": ["vip"]}, **BY_EMAIL)
    path = simulation.webhook_path(simulation.activate(graph))
    opened = simulation.request("webhook_in", "POST", path, {"email": "ada@example.com"})
    simulation.boundary.around = erases_first
    simulation.settle()
    assert is_erased
    found = simulation.request("query", "GET", f"/v1/contacts/{contact_id}", None)
    assert found["status"] == 410
    run_id = opened["body"]["runId"]
    shown = simulation.request("query", "GET", f"/v1/runs/{run_id}", None)["body"]
    assert shown["status"] in ("CANCELED", "COMPLETED")
    assert "ada@example.com" not in str(simulation.table.items())


def test_a_date_that_a_node_sets_is_found_by_date_automations(simulation: Simulation) -> None:
    create(simulation, email="ada@example.com")
    update = {"fields": [{"field": "metadata.renewsOn", "value": "2030-03-01", "type": "DATE"}]}
    run(simulation, automation(update, **BY_EMAIL), {"email": "ada@example.com"})
    rows = [row for row in simulation.table.items() if "#DATE#" in str(row["pk"])]
    assert ["#03-01#renewsOn" in str(row["pk"]) for row in rows] == [True]
