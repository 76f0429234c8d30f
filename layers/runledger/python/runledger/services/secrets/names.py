"""How secrets are named in Secrets Manager; the functions' policies rely on these prefixes."""


def secret_id(stack: str, workspace_id: str, name: str, generation: str) -> str:
    """Never used again once it is deleted, as each value has a generation of its own."""
    return f"{stack}/workspaces/{workspace_id}/{name}/{generation}"


def signing_secret_id(stack: str, automation_id: str) -> str:
    return f"{stack}/webhooks/{automation_id}"
