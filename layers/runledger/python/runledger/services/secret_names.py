"""How secrets are named in Secrets Manager; the functions' policies rely on these prefixes."""


def secret_id(stack: str, workspace_id: str, name: str) -> str:
    return f"{stack}/workspaces/{workspace_id}/{name}"


def signing_secret_id(stack: str, automation_id: str) -> str:
    return f"{stack}/webhooks/{automation_id}"
