"""Re-entry: how often a contact may enter an automation, also if events race."""

from typing import Any

import pytest
from runledger.errors import ReentryBlockedError
from runledger.models.run import Cancellation, RunStatus
from runledger.store import keys
from runledger.store.bodies import decompress
from runledger.store.run_opening import RunOpening

from tests.functional.test_settle import WAITING
from tests.support.engine import Engine


def entering(engine: Engine, reentry: str) -> str:
    document: dict[str, Any] = {**WAITING, "reentry": reentry}
    lookup = {"by": "email", "path": "email"}
    start = {"triggerType": "WEBHOOK", "contactLookup": lookup, "createIfMissing": True}
    start["dedupePath"] = "n"
    nodes = [{"id": "start", "type": "TRIGGER", "config": start}, *WAITING["nodes"][1:]]
    return engine.activate({**document, "nodes": nodes})


def fire(engine: Engine, automation_id: str, number: int, who: str = "ada") -> str:
    return engine.fire(automation_id, {"n": number, "email": f"{who}@example.com"})


def test_once_allows_one_run_per_contact_ever(engine: Engine) -> None:
    automation_id = entering(engine, "ONCE")
    first = fire(engine, automation_id, 1)
    engine.walk(first)
    assert engine.status(first) is RunStatus.COMPLETED
    with pytest.raises(ReentryBlockedError) as blocked:
        fire(engine, automation_id, 2)
    assert (blocked.value.run_id, blocked.value.status) == (first, "REENTRY_BLOCKED")
    assert engine.status(fire(engine, automation_id, 3, "bob")) is RunStatus.PENDING


def test_a_repeated_event_is_a_duplicate_and_not_a_second_entry(engine: Engine) -> None:
    automation_id = entering(engine, "ONCE")
    first = fire(engine, automation_id, 1)
    assert fire(engine, automation_id, 1) == first


@pytest.mark.parametrize("ending", ["end", "cancel"])
def test_one_at_a_time_allows_the_next_run_after_the_last_has_ended(
    engine: Engine, ending: str
) -> None:
    automation_id = entering(engine, "ONE_AT_A_TIME")
    first = fire(engine, automation_id, 1)
    with pytest.raises(ReentryBlockedError):
        fire(engine, automation_id, 2)
    if ending == "end":
        engine.walk(first)
    else:
        reason = Cancellation(by="ada@example.com", reason="x")
        engine.canceler.cancel(engine.workspace_id, first, reason)
    second = fire(engine, automation_id, 2)
    assert second != first
    with pytest.raises(ReentryBlockedError) as blocked:
        fire(engine, automation_id, 3)
    assert blocked.value.run_id == second


@pytest.mark.parametrize("between", ["transact", "get"])
def test_only_one_of_two_concurrent_events_opens_a_run(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    """Another event of the contact opens its run just before this event's write, or just after
    this event has read which run holds the contact's entry."""
    automation_id = entering(engine, "ONE_AT_A_TIME")
    engine.walk(fire(engine, automation_id, 0))
    real = getattr(engine.table, between)
    rivals: list[str] = []

    def late(*arguments: Any, **options: Any) -> Any:
        answer = real(*arguments, **options) if between == "get" else None
        about_entry = between == "transact" or arguments[0].pk.startswith("REENTRY#")
        if about_entry and not rivals:
            rivals.append("")
            rivals[0] = fire(engine, automation_id, 1)
        return answer if between == "get" else real(*arguments, **options)

    monkeypatch.setattr(engine.table, between, late)
    with pytest.raises(ReentryBlockedError) as blocked:
        fire(engine, automation_id, 2)
    assert blocked.value.run_id == rivals[0]


def test_a_version_keeps_the_rule_from_its_activation(engine: Engine) -> None:
    from runledger.models.automation import AutomationDocument, Reentry

    automation_id = entering(engine, "ALWAYS")
    automation = engine.stores.automations.get(engine.workspace_id, automation_id)
    draft = engine.stores.automations.draft(automation)
    document = AutomationDocument(
        name="Wait", reentry=Reentry.ONCE, nodes=draft.nodes, edges=draft.edges
    )
    engine.automations.update(engine.workspace_id, automation_id, document, "ada@example.com")
    assert fire(engine, automation_id, 1) != fire(engine, automation_id, 2)
    engine.activations.activate(engine.workspace_id, automation_id, "ada@example.com")
    fire(engine, automation_id, 3)
    with pytest.raises(ReentryBlockedError):
        fire(engine, automation_id, 4)


def payloads(engine: Engine) -> list[str]:
    return [row["pk"] for row in engine.rows() if row["sk"] == "PAYLOAD"]


def test_a_blocked_event_leaves_no_payload(engine: Engine) -> None:
    automation_id = entering(engine, "ONE_AT_A_TIME")
    first = fire(engine, automation_id, 1)
    with pytest.raises(ReentryBlockedError):
        fire(engine, automation_id, 2)
    assert payloads(engine) == [f"RUN#{first}"]
    engine.walk(first)
    assert engine.detail(fire(engine, automation_id, 2))["payload"]["n"] == 2


def test_an_event_that_lost_a_race_leaves_no_payload_and_may_be_repeated(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other run enters after this event's check and before its write."""
    automation_id = entering(engine, "ONE_AT_A_TIME")
    holder = RunOpening._holder
    others: list[str] = []

    def beaten(*asked: Any) -> str | None:
        found = holder(*asked)
        if not others:
            others.append("")
            others[0] = fire(engine, automation_id, 1)
        return found

    monkeypatch.setattr(RunOpening, "_holder", beaten)
    with pytest.raises(ReentryBlockedError) as blocked:
        fire(engine, automation_id, 2)
    assert [blocked.value.run_id] == others
    (blank,) = [key for key in payloads(engine) if key != f"RUN#{others[0]}"]
    row = engine.table.get(keys.Key(blank, "PAYLOAD"))
    assert row is not None and decompress(row["body"]) is None
    engine.walk(others[0])
    again = fire(engine, automation_id, 2)
    assert f"RUN#{again}" == blank
    assert engine.detail(again)["payload"]["n"] == 2
