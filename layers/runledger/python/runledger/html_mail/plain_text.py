"""The plain text of an e-mail in HTML, for mail clients that show no HTML."""

import re
from typing import Any

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from runledger.errors import NodeError
from runledger.texts import clean_text

_HIDDEN = re.compile(r"display:\s*none", re.IGNORECASE)
_CELLS = ("td", "th")
_PARTS_OF_TABLES = ("table", "thead", "tbody", "tfoot", "caption", "tr", *_CELLS)
_BLOCKS = ("p", "div", "br", "ul", "ol", "dl", "pre", "hr", "blockquote", "table")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


class PlainText(MarkdownConverter):
    """Writes Markdown as a person would type it: no escapes, no marks for bold. E-mails use tables
    for their layout, so only the content of the cells is written. A row becomes one line if its
    cells contain no paragraphs or other blocks."""

    class Options:
        escape_asterisks = False
        escape_underscores = False
        # Line breaks of the source are spaces.
        wrap = True
        wrap_width = None

    def convert_soup(self, soup: BeautifulSoup) -> str:
        for each in soup.find_all(["head", "title", "style", "script"]):
            each.decompose()
        for each in soup.find_all(style=_HIDDEN):
            each.decompose()
        # A row comes after the tables inside it.
        for row in reversed(soup.find_all("tr")):
            if row.find([*_BLOCKS, *_HEADINGS]) is None:
                _join_cells(row)
        for each in soup.find_all(_PARTS_OF_TABLES):
            each.name = "div"
        written: str = super().convert_soup(soup)
        return written

    def convert_a(self, node: Tag, text: str, parent_tags: set[str]) -> str:
        address = str(node.get("href") or "")
        shown = address.removeprefix("mailto:").removeprefix("tel:")
        if not text.strip() or not address or address.startswith("#") or text.strip() == shown:
            return text
        return f"{text} ({shown})"

    def convert_br(self, node: Tag, text: str, parent_tags: set[str]) -> str:
        return " " if "_inline" in parent_tags else "\n"

    def convert_hN(self, n: int, node: Tag, text: str, parent_tags: set[str]) -> str:
        return f"\n\n{text.strip()}\n\n" if text.strip() else ""

    def convert_img(self, node: Tag, text: str, parent_tags: set[str]) -> str:
        return str(node.get("alt") or "")

    def _unmarked(self, node: Tag, text: str, parent_tags: set[str]) -> str:
        return text

    convert_b = convert_strong = convert_i = convert_em = convert_del = convert_s = _unmarked
    convert_code = convert_kbd = convert_samp = convert_sub = convert_sup = _unmarked
    convert_pre: Any = _unmarked


_WRITER = PlainText()


def text_of(html: str) -> str:
    """Returns the plain text of an HTML document; `parts.text_of` has the details."""
    try:
        return clean_text(_WRITER.convert(html)).strip()
    except RecursionError as error:
        raise NodeError("TEMPLATE_ERROR", "the HTML is nested too deeply") from error


def _join_cells(row: Tag) -> None:
    """Makes one line of a row, with a space after each cell."""
    for cell in row.find_all(_CELLS):
        cell.append(" ")
        cell.unwrap()
    row.name = "div"
