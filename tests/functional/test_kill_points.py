"""The system recovers if any AWS call of any handler fails, in each way in which the call can fail.

A scenario plays one story through the real handlers, like AWS would. It is played once without a
fault, which shows its calls, and then once for each call and each kind of fault. In the end there
is always one ended run; each step and each effect happened once, or is recorded as unknown; and
every index matches its row. To add a scenario, write a function and add a line to SCENARIOS.
"""

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.clock import MINUTE

from tests.support.every_node import (
    brief,
    contact_update,
    everything,
    follower,
    make_template,
    order,
    plain,
)
from tests.support.kill_points import Scenario, break_everything
from tests.support.simulation import Simulation, open_simulation

# Hardly compressible, so too large for a row.
NOISE = base64.b85encode(random.Random(1).randbytes(70_000)).decode()


@dataclass(frozen=True)
class Ready:
    """The simulation with its automations; `restore` returns to this state."""

    simulation: Simulation
    standard: str
    express: str
    upstream: str
    update: str
    webhooks: dict[str, str]
    restore: Callable[[], None]

    def fire(self, automation_id: str, event: dict[str, Any]) -> str:
        """Sends the event, and repeats it until it gets an answer. Returns the key of the run."""
        answer = self.simulation.request("webhook_in", "POST", self.webhooks[automation_id], event)
        assert answer["status"] in (200, 202), answer
        return f"RUN#{answer['body']['runId']}"


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with open_simulation() as simulation:
        template_id = make_template(simulation)
        standard = simulation.activate(everything(template_id))
        express = simulation.activate(brief(template_id))
        upstream = simulation.activate(plain())
        simulation.activate(follower(upstream))
        update = simulation.activate(contact_update())
        webhooks = {
            each: simulation.webhook_path(each) for each in (standard, express, upstream, update)
        }
        simulation.records.clear()
        yield Ready(
            simulation, standard, express, upstream, update, webhooks, simulation.snapshot()
        )


# ── the stories ─────────────────────────────────────────────────────────────────────────────────


def completes(ready: Ready) -> None:
    ready.fire(ready.standard, order())
    ready.simulation.settle()


def completes_on_express(ready: Ready) -> None:
    ready.fire(ready.express, order())
    ready.simulation.settle()


def updates_its_contact(ready: Ready) -> None:
    simulation = ready.simulation
    contact = {"email": "ada@example.com", "tags": ["lead", "vip"]}
    assert simulation.request("api", "POST", "/v1/contacts", contact)["status"] in (201, 409)
    ready.fire(ready.update, order())
    simulation.settle()
    found = simulation.request("query", "GET", "/v1/contacts", None)
    (shown,) = found["body"]["items"]
    assert shown["firstName"] == "Ada"
    assert shown["metadata"] == {"lastOrder": "A-1", "renewsOn": "2027-03-01"}
    assert shown["tags"] == ["vip", "customer"]


def stops_with_an_error(ready: Ready) -> None:
    ready.fire(ready.standard, order(total=5))
    ready.simulation.settle()


def is_opened_by_hand(ready: Ready) -> None:
    simulation = ready.simulation
    contact = {"email": "ada@example.com", "externalIds": {"stripe": "cus_1"}}
    assert simulation.request("api", "POST", "/v1/contacts", contact)["status"] in (201, 409)
    named = {"externalId": {"name": "stripe", "value": "cus_1"}}
    document = {**named, "payload": order(), "idempotencyKey": "k"}
    path = f"/v1/automations/{ready.express}/runs"
    assert simulation.request("api", "POST", path, document)["status"] in (200, 202)
    simulation.settle()


def is_canceled_while_it_waits(ready: Ready) -> None:
    simulation = ready.simulation
    key = ready.fire(ready.standard, order())
    simulation.run_until(simulation.clock.now + MINUTE)
    _cancel(simulation, key)
    simulation.settle()


def is_canceled_while_pending(ready: Ready) -> None:
    key = ready.fire(ready.standard, order())
    _cancel(ready.simulation, key)
    ready.simulation.settle()


def _cancel(simulation: Simulation, key: str) -> None:
    run_id = key.removeprefix("RUN#")
    requests = simulation.requests
    answer = simulation.request(
        "api", "POST", f"/v1/runs/{run_id}/cancel", {"reason": "wrong list"}
    )
    # If the first answer was lost, the second try answers that the run is already canceled.
    was_tried_again = simulation.requests > requests + 1
    is_done = was_tried_again and answer["body"].get("state") == "CANCELED"
    assert answer["status"] == 200 or is_done, answer
    assert _status(simulation, key) == "CANCELED"


