"""Failure groups: what a failed run adds to its group, and what readers find. Repeated or late
events make no difference."""

import itertools
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runledger.api.failures import FailureGroupListView
from runledger.clock import DAY, HOUR, MINUTE
from runledger.errors import InvalidCursorError, InvalidInputError, NotFoundError, TransientError
from runledger.ids import derived_id
from runledger.models.erasure import ERASED_TEXT
from runledger.models.run import ErrorDetail, Run, RunStatus, Step, StepStatus
from runledger.services.erasure.erasers import FailureEraser
from runledger.services.lists import failure_views, failures
from runledger.services.lists.failures import FailureRequest
from runledger.services.views.runs import run_view
from runledger.services.workspaces.workspaces import create_workspace
from runledger.store import keys
from runledger.store.runs import Closing
from runledger.store.values import Item

from tests.functional.test_api_handlers import CONTEXT, call, deployed, sample
from tests.functional.test_run_store import EVENT, a_run
from tests.functional.test_upstream import upstream_document
from tests.support.boundary import Boundary, Call
from tests.support.depth import examples
from tests.support.engine import Engine
from tests.support.environment import START
from tests.support.lists import request as history_request
from tests.support.memory_engine import MemoryEngine

__all__ = ["deployed"]

SMALL = "Order {} is too small"
KEPT = 90 * DAY


class FailuresEngine(MemoryEngine):
    """An engine with failed runs and the readers of their groups."""

    def __init__(self) -> None:
        self.boundary = Boundary()
        super().__init__(boundary=self.boundary)

    def failed(
        self,
        message: str,
        *,
        created_at: int = START,
        took: int = 1_000,
        kept: int = KEPT,
        node_id: str | None = "bad",
        step: bool = False,
        **changes: Any,
    ) -> Run:
        """Creates a failed run, which is in no group yet. With `step` the failed node has a
        step."""
        given = {"automation_id": "aut_one", "expires_at": created_at + kept, **changes}
        run, _ = self.stores.runs.open(a_run(created_at=created_at, **given), EVENT, 1)
        error = ErrorDetail(node_id=node_id, kind="STOP_ERROR", message=message)
        ended_at = created_at + took
        if step and node_id is not None:
            failed = Step(
                node_id=node_id,
                type="STOP_ERROR",
                status=StepStatus.FAILED,
                started_at=created_at,
                finished_at=ended_at,
                error=error,
            )
            self.stores.runs.record(run, failed)
        return self.stores.runs.close(run, Closing(RunStatus.FAILED, ended_at, error=error))

    def grouped(self, message: str, **given: Any) -> Run:
        run = self.failed(message, **given)
        self.failure_groups.take(run.id)
        return run

    def page(self, workspace_id: str = "ws_demo", **given: Any) -> FailureGroupListView:
        return self.failure_queries.page(workspace_id, request(**given))

    def pages(self, **given: Any) -> list[str]:
        """Returns the id of every group, following cursors to the end."""
        found: list[str] = []
        cursor = None
        while True:
            view = self.page(**given, cursor=cursor)
            found += [group.id for group in view.items]
            cursor = view.next_cursor
            if cursor is None:
                return found

    def rows(self) -> dict[tuple[str, str], Item]:
        """Returns the rows of all failure groups."""
        found = {(row["pk"], row["sk"]): row for row in self.table.items()}
        return {key: row for key, row in found.items() if key[0].startswith("FAILURE#")}


def request(**given: Any) -> FailureRequest:
    asked = {
        "automation_id": None,
        "status": None,
        "range": None,
        "since": None,
        "until": None,
        "time_zone": None,
        "text": None,
        "limit": 50,
        "cursor": None,
        **given,
    }
    return FailureRequest(**asked)


@pytest.fixture
def failures_engine() -> FailuresEngine:
    return FailuresEngine()


# ── what a failed run adds ───────────────────────────────────────────────────────────────────────


