"""The names of secrets in Secrets Manager; the functions' policies depend on these prefixes."""


def secret_id(stack: str, workspace_id: str, name: str, generation: str) -> str:
    """Returns an id that is never reused, because each value has its own generation."""
    return f"{stack}/workspaces/{workspace_id}/{name}/{generation}"


def signing_secret_id(stack: str, automation_id: str) -> str:
    return f"{stack}/webhooks/{automation_id}"
