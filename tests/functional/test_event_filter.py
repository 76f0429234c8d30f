"""A trigger's filter: which events it ignores, and how they are counted."""

import json
from typing import Any

import pytest
from runledger.clock import DAY, MINUTE
from runledger.errors import TransientError

from tests.functional.test_webhooks import BY_EMAIL, event, hooked
from tests.support.engine import Engine


def rule(left: str, right: Any = "push", operator: str = "EQUALS") -> dict[str, Any]:
    return {"kind": "COMPARE", "left": left, "operator": operator, "right": right}


def group(kind: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "conditions": list(rules)}


def is_taken(engine: Engine, token: str, body: dict[str, Any], **headers: str) -> bool:
    taken = engine.webhooks.receive(event(token, body, **headers))
    return not taken.is_ignored


def ignored(engine: Engine, token: str) -> list[int]:
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    view = engine.ignored_events.view(target.workspace_id, target.automation_id)
    assert view.total == sum(each.count for each in view.minutes)
    return [each.count for each in view.minutes]


@pytest.mark.parametrize(
    ("filter_", "body", "is_wanted"),
    [
        (rule("{{trigger.kind}}"), {"kind": "push"}, True),
        (rule("{{event.body.kind}}"), {"kind": "pull"}, False),
        # Senders send events of many shapes to one address.
        (rule("{{trigger.kind}}"), {}, False),
        (rule("{{trigger.kind}}", operator="NOT_EQUALS"), {}, False),
        (rule("{{trigger.total}}", 5, "GREATER_THAN"), {"total": "many"}, False),
        (rule("{{trigger.total | divided_by: 0}}", 5), {"total": 1}, False),
        (group("ANY", rule("{{trigger.a}}"), rule("{{trigger.b}}")), {"b": "push"}, True),
        (group("ALL", rule("{{trigger.a}}"), rule("{{trigger.b}}")), {"b": "push"}, False),
        (rule("{{event.headers.X-Topic}}"), {}, True),
        (rule("{{event.headers.x-topic}}"), {}, True),
        (rule("{{event.type | default: 'none'}}", "none"), {}, True),
    ],
)
def test_a_filter_decides_by_the_whole_event(
    engine: Engine, filter_: dict[str, Any], body: dict[str, Any], is_wanted: bool
) -> None:
    token = hooked(engine, filter=filter_, headers=["X-Topic"])
    assert is_taken(engine, token, body, x_topic="push") is is_wanted


def test_an_ignored_event_is_counted_and_leaves_nothing_else(engine: Engine) -> None:
    token = hooked(
        engine,
        filter=rule("{{trigger.kind}}"),
        contactLookup=BY_EMAIL,
        createIfMissing=True,
        dedupePath="id",
    )
    before = {(row["pk"], row["sk"]) for row in engine.rows()}
    # Neither the contact nor the key is looked at: both would be refused.
    for _ in range(3):
        assert not is_taken(engine, token, {"kind": "pull", "customer": {"email": "no"}})
    after = {(row["pk"], row["sk"]) for row in engine.rows()} - before
    assert {pk.partition("#")[0] for pk, _ in after} == {"RATE", "IGNORED"}
    assert ignored(engine, token) == [3]
    assert is_taken(engine, token, {"kind": "push", "id": 1, "customer": {"email": "a@b.de"}})


def test_ignored_events_are_counted_by_the_minute_for_a_day(engine: Engine) -> None:
    token = hooked(engine, filter=rule("{{trigger.kind}}"))
    engine.clock.now -= engine.clock.now % MINUTE
    for count in (1, 2):
        for _ in range(count):
            is_taken(engine, token, {})
        engine.clock.now += MINUTE
    assert ignored(engine, token) == [1, 2]
    engine.clock.advance(DAY - MINUTE)
    assert ignored(engine, token) == [2]
    engine.clock.advance(2 * MINUTE)
    assert ignored(engine, token) == []


def test_a_count_that_cannot_be_written_does_not_change_the_answer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = hooked(engine, filter=rule("{{trigger.kind}}"))

    def busy(*_: Any) -> None:
        raise TransientError("throttled")

    monkeypatch.setattr(type(engine.stores.ignored_events), "count", busy)
    answered = engine.webhooks.answer(event(token, {}))
    assert (answered.answer.status, json.loads(answered.answer.body)) == (
        202,
        {"status": "IGNORED"},
    )