def test_runs_with_the_same_failure_share_a_group(engine: Engine) -> None:
    document = upstream_document()
    document["nodes"][3]["config"]["message"] = (
        "Order {{trigger.orderId}} is too small: {{trigger.n}}"
    )
    document["nodes"][0]["config"] |= {
        "contactLookup": {"by": "email", "path": "email"},
        "createIfMissing": True,
    }
    automation_id = engine.activate(document)
    people = ("ada@example.com", "ada@example.com", "bob@example.com")
    runs = [
        engine.fire(automation_id, {"orderId": f"A-{n}", "n": n, "email": email})
        for n, email in enumerate(people, 3)
    ]
    for run_id in runs:
        engine.walk(run_id)
        engine.failure_groups.take(run_id)

    (group,) = engine.failure_queries.page(engine.workspace_id, request()).items
    first, *_, last = [engine.stores.runs.get(run_id) for run_id in runs]
    assert group.message == "Order <id> is too small: <number>"
    assert (group.automation_id, group.automation_name) == (automation_id, "First")
    assert (group.node_id, group.kind) == ("small", "STOP_ERROR")
    assert (group.count, group.contacts, group.is_complete) == (3, 2, True)
    assert group.first_version == 1
    assert group.first_seen_at == run_view(first, 0).finished_at
    assert group.last_seen_at == run_view(last, 0).finished_at
    assert engine.failure_views.group(engine.workspace_id, group.id) == group
    asked = history_request(error_group=group.id, limit=2)
    assert [run.id for run in engine.queries.runs(engine.workspace_id, asked).items] == runs[:0:-1]
    create_workspace(
        engine.stores.workspaces, engine.clock, workspace_id="ws_other", name="Other", shards=1
    )
    assert engine.queries.runs("ws_other", asked).items == []
    assert {run_view(engine.stores.runs.get(each), 0).error_group for each in runs} == {group.id}
    assert engine.details.run(engine.workspace_id, runs[0]).error_group == group.id


def test_a_long_error_is_grouped_and_shown_in_full(failures_engine: FailuresEngine) -> None:
    message = (
        "Nothing was sent to {} for order {}, as " + "the address is wrong and " * 4 + "so on."
    )
    short, long = message.format("a@b.example", 1), message.format("ada@customer.example", 10**30)
    runs = [failures_engine.grouped(text, step=True) for text in (short, long)]
    other = failures_engine.grouped(short.replace("so on", "whatever"), step=True)
    assert runs[0].error is not None and runs[0].error.message.endswith("…")
    assert runs[0].error_group == runs[1].error_group != other.error_group
    told = {group.id: group for group in failures_engine.page().items}
    assert told[str(runs[0].error_group)].count == 2
    assert told[str(runs[0].error_group)].message.endswith("wrong and so on.")


def test_a_message_without_a_step_is_cut_at_a_whole_word(
    failures_engine: FailuresEngine,
) -> None:
    failures_engine.grouped(
        "It could not be started: " + "no reason " * 8 + "ada.lovelace@customer.example"
    )
    (group,) = failures_engine.page().items
    assert group.message == "It could not be started: " + "no reason " * 6 + "no …"


def test_a_missing_or_open_run_adds_nothing(failures_engine: FailuresEngine) -> None:
    run, _ = failures_engine.stores.runs.open(a_run(), EVENT, 1)
    failures_engine.failure_groups.take(run.id)
    failures_engine.failure_groups.take("run_nothing")
    assert failures_engine.rows() == {}


def test_many_failures_update_their_group_at_most_once_an_hour(
    failures_engine: FailuresEngine,
) -> None:
    writes: list[str] = []
    runs = [
        failures_engine.failed(
            SMALL.format(n), created_at=START + n * MINUTE, contact_id=f"con_{n}"
        )
        for n in range(120)
    ]
    failures_engine.table.listeners.append(lambda before, after: writes.append((after or {})["sk"]))
    for run in runs:
        failures_engine.failure_groups.take(run.id)
    assert len(writes) == 120 + writes.count("GROUP")
    assert writes.count("GROUP") in (3, 4)
    (group,) = failures_engine.page().items
    assert (group.count, group.contacts) == (120, 120)


