"""A webhook's request as the function hands it over."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from runledger.sources.base import Received

_SITE_BITS = 64


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One HTTP request. Header names are lower case; `source` is the caller's address; `url` is
    the address as the sender wrote it, with its query, and `query` are the decoded parameters."""

    token: str
    headers: Mapping[str, str]
    body: bytes
    source: str
    method: str = "POST"
    url: str = ""
    query: Mapping[str, str] = field(default_factory=dict)

    def received(self, now: int) -> Received:
        return Received(
            method=self.method,
            url=self.url,
            headers=self.headers,
            query=self.query,
            body=self.body,
            received_at=now,
        )


def rated_source(address: str) -> str:
    """Returns the key of the rate limit: an IPv4 address, or the smallest network of one customer.

    For IPv6 that is a /64 (RFC 6177, section 2), because one sender can use any address in it. An
    IPv4 address written as IPv6 (RFC 4291, section 2.5.5.2) counts as IPv4."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed), _SITE_BITS), strict=False))
