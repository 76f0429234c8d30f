"""Names that mark their values as credentials."""

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
# Words written together, without separators.
_CREDENTIAL_ENDINGS = re.compile(
    r"(?:password|passwd|token|secret|apikey|accesskey|privatekey|secretkey|authkey|appkey)$"
)
# Additional names for hand-written values: the whole name, or its last word.
_WRITTEN_NAMES = frozenset({"auth", "pass", "sas", "bearer", "signature", "sig", "hmac"})
_HEADER_KEY = re.compile(r"(?:^|-)key$")
_HARMLESS_HEADERS = re.compile(
    r"(?:idempotency|cache|surrogate|partition|routing|sort|primary|object|websocket)-key$"
)
# Endings of names that describe a credential but do not hold one.
_HARMLESS_ENDINGS = frozenset(
    {"type", "kind", "count", "limit", "length", "expires", "expiry", "expiration", "ttl", "url"}
    | {"uri", "endpoint", "policy", "status", "state", "name", "hint", "required", "enabled"}
    | {"reset", "consent", "format", "version", "lifetime", "seconds", "age", "at", "field"}
    | {"path", "header", "method", "algorithm", "alg", "budget", "usage", "size", "max", "min"}
    | {"mode", "scope", "issuer", "audience", "provider", "username", "user", "email", "id"}
    | {"encoding", "prefix"}
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def is_credential_name(name: str) -> bool:
    """Whether a key or header name marks its value as a credential."""
    words = [word.lower() for word in _WORD.findall(name)]
    joined = "_".join(words)
    return (
        name.lower() in _CREDENTIAL_HEADERS
        or not _CREDENTIAL_WORDS.isdisjoint(words)
        or _CREDENTIAL_ENDINGS.search("".join(words)) is not None
        or _CREDENTIAL_COMPOUNDS.search(joined) is not None
    )


def is_harmless_name(name: str) -> bool:
    """Whether the value under a name describes a credential and is not one itself."""
    words = _words(name)
    return bool(words) and words[-1] in _HARMLESS_ENDINGS and words not in _CREDENTIAL_IDS


def is_literal_credential_name(name: str) -> bool:
    """Whether a name marks its value as a credential, for values that a person writes into a
    config. In contrast to `is_credential_name`, a name that only describes a credential does not
    count, such as `token_type`. Some other names do count, such as `sig` in the query of a URL."""
    if is_harmless_name(name):
        return False
    words = _words(name)
    return is_credential_name(name) or bool(words and words[-1] in _WRITTEN_NAMES)


def is_credential_header(name: str) -> bool:
    """Like `is_literal_credential_name`, for headers: `X-Shop-Key`, for example, is a credential
    too."""
    lower = name.lower()
    is_key = _HEADER_KEY.search(lower) and not _HARMLESS_HEADERS.search(lower)
    return is_literal_credential_name(name) or bool(is_key)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name) if not word.isdigit()]


_CREDENTIAL_IDS = (["session", "id"], ["secret", "id"])