events = st.lists(
    st.tuples(
        st.integers(0, 50),  # hours after the first
        st.integers(0, 30),  # hours that it took
        st.integers(1, 3),  # version
        st.sampled_from(["con_a", "con_b", None]),
        st.integers(1, 4),  # days that it is kept
    ),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=examples(60))
@given(events, st.randoms(use_true_random=False))
def test_order_and_repetition_of_events_do_not_matter(
    given_: list[tuple[int, int, int, str | None, int]], chance: random.Random
) -> None:
    failures_engine = FailuresEngine()
    runs = [
        failures_engine.failed(
            SMALL.format(hours),
            run_id=derived_id("run", str(number)),
            created_at=START + hours * HOUR,
            took=took * HOUR,
            version=version,
            contact_id=contact_id,
            kept=kept * DAY,
        )
        for number, (hours, took, version, contact_id, kept) in enumerate(given_)
    ]
    before = failures_engine.table.snapshot()
    for run in runs:
        failures_engine.failure_groups.take(run.id)
    expected = failures_engine.rows()

    failures_engine.table.restore(before)
    told = runs + chance.choices(runs, k=len(runs))
    chance.shuffle(told)
    for run in told:
        failures_engine.failure_groups.take(run.id)
    assert failures_engine.rows() == expected
    members = [row for row in expected.values() if row["sk"] != "GROUP"]
    (group,) = [row for row in expected.values() if row["sk"] == "GROUP"]
    assert len(members) == len(runs)
    assert group["firstAt"] == min(row["failedAt"] for row in members)
    assert group["ttl"] >= max(row["ttl"] for row in members)


class Crash(BaseException):
    """The process died."""


@pytest.mark.parametrize("takes_effect", [False, True])
def test_a_replay_recovers_from_a_crash_at_any_call(takes_effect: bool) -> None:
    made = 0
    point = -1

    def around(each: Call, act: Callable[[], Any]) -> Any:
        nonlocal made
        made += 1
        if made != point:
            return act()
        if takes_effect:
            act()
        raise Crash(str(each))

    failures_engine = FailuresEngine()
    runs = [
        # The second one moves the group back in its first moment and on in its last.
        failures_engine.failed(SMALL.format(1), created_at=START + 5 * HOUR, step=True),
        failures_engine.failed(SMALL.format(2), created_at=START, took=9 * HOUR),
        failures_engine.failed(SMALL.format(3), created_at=START),
    ]
    before = failures_engine.table.snapshot()

    def play() -> list[int]:
        """Returns the numbers of the calls that crashed."""
        failures_engine.table.restore(before)
        crashed = []
        for run in runs:
            for _ in range(2):
                try:
                    failures_engine.failure_groups.take(run.id)
                except Crash:
                    crashed.append(made)
                    continue
                break
        return crashed

    failures_engine.table.around = around
    assert play() == []
    calls, expected = made, failures_engine.rows()
    for each in range(1, calls + 1):
        made, point = 0, each
        assert play() == [each]
        assert failures_engine.rows() == expected
    assert calls > 9


def test_concurrent_writers_lose_nothing(failures_engine: FailuresEngine) -> None:
    first = failures_engine.failed(SMALL.format(1), created_at=START + 5 * HOUR)
    late = failures_engine.failed(SMALL.format(2), created_at=START + 9 * HOUR)
    early = failures_engine.failed(SMALL.format(3), created_at=START, version=7)
    others = [late, early]

    def around(each: Call, act: Callable[[], Any]) -> Any:
        # Whenever one is about to write the group, another has done so just before.
        if each.operation in ("PutItem", "UpdateItem") and "GROUP" in each.target and others:
            failures_engine.failure_groups.take(others.pop(0).id)
        return act()

    failures_engine.table.around = around
    failures_engine.failure_groups.take(first.id)
    assert others == []
    (group,) = failures_engine.page().items
    assert group.count == 3
    assert group.first_seen_at == run_view(early, 0).finished_at
    assert group.last_seen_at == run_view(late, 0).finished_at
    assert group.first_version == 7


