"""What several automations did, in one request."""

import pytest
from runledger.clock import DAY

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_stats import waiting
from tests.support.engine import Engine
from tests.support.lists import request

__all__ = ["deployed"]


def test_each_automation_has_its_counts_and_its_newest_run(engine: Engine) -> None:
    busy, quiet = (engine.activate({**waiting(), "name": name}) for name in ("Busy", "Quiet"))
    old = engine.fire(quiet, {"a": 0})
    engine.clock.advance(8 * DAY)
    runs = [engine.fire(busy, {"a": number}) for number in range(3)]
    engine.walk(runs[0], until="note")

    read = engine.activity.of(engine.workspace_id, [quiet, busy, quiet, "aut_none"], "7d")
    of_quiet, of_busy = read.items
    assert [each.automation_id for each in read.items] == [quiet, busy]
    assert (of_quiet.total, of_busy.total) == (0, 3)
    everything = engine.activity.of(engine.workspace_id, [], "7d")
    assert {each.automation_id for each in everything.items} >= {quiet, busy}
    assert (
        of_busy.counts
        == engine.counts.runs(engine.workspace_id, request(automation_id=busy, range="7d")).counts
    )
    # It may be older than the range.
    assert of_quiet.last_run is not None and of_quiet.last_run.id == old
    [newest] = engine.queries.runs(engine.workspace_id, request(automation_id=busy, limit=1)).items
    assert of_busy.last_run is not None and of_busy.last_run.id == newest.id


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("automationId=" + ",".join(f"aut_{number}" for number in range(51)), "automationId"),
        ("automationId=aut_1&range=2h", "range"),
    ],
)
def test_requests_that_cannot_be_answered(deployed: Engine, query: str, field: str) -> None:
    answer = call("GET", "/v1/automations/activity", role="viewer", query=query)
    assert answer["status"] == 422
    assert field in str(answer["body"])


def test_activity_over_http(deployed: Engine) -> None:
    known = deployed.activate(waiting())
    query = f"automationId=aut_none,{known}"
    answer = call("GET", "/v1/automations/activity", role="viewer", query=query)
    assert answer["status"] == 200
    assert [each["automationId"] for each in answer["body"]["items"]] == [known]
