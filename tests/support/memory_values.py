"""Values, conditions and changes with DynamoDB's rules, on plain Python values."""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from boto3.dynamodb.conditions import AttributeBase, ConditionBase, Size
from runledger.errors import ServiceError
from runledger.store.keys import INDEX_ATTRIBUTES, Key
from runledger.store.table import Change, Path, is_storable
from runledger.store.values import Item, from_dynamo, to_attribute
from runledger.texts import clean_text

MAX_ITEM_BYTES = 400 * 1_024
# Smaller integers are exact in DynamoDB and in Python; all other numbers are converted fully.
_SAFE_INTEGER = 10**37
_ABSENT: Any = object()
_PARTS = re.compile(r"[^.\[\]]+|\[\d+\]")


def invalid(message: str) -> ServiceError:
    """Returns the table's error for a request that DynamoDB refuses."""
    return ServiceError(message, "ValidationException")


def normal_item(item: Mapping[str, Any]) -> Item:
    """Returns a copy of a row as DynamoDB returns it: None left out, tuples as lists, and so on."""
    return {name: normal(value) for name, value in item.items() if value is not None}


def normal(value: Any) -> Any:
    """Returns a copy of one value as DynamoDB returns it."""
    kind = type(value)
    if kind is str:
        return clean_text(value)
    if kind is bool or kind is bytes or value is None:
        return value
    if kind is int and -_SAFE_INTEGER < value < _SAFE_INTEGER:
        return value
    if kind is list or kind is tuple:
        return [normal(element) for element in value]
    if kind is dict:
        return {clean_text(name): normal(element) for name, element in value.items()}
    if isinstance(value, (set, frozenset)):
        if not value:
            raise invalid("an empty set cannot be stored")
        if all(type(element) is int for element in value):
            return set(value)
    return from_dynamo({"value": to_attribute(value)})["value"]


def copied(value: Any) -> Any:
    """Returns a copy of a stored value that can be changed without changing the row."""
    if isinstance(value, list):
        return [copied(element) for element in value]
    if isinstance(value, dict):
        return {name: copied(element) for name, element in value.items()}
    return set(value) if isinstance(value, set) else value


def size_of(value: Any) -> int:
    """Returns the bytes of a value, close enough to DynamoDB's count to find a row that is too
    large."""
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, (list, set)):
        return 3 + sum(1 + size_of(element) for element in value)
    if isinstance(value, dict):
        return 3 + sum(1 + len(name.encode()) + size_of(part) for name, part in value.items())
    return 1 if isinstance(value, bool) or value is None else 21


def check_item(key: Key, item: Item) -> None:
    """Refuses what DynamoDB refuses to write: invalid keys, rows that are too large."""
    if not is_storable(key):
        raise invalid("a key that cannot be stored")
    for attributes in INDEX_ATTRIBUTES.values():
        for name in attributes:
            if name in item and (not isinstance(item[name], str) or not item[name]):
                raise invalid(f"the index key {name} is no text or empty")
    if size_of(item) - 3 > MAX_ITEM_BYTES:
        raise invalid("Item size has exceeded the maximum allowed size")


# ── conditions ──────────────────────────────────────────────────────────────────────────────────


def holds(condition: ConditionBase | None, item: Item | None) -> bool:
    """Whether a condition holds for the row; a missing row is treated as one without attributes."""
    if condition is None:
        return True
    return _evaluate(condition, item or {})


def _evaluate(condition: ConditionBase, item: Item) -> bool:
    expression = condition.get_expression()
    operator, values = expression["operator"], expression["values"]
    if operator == "AND":
        return _evaluate(values[0], item) and _evaluate(values[1], item)
    if operator == "OR":
        return _evaluate(values[0], item) or _evaluate(values[1], item)
    if operator == "NOT":
        return not _evaluate(values[0], item)
    left = _operand(values[0], item)
    if operator == "attribute_exists":
        return left is not _ABSENT
    if operator == "attribute_not_exists":
        return left is _ABSENT
    if operator == "IN":
        return any(_same(left, normal(value)) for value in values[1])
    if operator == "<>":
        return not _same(left, _operand(values[1], item))
    if left is _ABSENT:
        return False
    return _TESTS[operator](left, *(_operand(value, item) for value in values[1:]))


