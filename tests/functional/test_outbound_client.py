"""The outbound client over real sockets on loopback: what it can reach, and what it never
reaches."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from runledger.errors import NodeError
from runledger.nodes.tools import HttpRequest, HttpResponse
from runledger.outbound.client import MAX_BODY_BYTES, OutboundClient


@dataclass
class Server:
    port: int
    connections: list[Any] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        return f"http://{self.host}{path}"


@pytest.fixture
def start_server() -> Iterator[Callable[[], Server]]:
    running: list[ThreadingHTTPServer] = []

    def start() -> Server:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_any(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                body = self.rfile.read(length)
                record.requests.append((self.command, self.path, dict(self.headers), body))
                path = self.path.partition("?")[0]
                status, headers, answer = record.answers.get(path, (200, {}, b"ok"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_any

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Counting(ThreadingHTTPServer):
            def get_request(self) -> tuple[socket.socket, Any]:
                connection = super().get_request()
                record.connections.append(connection[1])
                return connection

            def handle_error(self, request: Any, client_address: Any) -> None:
                # The client hangs up on answers that are too long.
                pass

        listener = Counting(("127.0.0.1", 0), Handler)
        listener.daemon_threads = True
        record = Server(listener.server_port)
        threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
        running.append(listener)
        return record

    yield start
    for listener in running:
        listener.shutdown()
        listener.server_close()


@pytest.fixture
def server(start_server: Callable[[], Server]) -> Server:
    return start_server()


def request(url: str, method: str = "GET", **changes: Any) -> HttpRequest:
    values: dict[str, Any] = {
        "headers": {},
        "body": None,
        "timeout_seconds": 5.0,
        **changes,
    }
    return HttpRequest(method=method, url=url, **values)


def failure(client: OutboundClient, sent: HttpRequest) -> NodeError:
    with pytest.raises(NodeError) as caught:
        client.call(sent)
    return caught.value


# Every way of writing "this machine" that comes to mind; {port} is a server that is listening.
SPELLINGS = [
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://127.127.127.127:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0x0.0x0.0x1:{port}/",
    "http://0x7f.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0177.0.0.01:{port}/",
    "http://017700000001:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/",
    "http://a.localhost:{port}/",
    "http://localhost.localdomain:{port}/",
    "http://ip6-localhost:{port}/",
    "http://[::1]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[64:ff9b:1::127.0.0.1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[2001:0:7f00:1::]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fd00:ec2::254]:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://\uff11\uff12\uff17.0.0.1:{port}/",
    "http://127。0。0。1:{port}/",
    "http://user@127.0.0.1:{port}/",
    "http://user:pass@127.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@example.com/",
    "http://example.com:80@127.0.0.1:{port}/",
    "http://example.com\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.com/",
    "http://127.0.0.1:{port}#@example.com/",
    "http://127.0.0.1:{port}?@example.com/",
    "http://127.0.0.1%00.example.com:{port}/",
    "http://127.0.0.1%2eexample.com:{port}/",
    "http://127.0.0.1\t:{port}/",
    "http://\n127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "http:/127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_GET",
    "file:///etc/passwd",
    "dict://127.0.0.1:{port}/",
    "unix:///var/run/docker.sock",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/v2/credentials",
    "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http:///",
    "http://",
    "",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_an_internal_address_is_reached(server: Server, spelling: str) -> None:
    def local_only(host: str, port: int) -> list[str]:
        """Resolves numeric spellings as the system does, and every name to loopback, without the
        network."""
        try:
            found = socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
        except OSError:
            return ["127.0.0.1"]
        return [str(entry[4][0]) for entry in found]

    error = failure(OutboundClient(resolver=local_only), request(spelling.format(port=server.port)))
    assert error.kind in ("BLOCKED_ADDRESS", "INVALID_URL")
    assert server.connections == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["93.184.216.34", "127.0.0.1"],
        ["127.0.0.1", "93.184.216.34"],
        ["::ffff:127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["fd00:ec2::254"],
    ],
)
def test_a_public_name_with_any_internal_address_is_refused(
    server: Server, addresses: list[str]
) -> None:
    client = OutboundClient(resolver=lambda host, port: addresses)
    error = failure(client, request(f"http://rebind.example:{server.port}/"))
    assert error.kind == "BLOCKED_ADDRESS"
    assert "rebind.example" in str(error)
    assert server.connections == []


def test_a_name_is_resolved_once_and_the_checked_address_is_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    asked: list[str] = []
    connected: list[tuple[str, int]] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(socket, "create_connection", connect)
    error = failure(
        OutboundClient(resolver=rebinding), request(f"http://rebind.example:{server.port}/")
    )
    assert error.kind == "CONNECTION_FAILED"
    assert asked == ["rebind.example"]
    assert connected == [("93.184.216.34", server.port)]


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "//127.0.0.1:{port}/",
        "http://user:pass@127.0.0.1:{port}/",
        "ftp://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
    ],
)
def test_a_redirect_to_an_internal_address_is_refused(
    start_server: Callable[[], Server], target: str
) -> None:
    front, inside = start_server(), start_server()
    front.answers["/"] = (302, {"Location": target.format(port=inside.port)}, b"")
    client = OutboundClient(allow_hosts=[front.host])
    error = failure(client, request(front.url()))
    assert error.kind in ("BLOCKED_ADDRESS", "INVALID_URL")
    assert len(front.connections) == 1
    assert inside.connections == []


def test_proxies_of_the_environment_are_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, server.url())
    client = OutboundClient(resolver=lambda host, port: ["127.0.0.1"])
    assert failure(client, request("http://example.com/")).kind == "BLOCKED_ADDRESS"
    assert server.connections == []


def test_an_allowed_host_is_called(server: Server) -> None:
    server.answers["/score"] = (201, {"Content-Type": "application/json"}, b'{"score": 7}')
    client = OutboundClient(allow_hosts=[server.host])
    response = client.call(
        request(
            server.url("/score?a=1"),
            "POST",
            headers={"X-Test": "yes"},
            query=(("b", "x y&z"),),
            body=b"hello",
        )
    )
    assert (response.status, response.body, response.truncated) == (201, b'{"score": 7}', False)
    assert ("Content-Type", "application/json") in response.headers
    assert response.duration_ms >= 0
    method, path, headers, body = server.requests[0]
    assert (method, body) == ("POST", b"hello")
    assert path in ("/score?a=1&b=x+y%26z", "/score?a=1&b=x%20y%26z")
    assert headers["X-Test"] == "yes"
    assert headers["Host"] == server.host
    assert headers["User-Agent"] == "Runledger/1"
    assert headers["Content-Length"] == "5"


def test_the_client_can_be_used_again(server: Server) -> None:
    client = OutboundClient(allow_hosts=[server.host])
    assert [client.call(request(server.url())).status for _ in range(3)] == [200, 200, 200]
    assert len(server.connections) == 3


def test_another_port_of_an_allowed_host_is_not_allowed(
    start_server: Callable[[], Server],
) -> None:
    one, other = start_server(), start_server()
    client = OutboundClient(allow_hosts=[one.host])
    assert failure(client, request(other.url())).kind == "BLOCKED_ADDRESS"
    assert other.connections == []


def test_redirects_of_safe_methods_are_followed(server: Server) -> None:
    server.answers["/a"] = (301, {"Location": "/b?x=1"}, b"")
    server.answers["/b"] = (307, {"Location": "c"}, b"")
    client = OutboundClient(allow_hosts=[server.host])
    response = client.call(request(server.url("/a"), headers={"Authorization": "Bearer k"}))
    assert response.status == 200
    assert [path for _, path, _, _ in server.requests] == ["/a", "/b?x=1", "/c"]
    assert server.requests[2][2]["Authorization"] == "Bearer k"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_redirects_of_unsafe_methods_are_not_followed(server: Server, method: str) -> None:
    server.answers["/a"] = (307, {"Location": "/b"}, b"")
    client = OutboundClient(allow_hosts=[server.host])
    assert client.call(request(server.url("/a"), method)).status == 307
    assert len(server.requests) == 1


def test_credentials_do_not_cross_origins(start_server: Callable[[], Server]) -> None:
    one, other = start_server(), start_server()
    one.answers["/"] = (302, {"Location": other.url("/landed")}, b"")
    client = OutboundClient(allow_hosts=[one.host, other.host])
    headers = {"Authorization": "Bearer k", "X-Shop-Signature": "k", "Accept": "text/plain"}
    assert client.call(request(one.url(), headers=headers)).status == 200
    landed = other.requests[0][2]
    assert landed["Accept"] == "text/plain"
    assert "Authorization" not in landed
    assert "X-Shop-Signature" not in landed


def test_endless_redirects_are_given_up(server: Server) -> None:
    server.answers["/"] = (302, {"Location": "/"}, b"")
    client = OutboundClient(allow_hosts=[server.host])
    assert failure(client, request(server.url())).kind == "TOO_MANY_REDIRECTS"
    assert len(server.requests) == 4


def test_a_long_body_is_cut_at_the_limit(server: Server) -> None:
    server.answers["/"] = (200, {}, b"x" * (3 * MAX_BODY_BYTES))
    response = OutboundClient(allow_hosts=[server.host]).call(request(server.url()))
    assert response.truncated
    assert response.body == b"x" * MAX_BODY_BYTES


def test_a_body_of_exactly_the_limit_is_whole(server: Server) -> None:
    server.answers["/"] = (200, {}, b"x" * MAX_BODY_BYTES)
    response = OutboundClient(allow_hosts=[server.host]).call(request(server.url()))
    assert (len(response.body), response.truncated) == (MAX_BODY_BYTES, False)


def test_a_compressed_body_is_decompressed(server: Server) -> None:
    server.answers["/"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b'{"a": 1}'))
    response = OutboundClient(allow_hosts=[server.host]).call(request(server.url()))
    assert response.body == b'{"a": 1}'


def test_a_compression_bomb_is_cut_at_the_limit(server: Server) -> None:
    bomb = gzip.compress(b"\0" * (200 * MAX_BODY_BYTES))
    server.answers["/"] = (200, {"Content-Encoding": "gzip"}, bomb)
    response = OutboundClient(allow_hosts=[server.host]).call(request(server.url()))
    assert (len(response.body), response.truncated) == (MAX_BODY_BYTES, True)


def test_a_body_that_contradicts_its_encoding_is_a_failure(server: Server) -> None:
    server.answers["/"] = (200, {"Content-Encoding": "gzip"}, b"plain")
    client = OutboundClient(allow_hosts=[server.host])
    assert failure(client, request(server.url())).kind == "CONNECTION_FAILED"


def test_head_has_no_body(server: Server) -> None:
    response = OutboundClient(allow_hosts=[server.host]).call(request(server.url(), "HEAD"))
    assert (response.status, response.body) == (200, b"")


@pytest.fixture
def raw_server() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Returns a function that starts a server and returns the server's host and port. The argument
    of the function is a handler, which the server calls with each connection."""
    listeners: list[socket.socket] = []
    stopping = threading.Event()

    def start(treat: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            while not stopping.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        treat(connection)
                    except OSError:
                        # The client hung up, as it should.
                        continue

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    stopping.set()
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def timed_failure(host: str, seconds: float, scheme: str = "http") -> tuple[NodeError, float]:
    started = time.monotonic()
    error = failure(
        OutboundClient(allow_hosts=[host]), request(f"{scheme}://{host}/", timeout_seconds=seconds)
    )
    return error, time.monotonic() - started


def trickle(connection: socket.socket, data: bytes) -> None:
    connection.recv(65_536)
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def test_a_slow_answer_ends_at_the_deadline(raw_server: Any) -> None:
    drops = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    error, took = timed_failure(raw_server(lambda sock: trickle(sock, drops)), 0.5)
    assert error.kind == "TIMEOUT"
    assert str(error) == "the call took longer than 0.5 s"
    assert took < 3


def test_a_silent_server_is_given_up_at_the_deadline(raw_server: Any) -> None:
    def silent(sock: socket.socket) -> None:
        while sock.recv(65_536):
            pass

    error, took = timed_failure(raw_server(silent), 0.3)
    assert error.kind == "TIMEOUT"
    assert took < 3


def test_a_stalled_handshake_ends_at_the_deadline(raw_server: Any) -> None:
    error, took = timed_failure(raw_server(lambda sock: trickle(sock, b"\x16" * 100)), 0.5, "https")
    assert error.kind in ("TIMEOUT", "CONNECTION_FAILED")
    assert took < 3


def test_an_upload_that_the_server_does_not_read_ends_at_the_deadline(raw_server: Any) -> None:
    stop = threading.Event()
    host = raw_server(lambda sock: stop.wait(5) and None)
    started = time.monotonic()
    error = failure(
        OutboundClient(allow_hosts=[host]),
        request(f"http://{host}/", "POST", body=b"x" * 50_000_000, timeout_seconds=0.5),
    )
    stop.set()
    assert error.kind == "TIMEOUT"
    assert time.monotonic() - started < 3


def test_a_slow_resolver_is_given_up_at_the_deadline() -> None:
    released = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        released.wait(5)
        return ["127.0.0.1"]

    started = time.monotonic()
    client = OutboundClient(resolver=slow)
    error = failure(client, request("http://slow.example/", timeout_seconds=0.2))
    released.set()
    assert error.kind == "TIMEOUT"
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", b"nonsense\r\n\r\n"],
)
def test_a_broken_answer_is_a_failed_connection(raw_server: Any, answer: bytes) -> None:
    def send(sock: socket.socket) -> None:
        sock.recv(65_536)
        sock.sendall(answer)

    error, _ = timed_failure(raw_server(send), 5)
    assert error.kind == "CONNECTION_FAILED"
    assert error.cause


