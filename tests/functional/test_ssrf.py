"""Every trick that could lead a call to an internal address is refused; listeners on loopback are
never reached.

Each trick is a whole visit of an INTEGRATION, which ends with a refusal or a failed connection,
never with an answer. The listeners count connections; the count stays zero.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from runledger.nodes.tools import HttpRequest
from runledger.outbound.client import OutboundClient
from runledger.outbound.connection import resolve
from runledger.outbound.guard import AllowList

from tests.support.visits import run_node, visit


@dataclass
class Inside:
    """Listens on every address of this machine, IPv4 and IPv6, and notes the connections."""

    port: int = 0
    connections: list[Any] = field(default_factory=list)


@contextmanager
def inside(port: int = 0) -> Iterator[Inside]:
    found = Inside()
    if socket.has_dualstack_ipv6():
        listener = socket.create_server(
            ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128
        )
    else:
        listener = socket.create_server(("0.0.0.0", port), backlog=128)
    found.port = listener.getsockname()[1]

    def serve() -> None:
        while True:
            try:
                connection, address = listener.accept()
            except OSError:
                return
            found.connections.append(address)
            with connection:
                connection.settimeout(1)
                try:
                    connection.recv(65_536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ninside")
                except OSError:
                    continue

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield found
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@contextmanager
def outside(status: int, location: str) -> Iterator[str]:
    """Yields an allowed host that redirects its callers to `location`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(1)
                connection.recv(65_536)
                head = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\n"
                connection.sendall(
                    head.encode() + b"Content-Length: 0\r\nConnection: close\r\n\r\n"
                )

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


class NoSecrets:
    def get(self, name: str) -> str:
        raise AssertionError(f"nobody asked for {name}")

    def hosts(self, name: str) -> tuple[str, ...]:
        raise AssertionError(f"nobody asked for the hosts of {name}")


