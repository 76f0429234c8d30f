"""What Liquid texts can read of an event besides its body."""

from typing import Any

import pytest
from pydantic import ValidationError
from runledger.errors import NodeError
from runledger.models.event import EventFacts, HeaderValues, event_scope
from runledger.nodes.trigger import TriggerConfig, TriggerNode
from runledger.templating import evaluate, render

from tests.support.environment import START

DETAILS = {
    "headers": {"X-GitHub-Event": "push"},
    "query": {"env": "live"},
    "eventType": "push",
    "eventId": "e-1",
    "receivedAt": "2026-01-31T09:30:00.123Z",
}


def read(text: str, details: dict[str, Any] = DETAILS) -> str:
    return render(text, {"event": event_scope({"a": [1]}, details, START)})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ event.body.a[0] }}", "1"),
        ("{{ event.headers.X-GitHub-Event }}", "push"),
        ("{{ event.headers['x-github-event'] }}", "push"),
        ("{{ event.headers.x-other | default: 'none' }}", "none"),
        ("{{ event.headers | json }}", '{"X-GitHub-Event": "push"}'),
        ("{{ event.query.env }}", "live"),
        ("{{ event.type }} {{ event.id }}", "push e-1"),
        ("{{ event.receivedAt | date: '%H:%M' }}", "09:30"),
    ],
)
def test_texts_read_the_event(text: str, value: str) -> None:
    assert read(text) == value


def test_a_missing_header_is_named_and_a_missing_type_is_null() -> None:
    with pytest.raises(NodeError, match=r"event\.headers\.X-Other"):
        read("{{ event.headers.X-Other }}")
    scope = {"event": event_scope({}, {}, START)}
    assert evaluate("{{ event.type }}", scope) is None
    assert evaluate("{{ event.receivedAt }}", scope).startswith("20")


def test_headers_are_found_in_any_case_by_every_reader() -> None:
    headers = HeaderValues({"X-Topic": "a"})
    assert headers.get("x-topic") == headers["X-TOPIC"] == "a"
    assert headers.get("x-other", "b") == "b"
    with pytest.raises(KeyError):
        headers["x-other"]


def test_facts_are_stored_without_what_is_empty() -> None:
    assert EventFacts().details() == {}
    given = EventFacts(headers={"A": "1"}, query={"b": "2"}, type="t", id="i")
    assert given.details() == {
        "headers": {"A": "1"},
        "query": {"b": "2"},
        "eventType": "t",
        "eventId": "i",
    }


def hook(**more: Any) -> TriggerConfig:
    return TriggerConfig.model_validate({"triggerType": "WEBHOOK", **more})


def comparing(left: str) -> dict[str, Any]:
    return {"kind": "COMPARE", "left": left, "operator": "EQUALS", "right": "push"}


def test_a_filter_is_checked_like_every_text() -> None:
    group = {"kind": "ANY", "conditions": [comparing("{{event.type}}")]}
    assert TriggerNode().sources(hook(filter=group)) == [
        ("filter.conditions.0.left", "{{event.type}}")
    ]
    dated = {
        "triggerType": "DATE",
        "source": {
            "kind": "WEBHOOK_PAYLOAD",
            "path": "at",
            "filter": comparing("{{trigger.a}}"),
        },
    }
    config = TriggerConfig.model_validate(dated)
    assert TriggerNode().sources(config) == [("source.filter.left", "{{trigger.a}}")]
    assert TriggerNode().sources(hook()) == []
    assert TriggerNode().places(hook(filter=group)) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"filter": comparing("{{contact.email}}")}, "not contact"),
        ({"filter": comparing("{{steps.a.b}}")}, "not steps"),
        ({"filter": {"kind": "HAS_TAG", "tag": "vip"}}, "cannot use the contact"),
        ({"headers": ["X-Topic", "Authorization"]}, "Authorization holds a credential"),
        ({"headers": ["X-Api-Key"]}, "X-Api-Key holds a credential"),
    ],
)
def test_a_trigger_that_reads_too_much_is_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        hook(**more)
