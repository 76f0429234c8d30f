"""Erasing a contact reaches its reruns, and everything that a rerun leaves behind if its request
dies."""

import base64
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from runledger.clock import MINUTE
from runledger.store import keys

from tests.support.boundary import straight
from tests.support.faults import Fault, FaultyCall
from tests.support.invariants import describe
from tests.support.kill_points import kill_points
from tests.support.rerun_stage import EMAIL, FailedRun, open_rerun_stage
from tests.support.simulation import ProcessDied
from tests.support.stored_text import find_words, stored_in_simulation

# Hardly compressible, so the answer of the first call is a file, which each rerun copies.
NOISE = base64.b85encode(random.Random(9).randbytes(120_000)).decode()
PERSONAL = (EMAIL, "canary-answer", "canary-body", "canary-reason")
START = {"from": "START", "body": {"note": "canary-body"}, "reason": "canary-reason"}


@pytest.fixture(scope="module")
def whole() -> Iterator[FailedRun]:
    answer = {"data": {"score": "canary-answer"}, "rest": NOISE}
    with open_rerun_stage(answer) as stage:
        assert any("bodies/first" in key for key in stage.simulation.s3.objects)
        yield stage


@pytest.fixture
def stage(whole: FailedRun) -> FailedRun:
    whole.restore()
    return whole


def erase(stage: FailedRun) -> None:
    path = f"/v1/contacts/{stage.contact_id}/erase"
    answer = stage.simulation.request("api", "POST", path, {"reason": "request 7"})
    assert answer["status"] == 202, answer


def what_is_left(stage: FailedRun) -> list[str]:
    simulation = stage.simulation
    found = find_words(stored_in_simulation(simulation), PERSONAL)
    found += [f"the object {key}" for key in simulation.s3.objects]
    record = f"WORKSPACE#ws_demo#ERASURE/{stage.contact_id}"
    named = find_words(stored_in_simulation(simulation), [stage.contact_id])
    found += [each for each in named if not each.startswith(record)]
    runs = {row["pk"] for row in simulation.runs()}
    for row in simulation.table.items():
        if row["pk"].startswith("RUN#") and row["pk"] not in runs:
            found.append(f"{row['pk']} {row['sk']} without a run")
        if row["pk"].endswith("#ERASURE") and row["status"] != "ERASED":
            found.append(f"the erasure is {row['status']}")
    return found


def copies(stage: FailedRun, run_id: str) -> list[str]:
    return [key for key in stage.simulation.s3.objects if f"runs/{run_id}/" in key]


@pytest.mark.parametrize("asked", [{}, START], ids=["from the failed node", "from the start"])
def test_nothing_personal_of_a_rerun_is_left(stage: FailedRun, asked: dict[str, Any]) -> None:
    stage.rerun(**asked)
    stage.simulation.settle()
    ((run_id, row),) = stage.reruns().items()
    assert row["status"] == "COMPLETED"
    assert copies(stage, run_id)
    erase(stage)
    stage.simulation.settle()
    assert what_is_left(stage) == []
    shown = stage.simulation.request("query", "GET", f"/v1/runs/{run_id}", None)["body"]
    assert (shown["rerunOf"], shown["payload"], shown["contact"]) == (stage.original, None, None)
    assert {"hello", "first", "second", "goodbye"} <= {step["nodeId"] for step in shown["steps"]}


def test_a_rerun_that_has_not_started_is_canceled_with_its_prepared_steps(stage: FailedRun) -> None:
    answer = stage.rerun(**START)
    run_id = answer["body"]["runId"]
    partition = keys.run(run_id).pk
    rows = [row["sk"] for row in stage.simulation.table.items() if row["pk"] == partition]
    assert {"PREPARED#hello", "PREPARED#first"} <= set(rows)
    erase(stage)
    stage.simulation.settle()
    assert stage.reruns()[run_id]["status"] == "CANCELED"
    assert what_is_left(stage) == []


def test_an_erased_run_keeps_neither_reason_nor_operator_of_its_rerun(stage: FailedRun) -> None:
    stage.rerun(**START)
    stage.simulation.settle()
    erase(stage)
    stage.simulation.settle()
    ((run_id, _),) = stage.reruns().items()
    event = stage.simulation.table.row(keys.event(run_id))
    assert event is not None
    assert find_words(stored_in_simulation(stage.simulation), ["canary-reason"]) == []
    refused = stage.rerun(idempotencyKey="later")
    assert (refused["status"], "erased" in refused["body"]["detail"]) == (410, True)


@pytest.mark.timeout(300)
def test_what_a_dead_request_left_is_erased(
    stage: FailedRun, report_figure: Callable[[str], None]
) -> None:
    """The process dies while it opens a rerun, and nobody repeats the request. The request entered
    the rerun in the run's family first. By that entry alone, the erasure finds the rows and files
    that the request left."""

    def play(point: int | None, fault: Fault | None, *, key: str | None) -> FaultyCall:
        stage.restore()
        faulty = FaultyCall(simulation, point, fault)
        simulation.boundary.around = faulty
        invoke = simulation.invoke

        def once(function: str, event: Any) -> Any:
            try:
                return invoke(function, event)
            except ProcessDied:
                return {"statusCode": 400, "body": "null"}

        simulation.invoke = once  # type: ignore[method-assign]
        try:
            stage.rerun(**START, idempotencyKey=key)
        finally:
            simulation.invoke = invoke  # type: ignore[method-assign]
            simulation.boundary.around = straight
        return faulty

    simulation = stage.simulation
    unbroken = play(None, None, key=None).made
    points = kill_points(
        "a dead request", unbroken, lambda call: (Fault.DIED_BEFORE, Fault.DIED_AFTER)
    )
    left_rows = left_files = 0
    for point, fault in points:
        play(point, fault, key=None if point % 2 else "k")
        runs = {row["pk"] for row in simulation.runs()}
        rows = [row for row in simulation.table.items() if row["pk"].startswith("RUN#")]
        left_rows += any(row["pk"] not in runs for row in rows)
        left_files += any(f"runs/{stage.original}/" not in key for key in simulation.s3.objects)
        erase(stage)
        simulation.run_until(simulation.clock.now + 20 * MINUTE)
        assert what_is_left(stage) == [], f"{describe(unbroken, point)}: {fault}"
    assert left_rows > 2 and left_files > 2
    report_figure(
        f"{len(points)} dead requests: {left_rows} left rows, {left_files} left files, all erased"
    )
