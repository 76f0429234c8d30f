"""Finds what a built page would load from other hosts."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

# Attributes whose address a browser loads without a click; so not those of links.
_LOADED = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "script": "src",
    "source": "src",
    "video": "src",
}
# Values of a `link`'s `rel` that load nothing.
_NAMES_ONLY = frozenset({"canonical", "next", "prev"})


def foreign_addresses(page: str) -> list[str]:
    """Returns the addresses on other hosts that a browser loads to show this HTML page."""
    finder = _Finder()
    finder.feed(page)
    return [address for address in finder.loaded if urlsplit(address).netloc]


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        address = values.get(_LOADED.get(tag, ""))
        if address and not (tag == "link" and values.get("rel") in _NAMES_ONLY):
            self.loaded.append(address)
