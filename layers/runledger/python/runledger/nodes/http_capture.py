"""Captures values from an answer."""

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any

from jmespath.exceptions import JMESPathError
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from runledger.errors import NodeError
from runledger.models.base import Config
from runledger.nodes.jmespath_limits import (
    MAX_STEPS,
    MAX_WEIGHT,
    Budget,
    LimitError,
    check,
    search,
)
from runledger.nodes.json_numbers import InexactNumber, find_inexact
from runledger.redaction import REDACTED, Redactor
from runledger.texts import clean

MAX_OUTPUT_BYTES = 64 * 1024
_NO_VALUES = (JMESPathError, ArithmeticError, LookupError, TypeError, ValueError)


def _check_expression(expression: str) -> str:
    check(expression)
    return expression


def _capture_path(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


Expression = Annotated[
    str, StringConstraints(min_length=1, max_length=500), AfterValidator(_check_expression)
]
CaptureName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


class Capture(Config):
    """One value to take from the response."""

    path: Expression = Field(
        description="A JMESPath expression for the value in the response's JSON, e.g. data.score."
    )
    required: bool = Field(
        default=True,
        description="true: the node fails if the response has no such value. With a default, set "
        "it to false.",
    )
    default: JsonValue = Field(
        default=None, description="The value to use if the response has none."
    )

    @model_validator(mode="before")
    @classmethod
    def _optional_by_default(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("default") is not None:
            return {"required": False, **data}
        return data

    @model_validator(mode="after")
    def _sound(self) -> "Capture":
        if self.required and self.default is not None:
            raise ValueError(
                "a required value cannot have a default; set `required` to false or leave out "
                "`default`"
            )
        return self


CaptureOrPath = Annotated[
    Capture, BeforeValidator(_capture_path, json_schema_input_type=str | Capture)
]


def capture(
    wanted: Mapping[str, Capture], document: Any, fault: str | None, redactor: Redactor
) -> dict[str, Any]:
    """Returns the values that the JMESPath expressions find. A missing value without a default is
    left out.

    `document` is the JSON of the answer, from which credentials are already removed. So no captured
    value contains one. `fault` says why there is no JSON. Raises NodeError `CAPTURE_MISSING` (also
    for a number that cannot be kept, anywhere in the value), `CAPTURE_FAILED`, `CAPTURE_LIMIT` or
    `OUTPUT_TOO_LARGE`.
    """
    found: dict[str, Any] = {}
    budget = Budget()
    for name, each in wanted.items():
        value, why = _found(name, each.path, document, budget)
        if value is None and each.required:
            why = why or fault
            raise NodeError(
                "CAPTURE_MISSING",
                f"the response has no value for `{name}` at `{each.path}`"
                f"{f': {why}' if why else ''}",
            )
        value = each.default if value is None else clean(redactor.value(value))
        if value is not None:
            found[name] = value
    size = len(json.dumps(found, ensure_ascii=False).encode())
    if size > MAX_OUTPUT_BYTES:
        raise NodeError(
            "OUTPUT_TOO_LARGE",
            f"the captured values take {size} bytes; at most {MAX_OUTPUT_BYTES} are allowed",
        )
    return found


def _found(name: str, path: str, document: Any, budget: Budget) -> tuple[Any, str | None]:
    """Returns the value, or None and the reason why there is none."""
    try:
        value, weight = search(path, document, budget)
    except LimitError as error:
        raise NodeError(
            "CAPTURE_LIMIT",
            f"`{name}` could not be captured with the expression `{path}`: {error} (an "
            f"expression may take at most {MAX_STEPS} steps and {MAX_WEIGHT // 1024**2} MB)",
        ) from error
    except _NO_VALUES as error:
        raise NodeError(
            "CAPTURE_FAILED",
            f"`{name}` could not be captured with the expression `{path}`",
            cause=str(error),
        ) from error
    if weight > MAX_OUTPUT_BYTES:
        raise NodeError(
            "OUTPUT_TOO_LARGE",
            f"`{name}` takes more than {MAX_OUTPUT_BYTES} bytes, the most that a node may "
            "capture; capture a smaller value",
        )
    if value == REDACTED:
        raise NodeError(
            "CAPTURE_FAILED",
            f"`{name}` at `{path}` is a credential, but captured values stay readable in the "
            "run's history; store it as a secret instead",
        )
    odd = find_inexact(value)
    if odd is None:
        return value, None
    why = odd.why if isinstance(odd, InexactNumber) else f"the number {odd} cannot be stored"
    if math.isfinite(odd):
        # The value exists: neither a default nor a rounded value may replace it.
        raise NodeError(
            "CAPTURE_FAILED", f"`{name}` could not be captured with the expression `{path}`: {why}"
        )
    return None, why