def test_a_write_that_always_loses_the_race_is_a_transient_error(
    failures_engine: FailuresEngine,
) -> None:
    failures_engine.grouped(SMALL.format(0))
    number = 0

    def around(each: Call, act: Callable[[], Any]) -> Any:
        nonlocal number
        if each.operation == "UpdateItem" and "GROUP" in each.target:
            number += 1
            failures_engine.table.around = lambda _, act: act()
            failures_engine.grouped(SMALL.format(number), created_at=START + number * DAY)
            failures_engine.table.around = around
        return act()

    late = failures_engine.failed(SMALL.format(1), created_at=START + 90 * DAY)
    failures_engine.table.around = around
    with pytest.raises(TransientError):
        failures_engine.failure_groups.take(late.id)


# ── what readers find ────────────────────────────────────────────────────────────────────────────


def test_every_filter_lists_the_latest_failure_first(
    failures_engine: FailuresEngine,
) -> None:
    made: list[tuple[str, int, str, str]] = []
    for number in range(24):
        automation_id = f"aut_{number % 2}"
        word = ("timeout", "refused", "missing")[number % 3]
        message = f"The {word} of {'ghijklmnopqrstuvwxyzäöüé'[number] * 3} came up for A-{number}"
        at = START - number * 5 * HOUR
        run = failures_engine.grouped(message, created_at=at, automation_id=automation_id)
        made.append((str(run.error_group), at, automation_id, word))
    failures_engine.clock.now = START + MINUTE
    texts = (None, "TIMEOUT", "came time", "The timeout came up for A-17.")
    asked = itertools.product((None, "aut_0", "aut_2"), texts, (None, "24h"), (1, 7, 50))
    for wanted, text, range_, limit in asked:
        expected = [
            group_id
            for group_id, made_at, of, its_word in made
            if wanted in (None, of)
            and (text is None or its_word == "timeout")
            and (range_ is None or made_at >= START + MINUTE - DAY)
        ]
        found = failures_engine.pages(automation_id=wanted, text=text, range=range_, limit=limit)
        assert found == expected, (wanted, text, range_, limit)
    assert failures_engine.page(text="The timeout of xxx came up for A-99").items == []
    (group,) = failures_engine.page(text="The timeout of ggg came up for A-99").items
    assert group.id == made[0][0]


def test_a_count_within_a_range_equals_the_list_of_runs(
    failures_engine: FailuresEngine,
) -> None:
    for n in range(10):
        failures_engine.grouped(
            SMALL.format(n), created_at=START + n * DAY, contact_id=f"con_{n % 3}"
        )
    failures_engine.clock.now = START + 9 * DAY + HOUR
    (group,) = failures_engine.page().items
    assert (group.count, group.contacts) == (10, 3)
    (group,) = failures_engine.page(range="7d").items
    assert (group.count, group.contacts) == (7, 3)
    (group,) = failures_engine.page(
        since="2023-11-14T00:00:00Z", until="2023-11-16T00:00:00Z"
    ).items
    assert (group.count, group.contacts) == (2, 2)
    # First and last failure do not depend on the range.
    assert group.first_seen_at == "2023-11-14T22:13:21.000Z"
    assert group.last_seen_at == "2023-11-23T22:13:21.000Z"
    assert failures_engine.page(until="2023-11-01").items == []
    with pytest.raises(InvalidInputError) as caught:
        failures_engine.page(range="1y")
    assert caught.value.field == "range"


