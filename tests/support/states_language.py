"""The parts of the States Language that our machines use: paths, retriers, catchers, choices."""

from typing import Any

from runledger.clock import SECOND


class FunctionError(Exception):
    """A function's failure as Step Functions sees it: an error name and a cause."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause


def matching(rules: list[dict[str, Any]], error: FunctionError) -> int | None:
    for place, rule in enumerate(rules):
        if error.name in rule["ErrorEquals"] or "States.ALL" in rule["ErrorEquals"]:
            return place
    return None


def delay(retrier: dict[str, Any], tried: int) -> int:
    """Returns the milliseconds before the next try: the longest that jitter allows."""
    seconds = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2) ** tried
    return int(min(seconds, retrier.get("MaxDelaySeconds", seconds)) * SECOND)


def parameters(template: dict[str, Any], data: Any, execution_arn: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in template.items():
        if not name.endswith(".$"):
            found[name] = value
        elif value == "$$.Execution.Id":
            found[name[:-2]] = execution_arn
        else:
            found[name[:-2]] = at_path(data, value)
    return found


def at_path(data: Any, path: str) -> Any:
    if path == "$":
        return data
    for part in path.removeprefix("$.").split("."):
        data = data[part]
    return data


def placed(state: dict[str, Any], data: Any, result: Any) -> Any:
    """Returns the data with the result at the state's ResultPath."""
    path = state.get("ResultPath", "$")
    if path is None:
        return data
    if path == "$":
        return result
    return {**data, path.removeprefix("$."): result}


def chosen(state: dict[str, Any], data: Any) -> str:
    for choice in state["Choices"]:
        value = at_path(data, choice["Variable"])
        wanted = choice["StringEquals"] if "StringEquals" in choice else choice["BooleanEquals"]
        if type(value) is type(wanted) and value == wanted:
            return str(choice["Next"])
    return str(state["Default"])
