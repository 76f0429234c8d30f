"""The only client for calls to other services: HTTP to public addresses, limited in time and
size."""

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

import httpcore
import httpx

from runledger.errors import NodeError
from runledger.nodes.tools import REDIRECTS, HttpRequest, HttpResponse
from runledger.outbound.connection import Deadline, GuardedBackend, Resolver, resolve
from runledger.outbound.guard import AllowList
from runledger.outbound.unpacking import read_body
from runledger.texts import decode_utf8, without_controls

MAX_BODY_BYTES = 1024 * 1024
MAX_URL_CHARACTERS = 8_192
MAX_REDIRECTS = 3
_LINE_BREAKS = dict.fromkeys((0x09, 0x0A, 0x0D))
_SAFE_METHODS = frozenset({"GET", "HEAD"})
# Headers sent to another origin after a redirect. Any other header may be a credential, whatever
# its name.
_HARMLESS_HEADERS = frozenset({"accept", "accept-language", "accept-encoding", "user-agent"})
_DEFAULT_HEADERS = (
    ("User-Agent", "Runledger/1"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),
)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    truncated: bool
    location: bytes | None


class OutboundClient:
    """Makes calls. Between calls it keeps only the TLS settings, which are read at the first call.

    `allow_hosts` (`host` or `host:port`) are exempt from the check of addresses, except at the
    ports in `never_hosts` (those of the Lambda runtime's API). Every call opens its own
    connections: if a kept connection broke while Lambda was frozen, nobody could know whether the
    next call arrived.
    """

    def __init__(
        self,
        allow_hosts: Iterable[str] = (),
        never_hosts: Iterable[str] = (),
        resolver: Resolver = resolve,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = AllowList(allow_hosts, never_hosts)
        self._resolver = resolver
        self._ssl_context = ssl_context

    def call(self, request: HttpRequest) -> HttpResponse:
        """Makes one call. Raises NodeError: `INVALID_URL`, `BLOCKED_ADDRESS`, `HOST_NOT_ALLOWED`,
        `TIMEOUT`, `CONNECTION_FAILED`, `INVALID_REQUEST`, `INVALID_ANSWER`, `TOO_MANY_REDIRECTS`.
        Follows redirects for GET and HEAD only; for other methods the answer shows the target."""
        started = time.monotonic()
        deadline = Deadline(request.timeout_seconds)
        url = _checked(_parse(request.url, request.query))
        headers = _with_defaults(request.headers)
        redirects = 0
        while True:
            request.egress.check(*_origin(url))
            answer = self._exchange(request, url, headers, deadline)
            is_redirect = answer.status in REDIRECTS
            target = _target(answer.location) if answer.location and is_redirect else None
            if target is None or request.method not in _SAFE_METHODS:
                return HttpResponse(
                    status=answer.status,
                    headers=answer.headers,
                    body=answer.body,
                    truncated=answer.truncated,
                    duration_ms=round((time.monotonic() - started) * 1_000),
                    redirects_to=target and _absolute(url, target),
                )
            redirects += 1
            if redirects > MAX_REDIRECTS:
                raise NodeError(
                    "TOO_MANY_REDIRECTS", f"{url.host} redirected more than {MAX_REDIRECTS} times"
                )
            previous, url = url, _checked(_join(url, target))
            if request.egress.has_secrets and (previous.scheme, url.scheme) == ("https", "http"):
                raise NodeError(
                    "HOST_NOT_ALLOWED",
                    f"{previous.host} redirected to an address without https, where a secret would "
                    "be sent unencrypted",
                )
            if _origin(previous) != _origin(url):
                headers = [each for each in headers if each[0].lower() in _HARMLESS_HEADERS]

    def _exchange(
        self,
        request: HttpRequest,
        url: httpx.URL,
        headers: list[tuple[str, str]],
        deadline: Deadline,
    ) -> _Answer:
        if self._ssl_context is None and url.scheme == "https":
            self._ssl_context = httpx.create_ssl_context(trust_env=False)
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        # Set here, because httpcore would omit the brackets of an IPv6 host.
        encoded = [(b"Host", url.netloc)]
        encoded += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=self._ssl_context,
                    max_keepalive_connections=0,
                    network_backend=GuardedBackend(deadline, self._allowed, self._resolver),
                ) as pool,
                pool.stream(
                    request.method, target, headers=encoded, content=request.body
                ) as response,
            ):
                received = {name.lower(): value for name, value in reversed(response.headers)}
                encoding = _header_text(received.get(b"content-encoding", b""))
                body, truncated = read_body(response.iter_stream(), encoding, MAX_BODY_BYTES)
                return _Answer(
                    response.status,
                    tuple((_header_text(k), _header_text(v)) for k, v in response.headers),
                    body,
                    truncated,
                    received.get(b"location"),
                )
        except httpcore.TimeoutException:
            raise deadline.error() from None
        except httpcore.LocalProtocolError as error:
            # Our side refused to write it, so nothing was sent; the message may quote a credential.
            raise NodeError(
                "INVALID_REQUEST",
                "the request is not valid HTTP, so it was not sent; check its URL and headers",
            ) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise NodeError(
                "CONNECTION_FAILED",
                f"the connection to {url.host} was closed before the answer was complete",
                cause=str(error) or type(error).__name__,
            ) from error


