"""How a partner's answer is read: its text, its JSON, its numbers, and the notes about them."""

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.models.run import StepStatus
from runledger.nodes.base import NodeResult
from runledger.nodes.http_answer import read_body
from runledger.nodes.json_numbers import InexactNumber, find_inexact

from tests.unit.test_node_integration import FakeHttp, call

JSON = "application/json"


def captured(
    body: bytes, content_type: str | None = JSON, path: Any = "note", status: int = 200
) -> NodeResult:
    headers = () if content_type is None else (("Content-Type", content_type),)
    return call(FakeHttp(body, status=status, headers=headers), capture={"note": path})


def error_of(result: NodeResult) -> tuple[str, str]:
    assert result.status is StepStatus.FAILED and result.error is not None
    return result.error.kind, result.error.message


@pytest.mark.parametrize(
    ("body", "content_type", "value"),
    [
        ('{"note": "é"}'.encode(), JSON, "é"),
        (b"\xef\xbb\xbf" + '{"note": "é"}'.encode(), JSON, "é"),
        ('{"note": "é"}'.encode("latin-1"), "application/json; charset=ISO-8859-1", "é"),
        ('{"note": "é"}'.encode("latin-1"), 'application/json;charset="latin1"', "é"),
        ('{"note": "€"}'.encode("cp1252"), "application/json; charset=windows-1252", "€"),
        ('{"note": "日本"}'.encode("shift_jis"), "application/json; Charset=Shift_JIS", "日本"),
        ('{"note": "é"}'.encode("utf-16"), "application/json; charset=utf-16", "é"),
        ('{"note": "é"}'.encode("utf-16-le"), JSON, "é"),
        (b"\xef\xbb\xbf" + '{"note": "é"}'.encode(), "text/html; charset=latin-1", "é"),
        ('{"note": "é"}'.encode(), "application/json; charset=x-unheard-of", "é"),
        ('{"note": "é"}'.encode(), "application/json; charset=rot13", "é"),
        ('{"note": "é"}'.encode(), "application/json; charset=us-ascii", "é"),
        (b'{"note": "\xed\xa0\xbd\xed\xb8\x80"}', JSON, "\U0001f600"),
        (rb'{"note": "Great \ud83d"}', JSON, "Great \ufffd"),
        (rb'{"note": {"a\ude00": ["\ud83d\ude00", "\ude00\ud83d"]}}', JSON, None),
        (b'{"note": 1}', "application/vnd.api+json; version=2", 1),
        (b'{"note": 1}', "text/json", 1),
        (b'\n {"note": 1}', "text/html; charset=utf-8", 1),
        (b'{"note": 1}', "text/plain", 1),
        (b'{"note": 1}', "application/octet-stream", 1),
        (b'{"note": 1}', None, 1),
    ],
)
def test_a_body_is_read_by_its_charset_and_its_json_under_any_type(
    body: bytes, content_type: str | None, value: Any
) -> None:
    expected = value if value is not None else {"a\ufffd": ["\U0001f600", "\ufffd\ufffd"]}
    assert captured(body, content_type).output == {"note": expected}


@pytest.mark.parametrize(
    ("content_type", "notes"),
    [
        (JSON, None),
        ("application/problem+json", None),
        ("text/html", ["JSON sent as text/html"]),
        ("text/plain; charset=utf-8", ["JSON sent as text/plain"]),
        (None, ["JSON sent as a body without a Content-Type"]),
        (
            "application/json; charset=x-unheard-of",
            ["the charset x-unheard-of is unknown: read as UTF-8"],
        ),
    ],
)
def test_the_step_notes_where_the_body_contradicts_its_headers(
    content_type: str | None, notes: list[str] | None
) -> None:
    response = captured(b'{"note": 1}', content_type).response
    assert response is not None
    assert response.get("notes") == notes
    assert response["body"] == {"note": 1}


@pytest.mark.parametrize(
    ("body", "content_type", "status", "why"),
    [
        (b"", JSON, 200, "the answer is empty"),
        (b"", None, 204, "the answer is empty"),
        (b" \r\n", JSON, 200, "the answer is empty"),
        (b"<html>", "text/html", 200, "its body is not JSON"),
        (b"{", JSON, 200, "its body is not JSON"),
        (b"\xff{}", JSON, 200, "its body is not valid UTF-8"),
        (b'{"note": "\xe9"}', JSON, 200, "its body is not valid UTF-8"),
        (
            b'{"note": "\xe9"}',
            "application/json; charset=x-unheard-of",
            200,
            "its charset x-unheard-of is unknown",
        ),
        (
            b"\xff\xff",
            "application/json; charset=shift_jis",
            200,
            "its body is not valid shift_jis",
        ),
        (b'{"note": ' + b"[" * 150 + b"]" * 150 + b"}", JSON, 200, "its body is nested too deeply"),
        (b"[" * 100_000, JSON, 200, "its body is nested too deeply"),
    ],
)
def test_a_missing_value_has_its_reason(
    body: bytes, content_type: str | None, status: int, why: str
) -> None:
    kind, message = error_of(captured(body, content_type, status=status))
    assert kind == "CAPTURE_MISSING"
    assert message == f"the response has no value for `note` at `note`: {why}"


