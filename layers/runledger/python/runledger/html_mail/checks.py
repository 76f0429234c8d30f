"""Checks the HTML of an e-mail: as its author wrote it, with Liquid, and as it is sent.

The values that Liquid writes are escaped. This makes them safe in texts and in quoted attributes,
but nowhere else. So a template with a value in another place is refused when it is saved. Links and
images need complete addresses: an e-mail has no address of its own, so a relative address would
lead nowhere. An address that begins with a variable is checked when the message is rendered.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser

from runledger.html_mail.liquid_marks import VALUE, with_marks

# Gmail shows about the first 102 kB of a message and hides the rest behind a link.
LARGE_BYTES = 100_000
MAX_DEPTH = 100
# With a depth that the library can read, even if this parser saw another depth.
MAX_ELEMENTS = 10_000

_ADDRESS = re.compile(r"https?://[^\s/?#]+|(mailto|tel|sms):\S", re.IGNORECASE)
_IMAGE = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
_LINKING = ("a", "area")
_ATTRIBUTE = re.compile(r"""[^\s=/>"']+\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""")
_VALUE_AS_TAG = re.compile(f"</?{VALUE}")
_SHOWN_CHARACTERS = 80

# Mail clients remove these, or show nothing for them. `svg` and `math` have rules of their own for
# texts, and so have the last ones.
_FORBIDDEN = frozenset(
    "script iframe frame frameset object embed applet base form input button select textarea "
    "svg math audio video canvas noscript template xmp plaintext noembed noframes".split()
)
_VOID = frozenset("area br col hr img input link meta source track wbr".split())
# HTML closes these by itself.
_CLOSED_BY_OTHERS = frozenset(
    "html head body p li dt dd tr td th tbody thead tfoot colgroup option optgroup rp rt".split()
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault in the HTML of an e-mail, or a warning about it. Because of a fault, the template
    cannot be saved, or the message is not sent. A warning stops neither."""

    message: str
    line: int
    is_fault: bool

    def __str__(self) -> str:
        return f"{self.message} (line {self.line})"


@lru_cache(maxsize=128)
def source_findings(source: str) -> tuple[Finding, ...]:
    """Returns the findings about a template's HTML, which contains Liquid, in order."""
    reader = _Reader(is_sent=False)
    reader.read(with_marks(source))
    return tuple(reader.findings)


def html_warnings(source: str, rendered: str | None = None) -> list[str]:
    """Returns the warnings about a template's HTML. The warning about the size is for the rendered
    HTML if it is known, otherwise for the template's own."""
    found = [str(each) for each in source_findings(source) if not each.is_fault]
    size = size_warning(rendered if rendered is not None else source)
    return found if size is None else [*found, size]


def sent_findings(html: str) -> tuple[Finding, ...]:
    """Returns the findings about HTML whose values are filled in, before its CSS is inlined."""
    reader = _Reader(is_sent=True)
    reader.read(html)
    return tuple(reader.findings)


def size_warning(html: str) -> str | None:
    """Returns a warning if mail clients may cut the HTML, otherwise None."""
    size = len(html.encode(errors="replace"))
    if size <= LARGE_BYTES:
        return None
    return (
        f"the HTML has {size / 1_000:.0f} kB; Gmail cuts an e-mail after about "
        f"{LARGE_BYTES // 1_000} kB"
    )


class _Reader(HTMLParser):
    """Reads HTML and collects the findings. `is_sent` says that all values are filled in, so every
    address is complete."""

    def __init__(self, *, is_sent: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.findings: list[Finding] = []
        self._is_sent = is_sent
        self._open: list[str] = []
        self._elements = 0

    def read(self, html: str) -> None:
        if _VALUE_AS_TAG.search(html):
            self._fault("a value cannot be the name of a tag")
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._elements += 1
        if self._elements == MAX_ELEMENTS + 1:
            self._fault(f"the HTML has more than {MAX_ELEMENTS} elements")
        if tag not in _VOID and tag not in _CLOSED_BY_OTHERS:
            self._open.append(tag)
            if len(self._open) == MAX_DEPTH + 1:
                self._fault(f"elements are nested more than {MAX_DEPTH} deep")
        self._check_places(tag, attrs)
        values = {name: value or "" for name, value in attrs}
        if tag in _FORBIDDEN:
            self._fault(f"mail clients do not show <{tag}>")
        elif tag == "link" and "stylesheet" in values.get("rel", "").lower():
            self._fault("mail clients load no style sheets; write the rules in <style>")
        elif tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self._fault("an e-mail cannot lead elsewhere by itself")
        elif tag in _LINKING and "href" in values:
            self._check_link(values["href"])
        elif tag == "img":
            self._check_image(values)
        if "background" in values:
            self._check_source(values["background"])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        # `<div/>` opens an element as `<div>` does.

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            place = len(self._open) - 1 - self._open[::-1].index(tag)
            del self._open[place]

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style" and VALUE in data:
            self._fault("a value cannot stand in <style>; put it in a style attribute")

    def handle_decl(self, decl: str) -> None:
        if VALUE in decl:
            self._fault("a value cannot stand in <!…>")

    def unknown_decl(self, data: str) -> None:
        self.handle_decl(data)

    def _check_places(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if VALUE in tag or any(VALUE in name for name, _ in attrs):
            self._fault("a value in a tag must stand in an attribute's quotes")
        written = self.get_starttag_text() or ""
        unquoted = (found[1] for found in _ATTRIBUTE.finditer(written))
        if any(VALUE in value and value[0] not in "\"'" for value in unquoted):
            self._fault("a value in an attribute needs quotes around it")
        for name, _ in attrs:
            if name.startswith("on"):
                self._fault(f"mail clients run no scripts; remove the attribute {name!r}")

    def _check_link(self, href: str) -> None:
        address = href.strip()
        if self._is_open(address) or address.startswith("#") or _ADDRESS.match(address):
            return
        if not address:
            self._fault("a link has no address")
            return
        self._fault(
            f"the link to {_shown(address)} must begin with https:, http:, mailto:, tel: or sms:"
        )

    def _check_image(self, values: dict[str, str]) -> None:
        if "alt" not in values:
            self._note(
                'an image has no text; write it in alt="…" for readers who see no images, and '
                'alt="" for decoration'
            )
        self._check_source(values.get("src", ""))

    def _check_source(self, src: str) -> None:
        address = src.strip()
        if self._is_open(address) or _IMAGE.match(address):
            return
        if not address:
            self._fault("an image has no address")
            return
        self._fault(f"the image {_shown(address)} must begin with https: or http:")

    def _is_open(self, address: str) -> bool:
        """Whether the address in a template begins with a variable (or other Liquid that writes a
        value). Such an address can be checked only when the message is rendered."""
        return not self._is_sent and address.startswith(VALUE)

    def _fault(self, message: str) -> None:
        self.findings.append(Finding(message, self.getpos()[0], is_fault=True))

    def _note(self, message: str) -> None:
        self.findings.append(Finding(message, self.getpos()[0], is_fault=False))


def _shown(address: str) -> str:
    return repr(address.replace(VALUE, "…")[:_SHOWN_CHARACTERS])
