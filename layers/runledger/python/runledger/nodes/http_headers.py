"""Which headers a call may set, and which characters their values may contain."""

import re

from runledger.errors import NodeError

# These belong to one connection, not to the message (RFC 9110, section 7.6.1; RFC 9113, section
# 8.2.2), or they say where a request ends and where it goes: the client writes them itself.
# `Expect` asks for an answer before the body, which the client does not wait for.
_OWN = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# A CGI server takes `Proxy` as the proxy for its own calls (CVE-2016-5385, "httpoxy").
# `Proxy-Authorization` and similar headers are between a client and its proxy.
_OF_PROXIES = re.compile(r"proxy(-.*)?")
# RFC 9110, section 5.5: visible characters, spaces and tabs, and the bytes above ASCII.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def refusal_of(name: str) -> str | None:
    """Why a call may not set this header; None if it may."""
    lower = name.lower()
    if lower in _OWN:
        return f"the header {name} is set automatically; leave it out"
    if _OF_PROXIES.fullmatch(lower):
        return f"the header {name} is reserved for proxies; leave it out"
    return None


def header_text(name: str, text: str) -> str:
    """Returns the value as it is sent. Raises NodeError `INVALID_REQUEST` if HTTP headers cannot
    contain it."""
    refusal = refusal_of(name)
    if refusal is not None:
        raise NodeError("INVALID_REQUEST", refusal)
    refuse_control_characters(f"the header {name}", text)
    try:
        text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise NodeError(
            "INVALID_REQUEST",
            f"the header {name} contains characters that HTTP headers cannot contain",
        ) from error
    return text.strip()


def refuse_control_characters(what: str, text: str) -> None:
    """Raises NodeError `INVALID_REQUEST` if a text, called `what` in the message, contains a line
    break or another control character. These would end the header or the address early."""
    found = _CONTROL.search(text)
    if found is not None:
        raise NodeError(
            "INVALID_REQUEST",
            f"{what} contains the control character U+{ord(found.group()):04X}",
        )
