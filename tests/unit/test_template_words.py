"""Mistakes in Liquid are reported in plain words, not in the words of the library's parser."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.liquid_engine import parse
from runledger.template_errors import TemplateSyntaxError
from runledger.template_words import UNKNOWN_MISTAKE, in_words

# How the library's parser begins its messages, and words that only it uses.
LIBRARY = re.compile(
    r"^(?:expected|unexpected|missing|disallowed|found|invalid) "
    r"|, found |primitive|identifier|path segment|infix|dpipe|closing delimiter"
)
PIECES = [
    *("{{", "}}", "{%", "%}", "{", "}", " ", "\n", "|", "||", ":", ",", ".", "..", "[", "]", "("),
    *(")", "=", "==", "!=", ">", "<", "&&", "!", "+", "-", "@", "$", "'", '"', "#", "a", "b.c"),
    *("trigger", "1", "2.5", "'x'", '"y"', "and", "or", "not", "in", "contains", "true", "nil"),
    *("if", "endif", "else", "elsif", "unless", "endunless", "for", "endfor", "case", "when"),
    *("endcase", "assign", "capture", "endcapture", "raw", "endraw", "comment", "endcomment"),
    *("cycle", "increment", "echo", "liquid", "render", "include", "tablerow", "limit", "offset"),
    *("upcase", "default", "truncate", "date", "append", "reversed", "doc", "enddoc", "nonsense"),
]


def message_of(source: str) -> str | None:
    try:
        parse(source)
    except TemplateSyntaxError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ a", "`{{` has no `}}`"),
        ("{{ }}", "a value is missing at the end"),
        ("{{ a | }}", "the name of a filter is missing after `|`"),
        ("{{ a b }}", "a name is not expected here; a filter begins with `|`"),
        ("{{ a.b.c. }}", "a field's name is missing after `.`"),
        ("{{ a[0 }}", "the brackets need a number or a text in quotes, and `]` at their end"),
        ("{{ 'a }}", "the text that begins with ' has no ' at its end"),
        ('{{ "a }}', 'the text that begins with " has no " at its end'),
        ("{{ a || b }}", "Liquid has no `||`"),
        ("{{ a + 1 }}", "calculate with a filter, such as `plus: 1`"),
        ("{{ a.for }}", "write it in brackets, such as trigger['for']"),
        ("{{ a | truncate: 5 6 }}", "separate the filter's arguments with commas"),
        ("{% if a %}x", "the tag `{% if %}` has no `{% endif %}`"),
        ("{% if a %}x{% endfor %}", "`{% endfor %}` closes a tag that is not open here"),
        ("{% if a = 1 %}x{% endif %}", "compare with `==` instead of `=`"),
        ("{% if a && b %}x{% endif %}", "write `and` in a condition"),
        ("{% if not a %}x{% endif %}", "Liquid has no `not`; write `{% unless %}`"),
        ("{% if (a or b) and c %}x{% endif %}", "use nested `{% if %}` tags"),
        ("{% for a on b %}x{% endfor %}", "write the tag as `{% for item in list %}`"),
        ("{% for a in b limit 3 %}x{% endfor %}", "`:` and a value are missing at the end"),
        ("{% assign a 1 %}", "`=` is missing after the variable's name"),
        ("{% assign a.b = 1 %}", "a new variable has a plain name"),
        ("{% shout %}", "there is no tag `shout`"),
        ("{% raw %}x", "the tag `{% raw %}` has no `{% endraw %}`"),
        ("{% comment %}x", "the comment has no end"),
        ("{% if a", "`{%` needs the name of a tag, and `%}` at its end"),
    ],
)
def test_a_mistake_says_what_to_write(source: str, words: str) -> None:
    message = message_of(source)
    assert message is not None
    assert words in message
    assert "(line 1, column " in message


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14))
def test_no_words_of_the_library_reach_a_person(pieces: list[str]) -> None:
    message = message_of(" ".join(pieces))
    assert message is None or LIBRARY.search(message) is None


def test_an_unknown_message_is_not_shown() -> None:
    assert in_words("zorg rejected a frobnicated lexeme") == UNKNOWN_MISTAKE
