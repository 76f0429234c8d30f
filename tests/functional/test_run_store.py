"""The run row: its size, and what each conditional write protects."""

from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from runledger.errors import ConditionFailedError, NotFoundError
from runledger.ids import new_id
from runledger.models.event import Event
from runledger.models.run import (
    Cancellation,
    Claim,
    ErrorDetail,
    Run,
    RunStatus,
    Step,
    StepStatus,
    TriggerType,
)
from runledger.services.execution.walk import CLAIM_ID_CHARACTERS
from runledger.store import keys
from runledger.store.keys import Key
from runledger.store.runs import Closing
from runledger.store.table import Put
from runledger.store.values import to_dynamo

from bench.units import item_size
from tests.support.api_calls import api_call, replace_api_call
from tests.support.engine import Engine
from tests.support.environment import START
from tests.support.events import an_event

EVENT = an_event({"orderId": 1}, TriggerType.WEBHOOK)


def a_run(run_id: str | None = None, **changes: Any) -> Run:
    run = Run(
        id=run_id or new_id("run"),
        workspace_id="ws_demo",
        automation_id=new_id("aut"),
        automation_name="Order paid",
        version=1,
        status=RunStatus.PENDING,
        attempt=1,
        execution=None,
        trigger_type=TriggerType.WEBHOOK,
        contact_id=new_id("con"),
        contact_email="ada@example.com",
        contact_phone=None,
        created_at=START,
        started_at=None,
        trigger_ms=None,
        finished_at=None,
        end_ms=None,
        end_node_id=None,
        due_at=START + 120_000,
        sequence=1,
        expires_at=START + 1_000_000,
        claimed=frozenset(),
        open_claims={},
        error=None,
    )
    return run.model_copy(update=changes)


def opened(engine: Engine, **changes: Any) -> Run:
    run, is_new = engine.stores.runs.open(a_run(**changes), EVENT, 1)
    assert is_new
    return run


def owned(engine: Engine, **changes: Any) -> Run:
    run = opened(engine, **changes)
    engine.stores.runs.own(run, "1:9d1f", START + 5, 3)
    return engine.stores.runs.get(run.id)


def due(engine: Engine, now: int) -> list[str]:
    return [row.id for row in engine.stores.due.rows(now)]


def raw(engine: Engine, run: Run) -> dict[str, object]:
    row = engine.table.get(keys.run(run.id))
    assert row is not None
    return to_dynamo(row)


def test_a_stored_run_is_read_back(engine: Engine) -> None:
    run = opened(engine)

    history = engine.stores.runs.history(run.id)

    assert history.run == run
    assert history.event == EVENT
    assert history.steps == {}


def test_the_same_id_opens_one_run_and_keeps_the_first_payload(engine: Engine) -> None:
    first = opened(engine)
    other = an_event({"orderId": 2}, TriggerType.WEBHOOK)

    again, is_new = engine.stores.runs.open(a_run(first.id), other, 1)

    assert not is_new
    assert again == first
    assert engine.stores.runs.history(first.id).event == EVENT


def test_a_leftover_payload_of_a_crash_does_not_prevent_the_run(engine: Engine) -> None:
    run = a_run()
    engine.stores.runs.open(run, EVENT, 1)
    engine.table.delete(keys.run(run.id))

    _, is_new = engine.stores.runs.open(run, EVENT, 1)

    assert is_new
    assert engine.stores.runs.history(run.id).event == EVENT


def test_a_run_is_owned_once_and_only_by_its_current_attempt(engine: Engine) -> None:
    run = opened(engine)
    engine.stores.runs.own(run, "1:9d1f", START, 1)
    with pytest.raises(ConditionFailedError) as refused:
        engine.stores.runs.own(run, "1:beef", START, 1)
    assert refused.value.item is not None
    assert refused.value.item["execution"] == "1:9d1f"

    late = opened(engine)
    engine.stores.runs.next_attempt(late, START + 1, "did not begin")
    with pytest.raises(ConditionFailedError):
        engine.stores.runs.own(late, "1", START, 1)