def test_a_count_beyond_its_limit_is_marked_incomplete(
    failures_engine: FailuresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_views, "MOST_RUNS", 5)
    runs = [failures_engine.grouped(SMALL.format(n), created_at=START + n) for n in range(5)]
    (group,) = failures_engine.page().items
    assert (group.count, group.is_complete) == (5, True)
    failures_engine.grouped(SMALL.format(5), created_at=START + 5)
    (group,) = failures_engine.page().items
    assert (group.count, group.is_complete) == (5, False)
    one = failures_engine.failure_views.group("ws_demo", str(runs[0].error_group))
    assert (one.count, one.is_complete) == (5, False)


@pytest.mark.parametrize(("name", "least"), [("GROUP_BUDGET", 10), ("RUN_BUDGET", 3)])
def test_a_page_that_reached_its_read_limit_ends_early_with_a_cursor(
    failures_engine: FailuresEngine, monkeypatch: pytest.MonkeyPatch, name: str, least: int
) -> None:
    monkeypatch.setattr(failures, name, 3)
    for letter in "ghijklmnop":
        failures_engine.grouped(f"wrong {letter * 3}")
    failures_engine.grouped("right", created_at=START - DAY)
    text = "right" if name == "GROUP_BUDGET" else None
    found: list[str] = []
    cursor, asked = None, 0
    while asked == 0 or cursor:
        view = failures_engine.page(text=text, cursor=cursor)
        assert len(view.items) <= 3
        found += [group.message for group in view.items]
        cursor, asked = view.next_cursor, asked + 1
    assert asked == 4
    assert len(found) == len(set(found)) == (1 if text else 11)


def test_expired_runs_are_not_counted_and_an_empty_group_disappears(
    failures_engine: FailuresEngine,
) -> None:
    failures_engine.grouped(SMALL.format(1), kept=DAY)
    run = failures_engine.grouped(SMALL.format(2), created_at=START + HOUR, kept=3 * DAY)
    failures_engine.clock.now = START + 2 * DAY
    (group,) = failures_engine.page().items
    assert group.count == 1
    failures_engine.clock.now = START + 6 * DAY
    assert failures_engine.page().items == []
    with pytest.raises(NotFoundError):
        failures_engine.failure_views.group("ws_demo", str(run.error_group))
    # DynamoDB has deleted the expired item meanwhile; the next failure begins a new group.
    failures_engine.table.delete(keys.failure_group(str(run.error_group)))
    failures_engine.grouped(SMALL.format(3), created_at=START + 6 * DAY)
    assert failures_engine.page().items[0].count == 1


def test_a_group_of_another_workspace_is_not_found(failures_engine: FailuresEngine) -> None:
    run = failures_engine.grouped(SMALL.format(1), workspace_id="ws_other")
    assert len(failures_engine.page("ws_other").items) == 1
    assert failures_engine.page().items == []
    assert failures_engine.page(automation_id=run.automation_id).items == []
    with pytest.raises(NotFoundError):
        failures_engine.failure_views.group("ws_demo", str(run.error_group))
    with pytest.raises(NotFoundError):
        failures_engine.failure_views.group("ws_demo", "err_nothing")


def test_a_cursor_is_only_valid_for_its_list(failures_engine: FailuresEngine) -> None:
    for word in ("one", "two", "three"):
        failures_engine.grouped(f"wrong {word}")
    failures_engine.clock.now = START + DAY - MINUTE
    late = failures_engine.page(limit=1, range="24h")
    failures_engine.clock.advance(HOUR)
    # Of the range that it began with, nothing falls off the end meanwhile.
    rest = failures_engine.page(limit=9, range="24h", cursor=late.next_cursor)
    assert len({group.id for group in late.items + rest.items}) == 3
    cursor = failures_engine.page(limit=1).next_cursor
    assert cursor is not None
    for other in ({"text": "wrong"}, {"automation_id": "aut_one"}, {"range": "24h"}):
        with pytest.raises(InvalidCursorError):
            failures_engine.page(**other, cursor=cursor)


