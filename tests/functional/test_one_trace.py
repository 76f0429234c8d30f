"""With `Tracing=Active`, the execution of a run belongs to the trace of the request that opened
it."""

from collections.abc import Iterator
from typing import Any

import pytest
from runledger.clock import DAY, HOUR

from tests.support.graphs import document, end, integration, node
from tests.support.lambda_processes import forget_settings
from tests.support.simulation import Simulation, open_simulation

HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


@pytest.fixture
def simulation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulation]:
    monkeypatch.setenv("RUNLEDGER_TRACING", "Active")
    forget_settings()
    with open_simulation() as simulation:
        yield simulation
    forget_settings()


def graph() -> dict[str, Any]:
    nodes = [node("start", "TRIGGER", triggerType="WEBHOOK"), integration("call"), end()]
    return {"name": "A", **document(nodes, "start > call", "call > done")}


def opened(simulation: Simulation, monkeypatch: pytest.MonkeyPatch, header: str | None) -> str:
    """Opens a run by a webhook whose invocation has this header. All other invocations have
    another trace."""
    path = simulation.webhook_path(simulation.activate(graph()))
    with monkeypatch.context() as patch:
        if header is None:
            patch.delenv("_X_AMZN_TRACE_ID", raising=False)
        else:
            patch.setenv("_X_AMZN_TRACE_ID", header)
        answer = simulation.request("webhook_in", "POST", path, {})
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER.replace("Root=1-5", "Root=1-6"))
    return str(answer["body"]["runId"])


def test_the_execution_belongs_to_the_trace_of_the_webhook(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = opened(simulation, monkeypatch, f"{HEADER};Lineage=1:abcd:0")
    simulation.settle()
    assert simulation.step_functions.traces == {f"{run_id}-1": HEADER}
    (run,) = simulation.runs()
    assert run["status"] == "COMPLETED"
    assert "trace" not in run


@pytest.mark.parametrize(
    "header", [None, "", HEADER.replace("Sampled=1", "Sampled=0"), "Sampled=1", "Root"]
)
def test_a_request_that_is_not_traced_gives_no_trace(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, header: str | None
) -> None:
    run_id = opened(simulation, monkeypatch, header)
    simulation.settle()
    assert simulation.step_functions.traces == {f"{run_id}-1": None}


def test_a_late_start_has_a_trace_of_its_own(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = simulation.clock.now + DAY - HOUR
    simulation.step_functions.refuses = lambda workspace: (
        "ThrottlingException" if simulation.clock.now < until else None
    )
    early = opened(simulation, monkeypatch, HEADER)
    simulation.settle()
    assert simulation.step_functions.traces == {f"{early}-1": HEADER}

    late = opened(simulation, monkeypatch, HEADER)
    simulation.records.clear()
    simulation.clock.advance(DAY)
    simulation.settle()
    assert simulation.step_functions.traces[f"{late}-2"] is None


def test_the_next_attempt_has_a_trace_of_its_own(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation.no_room["run_integration"] = 3
    run_id = opened(simulation, monkeypatch, HEADER)
    simulation.settle()
    assert simulation.step_functions.traces == {f"{run_id}-1": HEADER, f"{run_id}-2": None}


def test_without_tracing_no_header_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_settings()
    with open_simulation() as simulation:
        run_id = opened(simulation, monkeypatch, HEADER)
        (run,) = simulation.runs()
        assert "trace" not in run
        simulation.settle()
        assert simulation.step_functions.traces == {f"{run_id}-1": None}
