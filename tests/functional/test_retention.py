"""How long history is kept, what remains of it afterwards, and what a link to it answers."""

import json
import random
from typing import Any

import pytest
from runledger.clock import DAY, HOUR, now_ms
from runledger.errors import GoneError, NotFoundError
from runledger.models.attempt_transitions import LONGEST_LIFE
from runledger.models.refusal import RefusalReason
from runledger.models.workspace import Workspace
from runledger.services.schedules.date_fires import DateFires
from runledger.services.stream.expiry import ExpiredRow, ExpiryFollower, expired_row
from runledger.store import keys
from runledger.store.table import Change
from runledger.store.tombstones import TOMBSTONE_LIFE
from runledger.store.values import Item, to_dynamo
from runledger.store.workspaces import CACHED_SECONDS, WorkspaceStore

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_date_triggers import Dates
from tests.functional.test_delivery_life import ADA, mailing
from tests.functional.test_delivery_lists import an_attempt
from tests.functional.test_refusal_lists import a_refusal
from tests.functional.test_walk import PAYLOAD, order_paid
from tests.support.engine import Engine, client_of
from tests.support.environment import BUCKET

__all__ = ["deployed"]


def keep(engine: Engine, days: int) -> Workspace:
    return engine.stores.workspaces.set(engine.workspace_id, "Demo", days)


def noise(seed: int) -> str:
    """Returns a text that hardly compresses and is too long for a row."""
    letters = random.Random(seed)
    return "".join(chr(letters.randrange(33, 126)) for _ in range(100_000))


def rows_of(engine: Engine, partition: str) -> list[Item]:
    return engine.table.query(partition, consistent=True).items


def objects(prefix: str = "") -> list[str]:
    found = client_of("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", [])]


def expire(engine: Engine, partition: str, *sorts: str) -> None:
    """Deletes rows as DynamoDB does, and reports this to the follower of expired rows."""
    expired = ExpiryFollower(engine.stores.tombstones, engine.stores.bodies)
    for row in rows_of(engine, partition):
        if sorts and row["sk"] not in sorts:
            continue
        engine.table.delete(keys.Key(row["pk"], row["sk"]))
        if row["sk"] != "TOMBSTONE":
            expired.bury(expired_row(to_dynamo(row)))


def mailed(engine: Engine) -> tuple[str, str]:
    """Makes a run that sends one message; returns the ids of run and delivery."""
    run_id = engine.fire(engine.activate(mailing(engine.template())), ADA)
    engine.walk(run_id)
    (link,) = engine.detail(run_id)["deliveries"]
    return run_id, link["id"]


def test_all_rows_of_a_run_expire_together_by_the_workspaces_setting(engine: Engine) -> None:
    keep(engine, 30)
    run_id, delivery_id = mailed(engine)
    run = engine.stores.runs.get(run_id)
    taken = run.expires_at - run.created_at - 30 * DAY
    assert 0 < taken < HOUR
    rows = rows_of(engine, keys.run(run_id).pk)
    assert [row["sk"] for row in rows] == ["PAYLOAD", "RUN", "STEP#mail"]
    assert {row["ttl"] * 1_000 for row in rows} == {run.expires_at}
    delivery = engine.stores.deliveries.get(delivery_id)
    assert run.expires_at <= delivery.expires_at <= run.expires_at + HOUR


def test_refusals_and_fires_expire_by_the_workspaces_setting(engine: Engine) -> None:
    keep(engine, 30)
    automation_id = engine.activate(mailing(engine.template()))
    for _ in range(2):
        engine.fire(automation_id, ADA, **{"idempotency-key": "one"})
    (refusal,) = engine.queries.refusals(engine.workspace_id, refusals()).items
    assert refusal.reason is RefusalReason.DUPLICATE
    stored = engine.stores.refusals.get(refusal.id)
    assert stored.expires_at // 1_000 == (stored.created_at + 30 * DAY) // 1_000

    dates = Dates(engine)
    birthdays = dates.activate()
    place = dates.begin(birthdays)
    assert place.day and place.version
    fire = engine.stores.fires.get(birthdays, place.day, place.version)
    assert fire and fire.expires_at // 1_000 == (fire.fired_at + 30 * DAY) // 1_000
    assert isinstance(engine.date_fires, DateFires)


