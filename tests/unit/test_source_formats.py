"""Every format of a webhook: JSON, forms, multipart forms and text, also compressed."""

import codecs
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.errors import InvalidInputError, PayloadTooLargeError, UnsupportedMediaTypeError
from runledger.nodes.source_config import Preset
from runledger.sources.formats.form import MAX_FIELDS
from runledger.sources.parsing import form_pairs, trigger_body

from tests.support.received import FORM, JSON, read, received

BOUNDARY = "----boundary7MA4YWxk"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
REFUSALS = (InvalidInputError, UnsupportedMediaTypeError, PayloadTooLargeError)
CLEAN_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | CLEAN_TEXT
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(CLEAN_TEXT, SCALARS, max_size=3)


def part(content: bytes | str, disposition: str, *headers: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *headers, "", ""]
    data = content.encode() if isinstance(content, str) else content
    return "\r\n".join(lines).encode() + data


def multipart(*parts: bytes, boundary: str = BOUNDARY, end: str = "--\r\n") -> bytes:
    line = f"--{boundary}".encode()
    return b"".join(line + b"\r\n" + each + b"\r\n" for each in parts) + line + end.encode()


@pytest.mark.parametrize("value", [{"a": 1}, [1, "b"], "text", 7, 1.5, True, None, [], {}])
def test_json_may_have_any_top_level(value: Any) -> None:
    assert read(received(json.dumps(value))).document == value


@pytest.mark.parametrize(
    "content_type", [JSON, "text/json", "application/vnd.api+json", "A/B+JSON"]
)
def test_every_json_type_is_read_as_json(content_type: str) -> None:
    assert read(received('{"a": 1}', content_type)).document == {"a": 1}


@pytest.mark.parametrize(
    ("document", "body"),
    [
        ({"a": 1}, {"a": 1}),
        ([1, 2], {"items": [1, 2]}),
        ("hello", {"value": "hello"}),
        (None, {"value": None}),
        (False, {"value": False}),
        ([], {"items": []}),
    ],
)
def test_a_list_becomes_items_and_a_scalar_value(document: Any, body: dict[str, Any]) -> None:
    assert trigger_body(document) == body


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2&b=3&a=", {"a": ["1", "2", ""], "b": "3"}),
        ("a=M%C3%BCller+%26+S%c3%b6hne", {"a": "Müller & Söhne"}),
        ("a=Müller", {"a": "Müller"}),
        ("a=1+1%3D2&&b", {"a": "1 1=2", "b": ""}),
        ("=x&a=b=c", {"": "x", "a": "b=c"}),
        ("a=100%&b=%zz%4", {"a": "100%", "b": "%zz%4"}),
        ("tags[]=x&tags[]=y", {"tags[]": ["x", "y"]}),
        (b"\xef\xbb\xbfa=1", {"a": "1"}),
        # A byte-order mark in a value is the sender's own.
        ("a=%EF%BB%BF1", {"a": "\ufeff1"}),
        ("", {}),
    ],
)
def test_a_form_is_read_by_its_names(body: str | bytes, fields: dict[str, Any]) -> None:
    assert read(received(body, FORM)).document == fields


@pytest.mark.parametrize(
    ("charset", "body", "value"),
    [
        ("iso-8859-1", b"a=M%FCller", "Müller"),
        ("iso-8859-1", b"a=M\xfcller", "Müller"),
        ("windows-1251", b"a=%cf", "П"),
        ("shift_jis", b"a=%93%8C", "東"),
        ("UTF-8", b"a=%f0%9f%98%80", "\U0001f600"),
    ],
)
def test_a_form_is_decoded_by_its_charset(charset: str, body: bytes, value: str) -> None:
    assert read(received(body, f"{FORM}; charset={charset}")).document == {"a": value}


