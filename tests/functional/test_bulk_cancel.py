"""A bulk cancel cancels exactly the open runs of a list, each once, and counts them correctly."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from runledger.api.bulk_cancels import BulkCancelDocument
from runledger.clock import DAY, MINUTE, now_ms
from runledger.errors import ConflictError, TransientError
from runledger.models.bulk_cancel import BulkCancel
from runledger.models.run import Run, RunStatus
from runledger.services.bulk import bulk_cancel
from runledger.services.bulk.bulk_cancel import bulk_cancel_view
from runledger.services.execution.cancel import Canceler
from runledger.store import keys
from runledger.store.due import DueRow
from runledger.store.runs import Closing

from tests.functional import test_history
from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_drain_many import WORKSPACE, BusyAutomation
from tests.support.boundary import straight
from tests.support.depth import sample
from tests.support.engine import Engine

__all__ = ["deployed"]

BY = "member@example.com"
OPEN = (RunStatus.PENDING, RunStatus.RUNNING)


def document(reason: str = "wrong list", **filters: Any) -> BulkCancelDocument:
    return BulkCancelDocument.model_validate({"filter": filters, "reason": reason})


def status_of(engine: Engine, run: Run) -> RunStatus:
    return engine.stores.runs.get(run.id).status


FILTERS: list[tuple[dict[str, Any], Callable[[Run], bool]]] = [
    ({}, lambda run: True),
    ({"status": "PENDING"}, lambda run: run.status is RunStatus.PENDING),
    ({"automationId": "aut_one"}, lambda run: run.automation_id == "aut_one"),
    ({"contact": " Bob@Example.com "}, lambda run: run.contact_email == "bob@example.com"),
    ({"status": ["FAILED", "COMPLETED"]}, lambda run: False),
    ({"contact": "nobody@example.com"}, lambda run: False),
]


@pytest.mark.parametrize(
    ("filters", "wanted"), FILTERS, ids=[str(filters) for filters, _ in FILTERS]
)
def test_a_bulk_cancel_cancels_only_the_open_runs_of_the_list(
    engine: Engine, filters: dict[str, Any], wanted: Callable[[Run], bool]
) -> None:
    made = test_history.fill(engine)
    expected = [run for run in made if run.status in OPEN and wanted(run)]
    told = engine.bulk_cancels.count("ws_demo", document(**filters), BY)
    assert (told.id, told.matched, told.canceled, told.is_complete) == (
        None,
        len(expected),
        0,
        True,
    )
    assert [status_of(engine, run) for run in made] == [run.status for run in made]

    asked = engine.bulk_cancels.begin("ws_demo", document(**filters), BY)
    for run in expected:
        assert status_of(engine, run) is RunStatus.CANCELED
    # A second pass follows, unless no run can match the filter.
    can_match = not asked.filter.is_empty
    assert (asked.finished_at is None) is can_match
    engine.clock.advance(2 * MINUTE)
    engine.due_work.settle_due(1_000)
    asked = engine.stores.bulk_cancels.get("ws_demo", asked.id, engine.clock.now)
    view = bulk_cancel_view(asked, engine.stores.runs, engine.clock())
    assert (view.matched, view.canceled, view.is_complete) == (len(expected), len(expected), True)
    assert [run.id for run in view.sample] == [run.id for run in expected[:10]]
    for run in made:
        ended = engine.stores.runs.get(run.id)
        if run in expected:
            assert ended.canceled is not None
            assert (ended.canceled.by, ended.canceled.reason) == (BY, "wrong list")
        else:
            assert ended.status is run.status
    # Nothing is left to do, also if the caller asks again.
    assert engine.table.get(keys.bulk_cancel("ws_demo", asked.id)) is not None
    due = [row.id for row in engine.stores.due.rows(engine.clock.now + 10**12)]
    assert asked.id not in due
    assert engine.bulk_cancels.begin("ws_demo", document(**filters), BY).matched == 0


class Bulk:
    """An automation with open runs, and the service that cancels them."""

    def __init__(self) -> None:
        self.busy = BusyAutomation(1)
        self.cancels = self.busy.bulk_cancels

    def asked(self) -> list[BulkCancel]:
        table = self.busy.table
        around, table.around = table.around, straight
        found = [row for row in table.items() if row["sk"].startswith("can_")]
        store = self.busy.stores.bulk_cancels
        stored = [store.at(keys.Key(row["pk"], row["sk"])) for row in found]
        table.around = around
        return [each for each in stored if each is not None]

    def ticks(self) -> None:
        for _ in range(6):
            self.busy.clock.advance(16 * MINUTE)
            self.busy.due_work.settle_due(1_000)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits batches to three runs, and requests to two batches: one request cancels the runs of
    one batch and finds those of the next."""
    monkeypatch.setattr(bulk_cancel, "BATCH", 3)
    monkeypatch.setattr(bulk_cancel, "REQUEST_BATCHES", 2)


