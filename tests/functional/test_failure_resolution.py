"""Groups of failed calls by status, and resolved groups: what reopens them, what readers see, and
who may resolve them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runledger.clock import DAY, HOUR, MINUTE, now_ms
from runledger.errors import NotFoundError, TransientError
from runledger.ids import derived_id
from runledger.models.erasure import ERASED_TEXT, Erasure
from runledger.models.failure import FailedRun, GroupStatus
from runledger.models.run import RunStatus
from runledger.services.erasure.erasers import FailureEraser
from runledger.services.lists.failure_views import MOST_RUNS
from runledger.store.failures import FailureStore

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_failure_groups import SMALL, FailuresEngine, failures_engine, request
from tests.functional.test_upstream import upstream_document
from tests.support.boundary import Call
from tests.support.depth import examples
from tests.support.engine import Engine
from tests.support.environment import START

__all__ = ["deployed", "failures_engine"]

BY = "ada@demo.example"


# ── calls ────────────────────────────────────────────────────────────────────────────────────────


def calling(url: str) -> dict[str, Any]:
    document = upstream_document()
    document["nodes"] = [
        document["nodes"][0],
        {"id": "score", "type": "INTEGRATION", "config": {"url": url, "capture": {"a": "data.a"}}},
        {"id": "done", "type": "END"},
    ]
    document["edges"] = [
        {"source": "start", "target": "score"},
        {"source": "score", "target": "done"},
    ]
    return document


def test_failed_calls_are_grouped_by_the_status_of_the_answer(engine: Engine) -> None:
    url = "https://api.example.com/{{trigger.kind}}/{{trigger.n}}?q={{trigger.n}}"
    automation_id = engine.activate(calling(url))
    groups = engine.failure_groups
    made = 0
    for status in (401, 404, 503, 200):
        for kind in ("orders", "people"):
            made += 1
            engine.http.status = status
            run_id = engine.fire(automation_id, {"n": f"A-{made}", "kind": kind})
            engine.walk(run_id)
            groups.take(run_id)
            assert engine.stores.runs.get(run_id).status is RunStatus.FAILED
    shown, groups_of = engine.failure_views, engine.failure_queries
    found = {group.title: group for group in groups_of.page(engine.workspace_id, request()).items}
    where = "POST api.example.com/{id}/{id} answered"
    missing = f"{where} 200: the response has no value for `a` at `data.a`"
    assert set(found) == {f"{where} {status}" for status in (401, 404, 503)} | {missing}
    assert {group.count for group in found.values()} == {2}
    newest = "POST https://api.example.com/people/A-6?q=A-6 answered 503; expected 2xx"
    one = found[f"{where} 503"]
    assert shown.group(engine.workspace_id, one.id).newest_message == newest
    assert one.newest_message == newest
    # A pasted message finds the group of its status, and so do the words that one reads.
    texts = (newest, newest.lower().replace("post", "POST"), "api.example.com answered 503")
    for text in texts:
        pasted = groups_of.page(engine.workspace_id, request(text=text)).items
        assert [group.title for group in pasted] == [f"{where} 503"], text
    assert len(groups_of.page(engine.workspace_id, request(text="answered")).items) == 4
    others = [newest.replace("api.", "shop."), newest.replace("503", "500"), "answered 429"]
    for text in others:
        assert groups_of.page(engine.workspace_id, request(text=text)).items == [], text
    # Of a person whose name is a part of an address nothing is kept.
    assert "people" not in str(_groups(engine))


def _groups(engine: Engine) -> list[dict[str, Any]]:
    return [row for row in engine.rows() if row["sk"] == "GROUP"]


def test_the_newest_message_is_read_and_not_stored(failures_engine: FailuresEngine) -> None:
    old = failures_engine.grouped(SMALL.format("A-1"))
    group_id = str(old.error_group)
    assert failures_engine.failure_views.group("ws_demo", group_id).newest_message == SMALL.format(
        "A-1"
    )
    new = failures_engine.grouped(SMALL.format("A-2"), created_at=START + HOUR, kept=2 * DAY)
    told = failures_engine.failure_views.group("ws_demo", group_id)
    assert (told.newest_message, told.newest_run_id) == (SMALL.format("A-2"), new.id)
    # Also if the list's range ends before that run.
    failures_engine.clock.now = START + DAY
    (listed,) = failures_engine.page(until="2023-11-14T22:30:00Z").items
    assert (listed.count, listed.newest_run_id) == (1, new.id)
    stored = [row for key, row in failures_engine.rows().items() if key[1] == "GROUP"]
    assert "A-2" not in str(stored) and "A-1" not in str(stored)
    failures_engine.clock.now = START + 3 * DAY
    assert failures_engine.failure_views.group("ws_demo", group_id).newest_message is None


def test_a_long_message_is_shown_in_full_by_its_group_and_shortened_in_a_list(
    failures_engine: FailuresEngine,
) -> None:
    message = "Nothing fits order 17, " + "as the address is wrong " * 8
    run = failures_engine.grouped(message, step=True)
    assert (
        failures_engine.failure_views.group("ws_demo", str(run.error_group)).newest_message
        == message
    )
    (listed,) = failures_engine.page().items
    assert listed.newest_message is not None
    assert listed.newest_message.endswith("…")
    assert message.startswith(listed.newest_message[:-1])


# ── resolving ────────────────────────────────────────────────────────────────────────────────────


def later(failures_engine: FailuresEngine, number: int = 9, **given_: Any) -> str:
    """Creates a run that fails one minute from now, and is in no group yet. Returns its id."""
    at = failures_engine.clock.now + MINUTE
    run_id = failures_engine.failed(SMALL.format(number), created_at=at, **given_).id
    failures_engine.clock.now = at + MINUTE
    return run_id


def test_a_resolved_group_is_reopened_by_a_later_failure(failures_engine: FailuresEngine) -> None:
    run = failures_engine.grouped(SMALL.format(1))
    group_id = str(run.error_group)
    failures_engine.clock.now = START + HOUR
    told = failures_engine.failure_resolution.resolve(
        "ws_demo", group_id, BY, "The price list was wrong"
    )
    assert (told.status, told.resolved_by) == (GroupStatus.RESOLVED, BY)
    assert (told.note, told.reopened_at) == ("The price list was wrong", None)
    assert told.resolved_at == "2023-11-14T23:13:20.003Z"
    assert failures_engine.pages(status=GroupStatus.RESOLVED) == [group_id]
    assert failures_engine.pages(status=GroupStatus.OPEN) == []
    assert failures_engine.pages() == [group_id]
    # An earlier failure that is reported only now does not reopen it.
    failures_engine.grouped(SMALL.format(2), created_at=START + MINUTE)
    assert failures_engine.failure_views.group("ws_demo", group_id).status is GroupStatus.RESOLVED
    run_id = later(failures_engine)
    failures_engine.failure_groups.take(run_id)
    told = failures_engine.failure_views.group("ws_demo", group_id)
    assert told.status is GroupStatus.OPEN
    assert (told.resolved_by, told.resolved_at, told.note) == (None, None, None)
    assert told.reopened_at == "2023-11-14T23:14:21.012Z"
    assert failures_engine.pages(status=GroupStatus.OPEN) == [group_id]
    # Resolved again; a repeated event of an earlier failure does not reopen it.
    told = failures_engine.failure_resolution.resolve("ws_demo", group_id, "bob@demo.example", None)
    failures_engine.failure_groups.take(run_id)
    told = failures_engine.failure_views.group("ws_demo", group_id)
    assert (told.status, told.resolved_by) == (GroupStatus.RESOLVED, "bob@demo.example")
    assert (told.note, told.reopened_at) == (None, None)


def test_a_failed_rerun_does_not_reopen_its_group(failures_engine: FailuresEngine) -> None:
    run = failures_engine.grouped(SMALL.format(1))
    group_id = str(run.error_group)
    failures_engine.clock.now = START + HOUR
    failures_engine.failure_resolution.resolve("ws_demo", group_id, BY, None)
    failures_engine.failure_groups.take(later(failures_engine, rerun_of=run.id, root_run_id=run.id))
    told = failures_engine.failure_views.group("ws_demo", group_id)
    assert (told.status, told.count) == (GroupStatus.RESOLVED, 2)


def test_a_run_from_before_the_resolution_that_fails_after_it_reopens_the_group(
    failures_engine: FailuresEngine,
) -> None:
    run = failures_engine.grouped(SMALL.format(1))
    failures_engine.clock.now = START + 2 * DAY
    failures_engine.failure_resolution.resolve("ws_demo", str(run.error_group), BY, None)
    failures_engine.grouped(SMALL.format(2), created_at=START + 1, took=5 * DAY)
    assert (
        failures_engine.failure_views.group("ws_demo", str(run.error_group)).status
        is GroupStatus.OPEN
    )


def test_a_failure_at_the_moment_of_the_resolution_reopens_a_group_of_many_runs(
    failures_engine: FailuresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = failures_engine.stores.failures
    group_id = str(failures_engine.grouped(SMALL.format(1)).error_group)
    slow = failures_engine.failed(SMALL.format(2), created_at=START + 1, took=2 * DAY)
    failures_engine.clock.now = START + DAY
    for number in range(MOST_RUNS):
        at = START + HOUR + number
        member = FailedRun(
            run_id=f"run_{number}",
            contact_id=None,
            version=1,
            created_at=at,
            failed_at=at,
            expires_at=START + 30 * DAY,
        )
        failures.add_run(group_id, member)
    resolve = FailureStore.resolve

    def late(self: FailureStore, *given: Any) -> None:
        failures_engine.failure_groups.take(slow.id)
        resolve(self, *given)

    monkeypatch.setattr(FailureStore, "resolve", late)
    told = failures_engine.failure_resolution.resolve("ws_demo", group_id, BY, None)
    assert told.status is GroupStatus.OPEN


def test_a_user_reopens_a_group(failures_engine: FailuresEngine) -> None:
    group_id = str(failures_engine.grouped(SMALL.format(1)).error_group)
    before = failures_engine.rows()
    assert failures_engine.failure_resolution.reopen("ws_demo", group_id).status is GroupStatus.OPEN
    assert failures_engine.rows() == before
    failures_engine.failure_resolution.resolve("ws_demo", group_id, BY, "done")
    told = failures_engine.failure_resolution.reopen("ws_demo", group_id)
    assert (told.status, told.note) == (GroupStatus.OPEN, None)
    assert told.reopened_at is not None
    again = failures_engine.failure_resolution.reopen("ws_demo", group_id)
    assert again == told


def test_an_unknown_or_expired_group_cannot_be_resolved(failures_engine: FailuresEngine) -> None:
    other = str(failures_engine.grouped(SMALL.format(1), workspace_id="ws_other").error_group)
    gone = str(failures_engine.grouped(SMALL.format(2), kept=DAY).error_group)
    failures_engine.clock.now = START + 4 * DAY
    before = failures_engine.rows()
    for group_id in (other, gone, "err_nothing"):
        with pytest.raises(NotFoundError):
            failures_engine.failure_resolution.resolve("ws_demo", group_id, BY, None)
        with pytest.raises(NotFoundError):
            failures_engine.failure_resolution.reopen("ws_demo", group_id)
    assert failures_engine.rows() == before


def test_a_failure_of_a_resolved_group_costs_no_more_writes(
    failures_engine: FailuresEngine,
) -> None:
    group_id = str(failures_engine.grouped(SMALL.format(1)).error_group)
    failures_engine.failure_resolution.resolve("ws_demo", group_id, BY, None)
    runs = [later(failures_engine, number) for number in range(20)]
    writes: list[str] = []
    failures_engine.table.listeners.append(lambda before, after: writes.append((after or {})["sk"]))
    for run_id in runs:
        failures_engine.failure_groups.take(run_id)
    # One for each run; the first one's opens the group, the clock's hour moves it.
    assert len(writes) == 20 + writes.count("GROUP")
    assert writes.count("GROUP") <= 2


def test_an_erasure_removes_message_title_and_note(
    failures_engine: FailuresEngine,
) -> None:
    group_id = str(failures_engine.grouped(SMALL.format(1)).error_group)
    failures_engine.clock.now = START + HOUR
    failures_engine.failure_resolution.resolve("ws_demo", group_id, BY, "Ada Lovelace called")
    failures_engine.stores.failures.erase_message(group_id)
    told = failures_engine.failure_views.group("ws_demo", group_id)
    assert (told.title, told.note) == (ERASED_TEXT, None)
    assert "Lovelace" not in str(failures_engine.rows())
    assert told.status is GroupStatus.RESOLVED


def test_an_erasure_keeps_a_message_that_another_contact_had_long_ago(
    failures_engine: FailuresEngine,
) -> None:
    failures = failures_engine.stores.failures
    group_id = str(failures_engine.grouped(SMALL.format(1), contact_id="con_bob").error_group)
    for number in range(100):
        at = START + 1 + number
        failures_engine.grouped(SMALL.format(number), created_at=at, contact_id=None)
    run = failures_engine.grouped(SMALL.format(2), created_at=START + HOUR, contact_id="con_ada")
    failures_engine.clock.now = now = START + DAY
    erasure = Erasure(
        workspace_id="ws_demo",
        contact_id="con_ada",
        reason=None,
        requested_by=BY,
        requested_at=now,
        blanked_at=now,
        not_before=now,
        addresses=frozenset(),
        due_at=now,
    )
    erase = FailureEraser(failures, failures_engine.clock)
    before = failures.find(group_id)
    erase(erasure, run)
    assert failures.find(group_id) == before
    # If nobody else had it, it may name her.
    erase(erasure.changed(contact_id="con_bob"), failures_engine.stores.runs.get(run.id))
    after = failures.find(group_id)
    assert after is not None and after.message == ERASED_TEXT


# ── at the same moment ───────────────────────────────────────────────────────────────────────────


class Crash(BaseException):
    """The process died."""


@dataclass
class Race:
    """Two concurrent actions on one group. Just before call number `point` of the first action the
    second one runs, or the first one's process dies."""

    point: int
    made: int = 0
    failures_engine: FailuresEngine = field(default_factory=FailuresEngine)

    def __post_init__(self) -> None:
        self.group_id = str(self.failures_engine.grouped(SMALL.format(1)).error_group)
        self.failures_engine.clock.now = START + DAY
        # It fails after all that is done here, and moves the group in the lists too.
        self.run_id = self.failures_engine.failed(
            SMALL.format(2), created_at=START + DAY, took=HOUR
        ).id

    def fail(self) -> None:
        self.failures_engine.failure_groups.take(self.run_id)

    def resolve(self) -> None:
        self.failures_engine.failure_resolution.resolve("ws_demo", self.group_id, BY, "done")

    def status(self) -> GroupStatus:
        return self.failures_engine.failure_views.group("ws_demo", self.group_id).status

    def play(self, first: Callable[[], None], at_the_point: Callable[[], None]) -> bool:
        """Plays the race. Returns False if the first action ended before call number `point`."""

        def around(each: Call, act: Callable[[], Any]) -> Any:
            self.made += 1
            if self.made != self.point:
                return act()
            self.failures_engine.table.around = lambda _, plain: plain()
            at_the_point()
            self.failures_engine.table.around = around
            return act()

        self.failures_engine.table.around = around
        first()
        self.failures_engine.table.around = lambda _, act: act()
        return self.made >= self.point


