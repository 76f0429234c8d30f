"""Recoveries: which runs are rerun, when, and what the counts say."""

from collections.abc import Iterator
from typing import Any

import pytest
from runledger.clock import MINUTE
from runledger.composition import services
from runledger.models.contact import ContactDocument
from runledger.services.contacts.contacts import Contacts

from tests.support.graphs import document, end, integration, node
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

CALLED = "https://api.example.com/score"


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Simulation, dict[str, str], Any]]:
    with open_simulation() as simulation:
        nodes = [node("start", "TRIGGER", triggerType="WEBHOOK"), integration("score"), end()]
        edges = ("start > score", "score > done")
        by_email = {"by": "email", "path": "email"}
        lookup = node("start", "TRIGGER", triggerType="WEBHOOK", contactLookup=by_email)
        made = {
            "orders": simulation.activate({"name": "Orders", **document(nodes, *edges)}),
            "one": simulation.activate(
                {
                    "name": "One at a time",
                    "reentry": "ONE_AT_A_TIME",
                    **document([lookup, *nodes[1:]], *edges),
                }
            ),
        }
        contacts = Contacts(services().stores.contacts, simulation.clock)
        contacts.create(WORKSPACE, ContactDocument(email="ada@example.com"))
        simulation.records.clear()
        yield simulation, made, simulation.snapshot()


@pytest.fixture
def simulation(stage: tuple[Simulation, dict[str, str], Any]) -> Simulation:
    stage[2]()
    stage[0].http.status_of = lambda url: 200
    return stage[0]


@pytest.fixture
def automations(stage: tuple[Simulation, dict[str, str], Any]) -> dict[str, str]:
    return stage[1]


def failed_runs(simulation: Simulation, automation_id: str, count: int) -> list[str]:
    """Returns runs whose call was answered with 503, oldest first."""
    simulation.http.status_of = lambda url: 503
    path = simulation.webhook_path(automation_id)
    ids = []
    for number in range(count):
        body = {"email": "ada@example.com", "number": number}
        answer = simulation.request("webhook_in", "POST", path, body)
        assert answer["status"] == 202, answer
        ids.append(str(answer["body"]["runId"]))
        simulation.settle()
    simulation.http.status_of = lambda url: 200
    assert {row["status"] for row in simulation.runs()} == {"FAILED"}
    return ids


def post(simulation: Simulation, path: str = "", status: int = 202, **asked: Any) -> dict[str, Any]:
    answer = simulation.request("api", "POST", f"/v1/recoveries{path}", asked)
    assert answer["status"] == status, (answer, simulation.unforeseen)
    body: dict[str, Any] = answer["body"]
    return body


def shown(simulation: Simulation, recovery_id: str) -> dict[str, Any]:
    answer = simulation.request("query", "GET", f"/v1/recoveries/{recovery_id}", None)
    body: dict[str, Any] = answer["body"]
    return body


def group_of(simulation: Simulation, run_id: str) -> str:
    body = simulation.request("query", "GET", f"/v1/runs/{run_id}", None)["body"]
    return str(body["errorGroup"])


def reruns(simulation: Simulation) -> list[Any]:
    return [row for row in simulation.runs() if "rerunOf" in row]


def wait(simulation: Simulation, minutes: int = 1) -> None:
    simulation.run_until(simulation.clock.now + minutes * MINUTE)


def test_every_failed_run_is_rerun_and_its_group_is_resolved(
    simulation: Simulation, automations: dict[str, str]
) -> None:
    failed = failed_runs(simulation, automations["orders"], 5)
    group = group_of(simulation, failed[0])
    preview = post(simulation, status=200, errorGroup=group, dryRun=True)
    assert (preview["status"], preview["id"], preview["isSelected"]) == ("PREVIEWED", None, True)
    assert preview["counts"]["eligible"] == 5
    assert [(each["nodeId"], each["run"]) for each in preview["nodes"]] == [("score", 5)]
    assert reruns(simulation) == []

    made = post(simulation, errorGroup=group)
    simulation.settle()
    done = shown(simulation, made["id"])
    assert (done["status"], done["statusReason"]) == ("COMPLETED", None)
    assert done["counts"] == {
        "eligible": 5,
        "excluded": {},
        "blocked": 0,
        "opened": 5,
        "completed": 5,
        "failed": 0,
        "canceled": 0,
    }
    assert sorted(row["rerunOf"] for row in reruns(simulation)) == sorted(failed)
    page = simulation.request("query", "GET", f"/v1/recoveries/{made['id']}/runs", None)["body"]
    assert [item["runId"] for item in page["items"]] == failed
    assert {item["result"] for item in page["items"]} == {"COMPLETED"}
    told = simulation.request("query", "GET", f"/v1/failure-groups/{group}", None)["body"]
    assert told["status"] == "RESOLVED"
    assert made["id"] in told["note"]