@pytest.mark.usefixtures("few")
def test_the_tick_completes_a_bulk_cancel_without_later_runs() -> None:
    bulk = Bulk()
    bulk.busy.open_runs(8)
    asked = bulk.cancels.begin(WORKSPACE, document(), BY)
    assert (asked.matched, asked.canceled, asked.finished_at) == (6, 3, None)
    bulk.busy.clock.advance(1)
    bulk.busy.open_runs(2)
    bulk.ticks()
    (done,) = bulk.asked()
    assert (done.matched, done.canceled) == (8, 8)
    assert done.finished_at is not None
    statuses = bulk.busy.statuses()
    assert statuses["CANCELED"] == 8
    assert sum(count for status, count in statuses.items() if status in OPEN) == 2


@pytest.mark.parametrize("shown", [0, 5])
def test_runs_that_appear_late_in_the_index_are_canceled_too(shown: int) -> None:
    bulk = Bulk()
    bulk.busy.open_runs(shown)
    bulk.busy.table.holds_back = True
    bulk.busy.open_runs(3)
    asked = bulk.cancels.begin(WORKSPACE, document(), BY)
    assert (asked.matched, asked.canceled, asked.finished_at) == (shown, shown, None)
    bulk.busy.open_runs(2)
    bulk.busy.table.holds_back = False
    bulk.busy.table.catch_up()
    row = DueRow(id=asked.id, key=keys.bulk_cancel(WORKSPACE, asked.id))
    # It is not due yet, even if a stale index says so.
    bulk.cancels.settle(row)
    assert bulk.asked()[0].version == asked.version
    bulk.ticks()
    (done,) = bulk.asked()
    assert (done.matched, done.canceled) == (shown + 3, shown + 3)
    assert done.finished_at is not None
    assert bulk.busy.statuses()["CANCELED"] == shown + 3


