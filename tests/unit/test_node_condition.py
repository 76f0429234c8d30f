"""CONDITION: verdicts, and the evidence for them."""

from typing import Any

import pytest
from pydantic import ValidationError
from runledger.errors import NodeError
from runledger.nodes.condition import ConditionConfig
from runledger.nodes.registry import node_type

from tests.support.visits import CONTACT, evidence_of, run_node, visit

SCOPE: dict[str, Any] = {
    "trigger": {
        "total": "150",
        "items": ["a", "b"],
        "note": "Hello world",
        "blanks": "",
        "none": None,
        "paid": True,
        "due": "2026-03-01",
        "zip": "01234",
        "address": {"city": "Rome"},
    }
}


def decide(config: dict[str, Any], **changes: Any) -> tuple[str | None, dict[str, Any]]:
    result = run_node("CONDITION", config, visit(SCOPE, **changes))
    return result.outcome, evidence_of(result)


def compare(left: Any, operator: str, *right: Any) -> bool:
    config = {"kind": "COMPARE", "left": left, "operator": operator}
    outcome, evidence = decide({**config, **({"right": right[0]} if right else {})})
    assert evidence["verdict"] is (outcome == "true")
    return outcome == "true"


@pytest.mark.parametrize(
    ("config", "operand", "holds"),
    [
        ({"kind": "HAS_TAG", "tag": "vip"}, ["vip", "beta"], True),
        ({"kind": "HAS_TAG", "tag": "VIP"}, ["vip", "beta"], False),
        ({"kind": "HAS_EMAIL"}, "ada@example.com", True),
        ({"kind": "HAS_PHONE"}, "+4930901820", True),
        ({"kind": "HAS_EXTERNAL_ID", "name": "stripe"}, "cus_7", True),
        ({"kind": "HAS_EXTERNAL_ID", "name": "shop"}, None, False),
        ({"kind": "EXTERNAL_ID_EQUALS", "name": "stripe", "value": " cus_7"}, "cus_7", True),
        ({"kind": "EXTERNAL_ID_EQUALS", "name": "stripe", "value": "CUS_7"}, "cus_7", False),
        ({"kind": "EXTERNAL_ID_EQUALS", "name": "shop", "value": "cus_7"}, None, False),
        ({"kind": "EXTERNAL_ID_EQUALS", "name": "shop", "value": None}, None, True),
        ({"kind": "FIELD_EQUALS", "field": "firstName", "value": "Ada"}, "Ada", True),
        ({"kind": "FIELD_EQUALS", "field": "lastName", "value": None}, None, True),
        (
            {"kind": "FIELD_EQUALS", "field": "email", "value": " ADA@example.com"},
            "ada@example.com",
            True,
        ),
        (
            {"kind": "FIELD_EQUALS", "field": "phone", "value": "+49 30 901820"},
            "+4930901820",
            True,
        ),
        ({"kind": "FIELD_EQUALS", "field": "phone", "value": "call me"}, "+4930901820", False),
        ({"kind": "METADATA_EQUALS", "key": "plan", "value": "pro"}, "pro", True),
        ({"kind": "METADATA_EQUALS", "key": "age", "value": "36"}, 36, True),
        ({"kind": "METADATA_EQUALS", "key": "active", "value": "true"}, True, True),
        ({"kind": "METADATA_EQUALS", "key": "nope", "value": "x"}, None, False),
        ({"kind": "METADATA_EQUALS", "key": "$['plan']", "value": "pro"}, "pro", True),
        ({"kind": "METADATA_EQUALS", "key": '"plan"', "value": "pro"}, "pro", True),
        ({"kind": "METADATA_EQUALS", "key": "a..b", "value": "pro"}, None, False),
    ],
)
def test_contact_rules_record_the_values_they_saw(
    config: dict[str, Any], operand: Any, holds: bool
) -> None:
    outcome, evidence = decide(config)
    assert outcome == ("true" if holds else "false")
    assert evidence == {
        "rule": {**config, "operand": operand, "verdict": holds},
        "verdict": holds,
        "branchesNotTaken": ["false" if holds else "true"],
    }


@pytest.mark.parametrize(("value", "holds"), [(7, True), ("7", True), ("007", False), (7.5, False)])
def test_an_external_id_is_compared_as_text(value: Any, holds: bool) -> None:
    contact = CONTACT.changed(external_ids={"shop": "7"})
    config = {"kind": "EXTERNAL_ID_EQUALS", "name": "shop", "value": value}
    assert decide(config, contact=contact)[1]["verdict"] is holds
    stored = contact.changed(external_ids={"shop": "007"})
    assert decide({**config, "value": 7}, contact=stored)[1]["verdict"] is False


