"""Finds what a built page would load from other hosts."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

# Attributes whose address a browser fetches by itself. A link that a reader follows is not one.
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
# Of `link`: names the page, loads nothing.
_NAMES_ONLY = frozenset({"canonical", "next", "prev"})


def foreign_addresses(page: str) -> list[str]:
    """Addresses on other hosts that a browser fetches to show this HTML page, in page order."""
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
