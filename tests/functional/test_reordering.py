"""Everything may come twice, late, in another order, or for somebody else: nothing changes."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from runledger.clock import DAY, MINUTE
from runledger.store import keys

from tests.support.everything import brief, everything, follower, make_template, order, plain
from tests.support.machine import status_event
from tests.support.records import Record
from tests.support.stage import Stage, open_stage
from tests.support.verdicts import Watch, problems


@pytest.fixture(scope="module")
def prepared() -> Iterator[tuple[Stage, dict[str, str], Any]]:
    with open_stage() as stage:
        template_id = make_template(stage)
        documents = {
            "standard": everything(template_id),
            "express": brief(template_id),
            "upstream": plain(),
        }
        automations = {name: stage.activate(each) for name, each in documents.items()}
        stage.activate(follower(automations["upstream"]))
        stage.records.clear()
        yield stage, automations, stage.snapshot()


@pytest.fixture
def stage(prepared: tuple[Stage, dict[str, str], Any]) -> Iterator[Stage]:
    stage, _, restore = prepared
    restore()
    watch = Watch(stage)
    yield stage
    watch.stop()
    assert watch.wrong == []


@pytest.fixture
def automations(prepared: tuple[Stage, dict[str, str], Any]) -> dict[str, str]:
    return prepared[1]


def fire(stage: Stage, automation_id: str) -> str:
    path = stage.webhook_path(automation_id)
    answer = stage.request("webhook_in", "POST", path, order())
    return f"RUN#{answer['body']['runId']}"


def all_records(stage: Stage) -> list[Record]:
    """Notes every change of the table from here on."""
    found: list[Record] = []
    stage.table.listeners.append(lambda before, after: found.append(Record(before, after)))
    return found


def rows(stage: Stage) -> Any:
    """Everything there is, but for what the engine counts and was told of refusals."""
    kept = [row for row in stage.table.items() if not row["pk"].startswith(("RATE#", "REFUSAL#"))]
    return deepcopy(sorted(kept, key=lambda row: (row["pk"], row["sk"])))


def effects(stage: Stage) -> tuple[int, int]:
    return len(stage.ses.sent), len(stage.http.calls)


@pytest.mark.parametrize("kind", ["standard", "express"])
@pytest.mark.parametrize("times", [2, 3])
def test_records_that_come_several_times(
    stage: Stage, automations: dict[str, str], kind: str, times: int
) -> None:
    fire(stage, automations[kind])
    stage.records *= times
    stage.settle()
    assert problems(stage) == []
    assert [row["status"] for row in stage.runs()] == ["COMPLETED"]
    assert effects(stage) == (1, 1)


@pytest.mark.parametrize("kind", ["standard", "express", "upstream"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("later", [0, 20 * MINUTE, 2 * DAY])
def test_the_whole_stream_once_more_after_the_end(
    stage: Stage, automations: dict[str, str], kind: str, reverse: bool, later: int
) -> None:
    records = all_records(stage)
    fire(stage, automations[kind])
    stage.settle()
    stage.table.listeners.pop()
    before, done = rows(stage), effects(stage)

    stage.clock.advance(later)
    stage.records = records[::-1] if reverse else list(records)
    stage.settle()

    assert (rows(stage), effects(stage)) == (before, done)


@pytest.mark.parametrize("kind", ["standard", "express"])
def test_a_record_that_comes_after_the_tick_started_the_run(
    stage: Stage, automations: dict[str, str], kind: str
) -> None:
    fire(stage, automations[kind])
    late, stage.records = stage.records, []
    stage.run_while(lambda: stage.runs()[0]["status"] == "PENDING")
    stage.records = late + stage.records
    stage.settle()
    assert problems(stage) == []
    assert [row["status"] for row in stage.runs()] == ["COMPLETED"]
    assert effects(stage) == (1, 1)


@pytest.mark.parametrize("kind", ["standard", "express"])
def test_a_tick_that_comes_with_every_state(
    stage: Stage, automations: dict[str, str], kind: str
) -> None:
    """Twice between any two states, and an hour's worth of them in the end."""
    fire(stage, automations[kind])
    while stage.deliver_stream() or stage.step_functions.next_moment() is not None:
        stage.tick()
        stage.tick()
        if stage.step_functions.next_moment() is not None:
            stage.step_functions.step()
    before, done = rows(stage), effects(stage)
    for _ in range(60):
        stage.clock.advance(MINUTE)
        stage.tick()
    assert (rows(stage), effects(stage)) == (before, done)
    assert [row["status"] for row in stage.runs()] == ["COMPLETED"]
    assert done == (1, 1)


