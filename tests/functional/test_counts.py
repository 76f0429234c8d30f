"""The counts of a list equal its rows, from whatever source they are read."""

import itertools
from collections import Counter
from functools import cached_property
from typing import Any

import pytest
from runledger.api.counts import CountsView
from runledger.clock import DAY, HOUR, MINUTE, iso
from runledger.models.totals import hour_of
from runledger.services.counts import list_counts
from runledger.services.counts.changed_hours import TotalMarker, changes_in

from tests.functional import test_delivery_lists, test_history, test_refusal_lists
from tests.functional.test_api_handlers import call, deployed
from tests.support.engine import Engine
from tests.support.lists import request
from tests.support.memory_engine import MemoryEngine
from tests.support.stream_records import Record, is_followed

__all__ = ["deployed"]

LISTS = {"runs": test_history, "refusals": test_refusal_lists, "deliveries": test_delivery_lists}


class TotalsEngine(MemoryEngine):
    """An engine whose tick only counts totals."""

    @cached_property
    def due_kinds(self) -> Any:
        return {"tot": self.total_settler.settle}


@pytest.fixture
def totals_engine() -> Any:
    return TotalsEngine()


def follow_all(engine: Any) -> None:
    """Lets the stream report every row, and then a pulse."""
    engine.stores.freshness.write_pulses(engine.clock())
    records = [Record(None, row) for row in engine.table.items()]
    told = changes_in(each.to_event(n) for n, each in enumerate(records) if is_followed(each))
    TotalMarker(engine.stores.totals, engine.stores.freshness, engine.clock).mark(told)


def settle(engine: Any) -> None:
    """Runs the tick until every hour is counted."""
    engine.clock.advance(HOUR)
    for _ in range(3):
        engine.due_work.settle_due(10_000)
        engine.clock.advance(MINUTE)


def counted(engine: Any, name: str, **given: Any) -> CountsView:
    view: CountsView = getattr(engine.counts, name)("ws_demo", request(**given))
    return view


def listed(engine: Any, name: str, **given: Any) -> Counter[str]:
    view = getattr(engine.queries, name)("ws_demo", request(**{**given, "limit": 200}))
    assert view.next_cursor is None
    return Counter(str(getattr(each, "status", None) or each.reason) for each in view.items)


def check(engine: Any, name: str) -> None:
    statuses: list[frozenset[str]] = [frozenset(), frozenset({"FAILED", "PENDING", "DUPLICATE"})]
    now = engine.clock.now
    ranges = [{"range": "7d"}, {"since": iso(now - 9 * HOUR), "until": iso(now - 4 * HOUR)}]
    others: list[dict[str, Any]] = [{}, {"contact": "bob@example.com"}]
    if name == "deliveries":
        others += [{"channel": "SMS"}, {"address": " ADA@example.com"}]
    for wanted, automation_id, span, other in itertools.product(
        statuses, [None, "aut_one"], ranges, others
    ):
        given = {"statuses": wanted, "automation_id": automation_id, **span, **other}
        view, rows = counted(engine, name, **given), listed(engine, name, **given)
        assert {status: n for status, n in view.counts.items() if n} == rows, given
        assert (view.total, view.is_complete) == (rows.total(), True)


@pytest.mark.parametrize("shards", [1, 8])
@pytest.mark.parametrize("name", sorted(LISTS))
def test_counts_equal_the_rows_of_the_list(name: str, shards: int) -> None:
    engine: Any = TotalsEngine(shards)
    module: Any = LISTS[name]
    module.fill(engine)
    # Before the stream told anything, while hours are marked, and when they were counted.
    check(engine, name)
    follow_all(engine)
    check(engine, name)
    settle(engine)
    follow_all(engine)
    settle(engine)
    check(engine, name)


def test_settled_hours_are_read_only_from_totals(
    totals_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = totals_engine
    test_history.fill(engine)
    follow_all(engine)
    settle(engine)
    follow_all(engine)
    settle(engine)
    read: list[Any] = []
    query = engine.table.query

    def spy(*asked: Any, **more: Any) -> Any:
        read.append((asked[0], more.get("index")))
        return query(*asked, **more)

    last = hour_of(engine.clock.now) - 3 * HOUR
    first = last - 12 * HOUR
    whole = listed(engine, "runs", since=iso(first), until=iso(last - 1))
    monkeypatch.setattr(type(engine.table), "query", lambda _, *asked, **more: spy(*asked, **more))
    view = counted(engine, "runs", since=iso(first), until=iso(last - 1))
    assert read == [("FRESHNESS", None), ("TOTALS#ws_demo#RUN#*", None)]
    assert view.counts == {status: whole[status] for status in view.counts}
    assert whole.total() == 12
    assert view.freshness == iso(engine.stores.freshness.read(engine.clock()).until or 0)


def test_expired_rows_that_still_exist_do_not_count(totals_engine: Any) -> None:
    engine = totals_engine
    test_history.fill(engine)
    follow_all(engine)
    settle(engine)
    engine.clock.advance(2 * DAY)
    assert counted(engine, "runs").total == 0


def test_a_count_beyond_the_scan_budget_is_marked_incomplete(
    totals_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = totals_engine
    made = test_history.fill(engine)
    monkeypatch.setattr(list_counts, "SCAN_BUDGET", 3)
    view = counted(engine, "runs", contact=made[0].contact_email)
    assert (view.is_complete, 0 < view.total < len(made)) == (False, True)


def test_counts_is_not_read_as_an_id(deployed: Engine) -> None:
    for name in LISTS:
        answer = call("GET", f"/v1/{name}/counts", role="viewer", query="range=24h")
        assert answer["status"] == 200, answer
        assert answer["body"]["total"] == sum(answer["body"]["counts"].values())
        assert set(answer["body"]) == {"counts", "total", "isComplete", "freshness"}
        refused = call("GET", f"/v1/{name}/counts", role="viewer", query="range=1y")
        assert (refused["status"], refused["body"]["field"]) == (422, "range")