# ── the functions ────────────────────────────────────────────────────────────────────────────────


def test_the_function_reports_only_the_failed_queue_messages(deployed: Engine) -> None:
    from functions.group_failures.handler import handler

    deployed.clock.follow_the_machine()
    automation_id = deployed.activate(upstream_document())
    run_id = deployed.fire(automation_id, {"n": 3})
    deployed.walk(run_id)
    event = sample("group_failures")
    good, gone = event["Records"][0], dict(event["Records"][0], messageId="gone")
    good["body"] = good["body"].replace("run_01M82TAM2017G9QF1PFSTFPFQT", run_id)
    broken = dict(good, messageId="broken", body="{}")
    answer = handler({"Records": [gone, broken, good, good]}, CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "broken"}]}

    listed = call("GET", "/v1/failure-groups", role="viewer", query=f"automationId={automation_id}")
    (group,) = listed["body"]["items"]
    assert listed["body"]["nextCursor"] is None
    assert (group["message"], group["count"], group["contacts"]) == ("only <number>", 1, 0)
    one = call("GET", f"/v1/failure-groups/{group['id']}", role="viewer")
    assert one["body"] == group
    run = call("GET", f"/v1/runs/{run_id}", role="viewer")["body"]
    assert run["errorGroup"] == group["id"]
    (row,) = call("GET", "/v1/runs", query="status=FAILED")["body"]["items"]
    assert row["errorGroup"] == group["id"]
    members = call("GET", "/v1/runs", role="viewer", query=f"errorGroup={group['id']}")["body"]
    assert [each["id"] for each in members["items"]] == [run_id]
    assert call("GET", "/v1/runs", query="errorGroup=err_nothing")["body"]["items"] == []


def test_an_invalid_request_is_a_problem(deployed: Engine) -> None:
    assert call("GET", "/v1/failure-groups/err_nothing")["status"] == 404
    wrong = call("GET", "/v1/failure-groups", query="range=1y")
    assert (wrong["status"], wrong["body"]["field"]) == (422, "range")
    assert call("GET", "/v1/failure-groups", role=None)["status"] in (401, 403)


def test_a_group_has_the_whole_message_although_the_step_is_not_seen_at_first(
    failures_engine: FailuresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = "Nothing was sent, as " + "the address is wrong and " * 4 + "so on."
    run = failures_engine.failed(message, step=True)
    read = type(failures_engine.table).get

    def late(table: Any, key: keys.Key, *, consistent: bool = False) -> Item | None:
        is_behind = key.sk.startswith(keys.STEP_PREFIX) and not consistent
        return None if is_behind else read(table, key, consistent=consistent)

    monkeypatch.setattr(type(failures_engine.table), "get", late)
    failures_engine.failure_groups.take(run.id)
    (group,) = failures_engine.page().items
    assert group.message.endswith("wrong and so on.")


def test_a_damaged_group_still_gets_runs_and_holds_up_no_erasure(
    failures_engine: FailuresEngine,
) -> None:
    first = failures_engine.grouped(SMALL.format(1))
    group_id = str(first.error_group)
    row = failures_engine.table.get(keys.failure_group(group_id), consistent=True)
    assert row is not None
    failures_engine.table.put({name: value for name, value in row.items() if name != "firstAt"})
    second = failures_engine.grouped(SMALL.format(2))
    runs = failures_engine.stores.failures.all_runs(group_id, second.created_at)
    assert {each.run_id for each in runs} == {first.id, second.id}
    erasure: Any = SimpleNamespace(contact_id=first.contact_id)
    FailureEraser(failures_engine.stores.failures, failures_engine.clock)(erasure, first)
    erased = failures_engine.table.get(keys.failure_group(group_id), consistent=True)
    assert erased is not None and erased["message"] == ERASED_TEXT