def test_a_closed_port_is_a_failed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error, _ = timed_failure(f"127.0.0.1:{port}", 5)
    assert error.kind == "CONNECTION_FAILED"
    assert str(error) == "127.0.0.1 did not accept the connection"


def test_plain_http_on_an_https_port_is_a_failed_connection(server: Server) -> None:
    error, _ = timed_failure(server.host, 5, "https")
    assert error.kind == "CONNECTION_FAILED"


def test_an_unknown_host_is_a_failed_connection() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    error = failure(OutboundClient(resolver=unknown), request("http://nowhere.example/"))
    assert error.kind == "CONNECTION_FAILED"
    assert str(error) == "the host nowhere.example was not found"


@pytest.mark.parametrize(
    "url",
    [
        "http://x.example/" + "a" * 9_000,
        "http://x.example:99999/",
        "http://[::1/",
        "http://x.example/\x00",
        "javascript:alert(1)",
    ],
)
def test_an_invalid_address_is_refused(url: str) -> None:
    client = OutboundClient(resolver=lambda host, port: ["127.0.0.1"])
    assert failure(client, request(url)).kind == "INVALID_URL"


def test_the_answer_is_a_model(server: Server) -> None:
    response = OutboundClient(allow_hosts=[server.host]).call(request(server.url()))
    assert isinstance(response, HttpResponse)


