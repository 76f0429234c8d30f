"""Compares two values, for CONDITION and SWITCH."""

import json
import re
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from runledger.errors import NodeError
from runledger.models.addresses import nfc
from runledger.nodes.written_dates import ACCEPTED, moment_of, shown
from runledger.template_markup import has_liquid
from runledger.templating import evaluate, text_of

_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{1,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?")
_MAX_EVIDENCE_CHARACTERS = 1_000


class Operator(StrEnum):
    """How two values are compared."""

    EQUALS = "EQUALS"
    NOT_EQUALS = "NOT_EQUALS"
    GREATER_THAN = "GREATER_THAN"
    GREATER_OR_EQUAL = "GREATER_OR_EQUAL"
    LESS_THAN = "LESS_THAN"
    LESS_OR_EQUAL = "LESS_OR_EQUAL"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT_CONTAINS"
    STARTS_WITH = "STARTS_WITH"
    ENDS_WITH = "ENDS_WITH"
    IS_EMPTY = "IS_EMPTY"
    IS_NOT_EMPTY = "IS_NOT_EMPTY"

    @property
    def is_unary(self) -> bool:
        return self in (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY)

    @property
    def is_ordering(self) -> bool:
        return self in (
            Operator.GREATER_THAN,
            Operator.GREATER_OR_EQUAL,
            Operator.LESS_THAN,
            Operator.LESS_OR_EQUAL,
        )


def read_operand(source: Any, operator: Operator, scope: Any) -> Any:
    """Returns the value of one side. A variable without a value is an error, except for IS_EMPTY
    and IS_NOT_EMPTY: for these its value is null."""
    if not isinstance(source, str) or not has_liquid(source):
        return source
    try:
        return evaluate(source, scope)
    except NodeError as error:
        if operator.is_unary and error.kind == "MISSING_VARIABLE":
            return None
        raise


def compare(left: Any, operator: Operator, right: Any) -> bool:
    """Compares two values. Raises NodeError `INCOMPARABLE` if the operator has no meaning for
    them."""
    match operator:
        case Operator.EQUALS:
            return is_equal(left, right)
        case Operator.NOT_EQUALS:
            return not is_equal(left, right)
        case Operator.IS_EMPTY:
            return _is_empty(left)
        case Operator.IS_NOT_EMPTY:
            return not _is_empty(left)
        case Operator.CONTAINS:
            return _contains(left, right)
        case Operator.NOT_CONTAINS:
            return not _contains(left, right)
        case Operator.STARTS_WITH:
            return left is not None and _text(left, operator).startswith(_text(right, operator))
        case Operator.ENDS_WITH:
            return left is not None and _text(left, operator).endswith(_text(right, operator))
        case _:
            return _is_ordered(left, operator, right)


def is_equal(left: Any, right: Any) -> bool:
    """Whether two values are equal. A number equals a text of that number, and `true` equals
    "true". Two texts are equal only if they are identical, so "01234" is not "1234"."""
    if isinstance(left, bool) or isinstance(right, bool):
        return _is_scalar(left) and _is_scalar(right) and _folded(left) == _folded(right)
    if isinstance(left, str) and isinstance(right, str):
        return nfc(left) == nfc(right)
    left_number, right_number = as_number(left), as_number(right)
    if left_number is not None and right_number is not None:
        return left_number == right_number
    return bool(left == right)


def as_number(value: Any) -> Decimal | None:
    """The value as a number, if it is a number or a text of one; otherwise None. True and false are
    not numbers."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        return number if number.is_finite() else None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return None


def has_order(value: Any) -> bool:
    """Whether a value can be less or greater than another. Numbers and dates can."""
    return as_number(value) is not None or _moment(value) is not None


def for_evidence(value: Any) -> Any:
    """The value as evidence keeps it: complete if short, otherwise the beginning of its JSON
    text."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) <= _MAX_EVIDENCE_CHARACTERS:
        return value
    return text[:_MAX_EVIDENCE_CHARACTERS] + "…"


def _is_ordered(left: Any, operator: Operator, right: Any) -> bool:
    pair: tuple[Any, Any] = (as_number(left), as_number(right))
    if pair[0] is None or pair[1] is None:
        pair = (_moment(left), _moment(right))
    if pair[0] is None or pair[1] is None:
        raise _incomparable(left, operator, right)
    match operator:
        case Operator.GREATER_THAN:
            return bool(pair[0] > pair[1])
        case Operator.GREATER_OR_EQUAL:
            return bool(pair[0] >= pair[1])
        case Operator.LESS_THAN:
            return bool(pair[0] < pair[1])
        case _:
            return bool(pair[0] <= pair[1])


def _moment(value: Any) -> datetime | None:
    """The time that a date or date-time means. UTC if it has no offset."""
    return moment_of(value, "UTC")


def _contains(left: Any, right: Any) -> bool:
    if left is None:
        return False
    if isinstance(left, list | tuple):
        return any(is_equal(item, right) for item in left)
    if isinstance(left, dict):
        return text_of(right) in left
    return _text(right, Operator.CONTAINS) in _text(left, Operator.CONTAINS)


def _text(value: Any, operator: Operator) -> str:
    if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool):
        return nfc(text_of(value))
    raise NodeError("INCOMPARABLE", f"{operator} compares texts, but one side is {describe(value)}")


def _is_empty(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, list | tuple | dict) and not value)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | bool)


def _folded(value: Any) -> str:
    return nfc(text_of(value)).strip().lower()


def _incomparable(left: Any, operator: Operator, right: Any) -> NodeError:
    return NodeError(
        "INCOMPARABLE",
        f"{describe(left)} {operator} {describe(right)} cannot be compared: both sides must "
        f"be numbers, or both dates; {ACCEPTED}",
    )


def describe(value: Any) -> str:
    """The value for use in a message: the beginning of its JSON text."""
    return shown(value)
