"""Liquid: strict and limited, and values keep their types."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runledger.errors import NodeError
from runledger.template_limits import MAX_OUTPUT_BYTES
from runledger.template_markup import has_liquid
from runledger.templating import (
    TemplateSyntaxError,
    evaluate,
    references,
    render,
    render_value,
)

SCOPE: dict[str, Any] = {
    "contact": {"email": "ada@example.com", "firstName": None, "tags": ["vip", "beta"]},
    "trigger": {"total": 150, "customer": {}, "items": [{"sku": "a"}, {"sku": "b"}], "ok": True},
    "steps": {"score": {"score": 0.5}},
    "vars": {"key": "total"},
}


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("no markup", []),
        ("{{ steps.score.score }}", [("steps", "score", "score")]),
        ("{{ contact['first name'] }}", [("contact", "first name")]),
        ("{{ trigger.items[0].sku }}", [("trigger", "items", "0", "sku")]),
        ("{{ trigger[vars.key] }}", [("trigger",), ("vars", "key")]),
        ("{{ a.b | default: c.d }}", [("a", "b"), ("c", "d")]),
        ("{% if a.b > c.d %}{{ e }}{% endif %}", [("a", "b"), ("c", "d"), ("e",)]),
        ("{% for i in trigger.items %}{{ i.sku }}{% endfor %}", [("trigger", "items")]),
        ("{% assign x = vars.y %}{{ x.z }}", [("vars", "y")]),
        ("{{ a.b }}{{ a.b }}", [("a", "b")]),
    ],
)
def test_references_lists_what_a_text_reads(source: str, paths: list[tuple[str, ...]]) -> None:
    assert references(source) == paths


@pytest.mark.parametrize(
    ("source", "message", "line", "column"),
    [
        ("{{ a", "`{{` has no `}}`", 1, 1),
        (
            "Hello\n  {{ a b }}",
            "a name is not expected here; a filter begins with `|`, and its arguments with `:`",
            2,
            8,
        ),
        ("{% if %}{% endif %}", "the tag needs a value or a condition", 1, 4),
        ("{{ a }}\n {{ a | nope }}", "there is no filter `nope`", 2, 9),
        ("{% include 'x' %}", "there is no tag `include`", 1, 4),
        ("{% render 'x' %}", "there is no tag `render`", 1, 4),
        ("{{ [a.b] }}", "a variable must begin with a name, such as trigger", None, None),
        ("x" * 200_001, "longer than 200000 characters", None, None),
    ],
)
def test_bad_liquid_says_what_and_where(
    source: str, message: str, line: int | None, column: int | None
) -> None:
    with pytest.raises(TemplateSyntaxError) as caught:
        references(source)
    assert message in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{{ trigger.total }}", 150),
        ("  {{ trigger.total }}\n", 150),
        ("{{ trigger.ok }}", True),
        ("{{ contact.firstName }}", None),
        ("{{ contact.tags }}", ["vip", "beta"]),
        ("{{ trigger.customer }}", {}),
        ("{{ steps.score.score }}", 0.5),
        ("{{ trigger.total | plus: 1 }}", 151),
        ("{{ trigger[vars.key] }}", 150),
        ("{{ (1..3) }}", [1, 2, 3]),
        ("{{ trigger.total }}!", "150!"),
        ("{{ trigger.total }}{{ trigger.ok }}", "150true"),
        ("{{ contact.firstName }}.", "."),
        ("plain", "plain"),
        ("", ""),
        ("{{ trigger.items | map: 'sku' }}", ["a", "b"]),
        ("{{ trigger.items.size }}", 2),
        ("<b>{{ contact.email }}</b>", "<b>ada@example.com</b>"),
    ],
)
def test_evaluate_keeps_the_native_value_of_a_lone_output(source: str, value: Any) -> None:
    assert evaluate(source, SCOPE) == value


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("{{ trigger.customer.total }}", "trigger.customer.total"),
        ("{{ trigger.a.b.c }}", "trigger.a.b.c"),
        ("text {{ trigger.nope }} text", "trigger.nope"),
        ("{{ trigger.nope | upcase }}", "trigger.nope"),
        ("{{ 'x' | append: trigger.nope }}", "trigger.nope"),
        ("{{ trigger.items[9].sku }}", "trigger.items.9.sku"),
        ("{{ contact.firstName.x }}", "contact.firstName.x"),
        ("{% for x in trigger.nope %}{{ x }}{% endfor %}", "trigger.nope"),
        ("{{ nothing }}", "nothing"),
        # Liquid would make these up for any object.
        ("{{ trigger.size }}", "trigger.size"),
        ("{{ trigger.first }}", "trigger.first"),
        ("{{ trigger.customer.last }}", "trigger.customer.last"),
    ],
)
def test_a_missing_variable_is_named(source: str, name: str) -> None:
    for read in (render, evaluate):
        with pytest.raises(NodeError) as caught:
            read(source, SCOPE)
        assert caught.value.kind == "MISSING_VARIABLE"
        assert str(caught.value) == f"`{name}` has no value in this run"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ trigger.nope | default: 'none' }}", "none"),
        ("{% if trigger.nope %}yes{% else %}no{% endif %}", "no"),
        ("{% unless trigger.nope %}no{% endunless %}", "no"),
    ],
)
def test_if_and_default_accept_a_missing_variable(source: str, text: str) -> None:
    assert render(source, SCOPE) == text


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..200) %}{% for j in (1..200) %}x{% endfor %}{% endfor %}",
        "{% for i in (1..6000) %}x{% endfor %}" * 2,
        "{{ (1..1000000000) | join: ',' }}",
        "{{ trigger.big | replace: 'x', trigger.big }}",
        "{{ trigger.big | split: '' | join: trigger.big }}",
        "{% for i in (1..100) %}{{ trigger.big }}{% endfor %}",
        "{% assign a = trigger.big %}"
        + "{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}",
    ],
)
def test_the_work_of_a_text_is_limited(source: str) -> None:
    with pytest.raises(NodeError) as caught:
        render(source + " ", {"trigger": {"big": "x" * 50_000}})
    assert caught.value.kind == "TEMPLATE_LIMIT"
    with pytest.raises(NodeError):
        evaluate(source, {"trigger": {"big": "x" * 50_000}})


def test_output_up_to_the_limit_is_accepted() -> None:
    text = "ä" * (MAX_OUTPUT_BYTES // 2)
    assert render("{{ t }}{{ e }}", {"t": text, "e": ""}) == text
    with pytest.raises(NodeError) as caught:
        render("{{ t }}{{ e }}", {"t": text, "e": "x"})
    assert caught.value.kind == "TEMPLATE_LIMIT"


@pytest.mark.parametrize(
    "source",
    ["{{ 1 | divided_by: 0 }}", "{{ '1e400' | plus: 1 }}", "{{ a b }}"],
)
def test_a_failing_template_is_a_clear_error(source: str) -> None:
    with pytest.raises(NodeError) as caught:
        evaluate(source, SCOPE)
    assert caught.value.kind == "TEMPLATE_ERROR"
    assert "\n" not in str(caught.value)


def test_an_endless_range_is_refused() -> None:
    with pytest.raises(NodeError) as caught:
        evaluate("{{ (1..1000000000) }}", {})
    assert caught.value.kind == "TEMPLATE_LIMIT"


def test_objects_are_written_as_json() -> None:
    assert render("{{ trigger.items }}.", SCOPE) == '[{"sku": "a"}, {"sku": "b"}].'
    assert render("{{ trigger.customer }}.", SCOPE) == "{}."
    assert render("{{ contact.tags }}.", SCOPE) == "vipbeta."
    assert evaluate("{{ trigger.items[0] | json }}", SCOPE) == '{"sku": "a"}'
    assert render("{{ contact.firstName | json }}.", SCOPE) == "null."


def test_python_attributes_cannot_be_read() -> None:
    for source in ("{{ contact.__class__ }}", "{{ contact.tags.__len__ }}", "{{ t.append }}"):
        with pytest.raises(NodeError) as caught:
            evaluate(source, {**SCOPE, "t": []})
        assert caught.value.kind == "MISSING_VARIABLE"


def test_values_with_markup_are_not_rendered_again() -> None:
    scope = {"a": "{{ b }}", "b": "no"}
    assert evaluate("{{ a }}", scope) == "{{ b }}"
    assert render("<{{ a }}>", scope) == "<{{ b }}>"


def test_render_value_walks_into_objects_and_lists() -> None:
    value = {"a": ["{{ trigger.total }}", {"b": "n={{ trigger.total }}"}], "c": 1, "{{x}}": None}
    assert render_value(value, SCOPE) == {"a": [150, {"b": "n=150"}], "c": 1, "{{x}}": None}


def test_times_become_iso_text() -> None:
    moment = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert evaluate("{{ at }}", {"at": moment}) == "2026-03-01T09:00:00+00:00"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(value=json_values)
def test_every_json_value_stays_the_same(value: Any) -> None:
    found = evaluate("{{ trigger.value }}", {"trigger": {"value": value}})
    assert json.dumps(found) == json.dumps(value)


@settings(deadline=None)
@given(text=st.text(max_size=200))
def test_text_without_markup_stays_the_same(text: str) -> None:
    if not has_liquid(text):
        assert render(text, {}) == evaluate(text, {}) == text
        assert references(text) == []


@settings(deadline=None)
@given(text=st.text(alphabet="{}%| .abif\n'[]0", max_size=60))
def test_every_text_renders_or_raises_our_error(text: str) -> None:
    try:
        references(text)
    except TemplateSyntaxError:
        with pytest.raises(NodeError):
            render(text, SCOPE)
        return
    try:
        render(text, SCOPE)
    except NodeError as error:
        assert error.kind in ("MISSING_VARIABLE", "TEMPLATE_ERROR", "TEMPLATE_LIMIT")
