"""Each function's role allows exactly what its code can do: no action less, no action more.

The code is read, not run (tests/support/call_graph.py), so rare paths count like ordinary ones.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from local.expand_template import expanded_template
from tests.support.call_graph import CallGraph, call_graph
from tests.support.permissions import Function, Permission, functions, listed, needed, text
from tests.support.template import load_template

# The first test waits until mypy has read the whole code.
pytestmark = pytest.mark.timeout(300)

TEMPLATE = load_template()
FUNCTIONS = [each.name for each in functions(TEMPLATE)]
_WEBHOOK_KEYS = (
    "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}"
    ":secret:${AWS::StackName}/webhooks/*"
)

# What a function's code could do as far as types tell, but never does.
NEVER_DONE = {
    # Accounts.prepare sets a password only for the command line, which gives one.
    ("Api", Permission("cognito-idp:AdminSetUserPassword", "${UserPool.Arn}")),
    # A drain that has just begun deletes no keys; the tick ends it.
    ("Api", Permission("secretsmanager:DeleteSecret", _WEBHOOK_KEYS)),
    # Only the message function lends rows besides the contact's, and a single row is not batched.
    ("RunLogic", Permission("dynamodb:BatchGetItem", "${Table.Arn}")),
    ("RunIntegration", Permission("dynamodb:BatchGetItem", "${Table.Arn}")),
}

Mutation = tuple[str, int, str]


@pytest.fixture(scope="module")
def graph() -> CallGraph:
    return call_graph()


def problems(graph: CallGraph, function: Function) -> list[str]:
    """Returns each difference between what a function needs and what it has."""
    needs, granted = needed(graph, function), function.granted()
    never = {permission for name, permission in NEVER_DONE if name == function.name}
    missing = needs.keys() - never - set(granted)
    found = [f"{each} is missing: {needs[each]}" for each in sorted(missing)]
    found += [f"{each} is not used" for each in sorted(set(granted) - (needs.keys() - never))]
    return found + [f"{each} is granted twice" for each in set(granted) if granted.count(each) > 1]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_role_allows_what_the_code_does_and_nothing_else(graph: CallGraph, name: str) -> None:
    assert not problems(graph, function_of(TEMPLATE, name))


def test_every_call_to_aws_was_read(graph: CallGraph) -> None:
    for function in functions(TEMPLATE):
        assert not graph.untyped(f"functions.{function.folder}.handler")


def test_lambda_may_report_what_a_function_could_not_do() -> None:
    """Lambda sends the report of a failed event to a queue, and uses the function's role for this.
    SAM adds the permission to send to this queue, exactly once."""
    resources = expanded_template()["Resources"]
    reporting = 0
    for function in functions(TEMPLATE):
        events = function.properties.get("Events", {}).values()
        holders = [function.properties.get("EventInvokeConfig", {})]
        holders += [each["Properties"] for each in events]
        targets = [each.get("DestinationConfig", {}).get("OnFailure") for each in holders]
        queues = [text(each["Destination"]) for each in targets if each]
        role = resources[f"{function.name}Role"]["Properties"]
        allowed = [
            statement["Resource"]["Fn::GetAtt"]
            for policy in role["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
            if "sqs:SendMessage" in listed(statement["Action"])
        ]
        assert [f"${{{'.'.join(each)}}}" for each in allowed] == queues, function.name
        reporting += len(queues)
    assert reporting >= 6


def test_what_is_never_done_would_otherwise_be_missing(graph: CallGraph) -> None:
    for name, permission in NEVER_DONE:
        function = function_of(TEMPLATE, name)
        assert permission in needed(graph, function), (name, permission)
        assert permission not in function.granted(), (name, permission)


# ── The comparison finds every change of a policy ───────────────────────────────────────────────
def function_of(template: dict[str, Any], name: str) -> Function:
    return next(each for each in functions(template) if each.name == name)


def grants() -> Iterator[Mutation]:
    """Yields every action that a function is granted: the function's name, the position of the
    statement, and the action."""
    for function in functions(TEMPLATE):
        for at, statement in enumerate(function.statements()):
            for action in listed(statement["Action"]):
                yield function.name, at, action


def others() -> Iterator[tuple[str, str]]:
    """Yields, for every function, the actions that only other functions have."""
    of = {each.name: {it.action for it in each.granted()} for each in functions(TEMPLATE)}
    for name, own in of.items():
        for action in sorted(set().union(*of.values()) - own):
            yield name, action


def changed(name: str, change: Callable[[list[dict[str, Any]]], None]) -> Function:
    before = function_of(TEMPLATE, name)
    policies = {
        policy["Ref"]: before.resources[policy["Ref"]]
        for policy in before.properties["Policies"]
        if "Ref" in policy
    }
    after = Function(name, deepcopy(before.properties), deepcopy(policies))
    change(list(after.statements()))
    return after


@pytest.mark.parametrize(("name", "at", "action"), [*grants()], ids=str)
def test_a_permission_that_was_taken_away_is_missed(
    graph: CallGraph, name: str, at: int, action: str
) -> None:
    def take_away(statements: list[dict[str, Any]]) -> None:
        kept = [each for each in listed(statements[at]["Action"]) if each != action]
        statements[at]["Action"] = kept

    found = problems(graph, changed(name, take_away))
    assert found and all(f"'{action}'" in each and "missing" in each for each in found)


@pytest.mark.parametrize(("name", "at", "action"), [*grants()], ids=str)
def test_each_resource_and_pattern_that_was_taken_away_is_missed(
    graph: CallGraph, name: str, at: int, action: str
) -> None:
    statement = list(function_of(TEMPLATE, name).statements())[at]
    for resource in listed(statement["Resource"]):

        def take_away(statements: list[dict[str, Any]], resource: Any = resource) -> None:
            left = [each for each in listed(statements[at]["Resource"]) if each != resource]
            statements[at]["Resource"] = left

        assert any(action in each for each in problems(graph, changed(name, take_away)))


@pytest.mark.parametrize(("name", "action"), [*others()], ids=str)
def test_an_action_that_was_added_is_found(graph: CallGraph, name: str, action: str) -> None:
    def add(statements: list[dict[str, Any]]) -> None:
        statements[0]["Action"] = [*listed(statements[0]["Action"]), action]

    found = problems(graph, changed(name, add))
    assert found and all(f"'{action}'" in each and "not used" in each for each in found)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_permission_for_everything_is_found(graph: CallGraph, name: str) -> None:
    def widen(statements: list[dict[str, Any]]) -> None:
        statements[0]["Resource"] = "*"

    assert problems(graph, changed(name, widen))
