"""CloudEvents in each mode of the HTTP protocol binding."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.errors import InvalidInputError, UnsupportedMediaTypeError
from runledger.nodes.source_config import Preset
from runledger.sources.base import Parsed, Received

from tests.support.received import FORM, JSON, received
from tests.support.received import read as read_any

STRUCTURED = "application/cloudevents+json; charset=utf-8"
BATCH = "application/cloudevents-batch+json"
ATTRIBUTES = {
    "specversion": "1.0",
    "type": "com.example.order.paid",
    "source": "/shops/7",
    "id": "A234-1234",
    "time": "2026-04-05T17:31:00Z",
}
EVENT = {**ATTRIBUTES, "datacontenttype": JSON, "data": {"email": "anna@example.com"}}
DATA = json.dumps(EVENT["data"])
ID = "/shops/7 A234-1234"


def read(request: Received) -> Parsed:
    return read_any(request, Preset.CLOUDEVENTS)


def binary(
    body: bytes | str = DATA, content_type: str | None = JSON, **attributes: str
) -> Received:
    headers = {f"ce_{name}": value for name, value in {**ATTRIBUTES, **attributes}.items()}
    return received(body, content_type, **headers)


def structured(**changes: Any) -> Received:
    return received(json.dumps({**EVENT, **changes}), STRUCTURED)


def test_an_event_is_the_same_in_every_mode() -> None:
    expected = Parsed(EVENT, type="com.example.order.paid", id=ID)
    assert read(structured()) == expected
    assert read(binary()) == expected
    assert read(received(json.dumps([EVENT]), BATCH)).batch == (expected,)


def test_a_batch_is_a_list_of_events() -> None:
    other = {**EVENT, "id": "B", "type": "other"}
    parsed = read(received(json.dumps([EVENT, other]), BATCH))
    assert (parsed.document, parsed.type, parsed.id) == ([EVENT, other], None, None)
    assert [(each.type, each.id) for each in parsed.batch] == [
        (EVENT["type"], ID), ("other", "/shops/7 B")
    ]  # fmt: skip
    assert read(received("[]", BATCH)) == Parsed([])


def test_source_and_id_together_tell_events_apart() -> None:
    ids = {
        read(structured(source=source, id=name)).id
        for source, name in [("/a", "b c"), ("/a b", "c"), ("/a", "b"), ("/b", "a")]
    }
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        # The examples of the HTTP protocol binding, section 3.1.3.2.
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € \U0001f600"),
        ('"Euro \\"%e2%82%ac\\""', 'Euro "€"'),
        ("100%25", "100%"),
        ("100%2525", "100%25"),
        ("100%", "100%"),
        ('"', '"'),
        ("plain", "plain"),
    ],
)
def test_a_header_is_unquoted_and_decoded_once(sent: str, read_as: str) -> None:
    assert read(binary(subject=sent)).document["subject"] == read_as


@pytest.mark.parametrize(
    ("body", "content_type", "payload"),
    [
        ("[1]", JSON, {"data": [1]}),
        ("null", JSON, {"data": None}),
        ("<a/>", "text/xml", {"data": "<a/>"}),
        ("a=1&a=2", FORM, {"data": {"a": ["1", "2"]}}),
        (b"\xff\x00", "application/octet-stream", {"data_base64": "/wA="}),
        (b"M\xfcller", "text/plain; charset=latin1", {"data": "Müller"}),
        ("", JSON, {}),
        ("7", None, {"data": 7}),
    ],
)
def test_the_payload_is_read_by_its_type(
    body: bytes | str, content_type: str | None, payload: dict[str, Any]
) -> None:
    declared = {} if content_type is None else {"datacontenttype": content_type}
    expected = {**ATTRIBUTES, **declared, **payload}
    assert read(binary(body, content_type)).document == expected
    if content_type is not None and body:
        data = body.encode() if isinstance(body, str) else body
        event = {**ATTRIBUTES, **declared, "data_base64": base64.b64encode(data).decode()}
        assert read(received(json.dumps(event), STRUCTURED)).document == expected


def test_attributes_that_are_null_are_absent() -> None:
    document = read(structured(subject=None, data=None)).document
    assert "subject" not in document
    assert document["data"] is None


def test_a_header_never_replaces_the_payload_or_its_type() -> None:
    document = read(binary(data="x", datacontenttype="text/plain")).document
    assert document == EVENT


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (structured(specversion="0.3"), "specversion of the event is '0.3'; only 1.0 is supported"),
        (structured(specversion=None), "specversion of the event is missing"),
        (structured(specversion=1.0), "specversion of the event is '1.0'"),
        (structured(id=""), "no text at id"),
        (structured(id=7), "no text at id"),
        (structured(source=None), "no text at source"),
        (structured(type=[]), "no text at type"),
        (structured(data_base64="AA=="), "both `data` and `data_base64`"),
        (received("[]", STRUCTURED), "the event is not a JSON object"),
        (received("{}", BATCH), "must be a JSON array"),
        (received(json.dumps([EVENT, 7]), BATCH), "event 1 of the batch is not a JSON object"),
        (received(json.dumps([{**EVENT, "id": ""}]), BATCH), "event 0 of the batch has no text"),
        (received("{}", JSON), "neither the content type application/cloudevents+json nor the"),
        (binary(specversion="2.0"), "specversion"),
        (binary(id=""), "no text at id"),
        (binary(source="%FF"), "the header ce-source is not UTF-8"),
        (binary("{", JSON), "not JSON"),
        (
            received(json.dumps({**ATTRIBUTES, "data_base64": "a!"}), STRUCTURED),
            "`data_base64` of the event is not base64",
        ),
        (received(json.dumps({**ATTRIBUTES, "data_base64": 7}), STRUCTURED), "not a JSON string"),
    ],
)
def test_a_request_that_is_no_event_is_refused(request_: Received, words: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(request_)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "content_type",
    ["application/cloudevents+avro", "application/cloudevents", "application/cloudevents-batch+x"],
)
def test_another_event_format_is_refused_by_its_name(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="is not supported; send application/cloud"):
        read(received("{}", content_type))


@given(
    st.dictionaries(
        st.sampled_from([*EVENT, "data_base64", "subject"]),
        st.none() | st.integers() | st.text(max_size=9) | st.just({"a": 1}) | st.just("1.0"),
    ),
    st.sampled_from([STRUCTURED, BATCH]),
)
def test_every_envelope_is_read_or_refused(changes: dict[str, Any], content_type: str) -> None:
    event = {**EVENT, **changes}
    body = json.dumps(event if content_type == STRUCTURED else [event])
    try:
        parsed = read(received(body, content_type))
    except (InvalidInputError, UnsupportedMediaTypeError):
        return
    (found,) = parsed.batch or (parsed,)
    assert found.document["specversion"] == "1.0"
    assert found.id and found.type


@given(st.dictionaries(st.sampled_from(["id", "source", "type", "subject"]), st.text(max_size=12)))
def test_every_header_is_read_or_refused(attributes: dict[str, str]) -> None:
    try:
        parsed = read(binary(**attributes))
    except InvalidInputError:
        return
    assert json.dumps(parsed.document, ensure_ascii=False).encode()
