"""Changes reach callers: each change publishes a version, the alias moves to it, and everything
that calls a function calls the alias."""

import re
from typing import Any

import pytest

from local.deployable import deployable
from local.expand_template import expand, expanded_template
from local.template import load_long_template
from tests.support.expanded_template import Template, dictionaries, of_type

ALIAS = "live"
# What callers, the stream or state machines wait for.
TAKE_TRAFFIC = {
    "WebhookIn",
    "Api",
    "Query",
    "StartRuns",
    "FollowChanges",
    "RunLogic",
    "RunMessage",
    "RunIntegration",
}
# "Version description": https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
LONGEST_DESCRIPTION = 256
# Lambda keeps these for a function, not for its versions:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
OF_NO_VERSION = {"ReservedConcurrentExecutions", "Tags"}
# The end of an ARN, of which the description has no more: with AWS's ids of 32 digits.
LONGEST_ENDS = {
    "SmsOriginationIdentity": f"phone-number/phone-{'0' * 32}",
    "WhatsAppPhoneNumberId": f"phone-number-id/phone-number-id-{'0' * 32}",
}
# These describe a function itself and call nothing.
ABOUT_FUNCTIONS = {
    "AWS::Lambda::Version",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
}


@pytest.fixture(scope="module")
def expanded() -> Template:
    return expanded_template()


def functions(template: Template) -> set[str]:
    return set(of_type(template, "AWS::Lambda::Function"))


def versions(template: Template) -> dict[str, str]:
    """The logical id of each function's version. A new id publishes a version."""
    published = of_type(template, "AWS::Lambda::Version")
    return {each["Properties"]["FunctionName"]["Ref"]: name for name, each in published.items()}


def referred(part: Any) -> set[str]:
    """The logical ids and parameters that a part names."""
    names: set[str] = set()
    for each in dictionaries(part):
        if isinstance(each.get("Ref"), str):
            names.add(each["Ref"])
        if "Fn::GetAtt" in each:
            names.add(each["Fn::GetAtt"][0])
        if "Fn::Sub" in each:
            text = each["Fn::Sub"]
            names.update(_in_text(text if isinstance(text, str) else text[0]))
    return names


def _in_text(text: str) -> list[str]:
    return [name.split(".")[0] for name in re.findall(r"\$\{([A-Za-z0-9.:]+)\}", text)]


def test_every_function_has_an_alias_of_its_newest_version(expanded: Template) -> None:
    aliases = of_type(expanded, "AWS::Lambda::Alias")
    newest = versions(expanded)
    assert len(functions(expanded)) >= 16
    for function in functions(expanded):
        properties = aliases[f"{function}Alias{ALIAS}"]["Properties"]
        assert properties["Name"] == ALIAS
        assert properties["FunctionName"] == {"Ref": function}
        assert properties["FunctionVersion"] == {"Fn::GetAtt": [newest[function], "Version"]}


def test_everything_calls_the_alias(expanded: Template) -> None:
    calling = {
        name: referred(resource) & functions(expanded)
        for name, resource in expanded["Resources"].items()
        if resource["Type"] not in ABOUT_FUNCTIONS
    }
    # Machines and executions from before the aliases call the functions themselves.
    assert {name: called for name, called in calling.items() if called} == {
        "MachineRole": {"RunLogic", "RunMessage", "RunIntegration"},
        "FanOutRole": {"DateTrigger"},
        "ExportRole": {"ExportPage"},
        "DeliveryRetryRole": {"RetryDelivery"},
    }


def test_settings_of_asynchronous_invocations_are_those_of_the_alias(expanded: Template) -> None:
    configs = of_type(expanded, "AWS::Lambda::EventInvokeConfig").values()
    assert {each["Properties"]["Qualifier"] for each in configs} == {ALIAS}


@pytest.mark.parametrize("role", ["MachineRole", "FanOutRole", "ExportRole", "DeliveryRetryRole"])
def test_a_machine_may_call_the_alias_and_the_function_itself(
    expanded: Template, role: str
) -> None:
    policies = expanded["Resources"][role]["Properties"]["Policies"]
    (resources,) = [
        each["Resource"]
        for each in dictionaries(policies)
        if each.get("Action") == "lambda:InvokeFunction"
    ]
    itself = {each["Fn::GetAtt"][0] for each in resources if "Fn::GetAtt" in each}
    by_alias = {each["Ref"] for each in resources if "Ref" in each}
    assert itself
    assert by_alias == {f"{function}Alias{ALIAS}" for function in itself}


@pytest.mark.parametrize("layer", ["DependenciesLayer", "RunledgerLayer"])
def test_changed_code_of_a_layer_publishes_a_version_of_every_function(
    expanded: Template, layer: str
) -> None:
    changed = load_long_template()
    changed["Resources"][layer]["Properties"]["ContentUri"] = "layers/changed"
    before, after = versions(expanded), versions(expand(changed))
    assert before.keys() == after.keys()
    assert [function for function in before if before[function] == after[function]] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("CodeUri", "functions/changed"), ("Timeout", 14), ("MemorySize", 512), ("Runtime", "x")],
)
def test_a_changed_property_publishes_a_version_of_its_function(
    expanded: Template, name: str, value: object
) -> None:
    changed = load_long_template()
    changed["Resources"]["RunLogic"]["Properties"][name] = value
    before, after = versions(expanded), versions(expand(changed))
    assert [one for one in before if before[one] != after[one]] == ["RunLogic"]


