"""Our own error messages for wrong values. Pydantic's messages use Python's terms, but API users
write JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic_core import core_schema

# The message for each of our patterns. A pattern itself is never shown.
_STATUS = "[1-5](xx|[0-9]{2}(-[1-5][0-9]{2})?)"
_PATTERNS = {
    r"^[A-Za-z][A-Za-z0-9_]{0,47}$": (
        "must begin with a letter and contain only letters, digits and _, at most 48 characters"
    ),
    r"^[A-Za-z][A-Za-z0-9_.-]{0,39}$": (
        "must begin with a letter and contain only letters, digits, _, . and -, at most 40 "
        "characters"
    ),
    r"^[A-Za-z_][A-Za-z0-9_]{0,63}$": (
        "must begin with a letter or _ and contain only letters, digits and _, at most 64 "
        "characters"
    ),
    r"^vars\.[A-Za-z_][A-Za-z0-9_]{0,63}$": (
        "must be vars. and a name of letters, digits and _, such as vars.tier"
    ),
    r"^[a-z][A-Za-z0-9_-]{0,39}$": (
        "must begin with a lower-case letter and contain only letters, digits, _ and -, at most 40 "
        "characters"
    ),
    r"^[A-Z][A-Z0-9_]{0,39}$": "must be a channel, such as EMAIL",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": "must be a time of day from 00:00 to 23:59, such as 09:30",
    r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$": "must be a header name, such as X-Api-Key",
    r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$": "must be a header name, such as X-GitHub-Event",
    r"^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:.+$": (
        "must be the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:123456789012:orders"
    ),
    f"^{_STATUS}$": "must be a status such as 200, a class such as 2xx or a range such as 200-204",
    f"^({_STATUS}|CONNECTION_FAILED|TIMEOUT)$": (
        "must be a status such as 503, a class such as 5xx, a range such as 500-504, "
        "CONNECTION_FAILED or TIMEOUT"
    ),
    "^(EMAIL|SMS|WHATSAPP)$": "must be EMAIL, SMS or WHATSAPP",
    r"^[^\x00-\x1f\x7f]+$": "must not contain line breaks or other control characters",
    "^sha256=[0-9a-f]{64}$": "must be sha256= and 64 hexadecimal digits in lower case",
}

_TYPES = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field; remove it",
    "none_required": "must be null",
    "string_type": "must be text",
    "string_unicode": "must be valid Unicode text",
    "string_sub_type": "must be text",
    "bytes_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "dict_type": "must be an object",
    "mapping_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dataclass_type": "must be an object",
    "json_invalid": "must be valid JSON",
    "json_type": "must be valid JSON",
    "invalid_key": "must have text as its keys",
    "recursion_loop": "is nested too deeply",
    "datetime_type": "must be a date and time, such as 2026-01-31T09:30:00Z",
    "datetime_parsing": "must be a date and time, such as 2026-01-31T09:30:00Z",
    "datetime_from_date_parsing": "must be a date and time, such as 2026-01-31T09:30:00Z",
    "date_type": "must be a date, such as 2026-01-31",
    "date_parsing": "must be a date, such as 2026-01-31",
    "date_from_datetime_parsing": "must be a date, such as 2026-01-31",
}

# Filled with the values in the context of pydantic's error.
_BOUNDS = {
    "string_too_short": "must have at least {min_length} {characters}",
    "string_too_long": "must have at most {max_length} {characters}",
    "too_short": "must have at least {min_length} {entries}; it has {actual_length}",
    "too_long": "must have at most {max_length} {entries}",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "union_tag_invalid": "{discriminator} must be {expected_tags}",
    "union_tag_not_found": "{discriminator} is missing",
}

_UNKNOWN = "has a format that is not allowed here"
_PYDANTIC_TYPES = frozenset(get_args(core_schema.ErrorType))


def words(detail: Mapping[str, Any]) -> str:
    """Returns what is wrong with a value, for one of pydantic's errors. The message continues a
    sentence that begins with the value's name."""
    kind, context = detail["type"], detail.get("ctx") or {}
    if kind in ("value_error", "assertion_error"):
        # A check of ours raised it: its message follows a prefix.
        text = str(detail["msg"])
        return text.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], _UNKNOWN)
    if kind in _BOUNDS:
        number = context.get("min_length", context.get("max_length"))
        return _BOUNDS[kind].format_map(
            {
                **context,
                "characters": "character" if number == 1 else "characters",
                "entries": "entry" if number == 1 else "entries",
                **{
                    name: str(context[name]).replace("'", "")
                    for name in ("expected", "expected_tags", "discriminator")
                    if name in context
                },
            }
        )
    if kind in _TYPES:
        return _TYPES[kind]
    # Our own error types carry our own words.
    return _UNKNOWN if kind in _PYDANTIC_TYPES else str(detail["msg"])


def path_in(document: Any, location: Sequence[int | str], *, missing: bool) -> list[str]:
    """Returns the path of an error in the document. Pydantic adds the tags of unions to its paths;
    these are removed. `missing` says that the last part is a name that the document does not have.
    """
    path: list[str] = []
    here = document
    for place, part in enumerate(location):
        is_last = place == len(location) - 1
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif not (is_last and missing):
            continue
        path.append(str(part))
    return path
