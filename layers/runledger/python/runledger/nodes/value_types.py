"""The types that a value can be converted to."""

import json
from enum import StrEnum
from typing import Any

from pydantic import JsonValue

from runledger.errors import InvalidInputError, NodeError
from runledger.json_body import parse_json
from runledger.nodes.comparison import as_number, describe
from runledger.nodes.timezones import to_iso
from runledger.nodes.written_dates import not_a_date, read_date
from runledger.templating import text_of

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class ValueType(StrEnum):
    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    JSON = "JSON"
    DATE = "DATE"


def convert(value: Any, to: ValueType, target: str) -> JsonValue:
    """Converts a rendered value. Raises NodeError `INVALID_VALUE` if it cannot be converted; the
    message names `target`, which the value was for."""
    match to:
        case ValueType.STRING:
            return _as_text(value)
        case ValueType.NUMBER:
            converted: Any = _as_number(value)
        case ValueType.BOOLEAN:
            converted = _as_boolean(value)
        case ValueType.DATE:
            converted = _as_date(value)
        case ValueType.JSON:
            return _as_json(value, target)
    if converted is None:
        raise _invalid(value, to, target)
    return converted  # type: ignore[no-any-return]


def _as_text(value: Any) -> str:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return text_of(value)


def _as_number(value: Any) -> int | float | None:
    number = as_number(value)
    if number is None:
        return None
    return int(number) if number == number.to_integral_value() else float(number)


def _as_boolean(value: Any) -> bool | None:
    if isinstance(value, str | int | bool):
        return _BOOLEANS.get(text_of(value).strip().lower())
    return None


def _as_date(value: Any) -> str | None:
    """Returns a date unchanged, and converts a date-time to UTC."""
    written = read_date(value)
    moment = None if written is None else written.instant("UTC")
    if written is None or moment is None:
        return None
    return written.moment.date().isoformat() if written.is_day else to_iso(moment)


def _as_json(value: Any, target: str) -> JsonValue:
    if not isinstance(value, str):
        return value  # type: ignore[no-any-return]
    try:
        return parse_json(value.encode(errors="surrogatepass"))  # type: ignore[no-any-return]
    except InvalidInputError as error:
        raise _invalid(value, ValueType.JSON, target) from error


def _invalid(value: Any, to: ValueType, target: str) -> NodeError:
    why = (
        not_a_date(value)
        if to is ValueType.DATE
        else f"{describe(value)} cannot be converted to {to.value}"
    )
    return NodeError("INVALID_VALUE", f"{target} cannot be set: {why}")
