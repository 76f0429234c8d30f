"""The local emulator parses a request once, and keeps the wire log as bytes until it is read."""

import json
from typing import Any

import pytest

from local.patches import json_once
from local.wire_log import WireLog


def test_the_same_body_is_parsed_once() -> None:
    body = b'{"TableName": "runs"}'
    first = json_once.loads(body)
    assert json_once.loads(body) is first
    assert json_once.take(body) is first


def test_a_taken_value_belongs_to_its_taker() -> None:
    body = b'{"TableName": "runs"}'
    json_once.loads(body)
    taken = json_once.take(body)
    taken["TableName"] = "changed"
    assert json_once.loads(body) == {"TableName": "runs"}


def test_an_equal_body_of_another_request_is_parsed_again() -> None:
    first, second = b'{"a": [1, 2]}', bytes(bytearray(b'{"a": [1, 2]}'))
    assert json_once.loads(first) == json_once.loads(second)
    assert json_once.loads(first) is not json_once.loads(second)


@pytest.mark.parametrize(
    "body",
    [b'"\\ud800"', b"NaN", b"[1, 2.5, null, true]", b'{"a": 1, "a": 2}', '"é"'.encode(), '"text"'],
)
def test_values_are_those_of_pythons_parser(body: bytes | str) -> None:
    assert repr(json_once.take(body)) == repr(json.loads(body))


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": }', b'"\xff"'])
def test_errors_are_those_of_pythons_parser(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".") as expected:
        json.loads(body)
    with pytest.raises(type(expected.value)) as found:
        json_once.loads(body)
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("value", [{"a": "é\u2028"}, {"a": "\ud800"}, {1: 2}, 1 << 70, [0.1, None]])
def test_written_values_can_be_read_back(value: Any) -> None:
    written = json_once.dumps(value, ensure_ascii=False)
    assert json.loads(written) == json.loads(json.dumps(value))


def test_the_log_keeps_bytes_and_answers_with_values() -> None:
    log = WireLog()
    log.add({"kind": "request", "request": b'{"a": 1}', "response": b""})
    assert log.since(0)["calls"] == [{"kind": "request", "request": {"a": 1}, "response": {}}]
