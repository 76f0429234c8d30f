"""TRIGGER, MERGE, END and STOP_ERROR."""

from typing import Any

import pytest
from pydantic import ValidationError
from runledger.errors import NodeError
from runledger.models.run import StepStatus, TriggerType
from runledger.nodes.base import NodeResult, Operation, Placement
from runledger.nodes.registry import node_type
from runledger.nodes.trigger import (
    ContactMetadataDate,
    DateTrigger,
    ManualTrigger,
    TriggerConfig,
    UpstreamTrigger,
    WebhookPayloadDate,
    WebhookTrigger,
)

from tests.support.visits import run_node, visit


def trigger(**config: Any) -> TriggerConfig:
    return TriggerConfig.model_validate(config)


def problems(**config: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        trigger(**config)
    return {".".join(map(str, each["loc"])): each["msg"] for each in caught.value.errors()}


def test_a_webhook_has_sensible_defaults() -> None:
    config = trigger(triggerType="WEBHOOK")
    assert isinstance(config, WebhookTrigger)
    assert config.kind is TriggerType.WEBHOOK
    assert config.contact_lookup is None
    assert (config.rate_limit_per_minute, config.signed, config.create_if_missing) == (
        120,
        False,
        False,
    )


def test_every_trigger_type_has_its_model() -> None:
    assert isinstance(trigger(triggerType="MANUAL"), ManualTrigger)
    upstream = trigger(triggerType="UPSTREAM", automationId="aut_1", on=["FAILED", "CANCELED"])
    assert isinstance(upstream, UpstreamTrigger)
    assert upstream.on == ["FAILED", "CANCELED"]
    date = trigger(
        triggerType="DATE",
        source={"kind": "CONTACT_METADATA", "key": "birthday"},
        offsetDays=-3,
        timeOfDay="08:30",
        timeZone="Europe/Berlin",
    )
    assert isinstance(date, DateTrigger)
    assert isinstance(date.source, ContactMetadataDate)
    assert date.source.key == "birthday"
    assert date.model_dump(by_alias=True) == {
        "triggerType": "DATE",
        "source": {"kind": "CONTACT_METADATA", "key": "birthday"},
        "offsetDays": -3,
        "timeOfDay": "08:30",
        "timeZone": "Europe/Berlin",
        "repeat": "NEVER",
    }
    assert date.is_scheduled and date.intake is None


def test_a_date_may_come_with_an_event() -> None:
    date = trigger(
        triggerType="DATE",
        source={
            "kind": "WEBHOOK_PAYLOAD",
            "path": "appointment.at",
            "contactLookup": {"by": "phone", "path": "phone"},
        },
    )
    assert isinstance(date, DateTrigger)
    assert isinstance(date.source, WebhookPayloadDate)
    assert date.source.contact_lookup is not None
    assert date.intake is date.source and not date.is_scheduled
    found = problems(
        triggerType="DATE", source={"kind": "WEBHOOK_PAYLOAD", "path": "at"}, repeat="YEARLY"
    )
    assert found == {
        "": "Value error, a date in an inbound event cannot repeat; set `repeat` to NEVER"
    }


@pytest.mark.parametrize(
    ("config", "field", "message"),
    [
        ({}, "", "choose one of WEBHOOK, MANUAL, DATE, UPSTREAM"),
        ({"triggerType": "CRON"}, "", "cannot be 'CRON'"),
        ({"triggerType": ["WEBHOOK"]}, "", "choose one of"),
        ({"triggerType": "MANUAL", "path": "x"}, "path", "Extra inputs"),
        ({"triggerType": "WEBHOOK", "rateLimitPerMinute": 0}, "rateLimitPerMinute", "greater"),
        ({"triggerType": "WEBHOOK", "rateLimitPerMinute": 6001}, "rateLimitPerMinute", "less"),
        (
            {"triggerType": "WEBHOOK", "contactLookup": {"by": "name", "path": "a"}},
            "contactLookup.by",
            "'email', 'phone', 'id' or 'externalId'",
        ),
        (
            {"triggerType": "WEBHOOK", "contactLookup": {"by": "externalId", "path": "a"}},
            "contactLookup.name",
            "required",
        ),
        (
            {
                "triggerType": "WEBHOOK",
                "contactLookup": {"by": "email", "name": "stripe", "path": "a"},
            },
            "contactLookup.name",
            "only for a lookup by externalId",
        ),
        (
            {
                "triggerType": "WEBHOOK",
                "contactLookup": {"by": "externalId", "name": "Stripe", "path": "a"},
            },
            "contactLookup.name",
            "pattern",
        ),
        (
            {"triggerType": "WEBHOOK", "contactLookup": {"by": "id", "path": "a..b"}},
            "contactLookup.path",
            "no name between two dots",
        ),
        ({"triggerType": "WEBHOOK", "createIfMissing": True}, "", "createIfMissing needs"),
        (
            {
                "triggerType": "WEBHOOK",
                "createIfMissing": True,
                "contactLookup": {"by": "id", "path": "a"},
            },
            "",
            "createIfMissing needs",
        ),
        ({"triggerType": "UPSTREAM"}, "automationId", "required"),
        ({"triggerType": "UPSTREAM", "automationId": "a", "on": []}, "on", "at least 1"),
        (
            {"triggerType": "UPSTREAM", "automationId": "a", "on": ["FAILED", "FAILED"]},
            "",
            "twice",
        ),
        ({"triggerType": "DATE", "source": {"kind": "X"}}, "source", "cannot be 'X'"),
        ({"triggerType": "DATE", "source": {"kind": "CONTACT_METADATA"}}, "source.key", "required"),
        (
            {
                "triggerType": "DATE",
                "source": {"kind": "CONTACT_CREATED_AT"},
                "timeZone": "Mars/Olympus",
            },
            "timeZone",
            "there is no time zone 'Mars/Olympus'",
        ),
        (
            {"triggerType": "DATE", "source": {"kind": "CONTACT_CREATED_AT"}, "timeOfDay": "24:00"},
            "timeOfDay",
            "pattern",
        ),
    ],
)
def test_an_invalid_trigger_names_the_field(
    config: dict[str, Any], field: str, message: str
) -> None:
    assert message in problems(**config)[field]


@pytest.mark.parametrize(("name", "config"), [("MERGE", {}), ("END", {})])
def test_nodes_without_work_complete(name: str, config: dict[str, Any]) -> None:
    assert run_node(name, config) == NodeResult()
    with pytest.raises(ValidationError):
        node_type(name).config_model.model_validate({"x": 1})


def test_the_trigger_completes_and_takes_the_run() -> None:
    assert run_node("TRIGGER", {"triggerType": "MANUAL"}) == NodeResult()
    assert node_type("TRIGGER").operation is Operation.OWN
    assert node_type("END").operation is Operation.COMPLETE


@pytest.mark.parametrize(("name", "config"), [("END", {}), ("STOP_ERROR", {"message": "x"})])
def test_ends_lead_to_the_state_that_ends_the_machine(name: str, config: dict[str, Any]) -> None:
    each = node_type(name)
    placement = Placement("n", {"Type": "Task"}, {None: "run completed"}, "released")
    states = each.states(each.config_model.model_validate(config), placement)
    assert states == {"n": {"Type": "Task", "ResultPath": "$.last", "Next": "run completed"}}


def test_stop_error_fails_with_its_rendered_message() -> None:
    scope = {"trigger": {"orderId": 7}}
    result = run_node("STOP_ERROR", {"message": "Order {{trigger.orderId}}: no"}, visit(scope))
    assert result.status is StepStatus.FAILED
    assert result.error is not None
    assert (result.error.kind, result.error.message) == ("STOP_ERROR", "Order 7: no")
    assert result.error.node_id == "node"


def test_stop_error_names_a_missing_variable() -> None:
    with pytest.raises(NodeError, match=r"`trigger.orderId` has no value in this run"):
        run_node("STOP_ERROR", {"message": "Order {{trigger.orderId}}"})


@pytest.mark.parametrize("message", ["", "   ", "x" * 501, "{{ a b }}"])
def test_stop_error_checks_its_message(message: str) -> None:
    with pytest.raises(ValidationError):
        node_type("STOP_ERROR").config_model.model_validate({"message": message})