def test_a_failure_between_any_two_calls_of_resolving_leaves_the_group_open() -> None:
    point = 1
    while (meeting := Race(point)).play(meeting.resolve, meeting.fail):
        assert meeting.status() is GroupStatus.OPEN, point
        point += 1
    assert point > 5


def test_resolving_between_any_two_calls_of_adding_a_failure_leaves_the_group_open() -> None:
    point = 1
    while (meeting := Race(point)).play(meeting.fail, meeting.resolve):
        assert meeting.status() is GroupStatus.OPEN, point
        point += 1
    assert point > 3


def test_resolving_again_recovers_from_a_crash_at_any_call() -> None:
    def die() -> None:
        raise Crash

    point = 1
    while True:
        meeting = Race(point)
        try:
            meeting.play(meeting.resolve, die)
            break
        except Crash:
            meeting.failures_engine.table.around = lambda _, act: act()
        # It is resolved with its note, or not at all.
        told = meeting.failures_engine.failure_views.group("ws_demo", meeting.group_id)
        assert (told.note == "done") is (told.status is GroupStatus.RESOLVED)
        meeting.resolve()
        assert meeting.status() is GroupStatus.RESOLVED
        meeting.fail()
        assert meeting.status() is GroupStatus.OPEN
        point += 1
    assert point > 5


