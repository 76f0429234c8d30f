"""The path language: what each path reads, and which paths are refused. The message of a refusal
has examples of valid paths."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from runledger.nodes.fields import Operand, ValuePath, operand_source
from runledger.paths import METADATA, PathError, parse, read, walk, written
from runledger.templating import evaluate

BODY: dict[str, Any] = {
    "customer": {"email": "ada@x.example", "first name": "Ada", "a.b": 1, "it's": 2},
    "Email Address": "eve@x.example",
    "answers": [{"email": "bob@x.example", "tags": ["x", "y"]}, {"0": "zero"}],
    "größe": 7,
    "order-id": "o-1",
    "@type": "Order",
    "a/b:c": 3,
    'quo"te': 4,
    "back\\slash": 5,
    "0": "nought",
    "none": None,
    "$id": 6,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("customer.email", "ada@x.example"),
        ("$.customer.email", "ada@x.example"),
        ("trigger.customer.email", "ada@x.example"),
        ("event.body.customer.email", "ada@x.example"),
        ("$['customer'].email", "ada@x.example"),
        ('$["customer"]["email"]', "ada@x.example"),
        (" customer.email ", "ada@x.example"),
        ('"Email Address"', "eve@x.example"),
        ("'Email Address'", "eve@x.example"),
        ('$."Email Address"', "eve@x.example"),
        ("['Email Address']", "eve@x.example"),
        ('trigger["Email Address"]', "eve@x.example"),
        ('trigger."Email Address"', "eve@x.example"),
        ('customer."first name"', "Ada"),
        ("customer['first name']", "Ada"),
        ('customer."a.b"', 1),
        ('customer."it\'s"', 2),
        ("customer.'it\\'s'", 2),
        ("customer.it's", 2),
        ("answers[0].email", "bob@x.example"),
        ("answers.0.email", "bob@x.example"),
        ("answers[0].tags[1]", "y"),
        ("answers[ 0 ]['tags'][1]", "y"),
        ("answers[1].0", "zero"),
        ("answers[9].email", None),
        ("answers[0].email.more", None),
        ("größe", 7),
        ("order-id", "o-1"),
        ("@type", "Order"),
        ("a/b:c", 3),
        ('"quo\\"te"', 4),
        ("'quo\"te'", 4),
        ('"back\\\\slash"', 5),
        ('"gr\\u00f6\\u00dfe"', 7),
        ("0", "nought"),
        ("$id", 6),
        ("none", None),
        ("none.more", None),
        ("gone", None),
        ("$", BODY),
        ("trigger", BODY),
        ("event.body", BODY),
    ],
)
def test_a_path_reads_its_value(path: str, value: Any) -> None:
    assert TypeAdapter(ValuePath).validate_python(path) == path.strip()
    assert read(BODY, path) == value


def test_a_list_is_read_by_index() -> None:
    assert read([{"id": 1}, {"id": 2}], "[1].id") == 2
    assert read([{"id": 1}], "$[0].id") == 1


def test_a_field_named_like_a_prefix_takes_precedence() -> None:
    assert read({"trigger": {"id": 1}, "id": 2}, "trigger.id") == 1
    assert read({"trigger": {"x": 1}, "id": 2}, "$.trigger.id") is None
    assert read({"event": {"body": {"id": 1}}}, "event.body.id") == 1


def test_metadata_is_read_by_its_names() -> None:
    metadata = {"address": {"city": "Oslo"}}
    for path in ("address.city", "$.address.city", "contact.metadata.address.city"):
        assert read(metadata, path, METADATA) == "Oslo"
    assert read(metadata, "trigger.address.city", METADATA) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        (".", "between two dots"),
        ("a.", "ends with a dot"),
        (".a", "between two dots"),
        ("a..b", "between two dots"),
        ("$..a", "between two dots"),
        ("$.", "ends with a dot"),
        ("a b", "in quotes"),
        ("Email Address", 'in quotes: "Email Address"'),
        ("customer.first name.x", 'in quotes: "first name"'),
        ('"Email', "quote is not closed"),
        ("a.'b", "quote is not closed"),
        ('a["b', "quote is not closed"),
        ('a["b"', "bracket is not closed"),
        ("a[0", "bracket is not closed"),
        ("a[*]", "is not valid in a path"),
        ("a[]", "is not valid in a path"),
        ("a[-1]", "is not valid in a path"),
        ("a[0:2]", "is not valid in a path"),
        ("a[b]", "is not valid in a path"),
        ("a[?(@.b)]", "is not valid in a path"),
        ("a.*", "one value"),
        ("*", "one value"),
        ("a.?(@.b)", "one value"),
        ("a.[0]", "between the dot"),
        ("a]", "dot is missing"),
        ("a{b}", "dot is missing"),
        ('"a"b', "dot is missing"),
        ("a[0]b", "dot is missing"),
        ("{{ trigger.a }}", "must not contain Liquid"),
        ("a.{% b %}", "must not contain Liquid"),
        ('"a\\x"', "not a valid escape"),
        ("a. b", "a name cannot begin"),
    ],
)
def test_a_path_that_can_never_match_is_refused_with_an_example(path: str, reason: str) -> None:
    with pytest.raises(PathError) as error:
        parse(path)
    assert reason in str(error.value)
    assert 'customer.email, answers[0].email or "Email Address"' in str(error.value)
    with pytest.raises(ValidationError):
        TypeAdapter(ValuePath).validate_python(path)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["a", "Email Address", "a.b", "0", "$", "trigger", "x'y\"z", "\\", "*", "[0]", "{{", "é", ""]
)
STEPS = st.lists(NAMES | st.integers(0, 20), max_size=4)
DOCUMENTS = st.recursive(
    st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


@given(STEPS)
def test_a_written_path_has_the_same_steps(steps: list[str | int]) -> None:
    text = written(steps)
    if "{{" not in text and "{%" not in text:
        assert list(parse(text)) == steps


@given(DOCUMENTS, st.data())
def test_reading_follows_the_steps(document: Any, data: st.DataObject) -> None:
    steps: list[str | int] = []
    value = document
    while isinstance(value, dict | list) and value and data.draw(st.booleans()):
        keys = sorted(value) if isinstance(value, dict) else list(range(len(value)))
        step = data.draw(st.sampled_from(keys))
        steps.append(step)
        value = value[step]
    assert walk(document, steps) == value
    text = written(steps)
    if "{{" not in text and "{%" not in text:
        assert read(document, text, ()) == value


@given(st.text(max_size=12) | st.text("ab.[]\"'$*? 01\\", max_size=10))
def test_any_text_is_a_path_or_is_refused_in_our_words(text: str) -> None:
    try:
        steps = parse(text)
    except PathError as error:
        assert "write a path such as" in str(error)
    else:
        again = written(steps)
        if "{{" not in again and "{%" not in again:
            assert parse(again) == steps


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("trigger.customer.email", "ada@x.example"),
        ('trigger."Email Address"', "eve@x.example"),
        ("trigger['Email Address']", "eve@x.example"),
        ("trigger.answers[0].email", "bob@x.example"),
        ("trigger.answers.0.email", "bob@x.example"),
        ("$.customer.email", "ada@x.example"),
        ('$["Email Address"]', "eve@x.example"),
        ("event.body.order-id", "o-1"),
        ('trigger.customer."it\'s"', 2),
        ("trigger.größe", 7),
    ],
)
def test_an_operand_is_read_by_the_same_paths(path: str, value: Any) -> None:
    assert TypeAdapter(Operand).validate_python(path) == path
    assert evaluate(operand_source(path), {"trigger": BODY}) == value


@pytest.mark.parametrize(
    "path",
    ["trigger..x", "trigger.Email Address", "trigger.a[*]", '"Email Address"', "[0].a", "{x}"],
)
def test_an_operand_that_can_never_match_is_refused(path: str) -> None:
    with pytest.raises(ValidationError, match="such as"):
        TypeAdapter(Operand).validate_python(path)
