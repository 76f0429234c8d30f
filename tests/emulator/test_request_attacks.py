"""Malformed and hostile requests to the gateway: each gets an answer, and never a 5xx."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.emulator.orders import ADMIN, activate
from tests.support.stack import Stack

VIEWER = "viewer@demo.example"
# What everybody may do who has the token or the link, is invited, or is signed in.
OWN = ("/v1/webhooks/", "/v1/unsubscribe/", "/v1/invitations/", "/v1/me/", "/v1/views")
HOOK = {
    "name": "Edges",
    "nodes": [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        {"id": "done", "type": "END", "config": {}},
    ],
    "edges": [{"source": "start", "target": "done"}],
}


def send(stack: Stack, head: bytes, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """Sends raw bytes; returns status, headers and body of the answer. A closed connection is
    status 0."""
    address = urlsplit(stack.url)
    assert address.hostname and address.port
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(head + b"\r\n\r\n" + body)
        with connection.makefile("rb") as answer:
            status_line = answer.readline()
            if not status_line:
                return 0, {}, b""
            headers = {}
            while (line := answer.readline().strip()) != b"":
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            length = int(headers.get("content-length", "0"))
            return int(status_line.split()[1]), headers, answer.read(length)


def get(target: bytes, *headers: bytes) -> bytes:
    lines = [b"GET " + target + b" HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close", *headers]
    return b"\r\n".join(lines)


@pytest.mark.parametrize(
    ("target", "statuses"),
    [
        (b"/v1/runs#fragment", {400}),
        (b"/v1/runs?limit=1#fragment", {400}),
        (b"/v1/run\xc3\xa9s", {400}),
        (b"/v1/runs?a=\xff", {400}),
        (b"/v1/a\x01b", {400}),
        (b"/v1/a\x7fb", {400}),
        (b"/v1/a b", {400}),
        (b"/v1/" + b"a" * 9_000, {414}),
        (b"/v1/runs?" + b"a" * 9_000, {414}),
        (b"/v1/runs%2Frun_1", {401, 404}),
        (b"/v1/runs%2frun_1%2F..%2F", {401, 404}),
        (b"/v1/%2e%2e/%2e%2e/etc/passwd", {401, 404}),
        (b"/v1/runs/%00", {401, 404}),
        (b"/v1/runs/%0d%0aX-Evil:%201", {401, 404}),
        (b"/v1/runs/%ff%fe", {401, 404}),
        (b"/v1/runs?%ff=%fe", {401, 404}),
        (b"/v1/runs?" + b"&" * 2_000, {401, 404}),
        (b"/v1/runs/" + b'{}|\\^`"<>', {400, 401, 404}),
        (b"/v1//runs", {401, 404}),
        (b"/a%00.js", {404}),
        (b"/" + b"a" * 3_000 + b".js", {404}),
        (b"/..%2f..%2fpyproject.toml", {404}),
        (b"/v1/openapi.json", {200}),
    ],
    ids=lambda each: str(each)[:30],
)
def test_no_path_breaks_the_gateway(stack: Stack, target: bytes, statuses: set[int]) -> None:
    status, headers, body = send(stack, get(target))
    assert status in statuses, (status, body[:300])
    if target.startswith(b"/v1/") and status != 400:
        assert headers["cache-control"] == "no-store"
    assert b"Traceback" not in body


@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        ([b"X-Name: \xc3\xa9\xe2\x98\x83"], {401}),
        ([b"X-Name: \xff\xfe"], {401}),
        ([b"Authorization: Bearer \xc3\xa9"], {401}),
        ([b"Authorization: Bearer a", b"Authorization: Bearer b"], {401}),
        ([b"X-Twice: a", b"X-Twice: b"], {401}),
        ([b"X-Workspace-Id: \xff"], {401}),
        ([b"X-Control: a\x01b"], {400, 401}),
        ([b"X-Null: a\x00b"], {400}),
        ([b"X Name: a"], {400}),
        ([b": nothing"], {400}),
        ([b"X-Long: " + b"a" * 12_000], {431}),
        ([b"Content-Length: 5", b"Content-Length: 6"], {400}),
        ([b"X-Forwarded-Host: evil.example", b"X-Runledger-Edge: a guess"], {401}),
        ([b"Transfer-Encoding: chunked", b"Content-Length: 0"], {400, 401}),
    ],
    ids=lambda each: str(each)[:40],
)
def test_no_header_breaks_the_gateway(
    stack: Stack, headers: list[bytes], statuses: set[int]
) -> None:
    chunks = b"0\r\n\r\n" if headers[0].startswith(b"Transfer-Encoding") else b""
    status, _, body = send(stack, get(b"/v1/me", *headers), chunks)
    assert status in statuses, (status, body[:300])


@pytest.mark.parametrize("host", [b"[", b"a b", b"evil.example:99999", b"", b"\xff"])
def test_no_host_breaks_the_gateway(stack: Stack, host: bytes) -> None:
    head = b"GET /v1/me HTTP/1.1\r\nConnection: close\r\nHost: " + host
    assert send(stack, head)[0] in (400, 401)


def test_a_request_without_a_host_header_is_answered(stack: Stack) -> None:
    assert send(stack, b"GET /v1/me HTTP/1.0")[0] == 401


@pytest.mark.parametrize(
    ("content", "media_type", "statuses"),
    [
        (b"\xff\xfe\xfd", "application/json", {422}),
        (b'{"a": "\xff"}', "application/json", {202, 422}),
        (b"\xff", "application/octet-stream", {415}),
        (b"\x00" * 100, "text/plain", {202}),
        (b"\xff", "text/plain", {422}),
        (b"{", "application/json", {422}),
        (b"", "application/json", {422}),
        (b'{"a": "\\ud800"}', "application/json", {202, 422}),
        (b"[" * 100_000, "application/json", {422}),
    ],
    ids=lambda each: str(each)[:30],
)
def test_no_body_breaks_a_webhook(
    stack: Stack, content: bytes, media_type: str, statuses: set[int]
) -> None:
    with stack.api(ADMIN) as api:
        automation = activate(api, HOOK)
    answer = httpx.post(
        stack.url + automation["webhook"]["path"],
        content=content,
        headers={"Content-Type": media_type},
        timeout=30,
    )
    assert answer.status_code in statuses, answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_viewer_gets_403_for_any_body(stack: Stack) -> None:
    with stack.api(VIEWER) as api:
        attacks: list[dict[str, Any]] = [
            {"content": b"{", "headers": {"Content-Type": "application/json"}},
            {"content": b"\xff\xfe", "headers": {"Content-Type": "application/json"}},
            {"content": b"a=1", "headers": {"Content-Type": "text/plain"}},
            {"json": {"nothing": "like this"}},
            {"json": [], "params": {"nothing": "like this"}},
        ]
        document = api.get("/v1/openapi.json").json()
        asked = 0
        for path, item in document["paths"].items():
            for method in item:
                if method == "get" or path.startswith(OWN):
                    continue
                filled = path.replace("{", "x").replace("}", "x")
                answer = api.request(method.upper(), filled, **attacks[asked % len(attacks)])
                assert answer.status_code == 403, (method, path, answer.text)
                asked += 1
        assert asked > 25


def test_every_api_answer_forbids_caching(stack: Stack) -> None:
    with stack.api(ADMIN) as api:
        answers = [
            api.get("/v1/me"),
            api.get("/v1/nothing"),
            api.post("/v1/contacts", content=b"{"),
            api.get("/v1/openapi.json"),
            httpx.get(f"{stack.url}/v1/me"),
            httpx.post(f"{stack.url}/v1/webhooks/in/unknown", json={}),
            httpx.get(f"{stack.url}/v1/me", headers={"Authorization": "Bearer garbage"}),
        ]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store", answer.text


def test_a_forwarded_host_is_not_trusted(stack: Stack) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "ftp", "Forwarded": "host=e"}
    with stack.api(ADMIN) as api:
        automation = activate(api, HOOK)
        path = f"/v1/automations/{automation['id']}"
        shown = api.get(path, headers=forged).raise_for_status().json()
        assert shown["webhook"]["url"].startswith(f"{stack.url}/")
        assert "evil.example" not in json.dumps(shown)
        # Nor at the API's own address, which everybody reaches.
        api_id = stack.aws("apigatewayv2").get_apis()["Items"][0]["ApiId"]
        own = f"{stack.local['awsEndpoint']}/_aws/execute-api/{api_id}/$default"
        authorization = {"Authorization": api.headers["Authorization"]}
        direct = httpx.get(
            f"{own}{path}", headers={**forged, **authorization, "X-Runledger-Edge": "a guess"}
        )
        assert direct.status_code == 200, direct.text
        assert "evil.example" not in direct.text