@pytest.mark.parametrize(
    ("content_type", "body", "error", "words"),
    [
        (FORM, b"a=M%FCller", InvalidInputError, "the value of a field is not UTF-8: byte 1"),
        (FORM, b"\xfc=1", InvalidInputError, "the name of a field is not UTF-8"),
        # Half of a surrogate pair, which UTF-8 does not have.
        (FORM, b"a=%ED%A0%BD", InvalidInputError, "not UTF-8"),
        (f"{FORM}; charset=utf-16", b"a=1", UnsupportedMediaTypeError, "'utf-16'"),
        (f"{FORM}; charset=cp037", b"a=1", UnsupportedMediaTypeError, "'cp037'"),
        (f"{FORM}; charset=klingon", b"a=1", UnsupportedMediaTypeError, "'klingon'"),
        (JSON, b"{'a': 1}", InvalidInputError, "not JSON"),
        (JSON, b"", InvalidInputError, "not JSON"),
        (f"{JSON}; charset=klingon", b"{}", UnsupportedMediaTypeError, "'klingon'"),
        ("text/plain", b"M\xfcller", InvalidInputError, "not UTF-8: byte 1"),
        ("application/octet-stream", b"a", UnsupportedMediaTypeError, "octet-stream"),
        ("image/png", b"a", UnsupportedMediaTypeError, "'image/png'"),
        ("multipart/mixed; boundary=b", b"a", UnsupportedMediaTypeError, "multipart/mixed"),
        (None, b"{}", UnsupportedMediaTypeError, "no content type"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_the_reason(
    content_type: str | None, body: bytes, error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        read(received(body, content_type))
    assert words in str(caught.value)


def test_signed_pairs_keep_their_order_and_repeats() -> None:
    body = "b=2&a=1&b=1&c=&a=%20x"
    assert form_pairs(received(body, FORM)) == [
        ("b", "2"), ("a", "1"), ("b", "1"), ("c", ""), ("a", " x")
    ]  # fmt: skip
    assert form_pairs(received(body, JSON)) == []
    packed = received(gzip.compress(body.encode()), FORM, content_encoding="gzip")
    assert form_pairs(packed)[0] == ("b", "2")


def test_a_form_has_a_limit_of_fields() -> None:
    most = "&".join(f"a{number}=1" for number in range(MAX_FIELDS))
    assert len(read(received(most, FORM)).document) == MAX_FIELDS
    with pytest.raises(InvalidInputError, match="more than 1000 fields"):
        read(received(most + "&b=1", FORM))


def test_a_multipart_form_has_fields_and_notes_its_files() -> None:
    body = multipart(
        part("Anna", 'name="first name"'),
        part("1", 'name="tag"'),
        part("2", 'name="tag"'),
        part(b"\x89PNG\r\n\r\n", 'name="photo"; filename="müller.png"', "Content-Type: image/png"),
        part("", 'name="nothing"; filename=""'),
        part("two\r\nlines", 'name="text"'),
    )
    assert read(received(body, MULTIPART)).document == {
        "first name": "Anna",
        "tag": ["1", "2"],
        "photo": {"filename": "müller.png", "contentType": "image/png", "size": 8},
        "nothing": {"filename": "", "contentType": None, "size": 0},
        "text": "two\r\nlines",
    }


@pytest.mark.parametrize(
    ("parts", "content_type"),
    [
        ([part(b"M\xfcller", 'name="a"', "Content-Type: text/plain; charset=latin1")], MULTIPART),
        ([part("iso-8859-1", 'name="_charset_"'), part(b"M\xfcller", 'name="a"')], MULTIPART),
        ([part(b"M\xfcller", 'name="a"')], f"{MULTIPART}; charset=iso-8859-1"),
        ([part("Müller", 'name="a"', "content-transfer-encoding: 8bit")], MULTIPART),
        ([part("Müller", 'name="a"')], f'multipart/form-data; boundary="{BOUNDARY}"'),
        ([part("Müller", "name=a")], f"Multipart/Form-Data;boundary={BOUNDARY}"),
    ],
)
def test_a_field_of_a_multipart_form_is_decoded(parts: list[bytes], content_type: str) -> None:
    assert read(received(multipart(*parts), content_type)).document["a"] == "Müller"


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (multipart(part("1", 'name="a"')), "multipart/form-data", "no boundary"),
        (multipart(part("1", 'name="a"')), "multipart/form-data; boundary=", "no boundary"),
        (multipart(part("1", 'name="a"')), "multipart/form-data; boundary=x", "not a multipart"),
        (multipart(part("1", 'name="a"')), "multipart/form-data; boundary=" + "x" * 300, "damaged"),
        (multipart(part("1", 'name="a"')), "multipart/form-data; boundary=\u2603", "not a multip"),
        (multipart(part("1", 'name="a"'))[:-8], MULTIPART, "not complete"),
        (multipart(part("1", 'name="a"'), end=""), MULTIPART, "not complete"),
        (b"", MULTIPART, "not complete"),
        (multipart(part("1", 'filename="a"')), MULTIPART, "no name"),
        (multipart(b"Content-Type: text/plain\r\n\r\n1"), MULTIPART, "no name"),
        (multipart(b"Content-Disposition: inline; name=a\r\n\r\n1"), MULTIPART, "no name"),
        (multipart(b"no header\r\n\r\n1"), MULTIPART, "damaged"),
        (
            multipart(part("MQ==", 'name="a"', "Content-Transfer-Encoding: base64")),
            MULTIPART,
            "Content-Transfer-Encoding",
        ),
        (multipart(part(b"\xff", 'name="a"')), MULTIPART, "the value of a field is not UTF-8"),
        (multipart(*[part("1", 'name="a"')] * (MAX_FIELDS + 1)), MULTIPART, "1000 fields"),
    ],
)
def test_a_multipart_form_that_cannot_be_read_is_refused(
    body: bytes, content_type: str, words: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(received(body, content_type))
    assert words in str(caught.value)


def test_a_multipart_form_may_have_the_most_fields() -> None:
    body = multipart(*[part("1", 'name="a"')] * MAX_FIELDS)
    assert read(received(body, MULTIPART)).document == {"a": ["1"] * MAX_FIELDS}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/xml", "application/xml", "a/soap+xml"]
)
def test_a_text_is_a_text(content_type: str) -> None:
    body = codecs.BOM_UTF8 + "<a>Müller</a>".encode()
    assert read(received(body, content_type)).document == "<a>Müller</a>"


@pytest.mark.parametrize("preset", [Preset.GITHUB, Preset.SLACK])
def test_json_in_the_field_payload_of_a_form_is_the_event(preset: Preset) -> None:
    body = urlencode({"payload": '{"zen": "Müller", "half": "\\ud83d"}'})
    assert read(received(body, FORM), preset).document == {"zen": "Müller", "half": "\ufffd"}
    assert read(received("command=%2Fweather&text=94070", FORM), preset).document == {
        "command": "/weather", "text": "94070"
    }  # fmt: skip
    # Other senders mean only what they write.
    assert isinstance(read(received(body, FORM)).document["payload"], str)
    with pytest.raises(InvalidInputError, match="not JSON"):
        read(received("payload=x", FORM), preset)


@pytest.mark.parametrize(
    ("message", "read_as"),
    [
        ('{"order": {"id": 7}}', {"order": {"id": 7}}),
        (" [1]", [1]),
        ("You have a new message", "You have a new message"),
        ("{not JSON", "{not JSON"),
        ("7", "7"),
        ("", ""),
    ],
)
def test_a_message_of_sns_is_read_if_it_is_json(message: str, read_as: Any) -> None:
    envelope = {"Type": "Notification", "MessageId": "m-1", "Message": message}
    request = received(json.dumps(envelope), "text/plain; charset=UTF-8")
    assert read(request, Preset.SNS).document == {**envelope, "Message": read_as}


COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "GZIP ": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
    "": bytes,
}


@pytest.mark.parametrize("encoding", COMPRESSED)
def test_a_compressed_body_is_inflated(encoding: str) -> None:
    body = COMPRESSED[encoding]('{"a": "Müller"}'.encode("latin-1"))
    request = received(body, f"{JSON}; charset=iso-8859-1", content_encoding=encoding)
    assert read(request).document == {"a": "Müller"}


@pytest.mark.parametrize(
    ("encoding", "body", "error", "words"),
    [
        ("br", b"x", UnsupportedMediaTypeError, "'br' is not supported"),
        ("gzip, gzip", b"x", UnsupportedMediaTypeError, "not supported"),
        ("gzip", b"{}", InvalidInputError, "not gzip, or it is damaged"),
        ("gzip", gzip.compress(b"{}")[:-1], InvalidInputError, "not complete"),
        ("gzip", gzip.compress(b"{}") + b"{}", InvalidInputError, "damaged"),
        ("deflate", b"\x78\x9cnothing", InvalidInputError, "not deflate"),
    ],
)
def test_a_compressed_body_that_cannot_be_inflated_is_refused(
    encoding: str, body: bytes, error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        read(received(body, content_encoding=encoding))
    assert words in str(caught.value)


def test_a_body_may_be_exactly_as_large_as_allowed() -> None:
    body = b'"' + b"a" * 98 + b'"'
    packed = received(gzip.compress(body), content_encoding="gzip")
    assert len(read(received(body), most=100).document) == 98
    assert len(read(packed, most=100).document) == 98
    with pytest.raises(PayloadTooLargeError, match=r"at most 99 bytes$"):
        read(received(body), most=99)
    with pytest.raises(PayloadTooLargeError, match="at most 99 bytes after it is inflated"):
        read(packed, most=99)


def test_bytes_replaced_on_the_way_are_refused() -> None:
    sent = b'{"a": "M\xfcller"}'
    arrived = sent.decode(errors="replace").encode()
    with pytest.raises(InvalidInputError, match="byte 8"):
        read(received(arrived, content_length=str(len(sent))))
    assert read(received(arrived)).document == {"a": "M\ufffdller"}


@given(VALUES)
def test_json_arrives_as_it_was_sent(value: Any) -> None:
    body = json.dumps(value).encode()
    assert read(received(body)).document == value
    assert read(received(gzip.compress(body), content_encoding="gzip")).document == value


@given(st.lists(st.tuples(CLEAN_TEXT, CLEAN_TEXT), max_size=6))
def test_a_form_arrives_as_it_was_sent(pairs: list[tuple[str, str]]) -> None:
    assert form_pairs(received(urlencode(pairs), FORM)) == pairs
    plain = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)
    assert form_pairs(received(plain, f"{FORM}; charset=utf-8")) == pairs


@given(st.lists(st.tuples(st.text("abc é☃", min_size=1, max_size=6), CLEAN_TEXT), min_size=1))
def test_a_multipart_form_arrives_as_it_was_sent(pairs: list[tuple[str, str]]) -> None:
    body = multipart(*[part(value, f'name="{name}"') for name, value in pairs])
    fields: dict[str, Any] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    found = read(received(body, MULTIPART)).document
    assert {
        name: value if isinstance(value, list) else [value] for name, value in found.items()
    } == fields


@given(
    st.binary(max_size=80)
    | st.binary(max_size=60).map(lambda data: multipart(part(data, 'name="a"')))
    | st.binary(max_size=40).map(gzip.compress),
    st.sampled_from([JSON, FORM, MULTIPART, "text/plain", "application/cloudevents+json", None])
    | st.text(max_size=30),
    st.sampled_from(["", "gzip", "deflate", "br"]) | st.text(max_size=10),
    st.sampled_from(Preset),
)
def test_every_body_is_read_or_refused_by_name(
    body: bytes, content_type: str | None, encoding: str, preset: Preset
) -> None:
    request = received(body, content_type, content_encoding=encoding)
    try:
        form_pairs(request)
        document = read(request, preset).document
    except REFUSALS as error:
        assert 0 < len(str(error)) < 500
    else:
        assert json.loads(json.dumps(document, ensure_ascii=False).encode()) == document
