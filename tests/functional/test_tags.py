"""Everything that belongs to a stack has its tags: the template's resources by the tags of the
stack, the others by the calls that create them."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from runledger.deployment import stack_tags
from runledger.models.automation import AutomationDocument

from local.expand_template import expanded_template
from tests.functional.test_activation import document
from tests.support.call_graph import call_graph
from tests.support.engine import Engine, client_of
from tests.support.environment import PREFIX, REGION, STACK
from tests.support.permissions import GENERAL, functions
from tests.support.template import load_template

ROOT = Path(__file__).parents[2]
BY = "ada@example.com"
TAGS = {"application": "runledger", "stack": STACK}
TYPES = sorted({each["Type"] for each in expanded_template()["Resources"].values()})


def schema(kind: str) -> dict[str, Any]:
    """Returns CloudFormation's own schema of a type."""
    return dict(PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema)


def taggable(kind: str) -> bool:
    return bool(schema(kind)["tagging"]["taggable"])


# ── What the code creates ───────────────────────────────────────────────────────────────────────
def machine_tags(engine: Engine, name: str) -> dict[str, str]:
    arn = PREFIX.removesuffix("runledger-") + name
    found = engine.stepfunctions.list_tags_for_resource(resourceArn=arn)["tags"]
    return {each["key"]: each["value"] for each in found}


def secret_tags(engine: Engine) -> dict[str, dict[str, str]]:
    """Returns the tags of each secret, by the second part of its name."""
    found = engine.secrets_manager.list_secrets()["SecretList"]
    return {
        each["Name"].split("/")[1]: {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
        for each in found
    }


def test_machines_and_secrets_have_the_stacks_tags(engine: Engine) -> None:
    signed = document().model_dump(by_alias=True)
    signed["nodes"][0]["config"]["signed"] = True
    made = engine.automations.create(
        engine.workspace_id, AutomationDocument.model_validate(signed), BY
    )
    active = engine.activations.activate(engine.workspace_id, made.id, BY)
    engine.secrets.put(engine.workspace_id, "API_KEY", "the first value of this test")
    assert stack_tags(STACK) == TAGS
    assert machine_tags(engine, f"runledger-{made.id}-v{active.version}") == TAGS
    assert secret_tags(engine) == {"webhooks": TAGS, "workspaces": TAGS}


def test_a_machine_that_exists_stays_as_it_is(engine: Engine) -> None:
    made = engine.automations.create(engine.workspace_id, document(), BY)
    first = engine.activations.activate(engine.workspace_id, made.id, BY)
    name = f"runledger-{made.id}-v{first.version}"
    arn = PREFIX.removesuffix("runledger-") + name
    engine.stepfunctions.untag_resource(resourceArn=arn, tagKeys=list(TAGS))
    engine.activations.activate(engine.workspace_id, made.id, BY)
    assert machine_tags(engine, name) == {}
    changed = document(message="another")
    engine.automations.update(engine.workspace_id, made.id, changed, BY)
    second = engine.activations.activate(engine.workspace_id, made.id, BY)
    assert second.version == 2
    assert machine_tags(engine, f"runledger-{made.id}-v2") == TAGS


def test_no_call_of_the_functions_leaves_out_tags_that_it_could_give() -> None:
    graph = call_graph()
    calls = {
        reached.call
        for function in functions(load_template())
        for reached in graph.reached_calls(f"functions.{function.folder}.handler", GENERAL)
    }
    taking, without = set(), set()
    for call in calls:
        meta = client_of(call.service).meta
        operation = meta.method_to_api_mapping[call.operation]
        shape = meta.service_model.operation_model(operation).input_shape
        tags = {"tags", "Tags"} & set(shape.members if shape else ())
        if tags:
            taking.add(call.operation)
        if tags - set(call.parameters):
            without.add(call)
    assert taking == {"create_state_machine", "create_secret"}
    assert without == set()
    # "You can only assign tags to schedule groups":
    # https://docs.aws.amazon.com/scheduler/latest/APIReference/API_TagResource.html
    assert "create_schedule" in {call.operation for call in calls}


# ── What CloudFormation creates ─────────────────────────────────────────────────────────────────
def test_the_stack_has_the_tags_that_the_code_gives() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    assert config["default"]["deploy"]["parameters"]["tags"] == "application=runledger"
    assert "$(SAM) deploy $(SAM_TARGET) $(STACK_TAGS)" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("kind", [each for each in TYPES if taggable(each)])
def test_tags_of_the_stack_reach_a_resource_and_never_replace_it(kind: str) -> None:
    tagging = schema(kind)["tagging"]
    assert tagging.get("tagOnCreate", True) and tagging.get("tagUpdatable", True)
    name = tagging.get("tagProperty", "/properties/Tags")
    assert name.removeprefix("/properties/") in schema(kind)["properties"]
    assert name not in schema(kind).get("createOnlyProperties", [])


def test_the_types_that_may_cost_something_can_be_tagged() -> None:
    cannot = {each.removeprefix("AWS::") for each in TYPES if not taggable(each)}
    # Settings of other resources, and parts of them.
    assert cannot == {
        "CloudFront::OriginAccessControl",
        "CloudFront::ResponseHeadersPolicy",
        "Cognito::UserPoolClient",
        "IAM::ManagedPolicy",
        "Lambda::Alias",
        "Lambda::EventInvokeConfig",
        "Lambda::LayerVersion",
        "Lambda::Permission",
        "Lambda::Version",
        "S3::BucketPolicy",
        "SES::ConfigurationSetEventDestination",
        "SNS::Subscription",
        "SNS::TopicPolicy",
        "SQS::QueuePolicy",
        "Scheduler::Schedule",
    }


def test_creating_a_machine_with_tags_needs_the_right_to_tag() -> None:
    needed = schema("AWS::StepFunctions::StateMachine")["handlers"]["create"]["permissions"]
    assert "states:TagResource" in needed
