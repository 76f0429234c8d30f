"""The inbox of failure groups: the trend and the assignee of a group, the order of the groups, and
the cost of reading the inbox and of assigning a group."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runledger.clock import DAY, HOUR, MINUTE, now_ms
from runledger.errors import InvalidInputError, NotFoundError
from runledger.ids import derived_id
from runledger.models.failure import GroupOrder, GroupStatus, TrendUnit
from runledger.models.workspace import Membership, Role
from runledger.services.lists import failures
from runledger.services.lists.failure_trend import LONGEST, trend_of
from runledger.services.lists.failures import NOBODY

from bench.counted_table import CountedTable
from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_failure_groups import SMALL, FailuresEngine, failures_engine
from tests.functional.test_failure_resolution import BY, Race
from tests.functional.test_upstream import upstream_document
from tests.support.boundary import Call
from tests.support.depth import examples
from tests.support.engine import Engine
from tests.support.environment import START

if TYPE_CHECKING:
    from runledger.api.failures import FailureGroupView

    from tests.support.memory_table import MemoryTable

__all__ = ["deployed", "failures_engine"]

ZONES = ("UTC", "Asia/Kolkata", "America/New_York", "Africa/Cairo")


# ── the trend ────────────────────────────────────────────────────────────────────────────────────


def at(moment: int, zone: str) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment)).astimezone(
        ZoneInfo(zone)
    )


def from_of(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000)


@settings(deadline=None, max_examples=examples(100))
@given(
    st.lists(st.integers(0, 120 * DAY), max_size=20),
    st.sampled_from([0, HOUR, 2 * HOUR, 26 * HOUR, 3 * DAY, 30 * DAY, 91 * DAY]),
    st.sampled_from(ZONES),
)
def test_a_trend_counts_each_run_of_its_range_once(ages: list[int], length: int, zone: str) -> None:
    """If the length is 0, the range has no beginning."""
    now = START + 150 * DAY
    since = now - length if length else 0
    created = [now - age for age in ages if now - age >= since]
    trend = trend_of(created, since, now + DAY, now, zone, is_complete=True)
    first = from_of(trend.from_)
    assert sum(trend.counts) == sum(moment >= first for moment in created)
    if length:
        assert first <= since
    else:
        assert first <= min(created, default=now) or first >= now - LONGEST - DAY
    assert len(trend.counts) <= 122
    if trend.unit is TrendUnit.DAY:
        days = [at(moment, zone).date() for moment in created if moment >= first]
        begins = at(first, zone).date()
        assert trend.counts == [
            days.count(begins + timedelta(days=number)) for number in range(len(trend.counts))
        ]
        assert begins + timedelta(days=len(trend.counts) - 1) == at(now, zone).date()
    else:
        bar = MINUTE if trend.unit is TrendUnit.MINUTE else HOUR
        places = [(moment - first) // bar for moment in created]
        assert trend.counts == [places.count(number) for number in range(len(trend.counts))]


def test_a_trend_has_minutes_hours_or_days(failures_engine: FailuresEngine) -> None:
    for age in (0, 1, 30, 50):
        failures_engine.grouped(SMALL.format(age), created_at=START - age * HOUR)
    failures_engine.clock.now = START + 30 * MINUTE
    (group,) = failures_engine.page(since="2023-11-14T21:45:00Z").items
    assert (group.trend.unit, group.trend.from_) == (TrendUnit.MINUTE, "2023-11-14T21:45:00.000Z")
    assert (sum(group.trend.counts), len(group.trend.counts)) == (1, 59)
    (group,) = failures_engine.page(range="24h").items
    assert (group.trend.unit, group.trend.from_) == (TrendUnit.HOUR, "2023-11-13T22:00:00.000Z")
    assert group.trend.counts == [0] * 23 + [1, 1]
    (group,) = failures_engine.page(range="7d", time_zone="Asia/Kolkata").items
    # There it is the 15th already.
    assert (group.trend.unit, group.trend.from_) == (TrendUnit.DAY, "2023-11-07T18:30:00.000Z")
    assert group.trend.counts == [0, 0, 0, 0, 0, 2, 0, 2]
    one = failures_engine.failure_views.group("ws_demo", group.id, "Asia/Kolkata")
    assert (one.count, one.trend.unit, sum(one.trend.counts)) == (4, TrendUnit.HOUR, 4)
    with pytest.raises(InvalidInputError) as caught:
        failures_engine.failure_views.group("ws_demo", group.id, "Asia/Nowhere")
    assert caught.value.field == "timeZone"


def test_the_trend_of_an_incomplete_group_begins_with_its_oldest_counted_run(
    failures_engine: FailuresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runledger.services.lists.failure_views.MOST_RUNS", 3)
    for age in range(5):
        failures_engine.grouped(SMALL.format(age), created_at=START - age * HOUR)
    failures_engine.clock.now = START + MINUTE
    (group,) = failures_engine.page(range="24h").items
    assert (group.count, group.is_complete) == (3, False)
    assert (group.trend.from_, group.trend.counts) == ("2023-11-14T20:00:00.000Z", [1, 1, 1])


# ── the most frequent first ──────────────────────────────────────────────────────────────────────


def of_sizes(engine: FailuresEngine, *sizes: int) -> list[str]:
    """Creates groups of these sizes, the first one with the latest failure; returns their ids."""
    found = []
    for number, size in enumerate(sizes):
        message = f"The {'ghijklmnopqrstuvwxyz'[number] * 3} was refused"
        for _ in range(size):
            run = engine.grouped(message, created_at=START - number * HOUR)
        found.append(str(run.error_group))
    engine.clock.now = START + MINUTE
    return found


def test_groups_are_listed_by_count_or_by_their_latest_failure(
    failures_engine: FailuresEngine,
) -> None:
    groups = of_sizes(failures_engine, 2, 5, 1, 5, 30)
    assert [group.id for group in failures_engine.page().items] == groups
    page = failures_engine.page(order=GroupOrder.COUNT)
    assert [group.id for group in page.items] == [groups[each] for each in (4, 1, 3, 0, 2)]
    assert [group.count for group in page.items] == [30, 5, 5, 2, 1]
    assert (page.next_cursor, page.is_complete) == (None, True)
    first = failures_engine.page(order=GroupOrder.COUNT, limit=2)
    assert [group.count for group in first.items] == [30, 5]
    assert (first.next_cursor, first.is_complete) == (None, False)
    assert failures_engine.page(limit=2).is_complete


@pytest.mark.parametrize("name", ["GROUP_BUDGET", "RUN_BUDGET"])
def test_an_order_by_count_that_could_not_compare_all_groups_says_so(
    failures_engine: FailuresEngine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    of_sizes(failures_engine, 1, 1, 1, 9)
    monkeypatch.setattr(failures, name, 3)
    page = failures_engine.page(order=GroupOrder.COUNT)
    assert [group.count for group in page.items] == [1, 1, 1]
    assert (page.next_cursor, page.is_complete) == (None, False)
    monkeypatch.setattr(failures, name, 50)
    page = failures_engine.page(order=GroupOrder.COUNT)
    assert (page.items[0].count, page.is_complete) == (9, True)


# ── assigning ────────────────────────────────────────────────────────────────────────────────────


def join(engine: Any, user_id: str, role: Role, workspace_id: str = "ws_demo") -> Membership:
    member = Membership(
        user_id=user_id,
        email=f"{user_id}@demo.example",
        workspace_id=workspace_id,
        role=role,
        created_at=START,
    )
    engine.stores.workspaces.put_member(member)
    return member


def assigned(engine: FailuresEngine, group_id: str, user_id: str | None) -> "FailureGroupView":
    return engine.failure_resolution.assign("ws_demo", group_id, BY, user_id)


def test_a_group_is_assigned_to_a_member_and_to_nobody(failures_engine: FailuresEngine) -> None:
    join(failures_engine, "mia", Role.MEMBER)
    group_id = str(failures_engine.grouped(SMALL.format(1)).error_group)
    other = str(failures_engine.grouped("It was refused").error_group)
    plain = failures_engine.rows()
    shown = assigned(failures_engine, group_id, "mia")
    assert shown.assignee is not None
    assert (shown.assignee.user_id, shown.assignee.email) == ("mia", "mia@demo.example")
    assert (shown.assigned_by, shown.assigned_at) == (BY, "2023-11-14T22:13:20.004Z")
    assert failures_engine.pages(assignee="mia") == [group_id]
    assert failures_engine.pages(assignee=NOBODY) == [other]
    # A resolution, a later failure and an erasure of its message leave the assignee.
    failures_engine.clock.now = START + HOUR
    failures_engine.failure_resolution.resolve("ws_demo", group_id, BY, "done")
    failures_engine.grouped(SMALL.format(2), created_at=START + 2 * HOUR)
    failures_engine.stores.failures.erase_message(group_id)
    failures_engine.clock.now = START + 3 * HOUR
    shown = failures_engine.failure_views.group("ws_demo", group_id)
    assert (shown.status, shown.assigned_by) == (GroupStatus.OPEN, BY)
    shown = assigned(failures_engine, group_id, None)
    assert (shown.assignee, shown.assigned_by, shown.assigned_at) == (None, None, None)
    assert "assigned" not in str(failures_engine.rows())
    assert failures_engine.rows().keys() > plain.keys()


def test_a_group_of_a_member_who_left_belongs_to_nobody(failures_engine: FailuresEngine) -> None:
    member = join(failures_engine, "mia", Role.MEMBER)
    group_id = str(failures_engine.grouped(SMALL.format(1)).error_group)
    assigned(failures_engine, group_id, "mia")
    workspaces = failures_engine.stores.workspaces
    workspaces.change_role(member, Role.VIEWER, None)
    assert failures_engine.pages(assignee="mia") == []
    assert failures_engine.pages(assignee=NOBODY) == [group_id]
    workspaces.change_role(member.changed(role=Role.VIEWER), Role.ADMIN, None)
    assert failures_engine.pages(assignee="mia") == [group_id]
    workspaces.remove_member(member.changed(role=Role.ADMIN), None)
    shown = failures_engine.failure_views.group("ws_demo", group_id)
    assert (shown.assignee, shown.assigned_by) == (None, None)
    assert failures_engine.pages(assignee=NOBODY) == [group_id]


def test_only_members_of_the_workspace_who_may_act_can_be_chosen(
    failures_engine: FailuresEngine,
) -> None:
    join(failures_engine, "vera", Role.VIEWER)
    join(failures_engine, "otto", Role.OWNER, "ws_other")
    join(failures_engine, "mia", Role.MEMBER)
    group_id = str(failures_engine.grouped(SMALL.format(1)).error_group)
    other = str(failures_engine.grouped(SMALL.format(1), workspace_id="ws_other").error_group)
    before = failures_engine.rows()
    for user_id in ("vera", "otto", "nobody", ""):
        with pytest.raises(InvalidInputError) as caught:
            assigned(failures_engine, group_id, user_id)
        assert caught.value.field == "userId"
    for unknown in (other, "err_nothing"):
        for chosen in ("mia", None):
            with pytest.raises(NotFoundError):
                assigned(failures_engine, unknown, chosen)
    assert failures_engine.rows() == before
    assert list(failures_engine.failure_views.assignees("ws_demo")) == ["mia"]


# ── at the same moment ───────────────────────────────────────────────────────────────────────────


def test_a_failed_rerun_between_any_two_calls_of_resolving_leaves_the_group_resolved() -> None:
    point = 1
    while (meeting := _with_rerun(Race(point))).play(meeting.resolve, meeting.fail):
        assert meeting.status() is GroupStatus.RESOLVED, point
        point += 1
    assert point > 5


def _with_rerun(meeting: Race) -> Race:
    """Makes the run that fails during the race a rerun of the run that failed before the race."""
    engine = meeting.failures_engine
    original = next(row["sk"][14:] for row in engine.rows().values() if row["sk"] != "GROUP")
    meeting.run_id = engine.failed(
        SMALL.format(3),
        run_id=derived_id("run", "rerun"),
        created_at=START + DAY,
        took=HOUR,
        rerun_of=original,
        root_run_id=original,
    ).id
    return meeting


@pytest.mark.parametrize("is_first", [True, False])
def test_assigning_between_any_two_calls_of_another_change_keeps_both(is_first: bool) -> None:
    def changes(meeting: Race) -> list[Callable[[], None]]:
        return [meeting.fail, meeting.resolve]

    for number in range(2):
        point = 1
        while True:
            meeting = Race(point)
            engine = meeting.failures_engine
            join(engine, "mia", Role.MEMBER)
            change = changes(meeting)[number]

            def assign(engine: FailuresEngine = engine, group_id: str = meeting.group_id) -> None:
                assigned(engine, group_id, "mia")

            order = (assign, change) if is_first else (change, assign)
            if not meeting.play(*order):
                break
            shown = engine.failure_views.group("ws_demo", meeting.group_id)
            assert shown.assignee is not None, point
            if change == meeting.fail:
                assert shown.count == 2
            else:
                assert shown.status is GroupStatus.RESOLVED
            point += 1
        assert point > 3


class Crash(BaseException):
    """The process died."""


def test_a_repeated_assignment_recovers_from_a_crash_at_any_call(
    failures_engine: FailuresEngine,
) -> None:
    join(failures_engine, "mia", Role.MEMBER)
    group_id = str(failures_engine.grouped(SMALL.format(1)).error_group)
    before = failures_engine.table.snapshot()
    point = made = 0

    def around(each: Call, act: Callable[[], Any]) -> Any:
        nonlocal made
        made += 1
        if made == point:
            raise Crash(str(each))
        return act()

    failures_engine.table.around = around
    assigned(failures_engine, group_id, "mia")
    calls = made
    assert calls > 5
    for each in range(1, calls + 1):
        failures_engine.table.restore(before)
        made, point = 0, each
        with pytest.raises(Crash):
            assigned(failures_engine, group_id, "mia")
        assert assigned(failures_engine, group_id, "mia").assignee is not None


# ── what reading and writing cost ────────────────────────────────────────────────────────────────


def counted(engine: FailuresEngine) -> CountedTable:
    """Counts what the engine reads and writes from now on."""
    table = CountedTable(engine.table)
    engine.table = cast("MemoryTable", table)
    for name in ("stores", "failure_views", "failure_queries", "failure_resolution"):
        engine.__dict__.pop(name, None)
    return table


def test_a_page_of_groups_costs_its_groups_and_their_runs(
    failures_engine: FailuresEngine, report_figure: Callable[[str], None]
) -> None:
    join(failures_engine, "mia", Role.MEMBER)
    groups, each_has = 20, 120
    letters = "ghijklmnopqrstuvwxyz"
    for number in range(groups):
        for run in range(each_has):
            failures_engine.grouped(
                f"The {letters[number] * 3} was refused",
                created_at=START + run * MINUTE,
                run_id=derived_id("run", f"{number}/{run}"),
                contact_id=derived_id("con", f"{number}/{run % 50}"),
            )
    failures_engine.clock.now = START + DAY
    first = failures_engine.page(limit=1).items[0].id
    assigned(failures_engine, first, "mia")
    table = counted(failures_engine)
    costs = {}
    for order in GroupOrder:
        table.tally.reads = 0.0
        page = failures_engine.page(range="7d", order=order, limit=50)
        assert {(group.count, group.contacts) for group in page.items} == {(each_has, 50)}
        assert len(page.items) == groups
        costs[order] = table.tally.reads
    # Half a unit for 24 runs, and for each group: its place, its row, its newest run, its
    # automation; then the members.
    most = groups * (each_has / 24 / 2 + 4 * 0.5) + 5
    assert max(costs.values()) <= most, costs
    assert costs[GroupOrder.COUNT] <= costs[GroupOrder.NEWEST] + 1
    assert table.tally.writes == 0
    report_figure(f"{groups} failure groups of {each_has} runs: {costs[GroupOrder.COUNT]} units")


def test_an_assignment_costs_one_write_unit_and_a_failed_run_none_more(
    failures_engine: FailuresEngine,
) -> None:
    join(failures_engine, "mia", Role.MEMBER)
    group_id = str(failures_engine.grouped(SMALL.format(1)).error_group)
    plain = failures_engine.failed(SMALL.format(2), created_at=START + 1)
    later = failures_engine.failed(SMALL.format(3), created_at=START + 2)
    table = counted(failures_engine)
    failures_engine.__dict__.pop("failure_groups", None)
    failures_engine.failure_groups.take(plain.id)
    of_a_failure = table.tally.writes
    table.tally.writes = 0.0
    assigned(failures_engine, group_id, "mia")
    assert table.tally.writes == 1
    table.tally.writes = 0.0
    failures_engine.failure_groups.take(later.id)
    assert table.tally.writes == of_a_failure == 1


# ── the routes ───────────────────────────────────────────────────────────────────────────────────


def test_members_assign_groups_over_http(deployed: Engine) -> None:
    deployed.clock.now = now_ms() - MINUTE
    automation_id = deployed.activate(upstream_document())
    run_id = deployed.fire(automation_id, {"n": 3})
    deployed.walk(run_id)
    deployed.failure_groups.take(run_id)
    group_id = deployed.stores.runs.get(run_id).error_group
    path = f"/v1/failure-groups/{group_id}"
    told = call("GET", "/v1/failure-groups/assignees", role="viewer")["body"]["items"]
    emails = {each["email"]: each["userId"] for each in told}
    assert {"member@example.com", "admin@example.com"} <= set(emails)
    assert "viewer@example.com" not in emails
    body = {"userId": emails["member@example.com"]}
    assert call("POST", f"{path}/assign", body, role="viewer")["status"] == 403
    answer = call("POST", f"{path}/assign", body, role="admin")
    assert answer["status"] == 200, answer
    assert answer["body"]["assignee"] == {**body, "email": "member@example.com"}
    assert answer["body"]["assignedBy"] == "admin@example.com"

    def listed(query: str, role: str) -> list[str]:
        page = call("GET", "/v1/failure-groups", query=query, role=role)["body"]
        assert page["isComplete"] is True
        return [group["id"] for group in page["items"]]

    assert listed("assignee=me", "member") == [group_id] == listed("order=count", "viewer")
    assert listed("assignee=me", "admin") == listed("assignee=none", "member") == []
    wrong = call("POST", f"{path}/assign", {"userId": "user-nobody"}, role="member")
    assert (wrong["status"], wrong["body"]["field"]) == (422, "userId")
    assert call("POST", f"{path}/assign", {}, role="member")["status"] == 422
    cleared = call("POST", f"{path}/assign", {"userId": None}, role="member")
    assert cleared["body"]["assignee"] is None
    assert listed("assignee=none", "member") == [group_id]
    wrong = call("GET", "/v1/failure-groups", query="order=loudest")
    assert (wrong["status"], wrong["body"]["field"]) == (422, "order")
    assert call("GET", path, query="timeZone=Mars", role="viewer")["status"] == 422