def test_a_node_is_claimed_once_until_its_claim_is_taken_over(engine: Engine) -> None:
    run = owned(engine)
    claim = Claim(request_id="r1", started_at=START, lease_until=START + 10)
    engine.stores.runs.claim(run, 2, claim, replaces=None, left=[])
    after = engine.stores.runs.get(run.id)
    assert after.claimed == {2}
    assert after.open_claims == {2: claim}

    second = Claim(request_id="r2", started_at=START + 20, lease_until=START + 30)
    with pytest.raises(ConditionFailedError):
        engine.stores.runs.claim(run, 2, second, replaces=None, left=[])
    engine.stores.runs.claim(run, 2, second, replaces=claim, left=[])
    taken = engine.stores.runs.get(run.id)
    assert taken.open_claims == {2: second}
    with pytest.raises(ConditionFailedError):
        engine.stores.runs.claim(run, 2, second, replaces=claim, left=[])


def test_a_claim_removes_the_claims_of_the_nodes_before(engine: Engine) -> None:
    run = owned(engine)
    claim = Claim(request_id="r1", started_at=START, lease_until=START + 10)
    engine.stores.runs.claim(run, 1, claim, replaces=None, left=[])
    run = engine.stores.runs.get(run.id)
    engine.stores.runs.claim(run, 2, claim, replaces=None, left=[1])
    run = engine.stores.runs.get(run.id)
    assert set(run.open_claims) == {2}
    assert run.claimed == {1, 2}


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED])
def test_a_terminal_status_never_changes(engine: Engine, status: RunStatus) -> None:
    run = owned(engine)
    runs = engine.stores.runs
    closed = runs.close(run, Closing(status, START + 50))
    assert closed.due_at is None
    assert closed.sequence == 3

    for other in (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED):
        with pytest.raises(ConditionFailedError):
            runs.close(run, Closing(other, START + 60))
    with pytest.raises(ConditionFailedError):
        runs.own(run, "1:beef", START, 1)
    with pytest.raises(ConditionFailedError):
        runs.postpone(run, START + 70)
    claim = Claim(request_id="r1", started_at=START, lease_until=START + 10)
    with pytest.raises(ConditionFailedError):
        runs.claim(run, 1, claim, replaces=None, left=[])
    assert runs.get(run.id) == closed


def test_a_recorded_step_is_not_overwritten(engine: Engine) -> None:
    run = owned(engine)
    step = Step(
        node_id="score",
        type="INTEGRATION",
        status=StepStatus.COMPLETED,
        started_at=START,
        finished_at=START + 5,
        output={"score": 4.5},
    )
    assert engine.stores.runs.record(run, step) == step
    other = step.changed(output={"score": 1})
    assert engine.stores.runs.record(run, other) == step
    assert engine.stores.runs.history(run.id).steps == {"score": step}


def test_due_rows_come_from_every_shard_until_their_run_ends(engine: Engine) -> None:
    runs = [opened(engine) for _ in range(12)]
    assert due(engine, START + 119_999) == []
    assert sorted(due(engine, START + 120_000)) == sorted(run.id for run in runs)

    engine.stores.runs.close(runs[0], Closing(RunStatus.CANCELED, START + 1))
    assert runs[0].id not in due(engine, START + 120_000)


def test_the_run_row_stays_under_one_kilobyte_in_every_status(engine: Engine) -> None:
    run = opened(
        engine,
        workspace_id="ws_" + "x" * 13,
        automation_name="n" * 80,
        contact_email="e" * 52 + "@example.com",
        contact_phone="+4915112345678",
        version=1234,
        scheduled_for=START + 120_000,
    )
    sizes = {"PENDING": item_size(raw(engine, run))}
    engine.stores.runs.own(run, "12:" + "f" * 36, START, 1500)
    run = engine.stores.runs.get(run.id)
    # A walk of thirty nodes, three branches at work at once.
    for rank in range(1, 31):
        claim = Claim(
            request_id="f" * CLAIM_ID_CHARACTERS, started_at=START, lease_until=START + 20_000
        )
        left = [rank - 3] if rank - 3 in run.open_claims else []
        engine.stores.runs.claim(run, rank, claim, replaces=None, left=left)
        run = engine.stores.runs.get(run.id)
    engine.stores.runs.park(run, 30, claim, START + 1)
    sizes["RUNNING"] = item_size(raw(engine, run))
    error = ErrorDetail(node_id="n" * 48, kind="OUTCOME_UNKNOWN", message="m" * 900, cause="c")
    failed = engine.stores.runs.close(run, Closing(RunStatus.FAILED, START + 9, error=error))
    sizes["FAILED"] = item_size(raw(engine, failed))
    assert failed.error is not None
    assert failed.error.message.startswith("mmm") and failed.error.message.endswith("…")
    assert {status: size for status, size in sizes.items() if size > 1_024} == {}