@pytest.mark.parametrize("character", ["\0", "\n", "\r", "\x0b", "\x0c"])
def test_a_header_that_http_cannot_carry_is_an_invalid_request(
    server: Server, character: str
) -> None:
    """The node refuses such headers earlier; the client must not report a lost connection."""
    client = OutboundClient(allow_hosts=[server.host])
    error = failure(client, request(server.url(), headers={"X-A": f"a{character}b"}))
    assert error.kind == "INVALID_REQUEST"
    assert server.requests == []


def test_the_query_in_an_address_stays_unchanged(server: Server) -> None:
    client = OutboundClient(allow_hosts=[server.host])
    client.call(request(server.url("/x?a=0&flag&s=a%2Fb%20c"), query=(("a", "1"), ("a", "2"))))
    (_, path, _, _) = server.requests[0]
    assert path == "/x?a=0&flag&s=a%2Fb%20c&a=1&a=2"


def test_every_query_parameter_is_encoded(server: Server) -> None:
    client = OutboundClient(allow_hosts=[server.host])
    client.call(request(server.url(), query=(("a\nb", "c\r\nX-Evil: 1"), ("d", "\0#&é"))))
    (_, path, headers, _) = server.requests[0]
    assert path == "/?a%0Ab=c%0D%0AX-Evil%3A+1&d=%00%23%26%C3%A9"
    assert "X-Evil" not in headers
