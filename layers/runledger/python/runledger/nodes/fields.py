"""Types of fields that several configs use."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, JsonValue, StringConstraints

from runledger.paths import Step, is_anchored, parse
from runledger.template_markup import has_liquid
from runledger.templating import TemplateSyntaxError, references
from runledger.timezone_names import canonical_zone

Picked = Literal[
    "CHANNEL", "TEMPLATE", "SEGMENT", "AUTOMATION", "TIME_ZONE", "EVENT_PATH", "EVENT_HEADER"
]

_ROOT = re.compile(r"[A-Za-z_][\w-]*")


def picks(kind: Picked) -> dict[str, Any]:
    """Returns the JSON Schema of a field whose text names something of this kind. With it, a form
    can offer the existing names."""
    return {"picks": kind}


def check_liquid(text: str) -> str:
    """Returns the text. Raises ValueError if its Liquid is not valid. Put this validator after the
    other annotations of a field, so that the text is stripped and its length is checked first."""
    if has_liquid(text):
        try:
            references(text)
        except TemplateSyntaxError as error:
            raise ValueError(str(error)) from error
    return text


def _check_liquid_value(value: Any) -> Any:
    if isinstance(value, str):
        check_liquid(value)
    elif isinstance(value, dict):
        for item in value.values():
            _check_liquid_value(item)
    elif isinstance(value, list):
        for item in value:
            _check_liquid_value(item)
    return value


def _check_comparable(value: Any) -> Any:
    if isinstance(value, dict):
        raise ValueError(
            "an object cannot be compared; write a text, a number, true, false, null or a list"
        )
    return value


def _check_scalar(value: Any) -> Any:
    if isinstance(value, dict | list):
        raise ValueError(
            "a list or an object is not allowed here; write a text, a number, true, false or null"
        )
    return value


def _check_operand(text: str) -> str:
    return check_liquid(text if has_liquid(text) else _checked_source(text)) and text


def _checked_source(field: str) -> str:
    root = "trigger" if is_anchored(field) else str(parse(field)[0])
    if not _ROOT.fullmatch(root):
        raise ValueError(
            f"a path cannot begin with {root!r}; begin it with a variable, such as `trigger` in "
            "`trigger.plan`"
        )
    return operand_source(field)


def operand_source(field: str) -> str:
    """The Liquid text of an operand. A path becomes `{{ path }}`; `$` and `event.body` mean the
    data of the trigger."""
    if has_liquid(field):
        return field
    steps = parse(field)
    if is_anchored(field):
        steps = ("trigger", *steps)
    elif steps[:2] == ("event", "body"):
        steps = ("trigger", *steps[2:])
    root, *rest = steps
    return "{{ " + str(root) + "".join(f"[{_in_liquid(step)}]" for step in rest) + " }}"


def _in_liquid(step: Step) -> str:
    """Returns one part of a path as Liquid writes it inside brackets: an index or a quoted name.
    Raises ValueError for a name that cannot be quoted, because quoted texts in Liquid have no
    escapes."""
    if isinstance(step, int) or (step.isascii() and step.isdigit()):
        return str(step)
    quote = "'" if "'" not in step else '"'
    if quote in step or "}}" in step or "\\" in step:
        raise ValueError(
            f"the name {step!r} cannot be part of a Liquid expression; first copy the value to a "
            "variable with a SET node"
        )
    return f"{quote}{step}{quote}"


def _check_path(text: str) -> str:
    parse(text)
    return text


LiquidValue = Annotated[JsonValue, AfterValidator(_check_liquid_value)]
# Single types with their own check: a union would report the error of every member.
Comparable = Annotated[LiquidValue, AfterValidator(_check_comparable)]
Scalar = Annotated[LiquidValue, AfterValidator(_check_scalar)]
Operand = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000),
    AfterValidator(_check_operand),
]
ValuePath = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_check_path),
]
# A path in the event of a webhook, which a form can offer from a real event.
EventPath = Annotated[ValuePath, Field(json_schema_extra=picks("EVENT_PATH"))]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
TimeZone = Annotated[
    str, AfterValidator(canonical_zone), Field(json_schema_extra=picks("TIME_ZONE"))
]
