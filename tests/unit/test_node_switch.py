"""SWITCH: the first rule that holds decides, and the evidence shows why."""

from typing import Any

import pytest
from pydantic import ValidationError
from runledger.nodes.registry import node_type
from runledger.nodes.switch import SwitchConfig

from tests.support.visits import evidence_of, run_node, visit

CONFIG: dict[str, Any] = {
    "rules": [
        {"field": "trigger.total", "operator": "GREATER_THAN", "value": 1000, "label": "big"},
        {"field": "trigger.plan", "value": "{{vars.best}}", "label": "best"},
        {"field": "{{ trigger.plan | upcase }}", "value": "TEAM", "label": "team"},
    ],
    "fallbackLabel": "rest",
}


def decide(**trigger: Any) -> tuple[str | None, dict[str, Any]]:
    scope = {"trigger": trigger, "vars": {"best": "pro"}}
    result = run_node("SWITCH", CONFIG, visit(scope))
    return result.outcome, evidence_of(result)


@pytest.mark.parametrize(
    ("trigger", "outcome"),
    [
        ({"total": 2000, "plan": "pro"}, "big"),
        ({"total": "20", "plan": "pro"}, "best"),
        ({"total": 20, "plan": "team"}, "team"),
        ({"total": 20, "plan": "free"}, "rest"),
    ],
)
def test_the_first_rule_that_holds_decides(trigger: dict[str, Any], outcome: str) -> None:
    assert decide(**trigger)[0] == outcome


def test_evidence_holds_every_rule_that_was_tried() -> None:
    assert decide(total=20, plan="pro")[1] == {
        "rules": [
            {
                "label": "big",
                "field": "trigger.total",
                "operand": 20,
                "operator": "GREATER_THAN",
                "value": 1000,
                "verdict": False,
            },
            {
                "label": "best",
                "field": "trigger.plan",
                "operand": "pro",
                "operator": "EQUALS",
                "value": "pro",
                "verdict": True,
            },
        ],
        "matched": "best",
        "branchesNotTaken": ["big", "team", "rest"],
    }


def test_the_fallback_is_taken_if_no_rule_holds() -> None:
    outcome, evidence = decide(total=20, plan="free")
    assert outcome == "rest"
    assert evidence["matched"] is None
    assert evidence["branchesNotTaken"] == ["big", "best", "team"]


def test_a_missing_operand_does_not_hold_and_is_named() -> None:
    outcome, evidence = decide(plan="pro")
    missing = evidence["rules"][0]
    assert (missing["operand"], missing["verdict"]) == (None, False)
    assert missing["missing"] == "`trigger.total` has no value in this run"
    # The rules about what has a value are tried all the same.
    assert outcome == "best"


def test_the_fallback_is_taken_if_no_field_has_a_value() -> None:
    config = {
        "rules": [
            {"field": "trigger.x", "value": 1, "label": "one"},
            {"field": "trigger.y", "operator": "NOT_EQUALS", "value": 1, "label": "not one"},
            {"field": "trigger.here", "value": "{{trigger.z}}", "label": "same"},
        ]
    }
    result = run_node("SWITCH", config, visit({"trigger": {"here": 1}}))
    assert result.outcome == "otherwise"
    assert [rule["missing"] for rule in evidence_of(result)["rules"]] == [
        "`trigger.x` has no value in this run",
        "`trigger.y` has no value in this run",
        "`trigger.z` has no value in this run",
    ]
    assert evidence_of(result)["matched"] is None


def test_a_null_has_a_value() -> None:
    config = {"rules": [{"field": "trigger.x", "value": None, "label": "null"}]}
    assert run_node("SWITCH", config, visit({"trigger": {"x": None}})).outcome == "null"


def test_a_missing_operand_is_empty() -> None:
    config = {"rules": [{"field": "trigger.x", "operator": "IS_EMPTY", "label": "none"}]}
    assert run_node("SWITCH", config, visit({"trigger": {}})).outcome == "none"
    assert run_node("SWITCH", config, visit({"trigger": {"x": 1}})).outcome == "otherwise"


@pytest.mark.parametrize(
    ("field", "value"),
    [("trigger.items.1.sku", "b"), ("trigger.first-name", "Ada"), ("trigger.size", 3)],
)
def test_dotted_paths_reach_lists_and_awkward_names(field: str, value: Any) -> None:
    scope = {"trigger": {"items": [{"sku": "a"}, {"sku": "b"}], "first-name": "Ada", "size": 3}}
    config = {"rules": [{"field": field, "value": value, "label": "yes"}]}
    assert run_node("SWITCH", config, visit(scope)).outcome == "yes"


def test_the_branches_are_the_labels() -> None:
    each = node_type("SWITCH")
    branching = each.branching(each.config_model.model_validate(CONFIG))
    assert branching is not None
    assert branching.labels == ("big", "best", "team", "rest")
    assert branching.required


def test_the_texts_of_a_switch_are_found_in_dotted_paths_too() -> None:
    each = node_type("SWITCH")
    assert each.sources(each.config_model.model_validate(CONFIG)) == [
        ("rules.0.field", "{{ trigger['total'] }}"),
        ("rules.1.field", "{{ trigger['plan'] }}"),
        ("rules.2.field", "{{ trigger.plan | upcase }}"),
        ("rules.1.value", "{{vars.best}}"),
    ]


RULE = {"field": "trigger.a", "value": 1, "label": "one"}


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"rules": []}, "rules"),
        ({"rules": [RULE, RULE]}, ""),
        ({"rules": [RULE], "fallbackLabel": "one"}, ""),
        ({"rules": [RULE], "fallbackLabel": ""}, "fallbackLabel"),
        ({"rules": [{**RULE, "field": "not a path"}]}, "rules.0.field"),
        ({"rules": [{**RULE, "field": "{{ a b }}"}]}, "rules.0.field"),
        ({"rules": [{"field": "trigger.a", "label": "x"}]}, "rules.0"),
        ({"rules": [{**RULE, "operator": "IS_EMPTY"}]}, "rules.0"),
        ({"rules": [{**RULE, "value": {}}]}, "rules.0.value"),
    ],
)
def test_an_invalid_switch_names_the_field(config: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SwitchConfig.model_validate(config)
    assert [".".join(map(str, each["loc"])) for each in caught.value.errors()] == [field]
