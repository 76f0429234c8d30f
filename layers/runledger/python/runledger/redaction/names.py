"""Which names say that what stands under them is a credential."""

import re

_CREDENTIAL_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "set-cookie2",
        "x-api-key",
        "api-key",
        "apikey",
        "x-auth-token",
        "x-access-token",
        "x-csrf-token",
        "x-xsrf-token",
        "x-amz-security-token",
        "x-goog-api-key",
        "x-functions-key",
        "ocp-apim-subscription-key",
        "www-authenticate",
        "proxy-authenticate",
    }
)
_CREDENTIAL_WORDS = frozenset(
    {
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "pwd",
        "secret",
        "token",
        "credential",
        "credentials",
        "authorization",
        "cookie",
        "jwt",
        "cvv",
        "cvc",
        "otp",
    }
)
_CREDENTIAL_COMPOUNDS = re.compile(
    r"(api|access|private|signing|secret|encryption|subscription|auth|client)_?key$"
    r"|^session_?(id|key)$|(pass|auth)word|apikey"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def is_credential_name(name: str) -> bool:
    """Whether a key or header name says that its value is a credential."""
    words = [word.lower() for word in _WORD.findall(name)]
    joined = "_".join(words)
    return (
        name.lower() in _CREDENTIAL_HEADERS
        or not _CREDENTIAL_WORDS.isdisjoint(words)
        or _CREDENTIAL_COMPOUNDS.search(joined) is not None
    )
