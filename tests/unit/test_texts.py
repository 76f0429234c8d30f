"""Cleaning: every text can be written as UTF-8, and a clean text stays unchanged."""

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.models.base import Model, WireModel
from runledger.store.bodies import compress, decompress
from runledger.store.values import from_dynamo, to_dynamo
from runledger.texts import clean, clean_text, decode_utf8, without_controls

# Any code point, and surrogates often.
CHARACTERS = st.characters() | st.characters(categories=["Cs"])
TEXTS = st.text(CHARACTERS, max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def is_clean(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("Great \ud83d", "Great \ufffd"),
        ("\ud83d!", "\ufffd!"),
        ("\ude00", "\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ud83d\ud83d\ude00\ude00", "\ufffd\U0001f600\ufffd"),
        ("\ud83d \ude00", "\ufffd \ufffd"),
        ("é\0\t☃\U0001f600", "é\0\t☃\U0001f600"),
        ("", ""),
    ],
)
def test_a_lone_surrogate_is_replaced_and_a_pair_becomes_its_character(
    dirty: str, expected: str
) -> None:
    assert clean_text(dirty) == expected


@given(TEXTS)
def test_a_clean_text_is_what_utf16_makes_of_it(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned.encode().decode() == cleaned == clean_text(cleaned)
    # Nothing else is touched: a text without surrogates is the text itself.
    if is_clean(text):
        assert cleaned is text
    assert cleaned.count("\ufffd") >= text.count("\ufffd")


@given(VALUES)
def test_a_value_is_cleaned_at_every_depth(value: Any) -> None:
    cleaned = clean(value)
    assert is_clean(cleaned)
    assert clean(cleaned) is cleaned
    if is_clean(value):
        assert cleaned is value
    assert type(cleaned) is type(value)


class Pair(NamedTuple):
    kind: str
    value: int


def test_the_shape_of_a_value_stays() -> None:
    pair = Pair("a\ud83d", 1)
    cleaned = clean({"a": [pair, ("\ud800",), frozenset({"\udfff"}), b"\xed\xa0\xbd", 1.5]})
    assert cleaned == {
        "a": [("a\ufffd", 1), ("\ufffd",), frozenset({"\ufffd"}), b"\xed\xa0\xbd", 1.5]
    }
    assert type(cleaned["a"][0]) is type(pair)


@given(TEXTS, VALUES)
def test_no_model_has_text_that_cannot_be_written(text: str, value: Any) -> None:
    class Inner(Model):
        text: str
        value: Any

    class Shown(WireModel):
        inner: Inner
        texts: dict[str, str]

    made = Shown(inner=Inner(text=text, value=value), texts={text: text})
    assert json.loads(made.model_dump_json())["inner"]["text"] == clean_text(text)


@given(VALUES)
def test_rows_and_bodies_come_back_clean(value: Any) -> None:
    assert decompress(compress(value)) == clean(value)
    texts = {"text": [each for each in [value] if isinstance(each, str)]}
    assert from_dynamo(to_dynamo(texts)) == clean(texts)


@given(TEXTS)
def test_a_row_that_was_written_dirty_is_read_clean(text: str) -> None:
    import zlib

    stored = json.dumps({text: [text]}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert decompress(zlib.compress(stored)) == {clean_text(text): [clean_text(text)]}
    escaped = json.dumps([text]).encode()
    assert decompress(zlib.compress(escaped)) == [clean_text(text)]
    assert from_dynamo({"a": {"M": {text: {"S": text}}}}) == {
        "a": {clean_text(text): clean_text(text)}
    }


def test_surrogates_that_were_written_as_bytes_are_read() -> None:
    assert decode_utf8(b"\xed\xa0\xbd\xed\xb8\x80") == "\U0001f600"
    assert decode_utf8(b"a\xed\xa0\xbd") == "a\ufffd"
    with pytest.raises(UnicodeDecodeError):
        decode_utf8(b"\xff")


def test_control_characters_are_removed_and_line_breaks_stay() -> None:
    assert without_controls("a\0\x01\tb\r\n\x0b\x1f\x7fc\x85é") == "a\tb\r\nc\x85é"
