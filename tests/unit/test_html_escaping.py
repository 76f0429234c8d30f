"""Values in HTML stay texts: whatever a value holds, the HTML has the elements, attributes and
links that its author wrote."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup, Comment, Tag
from hypothesis import given
from hypothesis import strategies as st
from runledger.errors import NodeError
from runledger.html_mail.checks import sent_findings
from runledger.html_mail.parts import html_of, with_inlined_css
from runledger.liquid_filters import ARGUMENTS
from runledger.services.messages.rendering import rendered_html
from runledger.templating import render_html

HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "' onmouseover='alert(1)",
            '" onmouseover="alert(1)',
            "</title></style><iframe src=//evil.example>",
            "--><b>",
            "]]><b>",
            "<!--",
            "&lt;b&gt;&amp;&#60;b&#62;&#x3c;i&#x3e;",
            "%3Cb%3E",
            "PGI+PC9iPg==",
            "\\u003cb\\u003e",
            "`onload=x",
            "a\x00<b\x00>",
            "\u2028<b>\u2029",
            "{{ 'x' }}{% raw %}<b>",
            "java\tscript:alert(1)",
        ]
    ),
    st.text(alphabet="<>\"'&;/=!-a b#x3c", max_size=30),
)
VALUES = st.one_of(
    HOSTILE,
    st.lists(HOSTILE, max_size=3),
    st.dictionaries(HOSTILE, HOSTILE, max_size=2),
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.floats(allow_nan=False, allow_infinity=False),
)
PLACES = """<!doctype html><html><head><title>{{ v }}</title><style>p { color: red }</style></head>
<body><!-- {{ v }} --><p title="{{ v }}" class='{{ v }}' style="color: {{ v }}">{{ v }}</p>
<a href="https://shop.example/?q={{ v }}">{% echo v %}</a>{% cycle v, 'a' %}
<table>{% for each in list %}<tr><td>{{ each }}</td></tr>{% endfor %}</table>
{% capture kept %}<b>{{ v }}</b>{% endcapture %}{{ kept }}{% assign made = v %}{{ made }}</body>"""


def shape(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """Returns the elements of a document in order, as a browser reads it: the names of each and of
    its attributes."""
    # The library reads HTML as the standard says, and writes it without any ambiguity.
    whole = BeautifulSoup(with_inlined_css(html), "html.parser")
    found = [(tag.name, tuple(sorted(tag.attrs))) for tag in whole.find_all(True)]
    comments = [("comment", ()) for _ in whole.find_all(string=lambda text: type(text) is Comment)]
    return [*found, *comments]


@given(VALUES, st.lists(HOSTILE, min_size=2, max_size=2))
def test_a_value_stays_a_text_at_every_place(value: Any, values: list[str]) -> None:
    plain = shape(render_html(PLACES, {"v": "plain", "list": ["a", "b"]}))
    assert shape(render_html(PLACES, {"v": value, "list": values})) == plain


@given(HOSTILE)
def test_a_value_is_read_as_it_was_written(value: str) -> None:
    # HTML cannot hold these characters, and reads a carriage return as a line break.
    kept = re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]", "", value)
    read = BeautifulSoup(render_html('<p title="{{ v }}">{{ v }}</p>', {"v": kept}), "html.parser")
    (found,) = read.find_all("p")
    assert isinstance(found, Tag)
    assert (found.get_text(), found["title"]) == (kept, kept)


@pytest.mark.parametrize("name", sorted(ARGUMENTS.keys() - {"safe"}))
@given(value=HOSTILE, other=HOSTILE)
def test_no_filter_but_safe_lets_a_value_become_html(name: str, value: str, other: str) -> None:
    least, most = ARGUMENTS[name].least, ARGUMENTS[name].most
    for count in range(least, most + 1):
        for argument in ("other", "'x'", "2"):
            given_ = ", ".join([argument] * count)
            used = f"{{{{ v | {name}{': ' if given_ else ''}{given_} }}}}"
            source = f'<p title="{used}">{used}</p>'
            try:
                html = render_html(source, {"v": value, "other": other})
            except NodeError as error:
                # The filter cannot be used on these values.
                assert error.kind in ("TEMPLATE_ERROR", "TEMPLATE_LIMIT")
                continue
            expected = [("html", ()), ("head", ()), ("body", ()), ("p", ("title",))]
            # `newline_to_br` writes line breaks of its own.
            without_breaks = [each for each in shape(html) if each != ("br", ())]
            assert without_breaks == expected, (used, html)


def test_only_the_filter_safe_marks_a_value_as_html() -> None:
    assert render_html("{{ v | safe }}", {"v": "<b>"}) == "<b>"
    assert render_html("{{ v | safe | upcase }}{{ v }}", {"v": "<b>"}) == "<B>&lt;b&gt;"


@given(HOSTILE)
def test_html_made_from_a_text_holds_only_paragraphs_and_links(text: str) -> None:
    names = {name for name, _ in shape(html_of(text))}
    assert names <= {"html", "head", "meta", "body", "p", "br", "a"}
    assert [each for each in sent_findings(html_of(text)) if each.is_fault] == []


@given(HOSTILE)
def test_a_value_never_makes_a_link_that_is_no_address(value: str) -> None:
    try:
        html = rendered_html('<a href="{{ v }}">x</a><img src="{{ v }}" alt="">', {"v": value})
    except NodeError as error:
        assert error.kind == "TEMPLATE_ERROR"
        return
    (link,) = BeautifulSoup(html, "html.parser").find_all("a")
    assert re.match(r"\s*https?://", str(link["href"]))


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", " java\tscript:x", "data:text/html,x", "/shop", "", "//x.y"]
)
def test_a_value_that_is_no_address_of_a_link_stops_the_message(value: str) -> None:
    with pytest.raises(NodeError, match=r"(a|the) link"):
        rendered_html('<a href="{{ v }}">x</a>', {"v": value})
