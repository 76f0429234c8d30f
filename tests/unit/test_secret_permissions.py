"""Which functions may do what with which secrets: the whole list, from the template."""

from typing import Any

from tests.support.template import load_template

RESOURCES = load_template()["Resources"]
# The parts of a secret's name after the stack's, and the template's own secrets.
WORKSPACES, WEBHOOKS, LINKS = "/workspaces/*", "/webhooks/*", "/links/*"

ALLOWED = {
    "WebhookIn": {WEBHOOKS: {"GetSecretValue"}, LINKS: {"GetSecretValue"}},
    "Api": {
        WEBHOOKS: {
            "CreateSecret",
            "TagResource",
            "PutSecretValue",
            "DescribeSecret",
            "GetSecretValue",
        },
        WORKSPACES: {"CreateSecret", "TagResource", "DeleteSecret"},
    },
    "Tick": {WEBHOOKS: {"DeleteSecret"}, WORKSPACES: {"DeleteSecret"}},
    "RunIntegration": {WORKSPACES: {"GetSecretValue"}},
    "RunMessage": {LINKS: {"GetSecretValue", "CreateSecret", "TagResource"}},
    "RetryDelivery": {LINKS: {"GetSecretValue", "CreateSecret", "TagResource"}},
}


def named(resource: Any) -> str:
    """Returns the part of a statement's resource that tells secrets apart."""
    text = resource if isinstance(resource, str) else str(next(iter(resource.values())))
    return text.partition("${AWS::StackName}")[2] or text


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def secret_rights(function: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for policy in RESOURCES[function]["Properties"].get("Policies", []):
        shared = RESOURCES[policy["Ref"]]["Properties"]["PolicyDocument"] if "Ref" in policy else {}
        for statement in policy.get("Statement") or shared["Statement"]:
            statement = statement["If"][1] if "If" in statement else statement
            assert statement["Effect"] == "Allow"
            actions = {
                action.removeprefix("secretsmanager:")
                for action in listed(statement["Action"])
                if action.startswith("secretsmanager:")
            }
            for resource in listed(statement["Resource"]) if actions else []:
                found.setdefault(named(resource), set()).update(actions)
    return found


def functions() -> list[str]:
    return [name for name, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::Function"]


def test_each_function_has_only_the_rights_it_needs_on_secrets_of_users() -> None:
    found = {
        function: {name: actions for name, actions in rights.items() if name.startswith("/")}
        for function in functions()
        if (rights := secret_rights(function))
    }
    assert {name: rights for name, rights in found.items() if rights} == ALLOWED


def test_no_right_has_a_wildcard_for_its_action_or_for_every_secret() -> None:
    for function in functions():
        for name, actions in secret_rights(function).items():
            assert name != "*", function
            assert not any("*" in action for action in actions), (function, actions)
