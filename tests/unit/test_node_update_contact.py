"""UPDATE_CONTACT: what is changed, and what is refused."""

from typing import Any

import pytest
from pydantic import ValidationError
from runledger.errors import NodeError
from runledger.models.contact import ContactChange
from runledger.models.run import StepStatus
from runledger.nodes.base import NodeResult
from runledger.nodes.registry import node_type

from tests.support.visits import evidence_of, run_node, visit

SCOPE: dict[str, Any] = {
    "trigger": {
        "plan": "pro",
        "seats": "12",
        "none": None,
        "spaces": "  ",
        "tags": ["a", "b", "a", None],
        "number": 7,
        "address": {"city": "Paris"},
    }
}


class Editor:
    """Notes the changes; `problem` is its answer."""

    def __init__(self, problem: str | None = None) -> None:
        self.changes: list[ContactChange] = []
        self.problem = problem

    def change(self, change: ContactChange) -> str | None:
        self.changes.append(change)
        return self.problem


def update(**config: Any) -> tuple[NodeResult, ContactChange]:
    editor = Editor()
    result = run_node("UPDATE_CONTACT", config, visit(SCOPE, contact_editor=editor))
    (change,) = editor.changes
    return result, change


def field(name: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"field": name, "value": value, **more}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (field("firstName", "{{trigger.plan}}"), {"firstName": "pro"}),
        (field("externalIds.stripe", "cus_{{trigger.number}}"), {"externalIds.stripe": "cus_7"}),
        (field("metadata.seats", "{{trigger.seats}}"), {"metadata.seats": "12"}),
        (field("metadata.seats", "{{trigger.seats}}", type="NUMBER"), {"metadata.seats": 12}),
        (
            field("metadata.home", "{{trigger.address}}", type="JSON"),
            {"metadata.home": {"city": "Paris"}},
        ),
        (field("metadata.off", False, type="BOOLEAN"), {"metadata.off": False}),
        (field("lastName", "{{trigger.spaces}}"), {}),
        (field("lastName", "{{trigger.none}}"), {}),
        (field("metadata.seats", "{{trigger.none}}", type="NUMBER"), {}),
    ],
)
def test_a_field_gets_its_value_unless_it_is_empty(
    written: dict[str, Any], expected: dict[str, Any]
) -> None:
    _, change = update(fields=[written])
    assert change == ContactChange(fields=expected)


def test_an_empty_value_clears_a_field_only_if_the_config_says_so() -> None:
    _, change = update(
        fields=[
            field("lastName", "{{trigger.spaces}}", whenEmpty="CLEAR"),
            field("metadata.plan", "{{trigger.plan}}", whenEmpty="CLEAR"),
        ]
    )
    assert change == ContactChange(fields={"metadata.plan": "pro"}, cleared=("lastName",))


def test_tags_come_from_texts_and_lists() -> None:
    _, change = update(
        addTags=["{{trigger.tags}}", " vip "], removeTags=["{{trigger.spaces}}", "x"]
    )
    assert change == ContactChange(added_tags=("a", "b", "vip"), removed_tags=("x",))


def test_the_step_names_what_it_changed() -> None:
    result, _ = update(
        fields=[
            field("firstName", "Ada"),
            field("lastName", "", whenEmpty="CLEAR"),
            field("metadata.x", ""),
        ],
        addTags=["vip"],
        removeTags=["lead"],
    )
    assert evidence_of(result) == {
        "fields": ["firstName"],
        "cleared": ["lastName"],
        "addedTags": ["vip"],
        "removedTags": ["lead"],
    }


def test_without_a_contact_the_step_is_skipped_with_the_reason() -> None:
    editor = Editor("the run has no contact")
    where = visit(SCOPE, contact_editor=editor)
    result = run_node("UPDATE_CONTACT", {"addTags": ["vip"]}, where)
    assert (result.status, result.reason) == (StepStatus.SKIPPED, "the run has no contact")
    assert result.evidence is None


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"fields": [field("metadata.seats", "many", type="NUMBER")]},
            'metadata.seats cannot be set: "many" cannot be converted to NUMBER',
        ),
        (
            {"addTags": ["{{trigger.plan}}"], "removeTags": ["pro"]},
            "the tag 'pro' cannot be both added and removed",
        ),
    ],
)
def test_a_value_that_does_not_fit_fails_and_changes_nothing(
    config: dict[str, Any], message: str
) -> None:
    editor = Editor()
    with pytest.raises(NodeError) as failed:
        run_node("UPDATE_CONTACT", config, visit(SCOPE, contact_editor=editor))
    assert (failed.value.kind, str(failed.value)) == ("INVALID_VALUE", message)
    assert not editor.changes


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "set at least one of `fields`, `addTags` and `removeTags`"),
        (
            {"fields": [field("firstName", "a"), field("firstName", "b")]},
            "firstName is set twice; remove one of the entries",
        ),
        (
            {"fields": [field("firstName", "1", type="NUMBER")]},
            "firstName is always text; leave `type` out",
        ),
        (
            {"fields": [field("consents.marketing", True)]},
            "'consents.marketing' is not a field of a contact",
        ),
        ({"fields": [field("metadata.", "x")]}, "'metadata.' is not a field of a contact"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        node_type("UPDATE_CONTACT").config_model.model_validate(config)
    assert message in str(refused.value)
