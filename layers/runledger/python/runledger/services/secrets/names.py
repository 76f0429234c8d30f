"""The names and tags of secrets in Secrets Manager. The functions' policies depend on the prefixes
of the names."""

from typing import TYPE_CHECKING

from runledger.deployment import stack_tags

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import TagTypeDef


def secret_id(stack: str, workspace_id: str, name: str, generation: str) -> str:
    """Returns an id that is never reused, because each value has its own generation."""
    return f"{stack}/workspaces/{workspace_id}/{name}/{generation}"


def signing_secret_id(stack: str, automation_id: str) -> str:
    return f"{stack}/webhooks/{automation_id}"


def link_secret_id(stack: str) -> str:
    """Returns the id of the secret that signs the links of messages."""
    return f"{stack}/links/keys"


def secret_tags(stack: str) -> "list[TagTypeDef]":
    """Returns the stack's tags in the form of Secrets Manager."""
    return [{"Key": key, "Value": value} for key, value in stack_tags(stack).items()]