def _parse(text: str, query: Iterable[tuple[str, str]]) -> httpx.URL:
    if len(text) > MAX_URL_CHARACTERS:
        raise NodeError("INVALID_URL", f"the URL is longer than {MAX_URL_CHARACTERS} characters")
    try:
        url = httpx.URL(text)
        # Appended after the address's own query, which stays as it was written.
        more = urlencode(list(query))
        whole = b"&".join(part for part in (url.query, more.encode()) if part)
        return url.copy_with(query=whole) if more else url
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise NodeError("INVALID_URL", "the address is not a URL", cause=str(error)) from error


def _header_text(data: bytes) -> str:
    """Decodes a header, which may hold any bytes (RFC 9110, 5.5): as UTF-8 if possible, otherwise
    as Latin-1."""
    try:
        return decode_utf8(data)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _target(location: bytes) -> str | None:
    """Returns the value of a Location header as a text. If its bytes are not UTF-8, each byte that
    is not ASCII is percent-encoded, as browsers and curl do. UTF-8 characters are encoded later."""
    try:
        text = decode_utf8(location)
    except UnicodeDecodeError:
        text = "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in location)
    # As in WHATWG's URL parser: no tabs and line breaks anywhere, no spaces around it.
    return without_controls(text).translate(_LINE_BREAKS).strip() or None


def _absolute(base: httpx.URL, target: str) -> str:
    """Returns the absolute address, to show to people. A target that is not an address is returned
    unchanged."""
    try:
        return str(base.join(target))
    except (httpx.InvalidURL, ValueError, TypeError):
        return target


def _join(base: httpx.URL, target: str) -> httpx.URL:
    try:
        return base.join(target)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise NodeError(
            "INVALID_URL", f"{base.host} redirected to something that is not a URL", str(error)
        ) from error


def _checked(url: httpx.URL) -> httpx.URL:
    if url.scheme not in ("http", "https"):
        raise NodeError("INVALID_URL", "the address must begin with http:// or https://")
    if not url.host:
        raise NodeError("INVALID_URL", "the address has no host")
    if url.userinfo:
        raise NodeError(
            "INVALID_URL", "the address contains a user name or password; send them in a header"
        )
    if url.port is not None and not 0 < url.port < 65_536:
        raise NodeError("INVALID_URL", "the port in the address is not a valid one")
    return url.copy_with(fragment=None)


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    port = url.port or (443 if url.scheme == "https" else 80)
    return url.scheme, url.raw_host.decode("ascii"), port


def _with_defaults(headers: dict[str, str]) -> list[tuple[str, str]]:
    present = {name.lower() for name in headers}
    defaults = [each for each in _DEFAULT_HEADERS if each[0].lower() not in present]
    return [*defaults, *headers.items()]