def test_status_events_that_come_late_twice_or_for_others(
    stage: Stage, automations: dict[str, str]
) -> None:
    key = fire(stage, automations["standard"])
    run_id = key.removeprefix("RUN#")
    stage.run_while(lambda: stage.table.row(keys.step(run_id, "pause")) is None)
    (execution,) = stage.step_functions.executions.values()
    own = status_event(execution)
    before = rows(stage)

    for changes in (
        {"name": f"{run_id}-2", "executionArn": execution.arn[:-1] + "2"},
        {"name": "by-hand", "executionArn": "arn:aws:states:x:by-hand"},
        {"name": "run_none-1", "executionArn": "arn:aws:states:x:run_none-1"},
    ):
        foreign = {**own, "detail": {**own["detail"], **changes, "status": "FAILED"}}
        stage.invoke("close_runs", foreign)
    assert rows(stage) == before

    stage.settle()
    ended = rows(stage)
    for status in ("FAILED", "TIMED_OUT", "ABORTED"):
        late = {**own, "detail": {**own["detail"], "status": status}}
        stage.invoke("close_runs", late)
    assert rows(stage) == ended
    assert [row["status"] for row in stage.runs()] == ["COMPLETED"]


def test_an_end_that_is_told_twice_is_told_once(stage: Stage, automations: dict[str, str]) -> None:
    key = fire(stage, automations["standard"])
    stage.run_while(lambda: stage.table.row(keys.step(key[4:], "pause")) is None)
    (arn,) = stage.step_functions.executions
    stage.step_functions.stop_execution(executionArn=arn, error="ByHand", cause="an operator")
    stage.step_functions.status_events *= 3
    stage.settle()
    assert problems(stage) == []
    (row,) = stage.runs()
    assert (row["status"], row["error"]["kind"], row["sequence"]) == (
        "FAILED",
        "EXECUTION_ABORTED",
        3,
    )


@pytest.mark.parametrize("kind", ["express", "standard"])
def test_an_execution_walked_again_from_any_state(
    stage: Stage,
    automations: dict[str, str],
    prepared: tuple[Stage, dict[str, str], Any],
    kind: str,
) -> None:
    """Under its own ARN, beside the first walk, from each state of it and after its end."""
    states = 0
    while True:
        prepared[2]()
        fire(stage, automations[kind])
        stage.deliver_stream()
        (arn,) = stage.step_functions.executions
        left = states
        while left and stage.step_functions.next_moment() is not None:
            stage.step_functions.step()
            left -= 1
        stage.step_functions.executions[arn].status = "RUNNING"
        stage.step_functions.walk_again(arn)
        stage.settle()
        assert problems(stage) == [], f"walked again after {states} states"
        assert [row["status"] for row in stage.runs()] == ["COMPLETED"]
        assert effects(stage) == (1, 1)
        if left:
            break
        states += 1
    assert states > 5


def test_two_executions_of_one_attempt(stage: Stage, automations: dict[str, str]) -> None:
    """As often as the name of an Express execution is used, AWS begins another."""
    fire(stage, automations["express"])
    stage.records *= 4
    stage.deliver_stream()
    assert len(stage.step_functions.executions) == 4
    stage.settle()
    assert problems(stage) == []
    assert effects(stage) == (1, 1)


def test_the_end_of_an_upstream_run_that_is_told_again(
    stage: Stage, automations: dict[str, str]
) -> None:
    fire(stage, automations["upstream"])
    stage.settle()
    before = rows(stage)
    ends = [json.loads(entry["Detail"]) for entry in stage.bus.entries]
    for end in [each for each in ends if each["hasDownstream"]] * 2:
        stage.invoke("upstream_trigger", {"detail": end})
    stage.settle()
    assert rows(stage) == before
    assert [row["status"] for row in stage.runs()] == ["COMPLETED"] * 2


def test_a_second_cancel_stops_the_execution_that_the_first_left(
    stage: Stage, automations: dict[str, str]
) -> None:
    key = fire(stage, automations["standard"])
    stage.run_while(lambda: stage.table.row(keys.step(key[4:], "pause")) is None)
    (execution,) = stage.step_functions.executions.values()
    path = f"/v1/runs/{key[4:]}/cancel"
    assert stage.request("api", "POST", path, {"reason": "wrong"})["status"] == 200
    # As if the first had died before it came to that.
    execution.status = "RUNNING"
    assert stage.request("api", "POST", path, {"reason": "wrong"})["status"] == 409
    assert execution.status == "ABORTED"
