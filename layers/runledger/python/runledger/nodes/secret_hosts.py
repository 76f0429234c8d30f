"""The hosts that a secret may be sent to: names, addresses, or `*.` for all subdomains of a name.

`api.partner.example` allows that host at any port, `api.partner.example:8443` at one port. Names
are compared in ASCII, in lower case and without a dot at the end.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence

import idna

MAX_HOSTS = 20
MAX_PORT = 65_535
_MAX_NAME = 253
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# Other ways to write an address: a host with such an ending is not a name.
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")
_WILDCARD = "*."
# With fewer labels the name belongs to a registry, so the wildcard would cover everybody.
_LEAST_LABELS = 2


def normal_host(host: str) -> str:
    """Returns the host in the form used for comparing. Raises ValueError if it is not a host."""
    text = host.strip().removeprefix("[").removesuffix("]").lower()
    try:
        return ipaddress.ip_address(text.partition("%")[0] if ":" in text else text).compressed
    except ValueError:
        pass
    name = text.removesuffix(".")
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode()
        except idna.IDNAError as error:
            raise ValueError("not a valid host name") from error
    labels = name.split(".")
    if len(name) > _MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("not a valid host name")
    if _NUMERIC.fullmatch(labels[-1]):
        raise ValueError("write an IP address in its full form, as in 203.0.113.7")
    return name


def parse_hosts(written: Iterable[str]) -> tuple[str, ...]:
    """Returns the entries as they are stored, each once. Raises ValueError, which names the invalid
    entry."""
    found: dict[str, None] = {}
    for entry in written:
        try:
            found[_parse(entry)] = None
        except ValueError as error:
            raise ValueError(f"{entry!r} cannot be allowed: {error}") from error
    if len(found) > MAX_HOSTS:
        raise ValueError(f"a secret has at most {MAX_HOSTS} allowed hosts")
    return tuple(found)


def _parse(entry: str) -> str:
    text = entry.strip()
    if "/" in text or "@" in text or "\\" in text:
        raise ValueError("write only the host, as in api.partner.example")
    is_wildcard = text.startswith(_WILDCARD)
    host, port = _split(text.removeprefix(_WILDCARD) if is_wildcard else text)
    if "*" in host:
        raise ValueError("`*` is allowed only at the beginning, as in *.partner.example")
    name = normal_host(host)
    if is_wildcard:
        if _is_address(name):
            raise ValueError("an IP address cannot follow `*.`")
        if name.count(".") + 1 < _LEAST_LABELS:
            raise ValueError("`*.` must be followed by a whole domain, as in *.partner.example")
    shown = f"[{name}]" if ":" in name else name
    return f"{_WILDCARD if is_wildcard else ''}{shown}{f':{port}' if port else ''}"


def _split(text: str) -> tuple[str, int | None]:
    """Returns host and port; a bare IPv6 address has no port."""
    if text.count(":") > 1 and not text.startswith("["):
        return text, None
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        if not bracket:
            raise ValueError("not a valid host name")
        port = rest.removeprefix(":") if rest.startswith(":") else ""
        if rest and not port:
            raise ValueError("not a valid host name")
    else:
        host, _, port = text.partition(":")
    if not port:
        if text.endswith(":"):
            raise ValueError("the port after `:` is missing")
        return host, None
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= MAX_PORT):
        raise ValueError("the port must be a number from 1 to 65535")
    return host, int(port)


def allows(hosts: Sequence[str], host: str, port: int | None) -> bool:
    """Whether an entry allows this host. If `port` is None, only the host is compared."""
    try:
        name = normal_host(host)
    except ValueError:
        return False
    return any(_covers(entry, name, port) for entry in hosts)


def _covers(entry: str, name: str, port: int | None) -> bool:
    is_wildcard = entry.startswith(_WILDCARD)
    host, wanted = _split(entry.removeprefix(_WILDCARD))
    if wanted is not None and port is not None and wanted != port:
        return False
    host = host.removeprefix("[").removesuffix("]")
    return name.endswith(f".{host}") if is_wildcard else name == host


def is_same_host(one: str, other: str) -> bool:
    try:
        return normal_host(one) == normal_host(other)
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