def is_drained_by_a_pause(ready: Ready) -> None:
    simulation = ready.simulation
    ready.fire(ready.standard, order("A-1"))
    simulation.run_until(simulation.clock.now + MINUTE)
    ready.fire(ready.standard, order("A-2"))
    path = f"/v1/automations/{ready.standard}/pause"
    assert simulation.request("api", "POST", path, None)["status"] == 200
    simulation.settle()


def is_started_by_the_tick(ready: Ready) -> None:
    """The function that starts runs loses its records of the stream."""
    ready.simulation.deaf.add("start_runs")
    ready.fire(ready.express, order())
    ready.simulation.settle()


def is_started_after_a_refusal(ready: Ready) -> None:
    simulation = ready.simulation
    simulation.step_functions.refuses = lambda workspace_id: "ThrottlingException"
    ready.fire(ready.express, order())
    simulation.deliver_stream()
    simulation.step_functions.refuses = lambda workspace_id: None
    simulation.settle()


def is_lost_on_its_way(ready: Ready) -> None:
    """The execution disappears without an event; the tick continues the run after its deadline."""
    simulation = ready.simulation
    key = ready.fire(ready.express, order())
    simulation.run_while(lambda: _status(simulation, key) == "PENDING")
    for arn in list(simulation.step_functions.executions):
        simulation.step_functions.lose(arn)
    simulation.settle()


def is_handed_back(ready: Ready) -> None:
    """Lambda has no capacity for a node, no matter how often the machine retries. The next attempt
    of the run continues."""
    ready.simulation.no_room["run_integration"] = 3
    ready.fire(ready.standard, order())
    ready.simulation.settle()


def opens_a_run_downstream(ready: Ready) -> None:
    """The event is too large for a row, so its body is in S3."""
    ready.fire(ready.upstream, {**order(), "noise": NOISE})
    ready.simulation.settle()


def is_stopped_from_outside(ready: Ready) -> None:
    simulation = ready.simulation
    key = ready.fire(ready.standard, order())
    simulation.run_while(lambda: _status(simulation, key) == "PENDING")
    for arn in list(simulation.step_functions.executions):
        simulation.step_functions.stop_execution(
            executionArn=arn, error="ByHand", cause="an operator"
        )
    simulation.settle()


def _status(simulation: Simulation, key: str) -> str:
    return next(str(row["status"]) for row in simulation.runs() if row["pk"] == key)


SCENARIOS = (
    Scenario(
        completes,
        ("COMPLETED",),
        (
            "webhook_in",
            "start_runs",
            "run_logic",
            "run_message",
            "run_integration",
            "tick",
            "follow_changes",
        ),
    ),
    Scenario(completes_on_express, ("COMPLETED",), ("run_message", "run_integration")),
    Scenario(updates_its_contact, ("COMPLETED",), ("run_logic",)),
    Scenario(stops_with_an_error, ("FAILED",), ("run_logic", "group_failures")),
    Scenario(is_opened_by_hand, ("COMPLETED",), ("api",)),
    Scenario(is_canceled_while_it_waits, ("CANCELED",), ("api", "close_runs")),
    Scenario(is_canceled_while_pending, ("CANCELED",), ("api", "run_logic")),
    Scenario(is_drained_by_a_pause, ("CANCELED", "CANCELED"), ("api", "tick")),
    Scenario(is_started_by_the_tick, ("COMPLETED",), ("tick",)),
    Scenario(is_started_after_a_refusal, ("COMPLETED",), ("start_runs", "tick")),
    Scenario(is_lost_on_its_way, ("COMPLETED",), ("tick",)),
    Scenario(is_handed_back, ("COMPLETED",), ("run_integration", "tick")),
    Scenario(
        opens_a_run_downstream,
        ("COMPLETED", "COMPLETED"),
        ("follow_changes", "upstream_trigger"),
    ),
    Scenario(is_stopped_from_outside, ("FAILED",), ("close_runs",)),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.play.__name__)
def test_after_any_fault_one_run_ends_and_its_record_is_true(
    ready: Ready, scenario: Scenario, report_figure: Callable[[str], None]
) -> None:
    report_figure(str(break_everything(ready, scenario)))
