"""Segments: their members, and the errors of invalid rules."""

import json
from typing import Any

import pytest
from pydantic import ValidationError
from runledger.models.consent import Consents
from runledger.nodes.segment_rules import SegmentDocument, SegmentRules
from runledger.nodes.written_dates import ACCEPTED

from tests.support.visits import CONTACT

VIP = {"kind": "HAS_TAG", "tag": "vip"}
BETA = {"kind": "HAS_TAG", "tag": "beta"}
GONE = {"kind": "HAS_TAG", "tag": "gone"}
NOT_GONE = {"kind": "LACKS_TAG", "tag": "gone"}
PRO = {"kind": "METADATA", "key": "plan", "value": "pro"}


def rules(*each: dict[str, Any], match: str = "ALL") -> SegmentRules:
    return SegmentRules.model_validate({"match": match, "rules": list(each)})


def metadata(key: str, operator: str, value: Any = None) -> dict[str, Any]:
    rule = {"kind": "METADATA", "key": key, "operator": operator}
    return rule if value is None else {**rule, "value": value}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (VIP, True),
        (GONE, False),
        (NOT_GONE, True),
        ({"kind": "LACKS_TAG", "tag": "vip"}, False),
        ({"kind": "HAS_EXTERNAL_ID", "name": "stripe"}, True),
        ({"kind": "HAS_EXTERNAL_ID", "name": "shop"}, False),
        ({"kind": "LACKS_EXTERNAL_ID", "name": "stripe"}, False),
        ({"kind": "LACKS_EXTERNAL_ID", "name": "shop"}, True),
        ({"kind": "CONSENT", "consent": "TRANSACTIONAL"}, True),
        ({"kind": "CONSENT", "consent": "MARKETING"}, False),
        ({"kind": "CONSENT", "consent": "MARKETING", "given": False}, True),
        (PRO, True),
        (metadata("plan", "NOT_EQUALS", "pro"), False),
        (metadata("age", "GREATER_THAN", 30), True),
        (metadata("age", "LESS_THAN", 30), False),
        (metadata("active", "EQUALS", True), True),
        (metadata("nothing", "IS_EMPTY"), True),
        (metadata("nothing.there", "IS_NOT_EMPTY"), False),
        (metadata("plan.part", "IS_EMPTY"), True),
        # What cannot be compared is no match, and no failure of a whole mailing.
        (metadata("plan", "GREATER_THAN", 3), False),
        (metadata("nothing", "GREATER_THAN", 3), False),
    ],
)
def test_a_rule_matches_a_contact(rule: dict[str, Any], expected: bool) -> None:
    assert rules(rule).matches(CONTACT) is expected
    assert CONTACT.consents == Consents()


@pytest.mark.parametrize(("channel", "is_given"), [(None, True), ("SMS", True), ("EMAIL", False)])
def test_a_rule_asks_for_the_consent_of_a_channel(channel: str | None, is_given: bool) -> None:
    consents = {"marketing": True, "channels": {"EMAIL": {"marketing": False}}}
    contact = CONTACT.changed(consents=Consents.model_validate(consents))
    for given in (True, False):
        rule = {"kind": "CONSENT", "consent": "MARKETING", "channel": channel, "given": given}
        assert rules(rule).matches(contact) is (given is is_given)


@pytest.mark.parametrize(
    ("each", "match", "expected"),
    [
        ((VIP, PRO), "ALL", True),
        ((VIP, GONE), "ALL", False),
        ((VIP, GONE), "ANY", True),
        ((GONE, metadata("plan", "EQUALS", "free")), "ANY", False),
    ],
)
def test_all_rules_or_any_rule_must_match(
    each: tuple[dict[str, Any], ...], match: str, expected: bool
) -> None:
    assert rules(*each, match=match).matches(CONTACT) is expected