# {p} is the port of what listens inside.
SPELLINGS = [
    # as numbers: dotted, short, decimal, octal, hexadecimal, mixed, and with zeros in front
    "http://127.0.0.1:{p}/",
    "http://127.1:{p}/",
    "http://127.0.1:{p}/",
    "http://127.255.255.254:{p}/",
    "http://2130706433:{p}/",
    "http://0x7f000001:{p}/",
    "http://0X7F000001:{p}/",
    "http://0x7f.0x0.0x0.0x1:{p}/",
    "http://0x7f.1:{p}/",
    "http://0177.0.0.1:{p}/",
    "http://0177.0.0.01:{p}/",
    "http://017700000001:{p}/",
    "http://0000000000000177.0.0.1:{p}/",
    "http://127.0x0.0.01:{p}/",
    "http://4294967295:{p}/",
    "http://6425673729:{p}/",
    "http://0:{p}/",
    "http://0.0.0.0:{p}/",
    "http://0x0:{p}/",
    # in IPv6: itself, mapped, compatible, NAT64, 6to4, Teredo, ISATAP, zones
    "http://[::1]:{p}/",
    "http://[0:0:0:0:0:0:0:1]:{p}/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]:{p}/",
    "http://[::]:{p}/",
    "http://[::ffff:127.0.0.1]:{p}/",
    "http://[::ffff:7f00:1]:{p}/",
    "http://[0:0:0:0:0:ffff:7f00:1]:{p}/",
    "http://[::127.0.0.1]:{p}/",
    "http://[64:ff9b::127.0.0.1]:{p}/",
    "http://[64:ff9b:1::127.0.0.1]:{p}/",
    "http://[2002:7f00:1::]:{p}/",
    "http://[2001:0:7f00:1::]:{p}/",
    "http://[2a00:1450::5efe:7f00:1]:{p}/",
    "http://[::1%25lo]:{p}/",
    "http://[::1%lo]:{p}/",
    "http://[fe80::1%25lo]:{p}/",
    "http://[fc00::1]:{p}/",
    "http://[::ffff:0:127.0.0.1]:{p}/",
    # as names, with dots, case and other people's digits
    "http://localhost:{p}/",
    "http://LocalHost:{p}/",
    "http://localhost.:{p}/",
    "http://localhost..:{p}/",
    "http://a.localhost:{p}/",
    "http://localhost.localdomain:{p}/",
    "http://ip6-localhost:{p}/",
    "http://127.0.0.1.:{p}/",
    "http://①②⑦.⓪.⓪.①:{p}/",
    "http://\uff11\uff12\uff17.0.0.1:{p}/",
    "http://127\u30020\u30020\u30021:{p}/",
    "http://127\uff0e0\uff0e0\uff0e1:{p}/",
    "http://127\uff610\uff610\uff611:{p}/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{p}/",
    "http://loca\uff4chost:{p}/",
    "http://loc\u00adalhost:{p}/",
    # with a user in front, or what looks like one
    "http://user@127.0.0.1:{p}/",
    "http://user:pass@127.0.0.1:{p}/",
    "http://example.com@127.0.0.1:{p}/",
    "http://127.0.0.1:{p}@example.com/",
    "http://example.com:80@127.0.0.1:{p}/",
    "http://example.com\\@127.0.0.1:{p}/",
    "http://127.0.0.1:{p}\\@example.com/",
    "http://127.0.0.1:{p}#@example.com/",
    "http://127.0.0.1:{p}?@example.com/",
    "http://example.com#@127.0.0.1:{p}/",
    "http://127.0.0.1%00.example.com:{p}/",
    "http://127.0.0.1%2eexample.com:{p}/",
    "http://127.0.0.1%0d%0a:{p}/",
    "http://127.0.0.1\t:{p}/",
    "http://127.0.0.1 :{p}/",
    # other schemes, and other ways of writing one
    "https://127.0.0.1:{p}/",
    "HTTP://127.0.0.1:{p}/",
    "http:127.0.0.1:{p}/",
    "http:/127.0.0.1:{p}/",
    "http:///127.0.0.1:{p}/",
    "http:\\\\127.0.0.1:{p}/",
    "http://127.0.0.1:00{p}/",
    # what answers on a cloud machine
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://0xa9fea9fe/latest/meta-data/",
    "http://0251.0376.0251.0376/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://169.254.170.2/v2/credentials",
    "http://169.254.170.23/v1/credentials",
    "http://169.254.100.1:9001/2018-06-01/runtime/invocation/next",
    "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
    "http://localhost:9001/2018-06-01/runtime/invocation/next",
    "http://169.254.79.129:2000/",
    "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/metadata/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://metadata/computeMetadata/v1/",
    "http://instance-data.ec2.internal/latest/",
]
# Written through Liquid, as the scheme of a text that is known is checked when it is saved.
SCHEMES = [
    "file:///etc/passwd",
    "file://127.0.0.1:{p}/etc/passwd",
    "gopher://127.0.0.1:{p}/_GET%20/",
    "dict://127.0.0.1:{p}/info",
    "ftp://127.0.0.1:{p}/",
    "ws://127.0.0.1:{p}/",
    "ldap://127.0.0.1:{p}/",
    "tftp://127.0.0.1:{p}/x",
    "jar:http://127.0.0.1:{p}!/",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "data:text/plain,hello",
    "javascript:alert(1)",
    "//127.0.0.1:{p}/",
    "127.0.0.1:{p}/",
    "localhost:{p}",
    "http://",
    "",
]
REDIRECTS = [
    "http://127.0.0.1:{p}/",
    "//127.0.0.1:{p}/",
    "https://127.0.0.1:{p}/",
    "http://[::ffff:127.0.0.1]:{p}/",
    "http://user:pass@127.0.0.1:{p}/",
    "http://2130706433:{p}/",
    "gopher://127.0.0.1:{p}/_x",
    "file:///etc/passwd",
    "http://rebind.example:{p}/",
]
ANSWERS = [
    ["127.0.0.1"],
    ["::1"],
    ["0.0.0.0"],
    ["::"],
    ["::ffff:127.0.0.1"],
    ["64:ff9b::7f00:1"],
    ["fe80::1%lo"],
    ["10.0.0.1"],
    ["169.254.169.254"],
    ["fd00:ec2::254"],
    ["203.0.113.7", "127.0.0.1"],
    ["127.0.0.1", "93.184.216.34"],
    ["93.184.216.34", "::1"],
]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


def local_only(host: str, port: int) -> list[str]:
    """Returns the IP addresses of a host. The system resolves a host that is a number in any form,
    such as 0x7f.1. Every name leads to 127.0.0.1, as an attacker's DNS server could answer."""
    try:
        socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return ["127.0.0.1"]
    return resolve(host, port)


def failure_kind(client: OutboundClient, url: str, method: str = "GET") -> str:
    """Returns the error kind of a visit; fails if the call got an answer."""
    where = visit({"trigger": {"url": url}}, http=client, secrets=NoSecrets())
    config = {"url": "{{trigger.url}}", "method": method, "timeoutSeconds": 5}
    result = run_node("INTEGRATION", config, where)
    assert result.error is not None, f"{url!r} got an answer"
    assert result.response is None or result.error.kind == "HTTP_STATUS", url
    return result.error.kind


