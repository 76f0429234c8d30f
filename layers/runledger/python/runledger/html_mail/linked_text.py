"""Makes HTML from a plain text."""

from markdown_it import MarkdownIt

_DOCUMENT = (
    '<!doctype html><html><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark"></head>'
    '<body style="font-family: sans-serif; line-height: 1.5;">{}</body></html>'
)


def _reader() -> MarkdownIt:
    # "zero" knows paragraphs only, so a `#` or `*` in the text stays as it is.
    options = {"linkify": True, "breaks": True}
    reader = MarkdownIt("zero", options).enable(["linkify", "newline"])
    assert reader.linkify is not None, "the library for links is installed"
    # `report.zip` is no address.
    reader.linkify.set({"fuzzy_link": False})
    return reader


_READER = _reader()


def html_of(text: str) -> str:
    """Returns a plain text as HTML; `parts.html_of` has the details."""
    return _DOCUMENT.format(_READER.render(text))
