"""Removes the signatures of unsubscribe links from texts that come from outside. A provider or a
mail server may quote a link of the message that it refuses. The people who read that text must not
be able to use the link."""

import re

# The signature (HMAC-SHA256 in base64url), if the format's version and the key's id follow it.
# services/messages/unsubscribe_links.py makes these tokens.
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{43}(?=\.1\.[0-9a-f]{8}\.)")


def without_link_signatures(text: str) -> str:
    """Returns the text without the signatures of unsubscribe links, so that nobody can use these
    links. The rest of each link stays readable."""
    return _SIGNATURE.sub("…", text)
