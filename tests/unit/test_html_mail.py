"""The HTML of e-mails: its checks, its inlined CSS, and the HTML or plain text that is made if a
message has only the other part."""

import pytest
from runledger.errors import NodeError
from runledger.html_mail.checks import (
    LARGE_BYTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    sent_findings,
    size_warning,
    source_findings,
)
from runledger.html_mail.parts import html_of, text_of, with_inlined_css
from runledger.services.messages.rendering import rendered_html


def faults(html: str) -> list[str]:
    return [str(each) for each in source_findings(html) if each.is_fault]


@pytest.mark.parametrize(
    "html",
    [
        "<p>{{ a }}</p>",
        '<a href="{{ a }}">x</a>',
        "<a href='https://{{ host }}/x?{{ a }}'>x</a>",
        '<a href="mailto:{{ a }}">x</a><a href="tel:+491">x</a><a href="#top">x</a>',
        '<img src="https://a.example/{{ x }}.png" alt="">',
        "<!-- {{ a }} --><p style=\"color: {{ a | default: 'red' }}\">x</p>",
        "<table>{% for i in trigger.items %}<tr><td>{{ i }}</td></tr>{% endfor %}</table>",
        "<a {% if a %}href='https://x.example'{% endif %}>x</a>",
        "{% raw %}<p>{{ as is }}</p>{% endraw %}{% comment %}<script>{% endcomment %}",
        "<style>@media (prefers-color-scheme: dark) { p { color: white !important } }</style>",
    ],
)
def test_good_html_has_no_faults(html: str) -> None:
    assert faults(html) == []


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<a href={{ a }}>x</a>", "needs quotes"),
        ("<a href=https://{{ a }}>x</a>", "needs quotes"),
        ('<p {{ a }}="x">', "attribute's quotes"),
        ('<p {% echo a %}="x">', "attribute's quotes"),
        ("<{{ a }}>", "name of a tag"),
        ("</{% if a %}{{ a }}{% endif %}>", "name of a tag"),
        ("<style>p { color: {{ a }} }</style>", "cannot stand in <style>"),
        ("<!doctype {{ a }}>", "cannot stand in <!…>"),
        ("<p>\n<script>x</script>", "do not show <script> (line 2)"),
        ("<form></form>", "do not show <form>"),
        ("<svg/>", "do not show <svg>"),
        ('<link rel="stylesheet" href="https://x.example/a.css">', "load no style sheets"),
        ('<meta http-equiv="refresh" content="0">', "lead elsewhere"),
        ('<p onclick="x">', "'onclick'"),
        ('<a href="/shop">x</a>', "the link to '/shop'"),
        ('<a href="javascript:{{ a }}">x</a>', "the link to 'javascript:…'"),
        ('<a href="">x</a>', "a link has no address"),
        ('<a href="https:///x">x</a>', "the link to"),
        ("<img>", "an image has no address"),
        ('<img src="cid:logo" alt="">', "the image 'cid:logo'"),
        ('<img src="data:image/png;base64,x" alt="">', "the image 'data:"),
        ('<td background="x.png">', "the image 'x.png'"),
        ("<div>" * (MAX_DEPTH + 1), f"more than {MAX_DEPTH} deep"),
        ("<br>" * (MAX_ELEMENTS + 1), f"more than {MAX_ELEMENTS} elements"),
    ],
)
def test_html_that_mail_clients_cannot_show_is_refused(html: str, words: str) -> None:
    (found,) = faults(html)
    assert words in found


def test_html_may_leave_out_end_tags() -> None:
    assert faults("<ul>" + "<li>one" * 500 + "</ul>" + "<p>x" * 500) == []


def test_an_image_without_a_text_is_only_a_warning() -> None:
    (found,) = source_findings('<p>\n<img src="https://a.example/x.png">')
    assert (found.is_fault, found.line) == (False, 2)
    assert "an image has no text" in found.message


@pytest.mark.parametrize(
    ("html", "size"),
    [("x" * LARGE_BYTES, None), ("x" * 102_000, "102 kB"), ("ü" * 60_000, "120 kB")],
)
def test_large_html_is_a_warning(html: str, size: str | None) -> None:
    found = size_warning(html)
    assert found is None if size is None else size in (found or "")


def test_css_is_written_into_the_elements() -> None:
    html = with_inlined_css(
        "<style>p { color: red } a:hover { color: blue }\n"
        "@media (prefers-color-scheme: dark) { p { color: white !important } }</style><p>x</p>"
    )
    assert html.lower().startswith("<!doctype html>")
    assert '<p style="color: red;">x</p>' in html
    assert "prefers-color-scheme: dark" in html


def test_no_style_sheet_is_read_from_elsewhere() -> None:
    # Faults refuse these; `safe` could still bring one.
    for href in ("file:///etc/passwd", "https://x.example/a.css", "a.css"):
        html = with_inlined_css(f'<link rel="stylesheet" href="{href}"><p>x</p>')
        assert html == "<!doctype html><html><head></head><body><p>x</p></body></html>"


def test_html_that_is_nested_too_deeply_stops_the_message() -> None:
    with pytest.raises(NodeError, match="nested more than"):
        rendered_html("{% for i in (1..9000) %}<b>{% endfor %}", {})
    with pytest.raises(NodeError, match="nested too deeply"):
        text_of("<div>" * 5_000)
    assert [each.is_fault for each in sent_findings("<i>" * MAX_DEPTH)] == []


HTML = """<!doctype html><html><head><title>Ignored</title><style>p { color: red }</style></head>
<body><div style="display:none">Preview</div><table><tr><td><h1>Thank you</h1>
<p>Hello <b>Ada</b>,
 your <i>*order*</i> &lt;A_1&gt;<br>is here.</p>
<a href="https://shop.example/o?a=1&amp;b=2">See it</a> <img src="https://x/i.png" alt="Logo">
</td></tr></table><table><tr><th>Item</th><th>Price</th></tr>
<tr><td>Pen</td><td>5 €</td></tr></table>
<ul><li>one<li>two</ul><p><a href="mailto:a@shop.example">a@shop.example</a></p></body></html>"""


def test_the_plain_text_of_html_reads_like_a_letter() -> None:
    assert text_of(with_inlined_css(HTML)).split("\n") == [
        "Thank you",
        "",
        "Hello Ada, your *order* <A_1>",
        "is here.",
        "",
        "See it (https://shop.example/o?a=1&b=2) Logo",
        "",
        "Item Price",
        "",
        "Pen 5 €",
        "",
        "* one",
        "* two",
        "",
        "a@shop.example",
    ]


def test_the_html_of_a_plain_text_has_its_paragraphs_and_links() -> None:
    html = html_of("# Hello <b>\nsee https://a.example/?x=1&y=2.\n\n*report.zip* javascript:x")
    assert "<p># Hello &lt;b&gt;<br>" in html
    assert '<a href="https://a.example/?x=1&amp;y=2">https://a.example/?x=1&amp;y=2</a>.' in html
    assert "<p>*report.zip* javascript:x</p>" in html
    assert html.lower().startswith("<!doctype html>")