actions = st.lists(
    st.one_of(
        st.tuples(st.just("fail"), st.integers(0, 90)),  # minutes that the run takes
        st.tuples(st.just("take"), st.integers(0, 5)),
        st.tuples(st.just("resolve"), st.just(0)),
        st.tuples(st.just("reopen"), st.just(0)),
    ),
    max_size=14,
)


@settings(deadline=None, max_examples=examples(80))
@given(actions)
def test_a_group_is_resolved_exactly_if_no_known_failure_is_later(
    given_: list[tuple[str, int]],
) -> None:
    failures_engine = FailuresEngine()
    group_id = str(failures_engine.grouped(SMALL.format(0)).error_group)
    known: list[int] = []
    waiting: list[tuple[str, int]] = []
    resolved_at: int | None = None
    reopened = False
    for number, (what, value) in enumerate(given_):
        failures_engine.clock.advance(HOUR)
        if what == "fail":
            run = failures_engine.failed(
                SMALL.format(number),
                run_id=derived_id("run", str(number)),
                created_at=failures_engine.clock.now,
                took=value * MINUTE,
            )
            waiting.append((run.id, failures_engine.clock.now + value * MINUTE))
        elif what == "take" and waiting:
            run_id, at = waiting[value % len(waiting)]
            failures_engine.failure_groups.take(run_id)
            known.append(at)
        elif what == "resolve":
            resolved_at, reopened = failures_engine.clock.now, False
            failures_engine.failure_resolution.resolve("ws_demo", group_id, BY, None)
        elif what == "reopen":
            reopened = True
            failures_engine.failure_resolution.reopen("ws_demo", group_id)
        is_resolved = (
            resolved_at is not None
            and not reopened
            and not any(at > resolved_at + 10 for at in known)
        )
        status = failures_engine.failure_views.group("ws_demo", group_id).status
        assert (status is GroupStatus.RESOLVED) is is_resolved
        # Once reopened, it stays open until it is resolved again.
        reopened = reopened or (resolved_at is not None and not is_resolved)