def test_a_changed_parameter_publishes_a_version_of_the_functions_that_use_it(
    expanded: Template,
) -> None:
    """The description of a version has the values of the parameters that its function uses, so a
    changed value publishes a new version. The description must have no other values. If one of them
    changed but the function did not, Lambda would publish no version, and the update would fail."""
    published = versions(expanded)
    for function in functions(expanded):
        version = expanded["Resources"][published[function]]["Properties"]
        properties = expanded["Resources"][function]["Properties"]
        kept = {name: properties[name] for name in properties.keys() - OF_NO_VERSION}
        used = parameters_of(expanded, kept)
        described = parameters_of(expanded, version["Description"])
        assert described == used, function


def parameters_of(template: Template, part: Any) -> set[str]:
    """Returns the parameters on which a part's value depends, including those that only its
    conditions name."""
    names, parameters = referred(part), set(template["Parameters"])
    conditions = {each["Fn::If"][0] for each in dictionaries(part) if "Fn::If" in each}
    for condition in conditions:
        names |= referred(template["Conditions"][condition])
    return names & parameters


def test_the_longest_description_is_short_enough(expanded: Template) -> None:
    for function, version in versions(expanded).items():
        description = expanded["Resources"][version]["Properties"]["Description"]
        used = parameters_of(expanded, description)
        longest = sum(longest_value(name, expanded["Parameters"][name]) + 1 for name in used)
        assert longest - 1 <= LONGEST_DESCRIPTION, function


def longest_value(name: str, parameter: dict[str, Any]) -> int:
    if name in LONGEST_ENDS:
        return len(LONGEST_ENDS[name])
    allowed = parameter.get("AllowedValues") or [str(parameter.get("MaxValue", ""))]
    return int(parameter.get("MaxLength") or max(len(each) for each in allowed))


def test_functions_that_take_traffic_shift_it_gradually(expanded: Template) -> None:
    updated = {
        name.removesuffix(f"Alias{ALIAS}"): each["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        for name, each in of_type(expanded, "AWS::Lambda::Alias").items()
        if "UpdatePolicy" in each
    }
    assert updated.keys() == TAKE_TRAFFIC
    for function, policy in updated.items():
        assert policy["DeploymentGroupName"] == {"Ref": f"{function}DeploymentGroup"}


def test_alarms_roll_a_gradual_update_back(expanded: Template) -> None:
    """An alarm of the whole API cannot be used, because of a circular reference: it needs the API,
    and the API needs the aliases, which need the alarms."""
    watched = {}
    for function in TAKE_TRAFFIC:
        group = expanded["Resources"][f"{function}DeploymentGroup"]["Properties"]
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        condition, gradual, at_once = group["AlarmConfiguration"]["Fn::If"]
        # A repair must get through while alarms are raised.
        assert (condition, at_once) == ("ShiftsGradually", {})
        assert gradual["Enabled"]
        watched[function] = [each["Name"]["Ref"] for each in gradual["Alarms"]]
        alarms = [expanded["Resources"][name] for name in watched[function]]
        assert not [each for each in alarms if "Condition" in each]
        assert any(is_soon_enough(each["Properties"]) for each in alarms)
    assert watched.keys() == {names[0].removesuffix("ErrorsAlarm") for names in watched.values()}


def is_soon_enough(alarm: Template) -> bool:
    """Returns whether an alarm can go off during a gradual update, even if the alarm's data arrives
    late. A gradual update takes ten minutes, so the alarm may need at most five minutes of data."""
    periods = (
        [alarm["Period"]]
        if "Period" in alarm
        else [each["MetricStat"]["Period"] for each in alarm["Metrics"] if "MetricStat" in each]
    )
    return bool(max(periods) * alarm["DatapointsToAlarm"] <= 300)


@pytest.mark.parametrize("function", ["RunLogic", "RunMessage", "RunIntegration"])
def test_the_alarm_of_a_walking_function_watches_its_newest_version(
    expanded: Template, function: str
) -> None:
    """In the average of all versions, failures of a tenth of the traffic would go unnoticed."""
    alarm = expanded["Resources"][f"{function}ErrorsAlarm"]["Properties"]
    (newest,) = [each for each in alarm["Metrics"] if each["Id"] == "newest"]
    dimensions = newest["MetricStat"]["Metric"]["Dimensions"]
    assert {each["Name"]: each["Value"] for each in dimensions} == {
        "FunctionName": {"Ref": function},
        "Resource": {"Fn::Sub": f"${{{function}}}:{ALIAS}"},
        "ExecutedVersion": {"Fn::GetAtt": [versions(expanded)[function], "Version"]},
    }


@pytest.mark.parametrize("kind", ["AllAtOnce", "Canary10Percent10Minutes"])
def test_the_parameter_chooses_how_traffic_shifts(kind: str) -> None:
    expanded = expand(load_long_template(), {"DeploymentType": kind})
    group = expanded["Resources"]["WebhookInDeploymentGroup"]["Properties"]
    text, names = group["DeploymentConfigName"]["Fn::Sub"]
    assert text.replace("${ConfigName}", names["ConfigName"]) == f"CodeDeployDefault.Lambda{kind}"


def test_the_local_stack_differs_only_by_code_deploy(expanded: Template) -> None:
    local = expand(deployable())
    missing = {
        resource["Type"]
        for name, resource in expanded["Resources"].items()
        if without_hash(name) not in {without_hash(each) for each in local["Resources"]}
    }
    # The role is CodeDeploy's own.
    assert missing == {
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::IAM::Role",
    }
    assert not [name for name, each in local["Resources"].items() if "UpdatePolicy" in each]


def without_hash(name: str) -> str:
    """Returns a version's logical id without its hash, which depends on the path of the code."""
    return re.sub(r"[0-9a-f]{10}$", "", name)
