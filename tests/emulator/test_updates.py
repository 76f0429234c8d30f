"""An update of the deployed stack: versions, aliases, and a run that is under way meanwhile."""

import uuid
from typing import Any

import httpx

from local.settings import STACK_NAME
from tests.emulator.orders import activate, demo_service, ended, fire, five_nodes, template
from tests.support.stack import Stack

ALIAS = "live"


def functions(stack: Stack) -> dict[str, str]:
    """The physical name of each function, by its logical id."""
    pages = stack.aws("cloudformation").get_paginator("list_stack_resources")
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages.paginate(StackName=STACK_NAME)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }


def live(stack: Stack) -> dict[str, tuple[int, str]]:
    """The version that each function's alias names, and that version's level of logging."""
    client = stack.aws("lambda")
    found = {}
    for logical_id, name in functions(stack).items():
        alias = client.get_alias(FunctionName=name, Name=ALIAS)
        config = client.get_function_configuration(FunctionName=name, Qualifier=ALIAS)
        level = config["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"]
        found[logical_id] = int(alias["FunctionVersion"]), level
    return found


def update(stack: Stack, **changed: str) -> None:
    """Updates the stack with other values of some parameters, and nothing else."""
    cloudformation = stack.aws("cloudformation")
    (described,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    kept = {each["ParameterKey"] for each in described["Parameters"]} - changed.keys()
    values: list[dict[str, Any]] = [
        {"ParameterKey": name, "ParameterValue": value} for name, value in changed.items()
    ]
    values += [{"ParameterKey": name, "UsePreviousValue": True} for name in sorted(kept)]
    cloudformation.update_stack(
        StackName=STACK_NAME,
        UsePreviousTemplate=True,
        Parameters=values,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    cloudformation.get_waiter("stack_update_complete").wait(
        StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )


def order() -> dict[str, Any]:
    customer = {"email": f"{uuid.uuid4().hex}@customer.example"}
    return {"orderId": uuid.uuid4().hex, "total": 150, "customer": customer}


def test_a_changed_parameter_reaches_every_function_and_open_runs_end(
    stack: Stack, api: httpx.Client
) -> None:
    slow = five_nodes(f"{demo_service(api)}/slow?ms=4000", template(api, "Hello"))
    slow["nodes"][2]["config"].pop("capture", None)
    automation = activate(api, slow)
    before = live(stack)
    assert {level for _, level in before.values()} == {"INFO"}
    run_id = fire(stack, automation, order())
    try:
        update(stack, LogLevel="DEBUG")
        after = live(stack)
        assert before.keys() == after.keys()
        assert [name for name in before if after[name][0] <= before[name][0]] == []
        assert {level for _, level in after.values()} == {"DEBUG"}
        assert ended(api, run_id)["status"] == "COMPLETED"
        # The machine was made before the update, and calls the aliases.
        assert ended(api, fire(stack, automation, order()))["status"] == "COMPLETED"
    finally:
        update(stack, LogLevel="INFO")


def test_machines_call_the_aliases(stack: Stack, api: httpx.Client) -> None:
    automation = activate(api, five_nodes(f"{demo_service(api)}/score", template(api, "Hello")))
    states = stack.aws("stepfunctions")
    machines = (
        machine
        for page in states.get_paginator("list_state_machines").paginate()
        for machine in page["stateMachines"]
    )
    (arn,) = [each["stateMachineArn"] for each in machines if automation["id"] in each["name"]]
    definition = states.describe_state_machine(stateMachineArn=arn)["definition"]
    named = {name for name in functions(stack).values() if name in definition}
    assert len(named) == 3
    assert all(f":function:{name}:{ALIAS}" in definition for name in named)
    assert all(f':function:{name}"' not in definition for name in named)
