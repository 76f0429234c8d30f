"""A body is decoded by its declared charset or refused, and never changed."""

import codecs
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.charsets import decode_body, require_whole
from runledger.errors import InvalidInputError, UnsupportedMediaTypeError
from runledger.json_body import parse_json

from local.patches.text_bodies import utf8_alone

JSON = "application/json"
SENT = {"name": "Zoë Müller", "city": "Kraków"}

UNICODE = ["utf-8", "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be", "gb18030"]
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16": codecs.BOM_UTF16_BE,
    "utf-16le": codecs.BOM_UTF16_LE,
    "utf-16be": codecs.BOM_UTF16_BE,
    "utf-32": codecs.BOM_UTF32_LE,
    "utf-32le": codecs.BOM_UTF32_LE,
    "utf-32be": codecs.BOM_UTF32_BE,
    "gb18030": "\ufeff".encode("gb18030"),
}
DOCUMENTS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.integers(),
    max_size=4,
)


def written(document: Any, codec: str) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode(codec)


@pytest.mark.parametrize(
    ("content_type", "codec"),
    [
        (JSON, "utf-8"),
        ("application/json; charset=utf-8", "utf-8"),
        ("application/json;charset=UTF8", "utf-8"),
        ('application/json; CharSet="Utf-8"', "utf-8"),
        ("application/json; charset='utf-8'", "utf-8"),
        ("application/json; charset=", "utf-8"),
        ('application/json; charset=""', "utf-8"),
        ("application/json; charset", "utf-8"),
        ("application/json; charset=utf-8; charset=UTF_8", "utf-8"),
        ("application/json; charset = utf-8 ; version=1", "utf-8"),
        ('application/json; profile="a;charset=latin1"; charset=utf-8', "utf-8"),
        ("application/json; charset=iso-8859-2", "iso-8859-2"),
        ("application/json; charset=ISO8859-2", "iso-8859-2"),
        ('application/vnd.x+json; charset="Windows-1250"', "cp1250"),
        ("application/json; charset=x-cp1250", "cp1250"),
        ("application/json; charset=latin2", "iso-8859-2"),
        ("application/json; charset=utf-16", "utf-16"),
        ("application/json; charset=utf-16le", "utf-16-le"),
        ("application/json; charset=UTF-16BE", "utf-16-be"),
        ("application/json; charset=utf-16", "utf-16-be"),
        ("application/json; charset=utf-16", "utf-16-le"),
        ("application/json; charset=utf-32", "utf-32"),
        ("application/json; charset=utf-32", "utf-32-be"),
    ],
)
def test_a_body_is_decoded_by_its_declared_charset(content_type: str, codec: str) -> None:
    assert parse_json(written(SENT, codec), content_type) == SENT


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("iso-8859-1", "latin-1", "Grüße, Ærø"),
        ("iso-8859-15", "iso-8859-15", "5 €"),
        ("windows-1252", "cp1252", "“5 €”"),
        ("windows-1251", "cp1251", "Привет"),
        ("koi8-r", "koi8-r", "Привет"),
        ("shift_jis", "shift_jis", "こんにちは"),
        ("x-sjis", "shift_jis", "こんにちは"),
        ("euc-jp", "euc_jp", "東京"),
        ("iso-2022-jp", "iso2022_jp", "東京"),
        ("gbk", "gbk", "北京"),
        ("big5", "big5", "台北"),
        ("euc-kr", "euc_kr", "서울"),
        ("windows-874", "cp874", "กรุงเทพ"),
        ("macintosh", "mac_roman", "é"),
        ("us-ascii", "ascii", "plain"),
    ],
)
def test_common_charsets_are_decoded(charset: str, codec: str, text: str) -> None:
    body = written({"a": text}, codec)
    assert parse_json(body, f"{JSON}; charset={charset}") == {"a": text}
    assert parse_json(body, f'{JSON}; charset="{charset.upper()}"') == {"a": text}


@pytest.mark.parametrize("charset", UNICODE)
def test_a_byte_order_mark_is_not_part_of_the_text(charset: str) -> None:
    codec = "utf-16-be" if charset == "utf-16" else charset
    codec = "utf-32-le" if charset == "utf-32" else codec
    body = MARKS[charset] + written(SENT, codec)
    assert parse_json(body, f"{JSON}; charset={charset}") == SENT


def test_a_utf8_mark_needs_no_declaration_and_overrules_another() -> None:
    body = codecs.BOM_UTF8 + written(SENT, "utf-8")
    assert parse_json(body) == SENT
    assert parse_json(body, f"{JSON}; charset=iso-8859-1") == SENT


@pytest.mark.parametrize("charset", ["utf-16le", "utf-16be"])
def test_a_mark_overrules_the_declared_byte_order(charset: str) -> None:
    body = codecs.BOM_UTF16_LE + written(SENT, "utf-16-le")
    assert parse_json(body, f"{JSON}; charset={charset}") == SENT


