"""Lists filtered by what is derived from a row: the health of open runs, and why a delivery
failed."""

from typing import Any

import pytest
from runledger.api.bulk_cancels import BulkCancelDocument
from runledger.api.filters import FilterDocument
from runledger.clock import DAY, HOUR, iso
from runledger.errors import InvalidInputError
from runledger.models.delivery import DeliveryStatus
from runledger.models.listing import ListName
from runledger.models.report import BounceKind, KeptReport, ReportKind
from runledger.models.run import Cancellation, ErrorDetail, RunHealth, RunStatus

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_lists import an_attempt
from tests.functional.test_stats import waiting
from tests.support.api_calls import record_calls
from tests.support.engine import Engine
from tests.support.lists import all_ids, request

__all__ = ["deployed"]


def runs_by_health(engine: Engine) -> dict[str, list[str]]:
    """Opens runs in several states of health, and cancels one more. Returns the ids of the open
    runs by health, newest first."""
    automation_id = engine.activate(waiting())
    overdue = [engine.fire(automation_id, {"a": number}) for number in range(2)]
    for run_id in overdue:
        engine.walk(run_id, until="note")
    engine.clock.advance(3 * HOUR)
    asleep = [engine.fire(automation_id, {"b": number}) for number in range(3)]
    for run_id in asleep:
        engine.walk(run_id, until="note")
    queued = engine.fire(automation_id, {"c": 1})
    canceled = engine.fire(automation_id, {"d": 1})
    engine.canceler.cancel("ws_demo", canceled, Cancellation(by="ada", reason="a test"))
    return {"OVERDUE": overdue[::-1], "WAITING": asleep[::-1], "QUEUED": [queued]}


def test_open_runs_are_listed_and_counted_by_their_health(engine: Engine) -> None:
    made = runs_by_health(engine)
    for health in RunHealth:
        expected = made.get(health, [])
        asked = {"health": frozenset({health.value}), "limit": 2}
        assert all_ids(engine.queries.runs, **asked) == expected
        counted = engine.counts.runs("ws_demo", request(**asked))
        assert (counted.total, counted.is_complete) == (len(expected), True)
    both = {"health": frozenset({"OVERDUE", "QUEUED"})}
    assert all_ids(engine.queries.runs, **both) == [*made["QUEUED"], *made["OVERDUE"]]
    pending = {**both, "statuses": frozenset({"PENDING"})}
    assert all_ids(engine.queries.runs, **pending) == made["QUEUED"]
    ended = {**both, "statuses": frozenset({"CANCELED"})}
    assert all_ids(engine.queries.runs, **ended) == []


def test_only_the_partition_of_open_runs_is_read(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs_by_health(engine)
    asked = record_calls(monkeypatch, engine.table)
    engine.queries.runs("ws_demo", request(health=frozenset({"WAITING"})))
    assert asked.count("Query") == 1


def test_a_bulk_cancel_cancels_only_the_waiting_runs(engine: Engine) -> None:
    made = runs_by_health(engine)
    document = BulkCancelDocument.model_validate(
        {"filter": {"health": "WAITING"}, "reason": "the wrong list"}
    )
    begun = engine.bulk_cancels.begin("ws_demo", document, "ada@example.com")
    assert begun.filter.health == ("WAITING",)
    for health, ids in made.items():
        for run_id in ids:
            is_canceled = engine.stores.runs.get(run_id).status is RunStatus.CANCELED
            assert is_canceled is (health == "WAITING")


def bounced(engine: Engine, **more: Any) -> str:
    report = KeptReport(kind=ReportKind.BOUNCED, at=engine.clock.now, is_permanent=True)
    return an_attempt(engine, status=DeliveryStatus.FAILED, reports={"evt_1": report}, **more).id


def test_deliveries_are_listed_by_the_reason_of_their_failure(engine: Engine) -> None:
    refused = ErrorDetail(node_id=None, kind="REFUSED", message="no")
    first = bounced(engine, created_at=engine.clock.now - HOUR)
    an_attempt(engine, status=DeliveryStatus.FAILED, error=refused)
    an_attempt(engine)
    second = bounced(engine, created_at=engine.clock.now)
    read = engine.queries.deliveries
    assert all_ids(read, error_kind="BOUNCED", limit=1) == [second, first]
    assert all_ids(read, error_kind="NONE") == []
    narrow = {"error_kind": "BOUNCED", "since": iso(engine.clock.now - HOUR // 2)}
    assert all_ids(read, **narrow) == [second]
    counted = engine.counts.deliveries("ws_demo", request(error_kind="BOUNCED"))
    assert (counted.total, counted.counts["FAILED"]) == (2, 2)


def test_deliveries_are_listed_by_the_kind_of_their_bounce(engine: Engine) -> None:
    bounced(engine, created_at=engine.clock.now)
    full = KeptReport(kind=ReportKind.BOUNCED, at=engine.clock.now, bounce=BounceKind.MAILBOX_FULL)
    reports = {"evt_1": full}
    soft = an_attempt(engine, status=DeliveryStatus.FAILED, reports=reports).id
    an_attempt(engine)
    assert all_ids(engine.queries.deliveries, bounce="MAILBOX_FULL") == [soft]
    assert all_ids(engine.queries.deliveries, bounce="BLOCKED") == []
    (row,) = engine.queries.deliveries("ws_demo", request(bounce="MAILBOX_FULL")).items
    assert (row.bounce, row.error) == ("MAILBOX_FULL", "the message bounced: the mailbox is full")
    counted = engine.counts.deliveries("ws_demo", request(bounce="MAILBOX_FULL"))
    assert (counted.total, counted.counts["FAILED"]) == (1, 1)
    lists, name, now = engine.list_snapshots, ListName.DELIVERIES, engine.clock.now
    kept = lists.freeze("ws_demo", name, FilterDocument(bounce="MAILBOX_FULL"), now)
    assert [row.id for row in lists.page("ws_demo", name, kept, 50, None).rows] == [soft]
    with pytest.raises(InvalidInputError) as refused:
        lists.freeze("ws_demo", name, FilterDocument(bounce="SOFT"), now)
    assert refused.value.field == "filter.bounce"


def test_a_snapshot_keeps_both_filters(engine: Engine) -> None:
    made = runs_by_health(engine)
    first = bounced(engine, created_at=engine.clock.now - DAY)
    now = engine.clock.now
    lists = engine.list_snapshots
    runs = lists.freeze("ws_demo", ListName.RUNS, FilterDocument(health=("WAITING",)), now)
    assert [row.id for row in lists.page("ws_demo", ListName.RUNS, runs, 50, None).rows] == made[
        "WAITING"
    ]
    name = ListName.DELIVERIES
    kept = lists.freeze("ws_demo", name, FilterDocument(error_kind="BOUNCED"), now)
    assert [row.id for row in lists.page("ws_demo", name, kept, 50, None).rows] == [first]
    with pytest.raises(InvalidInputError) as refused:
        lists.freeze("ws_demo", ListName.RUNS, FilterDocument(health=("ASLEEP",)), now)
    assert refused.value.field == "filter.health"
    with pytest.raises(InvalidInputError) as refused:
        lists.freeze("ws_demo", name, FilterDocument(health=("WAITING",)), now)
    assert refused.value.field == "filter.health"


def test_an_unknown_health_is_refused(deployed: Engine) -> None:
    assert call("GET", "/v1/runs", query="health=WAITING")["status"] == 200
    answer = call("GET", "/v1/runs", query="health=ASLEEP")
    assert answer["status"] in (400, 422)
    assert "health" in str(answer["body"])
