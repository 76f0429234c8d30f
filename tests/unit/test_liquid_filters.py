"""Liquid's filters, by Shopify's documentation, and their errors in Liquid's words."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.errors import NodeError
from runledger.liquid_engine import _ENVIRONMENT
from runledger.liquid_filters import ARGUMENTS
from runledger.liquid_values import plain_number
from runledger.templating import (
    TemplateSyntaxError,
    evaluate,
    references,
    render,
    text_of,
)

PRODUCTS = [
    {"title": "Vacuum", "type": "cleaning", "price": 10, "sold": True},
    {"title": "Spatula", "type": "kitchen", "price": 2.5, "sold": False},
    {"title": "Garlic press", "type": "kitchen", "price": 4, "sold": True},
]
SCOPE: dict[str, Any] = {
    "nothing": None,
    "empty_text": "",
    "no": False,
    "tiny": 0.00001,
    "huge": 1e20,
    "products": PRODUCTS,
    "numbers": [1, 0.00001, 2.5],
    "html": "Have <em>you</em> read <strong>Ulysses</strong>?",
    "quoted": 'it\'s "x" & <y>',
    "lines": "a\nb",
    "mixed": [1, None],
}

CASES: dict[str, list[tuple[str, str]]] = {
    "abs": [("-17 | abs", "17"), ("4 | abs", "4"), ("'-19.86' | abs", "19.86")],
    "append": [("'/my/fancy/url' | append: '.html'", "/my/fancy/url.html")],
    "at_least": [("4 | at_least: 5", "5"), ("4 | at_least: 3", "4")],
    "at_most": [("4 | at_most: 5", "4"), ("4 | at_most: 3", "3")],
    "base64_decode": [("'b25lIHR3byB0aHJlZQ==' | base64_decode", "one two three")],
    "base64_encode": [("'one two three' | base64_encode", "b25lIHR3byB0aHJlZQ==")],
    "base64_url_safe_decode": [("'Pz8_' | base64_url_safe_decode", "???")],
    "base64_url_safe_encode": [("'???' | base64_url_safe_encode", "Pz8_")],
    "capitalize": [("'title' | capitalize", "Title"), ("'my GREAT' | capitalize", "My great")],
    "ceil": [("1.2 | ceil", "2"), ("2.0 | ceil", "2"), ("'3.5' | ceil", "4")],
    "compact": [("mixed | compact | size", "1")],
    "concat": [("'a b' | split: ' ' | concat: numbers | size", "5")],
    "date": [
        ("'March 14, 2016' | date: '%b %d, %y'", "Mar 14, 16"),
        ("'2016-03-14' | date: '%a, %b %-d, %Y'", "Mon, Mar 14, 2016"),
        ("1457150706 | date: '%Y'", "2016"),
        ("'2016-03-05 14:05:06 +0200' | date: '%H:%M %z'", "14:05 +0200"),
        ("'no date' | date: '%Y'", "no date"),
        ("'2026-07-01T10:00:00Z' | date: '%H:%M', 'Europe/Berlin'", "12:00"),
        ("'2026-12-01T10:00:00Z' | date: '%H:%M', 'europe/berlin'", "11:00"),
        ("'2026-07-01T10:00:00-07:00' | date: '%d %H:%M', 'Asia/Tokyo'", "02 02:00"),
        ("'2026-07-01T10:00:00' | date: '%H:%M %Z', 'America/New_York'", "06:00 EDT"),
        ("1457150706 | date: '%H:%M', 'Europe/Berlin'", "05:05"),
        ("'no date' | date: '%Y', 'Europe/Berlin'", "no date"),
    ],
    "default": [
        ("nothing | default: 2.99", "2.99"),
        ("empty_text | default: 2.99", "2.99"),
        ("no | default: true, allow_false: true", "false"),
        ("missing | default: 'x'", "x"),
    ],
    "divided_by": [
        ("16 | divided_by: 4", "4"),
        ("5 | divided_by: 3", "1"),
        ("20 | divided_by: 7.0", "2.857142857142857"),
        ("-7 | divided_by: 2", "-4"),
    ],
    "downcase": [("'Parker Moore' | downcase", "parker moore")],
    "escape": [("quoted | escape", "it&#39;s &quot;x&quot; &amp; &lt;y&gt;")],
    "escape_once": [
        ("'1 < 2 & 3' | escape_once", "1 &lt; 2 &amp; 3"),
        ("'1 &lt; 2 &amp; 3' | escape_once", "1 &lt; 2 &amp; 3"),
    ],
    "escapejs": [("'<a>' | escapejs", "\\u003Ca\\u003E")],
    "find": [("products | find: 'type', 'kitchen' | map: 'title' | first", "Spatula")],
    "find_index": [("products | find_index: 'type', 'kitchen'", "1")],
    "first": [("'Ground control' | split: ' ' | first", "Ground")],
    "floor": [("1.2 | floor", "1"), ("'3.5' | floor", "3"), ("-1.2 | floor", "-2")],
    "has": [("products | has: 'type', 'kitchen'", "true")],
    "join": [
        ("'a, b' | split: ', ' | join: ' and '", "a and b"),
        ("numbers | join", "1 0.00001 2.5"),
    ],
    "json": [("numbers | json", "[1, 1e-05, 2.5]"), ("nothing | json", "null")],
    "last": [("'Ground control' | split: ' ' | last", "control")],
    "lstrip": [("'  much room  ' | lstrip | append: '!'", "much room  !")],
    "map": [("products | map: 'title' | join: ','", "Vacuum,Spatula,Garlic press")],
    "minus": [("4 | minus: 2", "2"), ("183.357 | minus: 12", "171.357")],
    "modulo": [("3 | modulo: 2", "1"), ("24 | modulo: 7", "3"), ("183.357 | modulo: 12", "3.357")],
    "newline_to_br": [("lines | newline_to_br", "a<br />\nb")],
    "plus": [("4 | plus: 2", "6"), ("'3' | plus: '4'", "7"), ("0.1 | plus: 0.2", "0.3")],
    "prepend": [("'b' | prepend: 'a'", "ab")],
    "reject": [("products | reject: 'type', 'kitchen' | map: 'title'", "Vacuum")],
    "remove": [("'rain through rain' | remove: 'rain'", " through ")],
    "remove_first": [("'rain through rain' | remove_first: 'rain'", " through rain")],
    "remove_last": [("'rain through rain' | remove_last: 'rain'", "rain through ")],
    "replace": [("'my my' | replace: 'my', 'your'", "your your")],
    "replace_first": [("'my my' | replace_first: 'my', 'your'", "your my")],
    "replace_last": [("'my my' | replace_last: 'my', 'your'", "my your")],
    "reverse": [("'a,b,c' | split: ',' | reverse | join: ''", "cba")],
    "round": [
        ("1.2 | round", "1"),
        ("2.7 | round", "3"),
        ("183.357 | round: 2", "183.36"),
        ("2.5 | round", "3"),
        ("-2.5 | round", "-3"),
        ("0.5 | round", "1"),
        ("1.005 | round: 2", "1.01"),
        ("1.015 | round: 2", "1.02"),
        ("'3.5' | round", "4"),
        ("4 | round: 2", "4"),
        ("1250 | round: -2", "1300"),
        ("huge | round", "100000000000000000000"),
        ("'abc' | round", "0"),
    ],
    "rstrip": [("'  much room  ' | rstrip | append: '!'", "  much room!")],
    "safe": [("'<b>' | safe", "<b>")],
    "size": [("'Ground control to Major Tom.' | size", "28"), ("products | size", "3")],
    "slice": [
        ("'Liquid' | slice: 0", "L"),
        ("'Liquid' | slice: 2, 5", "quid"),
        ("'Liquid' | slice: -3, 2", "ui"),
    ],
    "sort": [("'b a C' | split: ' ' | sort | join: ' '", "C a b")],
    "sort_natural": [("'b a C' | split: ' ' | sort_natural | join: ' '", "a b C")],
    "split": [
        ("'John, Paul' | split: ', ' | size", "2"),
        ("'a,b,,' | split: ',' | size", "2"),
        ("',a' | split: ',' | size", "2"),
        ("' a  b ' | split: ' ' | size", "2"),
        ("'abc' | split: '' | join: '-'", "a-b-c"),
        ("empty_text | split: ',' | size", "0"),
    ],
    "squish": [("'  a   b  ' | squish", "a b")],
    "strip": [("'  So much  ' | strip | append: '!'", "So much!")],
    "strip_html": [("html | strip_html", "Have you read Ulysses?")],
    "strip_newlines": [("lines | strip_newlines", "ab")],
    "sum": [("products | sum: 'price'", "16.5"), ("numbers | sum", "3.50001")],
    "times": [("3 | times: 2", "6"), ("183.357 | times: 12", "2200.284"), ("'a' | times: 2", "0")],
    "truncate": [
        ("'Ground control to Major Tom.' | truncate: 20", "Ground control to..."),
        (
            "'Ground control to Major Tom.' | truncate: 25, ', and so on'",
            "Ground control, and so on",
        ),
        ("'Ground control to Major Tom.' | truncate: 20, ''", "Ground control to Ma"),
    ],
    "truncatewords": [
        ("'Ground control to Major Tom.' | truncatewords: 3", "Ground control to..."),
        ("'Ground control to Major Tom.' | truncatewords: 3, '--'", "Ground control to--"),
    ],
    "uniq": [("'a b a' | split: ' ' | uniq | join: ' '", "a b")],
    "upcase": [("'Parker Moore' | upcase", "PARKER MOORE")],
    "url_decode": [("'%27Stop%21%27+said+Fred' | url_decode", "'Stop!' said Fred")],
    "url_encode": [
        ("'john@liquid.com' | url_encode", "john%40liquid.com"),
        ("'Tetsuro Takara' | url_encode", "Tetsuro+Takara"),
    ],
    "where": [
        ("products | where: 'type', 'kitchen' | size", "2"),
        ("products | where: 'sold' | map: 'title' | join: ','", "Vacuum,Garlic press"),
    ],
}


@pytest.mark.parametrize(
    ("expression", "written"), [case for cases in CASES.values() for case in cases]
)
def test_a_filter_does_what_its_documentation_says(expression: str, written: str) -> None:
    assert render("{{ " + expression + " }}", SCOPE) == written


def test_every_filter_has_cases_and_arguments() -> None:
    assert set(CASES) == set(ARGUMENTS) == set(_ENVIRONMENT.filters)


# ── numbers as texts ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("tiny", "0.00001"),
        ("tiny | append: ' %'", "0.00001 %"),
        ("'a' | append: tiny", "a0.00001"),
        ("huge", "100000000000000000000.0"),
        ("numbers | join: ', '", "1, 0.00001, 2.5"),
        ("1.0", "1.0"),
    ],
)
def test_a_number_has_no_exponent_in_a_text(expression: str, written: str) -> None:
    assert render("{{ " + expression + " }}", SCOPE) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_without_an_exponent_is_the_same_number(number: float) -> None:
    written = plain_number(number)
    assert float(written) == number
    assert re.fullmatch(r"-?\d+\.\d+", written)
    assert text_of(number) == render("{{ x }}", {"x": number}) == written


def test_a_number_alone_stays_a_number() -> None:
    assert evaluate("{{ tiny }}", SCOPE) == 0.00001
    assert evaluate("{{ 2.5 | round }}", SCOPE) == 3


# ── errors ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("x | append", "the filter `append` takes 1 argument, not 0"),
        ("x | append: 1, 2", "the filter `append` takes 1 argument, not 2"),
        ("x | upcase: 1", "the filter `upcase` takes no arguments, not 1"),
        ("x | replace", "the filter `replace` takes 1 to 2 arguments, not 0"),
        ("x | round: 'two'", "argument 1 of the filter `round` must be a number"),
        ("x | slice: 1, 'b'", "argument 2 of the filter `slice` must be a number"),
        ("x | plus: 'NaN'", "argument 1 of the filter `plus` must be a number"),
        ("x | default: 1, allow: true", "takes no argument named `allow`"),
        ("x | date: '%H', 'Berlin'", "there is no time zone 'Berlin'"),
        ("x | shout", "there is no filter `shout`"),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "{{ %s }}",
        "{%% assign y = %s %%}",
        "{%% if a %%}{{ %s }}{%% endif %%}",
        "{%% for i in (1..2) %%}{{ %s }}{%% endfor %%}",
    ],
)
def test_wrong_arguments_are_refused_on_save(text: str, expression: str, said: str) -> None:
    with pytest.raises(TemplateSyntaxError) as raised:
        references(text % expression)
    assert said in str(raised.value)
    assert raised.value.line == 1


def test_arguments_that_only_the_run_knows_pass() -> None:
    references("{{ x | round: y | slice: a, b | date: '%H', zone }}")


PYTHON = re.compile(
    r"positional|takes \d+ positional|NoneType|\bstr\b|\bint\b|object is not|Error|\(\)"
)


@pytest.mark.parametrize(
    "expression",
    [
        "nothing | divided_by: 0",
        "1 | divided_by: 0",
        "1 | modulo: 0",
        "products | plus: 1 | round: products",
        "'a' | concat: 'b'",
        "products | sort: 'missing' | join",
        "'x' | where: 'a'",
        "products | date: '%Y'",
        "'x' | base64_decode",
        "products | map: products",
        "'2026-01-01' | date: '%H', 'nowhere'",
        "1 | date: '%H', html",
    ],
)
def test_an_error_in_a_run_uses_liquids_words(expression: str) -> None:
    # The variable keeps the check on save from seeing the argument.
    try:
        render("{{ " + expression + " }}", SCOPE)
    except (NodeError, TemplateSyntaxError) as error:
        assert not PYTHON.search(str(error)), str(error)


@pytest.mark.parametrize("word", ["in", "empty", "or", "and", "contains", "nil", "true", "blank"])
def test_a_name_that_liquid_reserves_gets_a_hint(word: str) -> None:
    for text in (
        "{{ trigger.%s }}",
        "{%% if trigger.%s == 1 %%}x{%% endif %%}",
        "{{ trigger.%s.a }}",
    ):
        with pytest.raises(TemplateSyntaxError, match=rf"trigger\['{word}'\]"):
            references(text % word)
    assert render(f"{{{{ trigger['{word}'] }}}}", {"trigger": {word: 5}}) == "5"
