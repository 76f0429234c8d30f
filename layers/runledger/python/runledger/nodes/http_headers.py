"""Which headers a call may carry, and what may stand in them."""

import re

from runledger.errors import NodeError

# Of one connection and not of the message (RFC 9110, section 7.6.1; RFC 9113, section 8.2.2), or
# what says where a request ends and where it goes: the client writes these itself. `Expect` asks
# for an answer before the body, which the client does not wait for.
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
# A server that runs programs by CGI takes `Proxy` for its own way out (CVE-2016-5385, "httpoxy");
# `Proxy-Authorization` and its like are between a client and its proxy.
_OF_PROXIES = re.compile(r"proxy(-.*)?")
# RFC 9110, section 5.5: visible characters, spaces and tabs, and the bytes above ASCII.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def refusal_of(name: str) -> str | None:
    """Why a call cannot set this header; None where it can."""
    lower = name.lower()
    if lower in _OWN:
        return f"the header {name} is set by the call itself"
    if _OF_PROXIES.fullmatch(lower):
        return f"the header {name} belongs to proxies; a call cannot set it"
    return None


def header_text(name: str, text: str) -> str:
    """The value as it is sent; NodeError `INVALID_REQUEST` where HTTP cannot carry it."""
    refusal = refusal_of(name)
    if refusal is not None:
        raise NodeError("INVALID_REQUEST", refusal)
    refuse_control_characters(f"the header {name}", text)
    try:
        text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise NodeError(
            "INVALID_REQUEST", f"the header {name} holds characters that HTTP cannot carry"
        ) from error
    return text.strip()


def refuse_control_characters(what: str, text: str) -> None:
    """NodeError `INVALID_REQUEST` where a text, called `what`, holds a line break or the like: it
    would end what it stands in, and begin something else."""
    found = _CONTROL.search(text)
    if found is not None:
        raise NodeError(
            "INVALID_REQUEST",
            f"{what} holds the control character U+{ord(found.group()):04X}",
        )