def test_a_canceled_row_stores_who_canceled_it_and_why(engine: Engine) -> None:
    run = opened(engine)
    canceled = Cancellation(by="ada@example.com", reason="wrong list")
    engine.stores.runs.close(run, Closing(RunStatus.CANCELED, START + 1, canceled=canceled))
    assert engine.stores.runs.get(run.id).canceled == canceled


def test_an_unknown_run_is_not_found(engine: Engine) -> None:
    with pytest.raises(NotFoundError):
        engine.stores.runs.get("run_none")
    with pytest.raises(NotFoundError):
        engine.stores.runs.history("run_none")


def test_none_is_omitted_from_a_row() -> None:
    assert to_dynamo({"a": None, "b": 1}) == {"b": {"N": "1"}}


def test_the_first_of_two_large_payloads_with_one_key_is_kept(engine: Engine) -> None:
    """Both are too large for a row; the second must not overwrite the first in S3."""
    import random

    def noise(seed: int) -> Event:
        letters = random.Random(seed)
        text = "".join(chr(letters.randrange(33, 126)) for _ in range(200_000))
        return an_event({"text": text})

    run = a_run()
    engine.stores.runs.open(run, noise(1), 1)
    _, is_new = engine.stores.runs.open(run, noise(2), 1)
    assert not is_new
    assert engine.stores.runs.history(run.id).event == noise(1)


def test_a_claim_that_the_client_sent_twice_succeeds(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the answer of an update is lost, the client sends it again and meets its own claim."""
    from tests.functional.test_settle import WAITING

    run_id = engine.fire(engine.activate(WAITING), {})
    from runledger.nodes.base import Operation

    engine.visit(run_id, "start", Operation.OWN)
    update = engine.table.update

    def twice(*arguments: object, **options: object) -> object:
        update(*arguments, **options)  # type: ignore[arg-type]
        return update(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(engine.table, "update", twice)
    assert engine.visit(run_id, "pause").wait_until is not None


@pytest.mark.dynamodb
def test_a_write_that_conflicts_with_a_transaction_is_retried(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typing import Any

    run = owned(engine)
    real = api_call()
    met: list[str] = []

    def busy(self: Any, operation: str, request: Any) -> Any:
        if operation == "UpdateItem" and len(met) < 2:
            met.append(operation)
            error = {"Error": {"Code": "TransactionConflictException", "Message": "busy"}}
            raise self.exceptions.TransactionConflictException(error, operation)
        return real(self, operation, request)

    replace_api_call(monkeypatch, busy)
    closed = engine.stores.runs.close(run, Closing(RunStatus.COMPLETED, START + 50))
    assert (closed.status, len(met)) == (RunStatus.COMPLETED, 2)
    assert issubclass(engine.dynamodb.exceptions.TransactionConflictException, ClientError)


@pytest.mark.dynamodb
@pytest.mark.parametrize(
    ("reasons", "tries"),
    [(["TransactionConflict", "None"], 3), (["ConditionalCheckFailed", "TransactionConflict"], 1)],
)
def test_a_transaction_that_conflicts_with_another_is_retried(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, reasons: list[str], tries: int
) -> None:
    real = api_call()
    met: list[str] = []

    def busy(self: Any, operation: str, request: Any) -> Any:
        if operation == "TransactWriteItems":
            met.append(operation)
            if len(met) < 3:
                error: Any = {
                    "Error": {"Code": "TransactionCanceledException", "Message": "busy"},
                    "CancellationReasons": [{"Code": code} for code in reasons],
                }
                raise self.exceptions.TransactionCanceledException(error, operation)
        return real(self, operation, request)

    replace_api_call(monkeypatch, busy)
    with suppress(ConditionFailedError):
        engine.table.transact([Put({"pk": "A", "sk": "B"})])
    assert len(met) == tries
    assert (engine.table.get(Key("A", "B")) is not None) == (tries == 3)