@pytest.mark.parametrize(
    "config",
    [
        {"kind": "HAS_TAG", "tag": "vip"},
        {"kind": "HAS_EMAIL"},
        {"kind": "HAS_PHONE"},
        {"kind": "HAS_EXTERNAL_ID", "name": "stripe"},
        {"kind": "EXTERNAL_ID_EQUALS", "name": "shop", "value": None},
        {"kind": "FIELD_EQUALS", "field": "lastName", "value": None},
        {"kind": "METADATA_EQUALS", "key": "nope", "value": None},
    ],
)
def test_without_a_contact_contact_rules_do_not_hold(config: dict[str, Any]) -> None:
    outcome, evidence = decide(config, contact=None)
    assert outcome == "false"
    assert evidence["rule"]["reason"] == "the run has no contact"


@pytest.mark.parametrize(
    ("left", "operator", "right", "holds"),
    [
        ("{{trigger.total}}", "GREATER_THAN", 100, True),
        ("{{trigger.total}}", "GREATER_THAN", "99.5", True),
        ("{{trigger.total}}", "GREATER_THAN", 150, False),
        ("{{trigger.total}}", "GREATER_OR_EQUAL", 150, True),
        ("{{trigger.total}}", "LESS_THAN", "1e3", True),
        ("{{trigger.total}}", "LESS_OR_EQUAL", 149.99, False),
        ("{{trigger.total}}", "EQUALS", 150.0, True),
        ("{{trigger.total}}", "NOT_EQUALS", 150, False),
        (0.1, "EQUALS", "0.1", True),
        ("{{trigger.zip}}", "EQUALS", "1234", False),
        ("{{trigger.zip}}", "EQUALS", "01234", True),
        ("{{trigger.paid}}", "EQUALS", True, True),
        ("{{trigger.paid}}", "EQUALS", "TRUE", True),
        ("{{trigger.paid}}", "EQUALS", 1, False),
        ("{{trigger.none}}", "EQUALS", None, True),
        ("{{trigger.none}}", "EQUALS", "", False),
        ("{{trigger.items}}", "EQUALS", ["a", "b"], True),
        ("{{trigger.due}}", "LESS_THAN", "2026-03-01T00:00:01Z", True),
        ("{{trigger.due}}", "GREATER_OR_EQUAL", "2026-02-28", True),
        ("{{trigger.items}}", "CONTAINS", "a", True),
        ("{{trigger.items}}", "NOT_CONTAINS", "c", True),
        ("{{trigger.note}}", "CONTAINS", "world", True),
        ("{{trigger.note}}", "CONTAINS", "World", False),
        ("{{trigger.address}}", "CONTAINS", "city", True),
        ("{{trigger.none}}", "CONTAINS", "x", False),
        ("{{trigger.none}}", "NOT_CONTAINS", "x", True),
        ("{{trigger.note}}", "STARTS_WITH", "Hello", True),
        ("{{trigger.note}}", "ENDS_WITH", "Hello", False),
        ("{{trigger.total}}", "STARTS_WITH", 15, True),
        ("{{trigger.none}}", "STARTS_WITH", "x", False),
        ("a {{trigger.total}}", "EQUALS", "a 150", True),
        ("x", "EQUALS", "{{trigger.note}}", False),
    ],
)
def test_each_operator_compares(left: Any, operator: str, right: Any, holds: bool) -> None:
    assert compare(left, operator, right) is holds


@pytest.mark.parametrize(
    ("left", "empty"),
    [
        ("{{trigger.blanks}}", True),
        ("{{trigger.none}}", True),
        ("{{trigger.missing}}", True),
        ("{{trigger.missing.deeper}}", True),
        ("{{trigger.note}}", False),
        ("{{trigger.paid}}", False),
        ("   ", True),
        ([], True),
        (0, False),
        (False, False),
    ],
)
def test_a_missing_value_is_empty(left: Any, empty: bool) -> None:
    assert compare(left, "IS_EMPTY") is empty
    assert compare(left, "IS_NOT_EMPTY") is not empty


@pytest.mark.parametrize(
    ("left", "operator", "right"),
    [
        ("{{trigger.note}}", "GREATER_THAN", 100),
        ("{{trigger.none}}", "LESS_THAN", 1),
        ("{{trigger.paid}}", "GREATER_THAN", 0),
        ("{{trigger.due}}", "GREATER_THAN", 5),
        ("{{trigger.items}}", "LESS_OR_EQUAL", "b"),
        ("{{trigger.paid}}", "CONTAINS", "t"),
        ("{{trigger.note}}", "CONTAINS", ["Hello"]),
        ("{{trigger.items}}", "STARTS_WITH", "a"),
    ],
)
def test_values_that_cannot_be_compared_are_an_error(left: Any, operator: str, right: Any) -> None:
    with pytest.raises(NodeError) as caught:
        compare(left, operator, right)
    assert caught.value.kind == "INCOMPARABLE"
    assert operator in str(caught.value)