def refusals() -> Any:
    from tests.support.lists import request

    return request()


def test_a_delivery_is_kept_at_least_as_long_as_it_may_be_retried(engine: Engine) -> None:
    keep(engine, 1)
    _, delivery_id = mailed(engine)
    delivery = engine.stores.deliveries.get(delivery_id)
    assert delivery.expires_at // 1_000 == (delivery.created_at + LONGEST_LIFE) // 1_000


def test_a_run_keeps_its_expiry_if_the_setting_changes(engine: Engine) -> None:
    run_id, _ = mailed(engine)
    before = engine.stores.runs.get(run_id).expires_at
    keep(engine, 1)
    engine.clock.advance(2 * DAY)
    assert engine.stores.runs.get(run_id).expires_at == before
    assert engine.detail(run_id)["id"] == run_id


def test_an_old_workspace_keeps_ninety_days_and_remembers_its_shortest_setting(
    engine: Engine,
) -> None:
    workspaces = engine.stores.workspaces
    gone = Change(remove=["retentionDays", "leastRetentionDays"])
    engine.table.update(keys.workspace(engine.workspace_id), gone)
    old = workspaces.get(engine.workspace_id)
    assert (old.retention_days, old.least_retention_days, old.retention) == (90, 90, 90 * DAY)
    seen = [(keep(engine, days).least_retention_days, days) for days in (3_650, 30, 60, 10)]
    assert seen == [(90, 3_650), (30, 30), (30, 60), (10, 10)]
    now = workspaces.get(engine.workspace_id)
    assert (now.retention_days, now.least_retention_days, now.shards) == (10, 10, 1)
    with pytest.raises(NotFoundError):
        workspaces.set("ws_other", "Other", 10)
    with pytest.raises(NotFoundError):
        workspaces.get("ws_other")


def test_other_processes_see_a_new_setting_within_a_minute(engine: Engine) -> None:
    seconds = 0.0
    other = WorkspaceStore(engine.table, lambda: seconds)
    assert other.cached(engine.workspace_id).retention_days == 90
    keep(engine, 7)
    assert engine.stores.workspaces.cached(engine.workspace_id).retention_days == 7
    seconds = CACHED_SECONDS - 1
    assert other.cached(engine.workspace_id).retention_days == 90
    seconds = CACHED_SECONDS
    assert other.cached(engine.workspace_id).retention_days == 7


@pytest.mark.parametrize("kind", ["run", "delivery", "refusal"])
def test_reading_an_expired_row_is_gone_with_the_time(engine: Engine, kind: str) -> None:
    if kind == "run":
        row_id, _ = mailed(engine)
        expires_at = engine.stores.runs.get(row_id).expires_at
    else:
        made = a_refusal(engine) if kind == "refusal" else an_attempt(engine)
        row_id, expires_at = made.id, made.expires_at // 1_000 * 1_000
    read = getattr(engine.details, kind)
    partition = getattr(keys, kind)(row_id).pk

    def answers_gone() -> None:
        with pytest.raises(GoneError, match=f"the {kind} {row_id} expired at 20") as gone:
            read(engine.workspace_id, row_id)
        expired_at = gone.value.facts["expiredAt"]
        assert expired_at.endswith("Z") and expired_at in str(gone.value)
        with pytest.raises(NotFoundError):
            read("ws_other", row_id)

    assert read(engine.workspace_id, row_id).id == row_id
    engine.clock.now = expires_at
    # DynamoDB deletes the row days later.
    answers_gone()
    expire(engine, partition)
    (left,) = rows_of(engine, partition)
    assert set(left) == {"pk", "sk", "workspaceId", "expiredAt", "ttl"}
    assert len(json.dumps(left)) < 200
    answers_gone()
    engine.clock.now = expires_at + TOMBSTONE_LIFE
    with pytest.raises(NotFoundError):
        read(engine.workspace_id, row_id)