@pytest.mark.parametrize(
    ("each", "match", "tags"),
    [
        ((VIP, PRO), "ALL", ("vip",)),
        ((VIP, BETA, VIP), "ALL", ("vip", "beta")),
        ((PRO, NOT_GONE), "ALL", ()),
        ((VIP, BETA), "ANY", ("vip", "beta")),
        # One who has the plan but no tag belongs to it too: the listing by tags would miss that.
        ((VIP, PRO), "ANY", ()),
    ],
)
def test_a_listing_may_use_these_tags(
    each: tuple[dict[str, Any], ...], match: str, tags: tuple[str, ...]
) -> None:
    assert rules(*each, match=match).tags == tags


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"name": "A", "rules": []}, ("rules",)),
        ({"name": "A", "rules": [VIP] * 21}, ("rules",)),
        ({"name": "", "rules": [VIP]}, ("name",)),
        ({"name": "A", "match": "SOME", "rules": [VIP]}, ("match",)),
        ({"name": "A", "rules": [{"kind": "AGE"}]}, ("rules", 0)),
        ({"name": "A", "rules": [VIP, {"kind": "HAS_TAG"}]}, ("rules", 1, "tag")),
        ({"name": "A", "rules": [{"kind": "CONSENT", "consent": "X"}]}, ("rules", 0, "consent")),
        (
            {"name": "A", "rules": [{"kind": "CONSENT", "consent": "MARKETING", "channel": "FAX"}]},
            ("rules", 0, "channel"),
        ),
        ({"name": "A", "rules": [{**PRO, "key": "a b"}]}, ("rules", 0, "key")),
        ({"name": "A", "rules": [{**PRO, "operator": "LIKE"}]}, ("rules", 0, "operator")),
        ({"name": "A", "rules": [metadata("plan", "EQUALS")]}, ("rules", 0)),
        ({"name": "A", "rules": [metadata("plan", "IS_EMPTY", "x")]}, ("rules", 0)),
    ],
)
def test_an_error_names_its_field(document: dict[str, Any], place: tuple[Any, ...]) -> None:
    with pytest.raises(ValidationError) as raised:
        SegmentDocument.model_validate(document)
    assert raised.value.errors()[0]["loc"] == place


SINCE = metadata("since", "GREATER_THAN", "2026-01-01")


@pytest.mark.parametrize(
    ("value", "each", "match", "is_reported"),
    [
        ("03.02.2026", (SINCE,), "ALL", True),
        (True, (SINCE,), "ALL", True),
        ({"day": 3}, (SINCE,), "ALL", True),
        ("03.02.2026", (SINCE, VIP), "ALL", True),
        # Something else decides.
        ("03.02.2026", (SINCE, GONE), "ALL", False),
        ("03.02.2026", (SINCE, VIP), "ANY", False),
        ("03.02.2026", (SINCE, GONE), "ANY", True),
        # Nothing that could not be read.
        (None, (SINCE,), "ALL", False),
        (" ", (SINCE,), "ALL", False),
        ("2025-01-01", (SINCE,), "ALL", False),
        ("2026-02-03 04:05:06+00", (SINCE,), "ALL", False),
        (1_772_355_600, (SINCE,), "ALL", False),
    ],
)
def test_a_value_that_cannot_be_compared_is_reported(
    value: Any, each: tuple[dict[str, Any], ...], match: str, is_reported: bool
) -> None:
    contact = CONTACT.changed(metadata={"since": value})
    asked = rules(*each, match=match)
    problem = asked.unreadable(contact)
    assert (problem is not None) is is_reported
    if problem is not None:
        assert not asked.matches(contact)
        assert problem.startswith("metadata.since: ") and problem.endswith(ACCEPTED)
        assert json.dumps(value) in problem


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-02-03t04:05:06.1234567z", True),
        ("Tue, 03 Feb 2026 04:05:06 +0100", True),
        ("1772355600", True),
        (1_772_355_600_000, True),
        ("2025-12-31 23:59:59+00", False),
    ],
)
def test_dates_are_compared_in_every_form(value: Any, expected: bool) -> None:
    contact = CONTACT.changed(metadata={"since": value})
    assert rules(SINCE).matches(contact) is expected