def test_text_is_shown_in_its_charset() -> None:
    http = FakeHttp(
        "Köln".encode("latin-1"), headers=(("Content-Type", "text/plain; charset=latin-1"),)
    )
    response = call(http, capture={}).response
    assert response is not None and response["body"] == "Köln"


@pytest.mark.parametrize(
    "number", ["1e999", "-1e999", "1E400", "NaN", "Infinity", "-Infinity", "1e-400"]
)
@pytest.mark.parametrize("shape", ["{}", "[1, {}]", '{{"deep": [{{"er": {}}}]}}'])
def test_a_number_that_cannot_be_stored_is_no_value_at_any_depth(number: str, shape: str) -> None:
    body = f'{{"note": {shape.format(number)}, "other": 1}}'.encode()
    result = captured(body)
    kind, message = error_of(result)
    assert kind == ("CAPTURE_FAILED" if number == "1e-400" else "CAPTURE_MISSING")
    assert number in message
    # It is shown as it was written, and the step is JSON that every reader takes.
    assert result.response is not None
    shown = json.dumps(result.response, allow_nan=False)
    assert f'"{number}"' in shown
    assert captured(body, path="other").output == {"note": 1}


@pytest.mark.parametrize("path", ["a[0] | sum([@, @])", "sum(a)", "to_number('1e999')", "abs(b)"])
def test_a_result_from_such_a_number_is_no_value(path: str) -> None:
    kind, message = error_of(captured(b'{"a": [1e999], "b": -Infinity}', path=path))
    assert (kind, "cannot be stored" in message) == ("CAPTURE_MISSING", True)


def test_a_default_replaces_an_infinite_number_but_not_a_long_one() -> None:
    path = {"path": "note", "default": 5}
    assert captured(b'{"note": 1e999}', path=path).output == {"note": 5}
    kind, message = error_of(captured(b'{"note": 0.12345678901234567890123}', path=path))
    assert kind == "CAPTURE_FAILED"
    assert "0.12345678901234567890123 has more digits than can be stored exactly" in message


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("9007199254740993", 9007199254740993),
        ("1" * 200, int("1" * 200)),
        ("0.1", 0.1),
        ("0.10000000000000001", 0.1),
        ("0.1000000000000000055511151231257827", 0.1),
        ("1.50000000000000000000", 1.5),
        ("12345678901234567e3", 12345678901234567000.0),
        ("1e308", 1e308),
        ("0.0", 0.0),
        ("-0e-999", -0.0),
    ],
)
def test_numbers_stay_exact(literal: str, value: Any) -> None:
    assert captured(f'{{"note": {literal}}}'.encode()).output == {"note": value}


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_every_number_that_python_writes_is_stored(number: float) -> None:
    reading = read_body(json.dumps([number]).encode(), JSON)
    assert reading.document == [number]
    assert find_inexact(reading.document) is None


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_stored_exactly_or_marked(number: Decimal) -> None:
    literal = str(number)
    (found,) = read_body(f"[{literal}]".encode(), JSON).document
    if isinstance(found, InexactNumber):
        assert found.literal == literal
    elif isinstance(found, int):
        assert found == number
    else:
        assert found == float(number) and math.isfinite(found)


def test_a_long_integer_is_marked_and_the_rest_is_read() -> None:
    body = b'{"note": 1, "big": ' + b"9" * 5_000 + b"}"
    assert captured(body).output == {"note": 1}
    kind, message = error_of(captured(body, path="big"))
    assert kind == "CAPTURE_MISSING" and "cannot be stored" in message


BYTES = st.binary(max_size=40)
TYPES = st.sampled_from(
    [JSON, "text/html", "", "text/plain; charset=utf-16", "a/b; charset=latin-1", "x; charset=gbk"]
)


@given(BYTES | st.text().map(lambda text: json.dumps(text).encode()), TYPES)
def test_every_answer_can_be_stored_and_shown(body: bytes, content_type: str) -> None:
    result = captured(body, content_type, path="@")
    json.dumps(result.model_dump(mode="json"), ensure_ascii=False, allow_nan=False).encode()
    result.model_dump_json()