def test_the_api_answers_410_with_the_time_of_expiry(deployed: Engine) -> None:
    deployed.clock.now = now_ms() - 100 * DAY
    run_id, _ = mailed(deployed)
    expired_at = deployed.stores.runs.get(run_id).expires_at
    answer = call("GET", f"/v1/runs/{run_id}", role="viewer")
    assert answer["status"] == 410
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    body = answer["body"]
    assert (body["title"], body["status"]) == ("Gone", 410)
    assert body["detail"] == f"the run {run_id} expired at {body['expiredAt']}"
    assert deployed.stores.tombstones.find(keys.run(run_id), expired_at) is not None
    assert call("GET", "/v1/runs/run_none")["status"] == 404


def test_the_objects_of_an_expired_run_are_deleted_and_those_of_its_successor_stay(
    engine: Engine,
) -> None:
    engine.secrets.put(engine.workspace_id, "SCORE_KEY", "k" * 20)
    engine.http.answer = {"data": {"score": 42}, "rest": noise(1)}
    automation_id = engine.activate(order_paid(engine.template()))
    payload = {**PAYLOAD, "more": noise(2)}
    once = {"idempotency-key": "one"}
    run_id = engine.fire(automation_id, payload, **once)
    engine.walk(run_id, until="mail")
    first = objects(f"runs/{run_id}/")
    kinds = {key.split("/")[3].partition("-")[0] for key in first}
    assert {"payload", "bodies"} <= kinds
    assert {key.split("/")[2] for key in first} == {
        str(engine.stores.runs.get(run_id).expires_at // 1_000)
    }
    partition = keys.run(run_id).pk
    pointing = [row["sk"] for row in rows_of(engine, partition) if "objects" in row]
    assert pointing == ["PAYLOAD", "STEP#score"]

    # The same event opens a run of the same id, once the row is deleted; the payload is not yet.
    engine.clock.advance(91 * DAY)
    expire(engine, partition, "RUN")
    assert engine.fire(automation_id, payload, **once) == run_id
    engine.walk(run_id, until="mail")
    again = set(objects(f"runs/{run_id}/")) - set(first)
    expired = ExpiryFollower(engine.stores.tombstones, engine.stores.bodies)
    payload_key = keys.Key(partition, "PAYLOAD")
    expired.bury(ExpiredRow(payload_key, None, first[0].rpartition("bodies/")[0]))
    assert set(objects(f"runs/{run_id}/")) == again != set()
    assert engine.detail(run_id)["payload"] == payload


def test_leftover_rows_of_an_expired_run_are_ignored_by_its_successor(engine: Engine) -> None:
    automation_id = engine.activate(mailing(engine.template()))
    once = {"idempotency-key": "one"}
    run_id = engine.fire(automation_id, ADA, **once)
    engine.walk(run_id)
    engine.clock.advance(91 * DAY)
    # DynamoDB deletes rows of one moment in any order.
    expire(engine, keys.run(run_id).pk, "RUN")
    assert engine.fire(automation_id, ADA, **once) == run_id
    assert list(engine.stores.runs.history(run_id).steps) == []
    engine.walk(run_id)
    assert len(engine.mailbox()) == 2
    detail = engine.detail(run_id)
    assert (detail["status"], [step["nodeId"] for step in detail["steps"]]) == (
        "COMPLETED",
        ["start", "mail", "done"],
    )
    ttls = {row["ttl"] for row in rows_of(engine, keys.run(run_id).pk) if row["sk"] != "TOMBSTONE"}
    assert ttls == {engine.stores.runs.get(run_id).expires_at // 1_000}


def test_the_stored_message_is_deleted_with_its_delivery(engine: Engine) -> None:
    attempt = an_attempt(engine, body=noise(3))
    (key,) = objects("deliveries/")
    assert key.startswith(f"deliveries/{attempt.id}/{attempt.expires_at // 1_000}/message-")
    expire(engine, keys.delivery(attempt.id).pk)
    assert objects("deliveries/") == []
