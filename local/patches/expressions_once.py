"""DynamoDB: an expression is parsed once, and rows are copied and measured as plain values.

The emulator divides each expression into its parts several times for each request, and again for
each row that a filter or condition looks at. With this patch, the parts are kept. There are few
expressions, because they are texts in the store's code.

The emulator also copies a row four times for an update, with Python's general copying, which looks
for cycles and for types that copy themselves. It encodes each name and text to count its bytes.
"""

import copy
from collections.abc import Callable
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from ministack.services import dynamodb

from local.patches import guard

_KEPT = 4_096
_ATOMS = frozenset({str, int, float, bool, type(None), bytes})


def apply() -> None:
    guard.wrap(dynamodb, "_tokenize", "6abb13395c3ee7b6", tokens_once)
    guard.wrap(dynamodb, "_condition_syntax_error", "5213f1ffac34e6cb", lru_cache(_KEPT))
    guard.expect(dynamodb, "_attribute_value_size", "a57557cf9928573c")
    guard.wrap(dynamodb, "_item_size_bytes", "9be41cc11f947cde", sizes)
    guard.expect(dynamodb, "_apply_update_expression", "ffd488974842767c")
    dynamodb.copy = SimpleNamespace(**{**vars(copy), "deepcopy": plain_copy})


def tokens_once(tokenize: Callable[[str], list[Any]]) -> Callable[[str], list[Any]]:
    """Returns the function with cached results. Each caller gets its own copy of the list."""

    @lru_cache(_KEPT)
    def kept(expression: str) -> tuple[Any, ...]:
        return tuple(tokenize(expression))

    def tokens(expression: str) -> list[Any]:
        return list(kept(expression))

    return tokens


def plain_copy(value: Any) -> Any:
    """Returns a deep copy of a value of JSON. Other values are copied by Python."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is dict:
        return {name: plain_copy(each) for name, each in value.items()}
    if kind is list:
        return [plain_copy(each) for each in value]
    return copy.deepcopy(value)


def sizes(size_of: Callable[[Any], int]) -> Callable[[Any], int]:
    """Returns the function that counts a row's bytes, with a shortcut for texts."""

    def size(row: Any) -> int:
        if type(row) is not dict:
            return size_of(row)
        total = 0
        for name, value in row.items():
            total += _bytes(name)
            text = value.get("S") if type(value) is dict and len(value) == 1 else None
            total += _bytes(text) if type(text) is str else dynamodb._attribute_value_size(value)
        return total

    return size


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
