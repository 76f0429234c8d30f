"""The addresses and names that an outbound call may reach."""

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runledger.outbound.guard import AllowList, parse_address, refused_address, refused_name

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
    "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.0.1", "169.254.169.254",
    "169.254.170.2", "169.254.100.1", "172.16.0.1", "172.31.255.255", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "4000::1",
    "fc00::1", "fd00:ec2::254", "fd12:3456::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
    "2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:a00:1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.1", "172.15.255.255", "172.32.0.0", "192.167.255.255",
    "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e",
    "::ffff:8.8.8.8", "64:ff9b::808:808",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_internal_addresses_are_refused(text: str) -> None:
    assert refused_address(ip_address(text)) is not None


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_allowed(text: str) -> None:
    assert refused_address(ip_address(text)) is None


@settings(deadline=None)
@given(address=st.ip_addresses(v=4))
def test_every_address_that_is_not_global_is_refused_inside_ipv6_too(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert refused_address(address) is not None
    for inside in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert (refused_address(ip_address(inside)) is None) == (refused_address(address) is None)


def test_an_address_with_a_zone_is_read() -> None:
    assert refused_address(parse_address("fe80::1%eth0")) == "a link-local"


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.b.localhost",
        "metadata.google.internal",
        "[metadata]",
    ],
)
def test_internal_names_are_refused(name: str) -> None:
    assert refused_name(name) is not None


@pytest.mark.parametrize("name", ["example.com", "localhost.example.com", "mylocalhost"])
def test_other_names_are_judged_by_their_addresses(name: str) -> None:
    assert refused_name(name) is None


def test_the_allow_list_accepts_hosts_with_or_without_a_port() -> None:
    allowed = AllowList(["Demo.Internal", "127.0.0.1:8081", "[::1]:8082", "::1", " ", ""])
    assert allowed.allows("demo.internal.", 1)
    assert allowed.allows("127.0.0.1", 8081)
    assert not allowed.allows("127.0.0.1", 8080)
    assert allowed.allows("::1", 8082)
    assert allowed.allows("[::1]", 99)
    assert not allowed.allows("", 80)
    assert not allowed.allows("example.com", 80)


@pytest.mark.parametrize("entry", ["host:port", "host:0", "host:99999", "host:"])
def test_a_malformed_entry_of_the_allow_list_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="neither a host nor host:port"):
        AllowList([entry])