def test_a_failure_that_always_loses_to_resolutions_is_a_transient_error(
    failures_engine: FailuresEngine,
) -> None:
    group_id = str(failures_engine.grouped(SMALL.format(1)).error_group)
    failures_engine.clock.now = START + 2 * DAY
    run_id = failures_engine.failed(SMALL.format(2), created_at=START + 3 * DAY).id

    def around(each: Call, act: Callable[[], Any]) -> Any:
        if each.operation == "UpdateItem":
            failures_engine.table.around = lambda _, plain: plain()
            failures_engine.stores.failures.resolve(group_id, _resolution(failures_engine))
            failures_engine.table.around = around
        return act()

    failures_engine.table.around = around
    with pytest.raises(TransientError):
        failures_engine.failure_groups.take(run_id)


def _resolution(failures_engine: FailuresEngine) -> Any:
    from runledger.models.failure import Resolution

    return Resolution(by=BY, at=failures_engine.clock(), note=None)


# ── the routes ───────────────────────────────────────────────────────────────────────────────────


def test_members_resolve_and_reopen_over_http(deployed: Engine) -> None:
    deployed.clock.now = now_ms() - MINUTE
    automation_id = deployed.activate(upstream_document())
    run_id = deployed.fire(automation_id, {"n": 3})
    deployed.walk(run_id)
    deployed.failure_groups.take(run_id)
    group_id = deployed.stores.runs.get(run_id).error_group
    path = f"/v1/failure-groups/{group_id}"
    assert call("GET", path, role="viewer")["body"]["status"] == "OPEN"
    for action in ("resolve", "reopen"):
        assert call("POST", f"{path}/{action}", {}, role="viewer")["status"] == 403
    answer = call("POST", f"{path}/resolve", {"note": " fixed in 4.2 "}, role="member")
    assert answer["status"] == 200
    told = answer["body"]
    assert (told["status"], told["note"]) == ("RESOLVED", "fixed in 4.2")
    assert (told["resolvedBy"], told["title"]) == ("member@example.com", "only <number>")
    assert told["newestMessage"] == "only 3" and told["newestRunId"] == run_id
    assert call("GET", path, role="viewer")["body"] == told
    for status, count in (("RESOLVED", 1), ("OPEN", 0)):
        listed = call("GET", "/v1/failure-groups", query=f"status={status}", role="viewer")["body"]
        assert len(listed["items"]) == count
    opened = call("POST", f"{path}/reopen", role="member")
    assert (opened["status"], opened["body"]["status"]) == (200, "OPEN")
    assert opened["body"]["resolvedBy"] is None and opened["body"]["reopenedAt"]


def test_an_invalid_request_is_a_problem(deployed: Engine) -> None:
    path = "/v1/failure-groups/err_nothing/resolve"
    assert call("POST", path, {}, role="member")["status"] == 404
    long = call("POST", path, {"note": "x" * 501}, role="member")
    assert (long["status"], long["body"]["field"]) == (422, "note")
    unknown = call("POST", path, {"because": "x"}, role="member")
    assert (unknown["status"], unknown["body"]["field"]) == (422, "because")
    listed = call("GET", "/v1/failure-groups", query="status=CLOSED")
    assert (listed["status"], listed["body"]["field"]) == (422, "status")