def test_no_trick_reaches_an_internal_address(
    monkeypatch: pytest.MonkeyPatch, report_figure: Callable[[str], None]
) -> None:
    tried: dict[str, int] = {}

    def count(kind: str) -> None:
        tried[kind] = tried.get(kind, 0) + 1

    with ExitStack() as stack:
        target = stack.enter_context(inside())
        listening = [target]
        try:
            listening.append(stack.enter_context(inside(9001)))
        except OSError:
            # Another process has the port; the refusal alone shows that it is not reached.
            pass
        monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")
        client = OutboundClient(resolver=local_only)
        for spelling in SPELLINGS:
            url = spelling.replace("{p}", str(target.port))
            assert failure_kind(client, url) in ("BLOCKED_ADDRESS", "INVALID_URL"), url
            assert failure_kind(client, url, "POST") in ("BLOCKED_ADDRESS", "INVALID_URL"), url
            count("spellings")
        for scheme in SCHEMES:
            kind = failure_kind(client, scheme.replace("{p}", str(target.port)))
            assert kind in ("BLOCKED_ADDRESS", "INVALID_URL"), scheme
            count("schemes")
        for addresses in ANSWERS:
            rebound = OutboundClient(resolver=lambda host, port, found=addresses: found)  # type: ignore[misc]
            kind = failure_kind(rebound, f"http://rebind.example:{target.port}/")
            assert kind == "BLOCKED_ADDRESS", addresses
            count("answers of a name server")
        for status in (301, 302, 303, 307, 308):
            for redirect in REDIRECTS:
                location = redirect.replace("{p}", str(target.port))
                with outside(status, location) as host:
                    front = OutboundClient(allow_hosts=[host], resolver=local_only)
                    kind = failure_kind(front, f"http://{host}/")
                    assert kind in ("BLOCKED_ADDRESS", "INVALID_URL"), location
                count("redirects")
        for name in PROXIES:
            with monkeypatch.context() as set_to:
                set_to.setenv(name, f"http://127.0.0.1:{target.port}")
                set_to.setenv("NO_PROXY", "")
                # The resolver knows no such name, so a proxy would be the only way out.
                lost = OutboundClient(resolver=_unknown)
                for url in ("http://example.com/", "https://example.com/"):
                    assert failure_kind(lost, url) == "CONNECTION_FAILED"
                    count("proxies")
        assert [len(each.connections) for each in listening] == [0] * len(listening)
        # The listener does count: what may be called is reached.
        allowed = OutboundClient(allow_hosts=[f"127.0.0.1:{target.port}"])
        assert allowed.call(_request(f"http://127.0.0.1:{target.port}/")).body == b"inside"
        assert len(target.connections) == 1
    total = sum(tried.values())
    told = ", ".join(f"{number} {kind}" for kind, number in tried.items())
    report_figure(f"{total} tricks tried ({told}); 0 connections")
    assert total >= 40


def test_a_name_that_changes_between_check_and_use_is_resolved_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name leads first to a public address, then to this machine. The connection goes to the
    checked address."""
    with inside() as target:
        answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
        connected: list[str] = []

        def connect(address: tuple[str, int], timeout: float) -> socket.socket:
            connected.append(address[0])
            raise ConnectionRefusedError("nobody there")

        monkeypatch.setattr(socket, "create_connection", connect)
        client = OutboundClient(resolver=lambda host, port: next(answers))
        assert failure_kind(client, f"http://rebind.example:{target.port}/") == "CONNECTION_FAILED"
        assert connected == ["93.184.216.34"]
        # Each further try of a call is checked again.
        assert failure_kind(client, f"http://rebind.example:{target.port}/") == "BLOCKED_ADDRESS"
        assert connected == ["93.184.216.34"]
        assert target.connections == []


def test_no_allowed_host_opens_the_functions_runtime_api() -> None:
    with inside() as target:
        runtime = f"127.0.0.1:{target.port}"
        hosts = ("127.0.0.1", "localhost", runtime, "[::1]")
        client = OutboundClient(allow_hosts=hosts, never_hosts=[runtime], resolver=local_only)
        for host in hosts:
            url = f"http://{host.partition(f':{target.port}')[0]}:{target.port}/"
            assert failure_kind(client, url) == "BLOCKED_ADDRESS"
        assert target.connections == []
    assert AllowList(["localhost"], never=[""]).allows("localhost", 80)


def _unknown(host: str, port: int) -> list[str]:
    raise socket.gaierror(-2, "Name or service not known")


def _request(url: str) -> HttpRequest:
    return HttpRequest(method="GET", url=url, headers={}, body=None, timeout_seconds=5)
