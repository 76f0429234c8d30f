"""The forms of a webhook's URL that senders sign. What some senders sign is not exactly the URL to
which they send."""

import re

_PARTS = re.compile(r"(https?)://([^/:?#]+)(:[0-9]+)?(.*)", re.DOTALL | re.IGNORECASE)
_PORTS = {"http": ":80", "https": ":443"}
# HubSpot's documentation lists these twelve; all other escapes stay as they are.
_HUBSPOT = {
    "3A": ":",
    "2F": "/",
    "3F": "?",
    "40": "@",
    "21": "!",
    "24": "$",
    "27": "'",
    "28": "(",
    "29": ")",
    "2A": "*",
    "2C": ",",
    "3B": ";",
}
_HUBSPOT_ESCAPE = re.compile("%(" + "|".join(_HUBSPOT) + ")", re.IGNORECASE)


def twilio_addresses(url: str) -> tuple[str, ...]:
    """Returns the address with and without its port, because some of Twilio's products sign the
    port and others do not."""
    found = _PARTS.fullmatch(url)
    if found is None:
        return (url,)
    scheme, host, port, rest = found.groups()
    other = "" if port else _PORTS[scheme.lower()]
    return (url, f"{scheme}://{host}{other}{rest}")


def hubspot_addresses(url: str) -> tuple[str, ...]:
    """Returns both forms of the address that HubSpot may have signed: decoded, as its documentation
    says, and as called, because its own libraries do not decode."""
    decoded = _HUBSPOT_ESCAPE.sub(lambda escape: _HUBSPOT[escape[1].upper()], url)
    return tuple(dict.fromkeys((decoded, url)))
