"""Remembers which function uses each access key. Workers are started with the keys of their
role."""

# By access key id.
FUNCTIONS: dict[str, str] = {}


def note(environment: dict[str, str]) -> None:
    """Remembers the key of a worker that starts with this environment."""
    key, function = (
        environment.get("AWS_ACCESS_KEY_ID"),
        environment.get("AWS_LAMBDA_FUNCTION_NAME"),
    )
    if key and function:
        FUNCTIONS[key] = function