def _operand(value: Any, item: Item) -> Any:
    if isinstance(value, Size):
        measured = _operand(value.get_expression()["values"][0], item)
        return _ABSENT if measured is _ABSENT else len(measured)
    if isinstance(value, AttributeBase):
        return _look_up(item, tuple(_PARTS.findall(value.name)))
    return normal(value)


def _look_up(item: Item, parts: tuple[str, ...]) -> Any:
    found: Any = item
    for part in parts:
        if part.startswith("[") and isinstance(found, list):
            index = int(part[1:-1])
            found = found[index] if index < len(found) else _ABSENT
        elif isinstance(found, dict):
            found = found.get(part, _ABSENT)
        else:
            return _ABSENT
        if found is _ABSENT:
            return _ABSENT
    return found


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "BOOL"
    if isinstance(value, (int, float)):
        return "N"
    return type(value).__name__


def _same(left: Any, right: Any) -> bool:
    """Whether two values are equal and of one type: in DynamoDB true is not 1."""
    if _kind(left) != _kind(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_same(left[name], right[name]) for name in left)
    return bool(left == right)


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: (
        _kind(left) == _kind(right) and _kind(left) in ("N", "str", "bytes") and test(left, right)
    )


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, str):
        return isinstance(part, str) and part in whole
    if isinstance(whole, (list, set)):
        return any(_same(element, part) for element in whole)
    return False


_at_least = _ordered(lambda left, right: left >= right)
_at_most = _ordered(lambda left, right: left <= right)
_TESTS: dict[str, Callable[..., bool]] = {
    "=": _same,
    "<": _ordered(lambda left, right: left < right),
    "<=": _at_most,
    ">": _ordered(lambda left, right: left > right),
    ">=": _at_least,
    "BETWEEN": lambda value, low, high: _at_least(value, low) and _at_most(value, high),
    "begins_with": lambda value, start: isinstance(value, str) and value.startswith(start),
    "contains": _contains,
}


# ── changes ─────────────────────────────────────────────────────────────────────────────────────


def changed(key: Key, before: Item | None, change: Change) -> Item:
    """Returns the row after an update; does not change the row before."""
    paths = [_parts(path) for path in (*change.set, *change.add, *change.remove)]
    _refuse_overlaps(paths)
    if not paths:
        raise invalid("an update that changes nothing")
    if any(parts[0] in ("pk", "sk") for parts in paths):
        raise invalid("a key cannot be changed")
    after = copied(before) if before is not None else {"pk": key.pk, "sk": key.sk}
    for path, value in change.set.items():
        holder, name = _holder(after, _parts(path))
        holder[name] = normal(value)
    for path, value in change.add.items():
        holder, name = _holder(after, _parts(path))
        holder[name] = _added(holder.get(name, _ABSENT), normal(value))
    for path in change.remove:
        holder, name = _holder(after, _parts(path))
        holder.pop(name, None)
    return after


def _parts(path: Path) -> tuple[str, ...]:
    return (path,) if isinstance(path, str) else path


def _refuse_overlaps(paths: list[tuple[str, ...]]) -> None:
    ordered = sorted(paths)
    for shorter, longer in pairwise(ordered):
        if longer[: len(shorter)] == shorter:
            raise invalid("two document paths overlap")


def _holder(item: Item, parts: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    holder: Any = item
    for part in parts[:-1]:
        holder = holder.get(part) if isinstance(holder, dict) else None
    if not isinstance(holder, dict):
        raise invalid("the document path is invalid for this update")
    return holder, parts[-1]


def _added(present: Any, more: Any) -> Any:
    numbers = _kind(more) == "N"
    if not numbers and not isinstance(more, set):
        raise invalid("only numbers and sets can be added to")
    if present is _ABSENT:
        return more
    if _kind(present) != _kind(more):
        raise invalid("an operand of another type")
    return normal(present + more) if numbers else present | more