def test_a_missing_operand_is_named() -> None:
    with pytest.raises(NodeError, match=r"`trigger.customer.total` has no value in this run"):
        compare("{{trigger.customer.total}}", "GREATER_THAN", 1)


def test_a_comparison_records_both_sides() -> None:
    _, evidence = decide(
        {"kind": "COMPARE", "left": "{{trigger.total}}", "operator": "GREATER_THAN", "right": 100}
    )
    assert evidence == {
        "rule": {
            "kind": "COMPARE",
            "left": {"source": "{{trigger.total}}", "value": "150"},
            "operator": "GREATER_THAN",
            "right": {"source": 100, "value": 100},
            "verdict": True,
        },
        "verdict": True,
        "branchesNotTaken": ["false"],
    }


def test_evidence_is_bounded() -> None:
    long = {"kind": "COMPARE", "left": "{{trigger.long}}", "operator": "IS_EMPTY"}
    result = run_node("CONDITION", long, visit({"trigger": {"long": "x" * 5_000}}))
    assert len(evidence_of(result)["rule"]["left"]["value"]) == 1_001


TRUE = {"kind": "HAS_EMAIL"}
FALSE = {"kind": "HAS_TAG", "tag": "nobody"}
BROKEN = {"kind": "COMPARE", "left": "{{trigger.missing}}", "operator": "EQUALS", "right": 1}


@pytest.mark.parametrize(
    ("kind", "rules", "verdicts", "holds"),
    [
        ("ALL", [TRUE, TRUE], [True, True], True),
        ("ALL", [TRUE, FALSE, TRUE], [True, False, None], False),
        ("ANY", [FALSE, TRUE, FALSE], [False, True, None], True),
        ("ANY", [FALSE, FALSE], [False, False], False),
        # A rule guards those after it.
        ("ALL", [FALSE, BROKEN], [False, None], False),
        ("ANY", [TRUE, BROKEN], [True, None], True),
    ],
)
def test_groups_record_every_rule(
    kind: str, rules: list[dict[str, Any]], verdicts: list[bool | None], holds: bool
) -> None:
    outcome, evidence = decide({"kind": kind, "conditions": rules})
    assert outcome == ("true" if holds else "false")
    assert [rule["verdict"] for rule in evidence["rule"]["conditions"]] == verdicts
    assert evidence["rule"]["kind"] == kind


def nested(depth: int) -> dict[str, Any]:
    rule: dict[str, Any] = TRUE
    for _ in range(depth):
        rule = {"kind": "ANY", "conditions": [rule]}
    return rule


def test_the_depth_of_groups_is_limited() -> None:
    assert decide(nested(4))[0] == "true"
    with pytest.raises(ValidationError, match="nested more than 5 deep"):
        ConditionConfig.model_validate(nested(5))


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"kind": "NOPE"}, ""),
        ({"kind": "HAS_TAG"}, "tag"),
        ({"kind": "HAS_EMAIL", "tag": "x"}, "tag"),
        ({"kind": "FIELD_EQUALS", "field": "shoeSize", "value": 1}, "field"),
        ({"kind": "COMPARE", "left": 1, "operator": "LIKE", "right": 1}, "operator"),
        ({"kind": "COMPARE", "left": 1, "operator": "EQUALS"}, ""),
        ({"kind": "COMPARE", "left": 1, "operator": "IS_EMPTY", "right": 1}, ""),
        ({"kind": "COMPARE", "left": "{{ a b }}", "operator": "IS_EMPTY"}, "left"),
        ({"kind": "COMPARE", "left": {"a": 1}, "operator": "IS_EMPTY"}, "left"),
        ({"kind": "ALL", "conditions": []}, "conditions"),
        ({"kind": "ALL", "conditions": [{"kind": "HAS_TAG"}]}, "conditions.0.tag"),
    ],
)
def test_an_invalid_condition_names_the_field(config: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ConditionConfig.model_validate(config)
    assert [".".join(map(str, each["loc"])) for each in caught.value.errors()] == [field]


def test_the_texts_of_a_condition_are_found_with_their_fields() -> None:
    each = node_type("CONDITION")
    config = each.config_model.model_validate(
        {
            "kind": "ALL",
            "conditions": [
                {"kind": "HAS_TAG", "tag": "{{trigger.tag}}"},
                {
                    "kind": "ANY",
                    "conditions": [
                        TRUE,
                        {"kind": "COMPARE", "left": 1, "operator": "EQUALS", "right": "{{vars.x}}"},
                    ],
                },
            ],
        }
    )
    assert each.sources(config) == [
        ("conditions.0.tag", "{{trigger.tag}}"),
        ("conditions.1.conditions.1.right", "{{vars.x}}"),
    ]
