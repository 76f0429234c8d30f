"""Decides which addresses an outbound call may reach: public ones, and those that the operator
allowed.

Checks the addresses that a name resolves to, not its spelling. So decimal, octal or hexadecimal
spellings, and names that point to internal addresses, make no difference.
"""

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address

_V4_REFUSED: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "an unspecified"),
    ("10.0.0.0/8", "a private"),
    ("100.64.0.0/10", "a carrier-internal"),
    ("127.0.0.0/8", "a loopback"),
    ("168.63.129.16/32", "a metadata"),
    ("169.254.0.0/16", "a link-local or metadata"),
    ("172.16.0.0/12", "a private"),
    ("192.0.0.0/24", "a reserved"),
    ("192.0.2.0/24", "a reserved"),
    ("192.88.99.0/24", "a reserved"),
    ("192.168.0.0/16", "a private"),
    ("198.18.0.0/15", "a reserved"),
    ("198.51.100.0/24", "a reserved"),
    ("203.0.113.0/24", "a reserved"),
    ("224.0.0.0/4", "a multicast"),
    ("240.0.0.0/4", "a reserved"),
)
_V6_REFUSED: tuple[tuple[str, str], ...] = (
    # Teredo, ORCHID and similar; nothing public is served there.
    ("2001::/23", "a reserved"),
    ("2001:db8::/32", "a reserved"),
    # 6to4: contains an IPv4 address.
    ("2002::/16", "a reserved"),
    ("3fff::/20", "a reserved"),
    ("::1/128", "a loopback"),
    ("::/128", "an unspecified"),
    ("fc00::/7", "a private"),
    ("fe80::/10", "a link-local"),
    ("fec0::/10", "a private"),
    ("ff00::/8", "a multicast"),
)
_V4_NETWORKS = tuple((IPv4Network(network), kind) for network, kind in _V4_REFUSED)
_V6_NETWORKS = tuple((IPv6Network(network), kind) for network, kind in _V6_REFUSED)
_V6_PUBLIC = IPv6Network("2000::/3")
# The last 32 bits are an IPv4 address, whose rule applies.
_V4_INSIDE = tuple(ip_network(text) for text in ("::ffff:0:0/96", "64:ff9b::/96"))
_ISATAP = (0x00005EFE, 0x02005EFE)

_REFUSED_NAMES = frozenset(
    {
        "localhost",
        "localhost.localdomain",
        "localhost4",
        "localhost6",
        "ip6-localhost",
        "ip6-loopback",
        "metadata",
        "metadata.google.internal",
        "instance-data",
        "instance-data.ec2.internal",
    }
)


def refused_address(address: Address) -> str | None:
    """Returns the kind of the address ("a private") if the address is a reason to refuse a call,
    otherwise None."""
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _V4_NETWORKS if address in network), None)
    if any(address in network for network in _V4_INSIDE):
        return refused_address(IPv4Address(int(address) & 0xFFFFFFFF))
    for network, kind in _V6_NETWORKS:
        if address in network:
            return kind
    if address not in _V6_PUBLIC:
        return "a reserved"
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return refused_address(IPv4Address(int(address) & 0xFFFFFFFF))
    return None


def refused_name(host: str) -> str | None:
    """Returns the kind of the host's name ("a loopback or metadata") if the name alone is a reason
    to refuse a call, otherwise None."""
    name = normal_host(host)
    if name in _REFUSED_NAMES or name.endswith(".localhost"):
        return "a loopback or metadata"
    return None


def normal_host(host: str) -> str:
    """Returns a host in the form for comparing: lower case, without brackets and final dot."""
    return host.strip().lower().strip("[]").rstrip(".")


def parse_address(text: str) -> Address:
    """Parses an address from the resolver, which may carry a zone (`fe80::1%eth0`)."""
    return ip_address(text.partition("%")[0])


class AllowList:
    """Hosts that may be called although their addresses are not public: `host` or `host:port`. No
    call may go to the ports in `never`, on any host. They are the ports of the Lambda runtime's
    API: a call to it could answer an invocation in the function's name."""

    def __init__(self, entries: Iterable[str], never: Iterable[str] = ()) -> None:
        self._never = {port for port in (_split(entry.strip())[1] for entry in never) if port}
        self._hosts: set[tuple[str, int | None]] = set()
        for entry in entries:
            host, port = _split(entry.strip())
            if host:
                self._hosts.add((normal_host(host), port))

    def allows(self, host: str, port: int) -> bool:
        if port in self._never:
            return False
        name = normal_host(host)
        return (name, None) in self._hosts or (name, port) in self._hosts


def _split(entry: str) -> tuple[str, int | None]:
    """Splits an entry. Raises ValueError if it is neither `host` nor `host:port`."""
    host, colon, port = entry.rpartition(":")
    if not colon or entry.endswith("]") or (":" in host and not host.endswith("]")):
        return entry, None
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(f"{entry!r} is neither a host nor host:port")
    return host, int(port)
