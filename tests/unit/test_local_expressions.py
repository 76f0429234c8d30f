"""The local emulator parses an expression of DynamoDB once. It copies rows, and computes their
sizes, without converting their values."""

import copy
from collections import defaultdict
from typing import Any

import pytest
from ministack.services import dynamodb

from local.patches.expressions_once import plain_copy, sizes, tokens_once
from local.patches.plain_requests import is_plain


def test_an_expression_is_divided_once() -> None:
    divided = []

    def tokenize(expression: str) -> list[tuple[str, str]]:
        divided.append(expression)
        found: list[tuple[str, str]] = dynamodb._tokenize(expression)
        return found

    tokens = tokens_once(tokenize)
    first = tokens("SET #a = :a")
    assert first == dynamodb._tokenize("SET #a = :a")
    first.clear()
    assert tokens("SET #a = :a") == dynamodb._tokenize("SET #a = :a")
    assert divided == ["SET #a = :a"]


def test_a_copy_shares_nothing_that_can_change() -> None:
    row = {"a": {"L": [{"M": {"b": {"SS": ["x"]}}}]}, "n": {"NULL": True}}
    copied = plain_copy(row)
    assert copied == row
    copied["a"]["L"][0]["M"]["b"]["SS"].append("y")
    assert row == {"a": {"L": [{"M": {"b": {"SS": ["x"]}}}]}, "n": {"NULL": True}}


def test_other_types_are_copied_by_python() -> None:
    rows: defaultdict[str, list[int]] = defaultdict(list, {"a": [1]})
    copied = plain_copy({"rows": rows, "pair": (1, [2])})
    assert copied == copy.deepcopy({"rows": rows, "pair": (1, [2])})
    assert type(copied["rows"]) is defaultdict
    assert copied["rows"] is not rows


@pytest.mark.parametrize(
    "row",
    [
        {"pk": {"S": "RUN#1"}, "grüße": {"S": "Ä\U0001f600"}, "": {"S": ""}},
        {"n": {"N": "-12.5e3"}, "b": {"BOOL": True}, "x": {"NULL": True}, "B": {"B": "AAAA"}},
        {"l": {"L": [{"S": "a"}, {"M": {"k": {"SS": ["a", "ä"]}}}]}, "two": {"S": "a", "N": "1"}},
        {"odd": {"S": 1}, "none": None, "text": "x", "empty": {}},
        "no row",
    ],
)
def test_a_row_has_the_size_that_the_emulator_finds(row: Any) -> None:
    assert sizes(dynamodb._item_size_bytes)(row) == dynamodb._item_size_bytes(row)


@pytest.mark.parametrize(
    ("method", "path", "host", "expected"),
    [
        ("POST", "/", "127.0.0.1:4599", True),
        ("GET", "/", "127.0.0.1:4599", False),
        ("POST", "/health", "127.0.0.1:4599", False),
        ("POST", "//", "127.0.0.1:4599", False),
        ("POST", "/", "bucket.127.0.0.1:4599", False),
        ("POST", "/", "127.0.0.1:4599.example", False),
        ("POST", "/", "abc.execute-api.localhost:4599", False),
        ("POST", "/", "", False),
    ],
)
def test_only_calls_of_the_apis_skip_the_other_addresses(
    method: str, path: str, host: str, expected: bool
) -> None:
    assert is_plain(method, path, {"host": host}) is expected