@pytest.mark.parametrize(
    "charset",
    [
        *("klingon", "utf-9", "iso-8859-99", "utf-7", "base64", "hex", "rot13", "unicode_escape"),
        *("idna", "punycode", "undefined", "x-user-defined", "none", "../aliases", "ü", "binary"),
        *("__init__", "raw-unicode-escape", "zlib", "mbcs"),
    ],
)
def test_an_unknown_charset_is_refused_by_its_name(charset: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="not supported") as error:
        decode_body(b"{}", f"{JSON}; charset={charset}")
    assert repr(charset) in str(error.value)


def test_contradicting_charsets_are_refused_by_their_names() -> None:
    with pytest.raises(UnsupportedMediaTypeError, match=r"'utf-8' and 'latin1'"):
        decode_body(b"{}", f"{JSON}; charset=utf-8; charset=latin1")
    assert decode_body(b"{}", f"{JSON}; charset=iso-8859-1; charset=latin1") == "{}"


@pytest.mark.parametrize(
    ("content_type", "body", "words"),
    [
        (JSON, b'{"a": "\xfc"}', "not UTF-8: byte 7 (0xFC)"),
        (f"{JSON}; charset=utf8", b'{"a": "\xc3', "not UTF-8: byte 7 (0xC3)"),
        (f"{JSON}; charset=US-ASCII", b'{"\xc3\xbc": 1}', "not US-ASCII: byte 2 (0xC3)"),
        (f"{JSON}; charset=windows-1252", b'{"a": "\x81"}', "not windows-1252: byte 7 (0x81)"),
        (f"{JSON}; charset=shift_jis", b'"\x82"', "not shift_jis: byte 1 (0x82)"),
        (f"{JSON}; charset=utf-16", b"{\0\0\xd8", "not utf-16: byte 2 (0x00)"),
        (JSON, codecs.BOM_UTF8 + b'"\xff"', "not UTF-8: byte 4 (0xFF)"),
        (JSON, codecs.BOM_UTF16_LE + b"{\0}\0", "charset=utf-16"),
        # Half of a surrogate pair as bytes, which UTF-8 does not have.
        (JSON, b'"\xed\xa0\xbd"', "not UTF-8: byte 1 (0xED)"),
    ],
)
def test_bytes_that_are_invalid_in_the_charset_are_named(
    content_type: str, body: bytes, words: str
) -> None:
    with pytest.raises(InvalidInputError) as error:
        parse_json(body, content_type)
    assert words in str(error.value)


def test_only_an_escaped_half_of_a_pair_is_replaced() -> None:
    assert parse_json(rb'{"a": "\ud83d"}') == {"a": "\ufffd"}
    assert parse_json(rb'{"a": "\ud83d\ude00"}') == {"a": "\U0001f600"}
    assert parse_json('{"a": "\ufffd"}'.encode()) == {"a": "\ufffd"}


@given(DOCUMENTS, st.sampled_from(UNICODE), st.booleans())
def test_a_text_arrives_as_it_was_sent(document: Any, charset: str, marked: bool) -> None:
    codec = {"utf-16": "utf-16-be", "utf-32": "utf-32-le"}.get(charset, charset)
    body = (MARKS[charset] if marked else b"") + written(document, codec)
    assert parse_json(body, f"{JSON}; charset={charset}") == document


@given(st.binary(max_size=40), st.sampled_from([*UNICODE, "latin1", "cp1252", "euc-kr", "hz", ""]))
def test_bytes_are_decoded_whole_or_refused(body: bytes, charset: str) -> None:
    try:
        text = decode_body(body, f"{JSON}; charset={charset}")
    except InvalidInputError:
        return
    assert text.encode().decode() == text
    assert (
        "\ufffd" not in text
        or b"\xff\xfd" in body
        or b"\xfd\xff" in body
        or ("\ufffd".encode() in body or "\ufffd".encode("gb18030") in body)
    )


@given(st.text(max_size=60))
def test_every_content_type_is_decoded_or_refused(content_type: str) -> None:
    try:
        assert decode_body(b"{}", f"{JSON}; charset={content_type}") is not None
    except (UnsupportedMediaTypeError, InvalidInputError) as error:
        assert len(str(error)) < 400


def test_bytes_that_were_replaced_in_transit_are_refused() -> None:
    sent = b'{"a": "M\xfcller"}'
    arrived = sent.decode(errors="replace").encode()
    with pytest.raises(InvalidInputError, match="byte 8"):
        require_whole(arrived, {"content-length": str(len(sent))})
    # What the sender wrote as U+FFFD is the sender's own.
    require_whole(arrived, {"content-length": str(len(arrived))})
    require_whole(arrived, {})
    require_whole(sent, {"content-length": "3"})


@pytest.mark.parametrize(
    ("content_type", "is_text"),
    [
        ("application/json", True),
        ("application/json; charset=UTF-8", True),
        ('application/json; charset="utf-8"', True),
        ("application/json; charset=iso-8859-1", False),
        ("application/json; charset=utf-16", False),
        ("application/octet-stream", False),
        (None, False),
    ],
)
def test_the_local_gateway_passes_other_charsets_as_bytes(
    content_type: str | None, is_text: bool
) -> None:
    def by_type(value: str | None) -> bool:
        return (value or "").split(";")[0] == JSON

    assert utf8_alone(by_type)(content_type) is is_text