def test_an_interrupted_batch_stores_its_progress(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bulk = Bulk()
    bulk.busy.open_runs(8)
    monkeypatch.setattr(bulk_cancel, "REQUEST_TIME", 0)
    monkeypatch.setattr(bulk_cancel, "TICK_TIME", 0)
    asked = bulk.cancels.begin(WORKSPACE, document(), BY)
    assert (asked.matched, asked.canceled) == (8, 0)
    row = DueRow(id=asked.id, key=keys.bulk_cancel(WORKSPACE, asked.id))
    for canceled in range(1, 8):
        bulk.cancels.settle(row)
        (asked,) = bulk.asked()
        assert (asked.canceled, len(asked.batch)) == (canceled, 8 - canceled)
    for _ in range(2):
        bulk.ticks()
    assert (bulk.asked()[0].canceled, bulk.busy.statuses()) == (8, {"CANCELED": 8})


@pytest.mark.usefixtures("few")
def test_a_run_that_was_deleted_meanwhile_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    bulk = Bulk()
    bulk.busy.open_runs(8)
    asked = bulk.cancels.begin(WORKSPACE, document(), BY)
    gone = asked.batch[0]
    cancel = Canceler.cancel

    def late(self: Canceler, workspace_id: str, run_id: str, *more: Any) -> Run:
        if run_id != gone:
            return cancel(self, workspace_id, run_id, *more)
        bulk.busy.table.delete(keys.run(gone))
        raise ConflictError("the run is COMPLETED already", status="COMPLETED")

    monkeypatch.setattr(Canceler, "cancel", late)
    bulk.ticks()
    (done,) = bulk.asked()
    assert (done.matched, done.canceled, done.finished_at is None) == (8, 7, False)


@pytest.mark.usefixtures("few")
def test_a_run_that_ended_meanwhile_stays_unchanged() -> None:
    bulk = Bulk()
    bulk.busy.open_runs(8)
    asked = bulk.cancels.begin(WORKSPACE, document(), BY)
    ended = bulk.busy.stores.runs.get(asked.batch[0])
    bulk.busy.stores.runs.close(ended, Closing(RunStatus.COMPLETED, bulk.busy.clock()))
    bulk.ticks()
    (done,) = bulk.asked()
    assert (done.matched, done.canceled) == (8, 7)
    assert bulk.busy.stores.runs.get(ended.id).status is RunStatus.COMPLETED


@pytest.mark.usefixtures("few")
def test_a_bulk_cancel_goes_on_after_the_tick_rested_for_days() -> None:
    bulk = Bulk()
    bulk.busy.open_runs(8)
    bulk.cancels.begin(WORKSPACE, document(), BY)
    bulk.busy.clock.advance(2 * DAY)
    bulk.ticks()
    (done,) = bulk.asked()
    assert (done.matched, done.canceled, done.finished_at is None) == (8, 8, False)


class DiedError(BaseException):
    """The process died."""


class Breaking:
    """Breaks the call with this number, before or after it takes effect. After a DiedError every
    later call fails too."""

    def __init__(self, point: int, before: bool, failure: BaseException) -> None:
        self.made: list[str] = []
        self.part = "request"
        self._point, self._before, self._failure = point, before, failure
        self.is_dead = False

    def __call__(self, call: Any, act: Callable[[], Any]) -> Any:
        if self.is_dead:
            raise self._failure
        self.made.append(f"{self.part} {call.operation} {call.target.partition('#')[0]}")
        if len(self.made) != self._point:
            return act()
        if not self._before:
            act()
        self.is_dead = isinstance(self._failure, DiedError)
        raise self._failure


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("failure", [TransientError("away"), DiedError()], ids=["error", "death"])
def test_after_any_broken_call_each_run_is_canceled_and_counted_once(
    before: bool, failure: BaseException
) -> None:
    calls = calls_made(0, before, failure)
    assert len(calls) > 30
    points = range(1, len(calls) + 1)
    story = f"{before} {failure!r}"
    for point in sample(points, lambda point: [calls[point - 1]], story=story):
        calls_made(point, before, failure)


def calls_made(point: int, before: bool, failure: BaseException) -> list[str]:
    """Cancels seven runs while the call with this number breaks. Returns a text for each call: the
    request or the tick that made the call, the operation, and the kind of row."""
    bulk = Bulk()
    bulk.busy.open_runs(7)
    breaking = Breaking(point, before, failure)
    bulk.busy.table.around = breaking
    with suppress(TransientError, DiedError):
        bulk.cancels.begin(WORKSPACE, document(), BY)
    breaking.is_dead = False
    if not bulk.asked():
        # The caller who got no answer asks again.
        bulk.cancels.begin(WORKSPACE, document(), BY)
    for number in range(6):
        breaking.part = f"tick {number}"
        bulk.busy.clock.advance(16 * MINUTE)
        with suppress(TransientError, DiedError):
            bulk.busy.due_work.settle_due(1_000)
        breaking.is_dead = False
    (done,) = bulk.asked()
    assert (done.matched, done.canceled, done.finished_at is None) == (7, 7, False), point
    assert bulk.busy.statuses() == {"CANCELED": 7}, point
    return breaking.made


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────────


def test_a_member_cancels_and_a_viewer_sees_the_progress(
    deployed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.clock.follow_the_machine()
    made = test_history.fill(deployed)
    body = {"filter": {"automationId": "aut_one"}, "reason": " wrong list ", "dryRun": True}
    assert call("POST", "/v1/runs/cancel", body, role="viewer")["status"] == 403
    told = call("POST", "/v1/runs/cancel", body, role="member")
    assert (told["status"], told["body"]["matched"], told["body"]["id"]) == (200, 4, None)
    assert {run["status"] for run in told["body"]["sample"]} == {"PENDING", "RUNNING"}

    monkeypatch.setattr(bulk_cancel, "BATCH", 3)
    monkeypatch.setattr(bulk_cancel, "REQUEST_BATCHES", 2)
    asked = call("POST", "/v1/runs/cancel", {**body, "dryRun": False}, role="member")
    assert asked["status"] == 202, asked
    first = asked["body"]
    assert (first["matched"], first["canceled"], first["isComplete"]) == (4, 3, False)
    path = f"/v1/runs/cancel/{first['id']}"
    assert call("GET", path, role="viewer")["body"]["canceled"] == 3
    for minutes in (1, 3):
        deployed.clock.now = now_ms() + minutes * MINUTE
        deployed.due_work.settle_due(1_000)
    done = call("GET", path, role="viewer")["body"]
    assert (done["matched"], done["canceled"], done["isComplete"]) == (4, 4, True)
    assert (done["requestedBy"], done["reason"]) == (BY, "wrong list")
    assert {run["status"] for run in done["sample"]} == {"CANCELED"}
    others = [status_of(deployed, run) for run in made if run.automation_id == "aut_two"]
    assert RunStatus.PENDING in others
    for missing in ("can_nothing", "x" * 3_000):
        assert call("GET", f"/v1/runs/cancel/{missing}")["status"] == 404

    for wrong, field in (
        ({"filter": {"range": "8d"}, "reason": "x"}, "filter.range"),
        ({"filter": {"status": "SENT"}, "reason": "x"}, "filter.status"),
        ({"filter": {}, "reason": " "}, "reason"),
        ({"reason": "x"}, "filter"),
    ):
        refused = call("POST", "/v1/runs/cancel", wrong)
        assert (refused["status"], refused["body"]["field"]) == (422, field), refused
