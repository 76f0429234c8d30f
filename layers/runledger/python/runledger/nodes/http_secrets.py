"""The places where a call may contain a secret, so that redaction recognizes its value in every
answer."""

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote

from runledger.errors import NodeError
from runledger.nodes.egress import EgressRule
from runledger.nodes.secret_hosts import allows, is_same_host
from runledger.templating import filter_names, references

# Characters that an address may contain unencoded: they neither end nor divide a part of it.
_WHOLE_IN_ADDRESS = "/:@!$'()*,="
# Filters whose result redaction can still recognize as the secret.
_SECRET_FILTERS = frozenset(
    {
        "append",
        "prepend",
        "base64_encode",
        "base64_url_safe_encode",
        "url_encode",
        "escape",
        "strip",
        "json",
    }
)

# The start of another piece ends the search for this one's end. Otherwise a text of many openings
# would take quadratic time.
_MARKUP = re.compile(r"\{\{(?:(?!\{[{%]).)*?\}\}|\{%(?:(?!\{[{%]).)*?%\}", re.DOTALL)
_LIQUID = "\ue000"
_AUTHORITY = re.compile(r"\s*(https?)://([^/?#]*)", re.IGNORECASE)


def constant_address(url: str) -> tuple[str, str] | None:
    """The scheme and host of an address, if Liquid cannot change them. Liquid may only come after
    the first `/`, `?` or `#` that follows the host."""
    found = _AUTHORITY.match(_MARKUP.sub(_LIQUID, url))
    if found is None or _LIQUID in found[2] or "{" in found[2]:
        return None
    host = found[2].rpartition("@")[2]
    return found[1].lower(), re.sub(r":[0-9]*$", "", host)


def egress_of(
    url: str, names: Iterable[str], hosts_of: Callable[[str], tuple[str, ...]]
) -> EgressRule:
    """Returns the hosts that a call with these secrets may reach: those that all the secrets allow.
    A secret without allowed hosts allows only the host that the config names. The rule is checked
    for each request, including redirects."""
    used = sorted(names)
    if not used:
        return EgressRule()
    constant = constant_address(url)

    def check(scheme: str, host: str, port: int) -> None:
        for name in used:
            allowed = hosts_of(name)
            if allowed and not allows(allowed, host, port):
                raise NodeError(
                    "HOST_NOT_ALLOWED",
                    f"the secret {name} may not be sent to {host}; its allowed hosts are "
                    f"{', '.join(allowed)}",
                )
            if not allowed and (constant is None or not is_same_host(constant[1], host)):
                raise NodeError(
                    "HOST_NOT_ALLOWED",
                    f"the secret {name} may not be sent to {host}: the node's address does not "
                    "name this host, and the secret has no allowed hosts; add the host to the "
                    "secret",
                )

    return EgressRule(check, has_secrets=True)


def check_secret_use(source: str) -> None:
    """Raises ValueError if a Liquid text changes a secret in a way that redaction would not
    recognize."""
    if any(path[0] == "secret" and len(path) != 2 for path in references(source)):
        raise ValueError(
            "a secret has no fields; write {{secret.NAME}}, with nothing after the name"
        )
    unsafe = sorted(filter_names(source) - _SECRET_FILTERS)
    if unsafe:
        raise ValueError(
            f"the filter `{unsafe[0]}` cannot be used in a text with a secret: the secret could "
            "no longer be recognized and hidden in the history"
        )


def check_address(url: str, secrets: Mapping[str, str]) -> None:
    """Checks that a secret in the address is not split between parts of the address. Otherwise only
    a part of the secret would be sent, and redaction would not recognize this part in the answer.
    Raises NodeError `INVALID_URL`."""
    for name, value in secrets.items():
        if value in url and quote(value, safe=_WHOLE_IN_ADDRESS) != value:
            raise NodeError(
                "INVALID_URL",
                f"the secret {name} contains characters that have a meaning in an address; "
                "write {{secret." + name + " | url_encode}} there",
            )
