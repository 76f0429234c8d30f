"""Events are published if a rule may match them, and omitted only if none can."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from runledger.services.stream.bus_rules import KNOWN_FOR, BusRules

from tests.support.engine import Clock
from tests.support.fakes import rule

COMPLETED = {
    "source": "runledger",
    "detail-type": "run.completed",
    "detail": {
        "runId": "run_1",
        "hasDownstream": False,
        "error": None,
        "trigger": {"type": "DATE"},
    },
}


class Events:
    """EventBridge's list of rules, with one rule per page."""

    def __init__(self, *rules: dict[str, Any]) -> None:
        self.rules = list(rules)
        self.asked = 0
        self.refuses = False

    def list_rules(self, *, EventBusName: str, NextToken: str = "0") -> dict[str, Any]:
        assert EventBusName == "bus"
        self.asked += 1
        if self.refuses:
            error: Any = {"Error": {"Code": "ThrottlingException", "Message": "by the test"}}
            raise ClientError(error, "ListRules")
        place = int(NextToken)
        page: dict[str, Any] = {"Rules": self.rules[place : place + 1]}
        if place + 1 < len(self.rules):
            page["NextToken"] = str(place + 1)
        return page


def rules(*found: dict[str, Any]) -> tuple[BusRules, Events, Clock]:
    clock, events = Clock(), Events(*found)
    client: Any = events
    return BusRules(client, "bus", clock), events, clock


@pytest.mark.parametrize(
    ("pattern", "may_match"),
    [
        ({"source": ["runledger"]}, True),
        ({"source": ["aws.states", "runledger"]}, True),
        ({"source": ["aws.states"]}, False),
        ({"source": ["runledger"], "detail-type": ["run.failed"]}, False),
        ({"detail-type": ["run.failed", "run.completed"]}, True),
        ({"detail": {"hasDownstream": [True]}}, False),
        ({"detail": {"hasDownstream": [False]}}, True),
        ({"detail": {"trigger": {"type": ["DATE"]}}}, True),
        ({"detail": {"trigger": {"type": ["WEBHOOK"]}}}, False),
        ({"detail": {"error": [None]}}, True),
        # Not decided here: these may match.
        ({"detail-type": [{"prefix": "delivery."}]}, True),
        ({"detail-type": ["run.failed", {"anything-but": "run.failed"}]}, True),
        ({"detail": {"noSuchField": [{"exists": False}]}}, True),
        ({"account": ["123456789012"], "region": ["us-east-1"]}, True),
        ({"$or": [{"source": ["x"]}, {"source": ["runledger"]}]}, True),
        ({}, True),
    ],
)
def test_an_event_is_omitted_only_if_the_pattern_cannot_match(
    pattern: dict[str, Any], may_match: bool
) -> None:
    found, _, _ = rules(rule("one", pattern))
    assert found.may_match(COMPLETED) is may_match


def test_one_enabled_rule_on_any_page_is_enough() -> None:
    failed = rule("failed", {"detail-type": ["run.failed"]})
    everything = {"source": ["runledger"]}
    assert not rules()[0].may_match(COMPLETED)
    assert not rules(failed)[0].may_match(COMPLETED)
    assert not rules(failed, rule("off", everything, "DISABLED"))[0].may_match(COMPLETED)
    assert rules(failed, rule("on", everything))[0].may_match(COMPLETED)
    # Rules that AWS manages, for archives for example, are of this state.
    cloudtrail = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    assert rules(failed, rule("on", everything, cloudtrail))[0].may_match(COMPLETED)


def test_rules_are_cached_and_a_new_one_is_known_soon() -> None:
    found, events, clock = rules()
    for _ in range(20):
        assert not found.may_match(COMPLETED)
    assert events.asked == 1
    events.rules.append(rule("new", {"source": ["runledger"]}))
    clock.advance(KNOWN_FOR)
    assert found.may_match(COMPLETED)
    assert events.asked == 2


def test_if_the_rules_cannot_be_read_every_event_is_published() -> None:
    found, events, clock = rules(rule("failed", {"detail-type": ["run.failed"]}))
    events.refuses = True
    assert found.may_match(COMPLETED)
    events.refuses = False
    clock.advance(KNOWN_FOR)
    assert not found.may_match(COMPLETED)
