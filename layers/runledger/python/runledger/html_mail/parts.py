"""Makes the parts of an e-mail: HTML that mail clients can show, plain text from HTML, and HTML
from plain text.

The libraries are imported when they are first needed: most messages need only one of them.
"""


def with_inlined_css(html: str) -> str:
    """Returns the HTML as a whole document with the rules of its `<style>` elements in `style`
    attributes, because some mail clients read only these. Rules for certain screens (`@media`) stay
    in a `<style>` element. Nothing is loaded from elsewhere. Raises NodeError `TEMPLATE_ERROR`."""
    from runledger.html_mail.inlining import with_inlined_css

    return with_inlined_css(html)


def text_of(html: str) -> str:
    """Returns the plain text of a whole document: its paragraphs, lists, the addresses of its links
    and the texts of its images. Raises NodeError `TEMPLATE_ERROR` if elements are nested too
    deeply."""
    from runledger.html_mail.plain_text import text_of

    return text_of(html)


def html_of(text: str) -> str:
    """Returns a plain text as a whole document: its paragraphs and line breaks, with addresses as
    links."""
    from runledger.html_mail.linked_text import html_of

    return html_of(text)
