"""A service on loopback that returns the secrets of its callers in many encodings."""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, urlencode

# Characters that a header can carry and http.server accepts.
_FIRST, _LAST = 0x20, 0x100


@dataclass
class EchoService:
    """The service. `words` are what it returns; `seen` are the calls: path, headers and body."""

    port: int = 0
    words: list[str] = field(default_factory=list)
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: EchoService

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.service.seen.append((self.path, dict(self.headers), body))
        kind = self.path.split("/")[1].partition("?")[0]
        sent = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        echo = sent + self.path + body.decode(errors="replace")
        getattr(self, f"answer_{kind}", self.answer_missing)(echo, self.service.words)

    do_GET = do_POST = do_PUT = do_DELETE = do_any

    def answer_json(self, echo: str, words: list[str]) -> None:
        document = {
            "echo": echo,
            "words": words,
            "keys": {word: index for index, word in enumerate(words)},
            "nested": json.dumps({"again": json.dumps(words)}),
            "token": words[0],
        }
        self._send(200, "application/json", json.dumps(document))

    def answer_html(self, echo: str, words: list[str]) -> None:
        items = "".join(f'<li title="{word}">{word}</li>' for word in words)
        self._send(200, "text/html", f"<html><pre>{echo}</pre><ul>{items}</ul></html>")

    def answer_form(self, echo: str, words: list[str]) -> None:
        pairs = [(f"w{index}", word) for index, word in enumerate(words)]
        text = urlencode([*pairs, ("password", echo)])
        self._send(200, "application/x-www-form-urlencoded", text)

    def answer_headers(self, echo: str, words: list[str]) -> None:
        fit = [w for w in words if all(_FIRST <= ord(c) < _LAST and ord(c) != 0x7F for c in w)]
        more = [(f"X-Echo-{index}", word) for index, word in enumerate(fit[:40])]
        more += [("Set-Cookie", f"session={word}") for word in fit[:3]]
        self._send(200, "text/plain", "see the headers", more)

    def answer_redirect(self, echo: str, words: list[str]) -> None:
        self._send(302, "text/plain", echo, [("Location", f"/html/{quote(words[0], safe='')}")])

    def answer_away(self, echo: str, words: list[str]) -> None:
        # To a host whose name is a word, in lower case like all host names.
        self._send(302, "text/plain", echo, [("Location", f"http://{words[-1]}.example/")])

    def answer_error(self, echo: str, words: list[str]) -> None:
        self._send(500, "text/plain", f"cannot take {echo} nor {' or '.join(words)}")

    def answer_big(self, echo: str, words: list[str]) -> None:
        noise = random.Random(7)
        parts = [noise.randbytes(600).hex() + word for word in words for _ in range(2)]
        self._send(200, "text/plain", " ".join(parts) + echo)

    def answer_binary(self, echo: str, words: list[str]) -> None:
        self._send(200, "application/octet-stream", "\0".join([*words, echo]))

    def answer_broken(self, echo: str, words: list[str]) -> None:
        self.wfile.write(f"HTTP/1.1 200 {quote(words[0])}\r\nContent-Length: 9\r\n\r\n".encode())
        self.close_connection = True

    def answer_missing(self, echo: str, words: list[str]) -> None:
        self._send(404, "text/plain", echo)

    def _send(
        self, status: int, kind: str, text: str, headers: list[tuple[str, str]] | None = None
    ) -> None:
        data = text.encode(errors="replace")
        self.send_response(status)
        for name, value in headers or []:
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def echo_service() -> Iterator[EchoService]:
    service = EchoService()
    handler = type("Handler", (_Handler,), {"service": service})
    listener = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    listener.daemon_threads = True
    service.port = listener.server_port
    threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield service
    finally:
        listener.shutdown()
        listener.server_close()
