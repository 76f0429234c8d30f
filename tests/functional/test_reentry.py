"""Re-entry: how often one contact may be in one automation, also when events race."""

from typing import Any

import pytest
from runledger.errors import ReentryBlockedError
from runledger.models.run import Cancellation, RunStatus
from runledger.store import keys
from runledger.store.bodies import decompress

from tests.functional.test_settle import WAITING
from tests.support.world import World


def entering(world: World, reentry: str) -> str:
    document: dict[str, Any] = {**WAITING, "reentry": reentry}
    lookup = {"by": "email", "path": "email"}
    start = {"triggerType": "WEBHOOK", "contactLookup": lookup, "createIfMissing": True}
    start["dedupePath"] = "n"
    nodes = [{"id": "start", "type": "TRIGGER", "config": start}, *WAITING["nodes"][1:]]
    return world.activate({**document, "nodes": nodes})


def fire(world: World, automation_id: str, number: int, who: str = "ada") -> str:
    return world.fire(automation_id, {"n": number, "email": f"{who}@example.com"})


def test_once_is_once_ever(world: World) -> None:
    automation_id = entering(world, "ONCE")
    first = fire(world, automation_id, 1)
    world.walk(first)
    assert world.status(first) is RunStatus.COMPLETED
    with pytest.raises(ReentryBlockedError) as blocked:
        fire(world, automation_id, 2)
    assert (blocked.value.run_id, blocked.value.status) == (first, "REENTRY_BLOCKED")
    assert world.status(fire(world, automation_id, 3, "bob")) is RunStatus.PENDING


def test_the_same_event_is_a_duplicate_and_no_second_entry(world: World) -> None:
    automation_id = entering(world, "ONCE")
    first = fire(world, automation_id, 1)
    assert fire(world, automation_id, 1) == first


@pytest.mark.parametrize("ending", ["end", "cancel"])
def test_one_at_a_time_lets_the_next_in_when_the_last_has_ended(world: World, ending: str) -> None:
    automation_id = entering(world, "ONE_AT_A_TIME")
    first = fire(world, automation_id, 1)
    with pytest.raises(ReentryBlockedError):
        fire(world, automation_id, 2)
    if ending == "end":
        world.walk(first)
    else:
        reason = Cancellation(by="ada@example.com", reason="x")
        world.canceler.cancel(world.workspace_id, first, reason)
    second = fire(world, automation_id, 2)
    assert second != first
    with pytest.raises(ReentryBlockedError) as blocked:
        fire(world, automation_id, 3)
    assert blocked.value.run_id == second


@pytest.mark.parametrize("between", ["transact", "get"])
def test_of_two_at_once_one_gets_in(
    world: World, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    """Another event of the same contact comes in just before the write, or just after the look at
    who holds the entry."""
    automation_id = entering(world, "ONE_AT_A_TIME")
    world.walk(fire(world, automation_id, 0))
    real = getattr(world.table, between)
    rivals: list[str] = []

    def late(*arguments: Any, **options: Any) -> Any:
        answer = real(*arguments, **options) if between == "get" else None
        about_entry = between == "transact" or arguments[0].pk.startswith("REENTRY#")
        if about_entry and not rivals:
            rivals.append("")
            rivals[0] = fire(world, automation_id, 1)
        return answer if between == "get" else real(*arguments, **options)

    monkeypatch.setattr(world.table, between, late)
    with pytest.raises(ReentryBlockedError) as blocked:
        fire(world, automation_id, 2)
    assert blocked.value.run_id == rivals[0]


def test_a_version_keeps_the_rule_it_was_frozen_with(world: World) -> None:
    from runledger.models.automation import AutomationDocument

    automation_id = entering(world, "ALWAYS")
    automation = world.stores.automations.get(world.workspace_id, automation_id)
    draft = world.stores.automations.draft(automation)
    document = AutomationDocument(name="Wait", reentry="ONCE", nodes=draft.nodes, edges=draft.edges)
    world.automations.update(world.workspace_id, automation_id, document, "ada@example.com")
    assert fire(world, automation_id, 1) != fire(world, automation_id, 2)
    world.activations.activate(world.workspace_id, automation_id, "ada@example.com")
    fire(world, automation_id, 3)
    with pytest.raises(ReentryBlockedError):
        fire(world, automation_id, 4)


def payloads(world: World) -> list[str]:
    rows = world.dynamodb.scan(TableName="runledger")["Items"]
    return [row["pk"]["S"] for row in rows if row["sk"]["S"] == "PAYLOAD"]


def test_an_event_that_was_blocked_leaves_nothing_of_its_payload(world: World) -> None:
    automation_id = entering(world, "ONE_AT_A_TIME")
    first = fire(world, automation_id, 1)
    with pytest.raises(ReentryBlockedError):
        fire(world, automation_id, 2)
    assert payloads(world) == [f"RUN#{first}"]
    world.walk(first)
    assert world.detail(fire(world, automation_id, 2))["payload"]["n"] == 2


def test_an_event_that_is_beaten_leaves_nothing_either_and_may_come_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other run enters after this one had looked, and before it wrote its row."""
    automation_id = entering(world, "ONE_AT_A_TIME")
    holder = world.stores.runs._holder
    others: list[str] = []

    def beaten(*asked: Any) -> str | None:
        found = holder(*asked)
        if not others:
            others.append("")
            others[0] = fire(world, automation_id, 1)
        return found

    monkeypatch.setattr(world.stores.runs, "_holder", beaten)
    with pytest.raises(ReentryBlockedError) as blocked:
        fire(world, automation_id, 2)
    assert [blocked.value.run_id] == others
    (blank,) = [key for key in payloads(world) if key != f"RUN#{others[0]}"]
    row = world.table.get(keys.Key(blank, "PAYLOAD"))
    assert row is not None and decompress(row["body"]) is None
    world.walk(others[0])
    again = fire(world, automation_id, 2)
    assert f"RUN#{again}" == blank
    assert world.detail(again)["payload"]["n"] == 2
