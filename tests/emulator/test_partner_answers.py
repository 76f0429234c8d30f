"""Partners' answers, byte by byte, on the deployed stack: each run ends, shows the true result, and
can be opened and listed."""

import base64
import gzip
import json
import uuid
import zlib
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.emulator.orders import activate, demo_service, ended, fire
from tests.support.stack import Stack

JSON = {"Content-Type": "application/json"}
GZIP = {**JSON, "Content-Encoding": "gzip"}
DEFLATE = {**JSON, "Content-Encoding": "deflate"}
SCORE = b'{"score": 7, "note": "fine"}'
MISSING = "the response has no value for `note` at `note`"


@dataclass(frozen=True)
class Case:
    """An answer and the run's expected result: the captured value, or the error's kind and words of
    its message."""

    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: JSON)
    status: int = 200
    value: Any = None
    error: tuple[str, str] | None = None
    method: str = "POST"
    capture: str = "note"
    notes: list[str] | None = None

    @property
    def answer(self) -> str:
        """Returns the answer encoded for the demo service."""
        body = base64.b64encode(self.body).decode()
        told = {"status": self.status, "headers": self.headers, "body": body}
        return base64.urlsafe_b64encode(json.dumps(told).encode()).decode()


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CASES = {
    "half of a pair": Case(rb'{"score":1,"note":"Great \ud83d"}', value="Great \ufffd"),
    "half of a pair in a key": Case(
        rb'{"note":{"a\ude00":["\ude00\ud83d"]}}', value={"a\ufffd": ["\ufffd\ufffd"]}
    ),
    "a whole pair": Case(rb'{"note":"\ud83d\ude00"}', value="\U0001f600"),
    "half of a pair, not captured": Case(rb'{"other":"\ud83d","note":1}', value=1),
    "half of a pair in an error": Case(
        rb'{"note":"\ud83d"}', status=500, error=("HTTP_STATUS", "answered 500")
    ),
    "half of a pair as text": Case(
        b"\xed\xa0\xbd", {"Content-Type": "text/plain"}, error=("CAPTURE_MISSING", "is not JSON")
    ),
    "a nul": Case(rb'{"note":"a\u0000b\u0007"}', value="a\0b\x07"),
    "too large a number": Case(
        b'{"note":1e999}', error=("CAPTURE_MISSING", "the number 1e999 cannot be stored")
    ),
    "too small a number, deep": Case(
        b'{"note":[{"a":-1e999}]}', error=("CAPTURE_MISSING", "the number -1e999 cannot be stored")
    ),
    "not a number": Case(
        b'{"note":NaN}', error=("CAPTURE_MISSING", "the number NaN cannot be stored")
    ),
    "a number nobody asked for": Case(b'{"note":1,"other":1e999}', value=1),
    "a large integer": Case(
        b'{"note":12345678901234567890123456789012345678901}',
        value=12345678901234567890123456789012345678901,
    ),
    "a long decimal": Case(
        b'{"note":0.1234567890123456789012}',
        error=("CAPTURE_FAILED", "more digits than can be stored"),
    ),
    "latin-1": Case(
        '{"note":"Köln"}'.encode("latin-1"),
        {"Content-Type": "application/json; charset=ISO-8859-1"},
        value="Köln",
    ),
    "an unknown charset": Case(
        '{"note":"Köln"}'.encode(),
        {"Content-Type": "application/json; charset=klingon"},
        value="Köln",
        notes=["the charset klingon is unknown: read as UTF-8"],
    ),
    "not what it declares": Case(b'{"note":"\xe9"}', error=("CAPTURE_MISSING", "not valid UTF-8")),
    "a byte order mark": Case(b"\xef\xbb\xbf" + SCORE, value="fine"),
    "gzip of several members": Case(
        gzip.compress(SCORE[:9]) + gzip.compress(SCORE[9:]), GZIP, value="fine"
    ),
    "cut gzip": Case(
        gzip.compress(SCORE)[:-9], GZIP, error=("CONNECTION_FAILED", "ends too early")
    ),
    "damaged gzip": Case(b"plain", GZIP, error=("CONNECTION_FAILED", "damaged")),
    "deflate": Case(zlib.compress(SCORE), DEFLATE, value="fine"),
    "raw deflate": Case(raw_deflate(SCORE), DEFLATE, value="fine"),
    "brotli": Case(
        b"\x0b", {**JSON, "Content-Encoding": "br"}, error=("INVALID_ANSWER", "encoding br")
    ),
    "html that is json": Case(
        SCORE, {"Content-Type": "text/html"}, value="fine", notes=["JSON sent as text/html"]
    ),
    "html": Case(b"<p>no", {"Content-Type": "text/html"}, error=("CAPTURE_MISSING", "is not JSON")),
    "no content": Case(b"", {}, 204, error=("CAPTURE_MISSING", f"{MISSING}: the answer is empty")),
    "an empty body": Case(b"", error=("CAPTURE_MISSING", f"{MISSING}: the answer is empty")),
    "deep": Case(b"[" * 5_000, error=("CAPTURE_MISSING", "nested too deeply")),
    "a moved address": Case(
        b"",
        {"Location": "/elsewhere?a=1"},
        301,
        error=("HTTP_STATUS", "/elsewhere?a=1, but a POST does not"),
    ),
    "a temporary redirect": Case(
        b"",
        {"Location": "//other.example/x"},
        307,
        error=("HTTP_STATUS", "it redirects to http://other.example/x"),
    ),
    "a redirect to nowhere": Case(
        b"", {}, 302, error=("HTTP_STATUS", "a redirect without a target")
    ),
    "an address in UTF-8": Case(
        b"",
        {"Location": "/echo/köln".encode().decode("latin-1")},
        302,
        method="GET",
        capture="path",
        value="/echo/k%C3%B6ln",
    ),
    "an address in latin-1": Case(
        b"", {"Location": "/echo/köln"}, 302, method="GET", capture="path", value="/echo/k%F6ln"
    ),
    "an address with blanks": Case(
        b"", {"Location": "/echo/a b"}, 302, method="GET", capture="path", value="/echo/a%20b"
    ),
    "a relative address": Case(
        b"", {"Location": "echo/x"}, 303, method="GET", capture="path", value="/echo/x"
    ),
    "a bomb": Case(
        b'{"note":{"note":1}}',
        capture="note|" + "|".join(["[@,@]"] * 60),
        error=("CAPTURE_LIMIT", "too large"),
    ),
}


@pytest.fixture(scope="module")
def told(stack: Stack, api: httpx.Client) -> dict[str, dict[str, Any]]:
    """Returns the run of each case by the case's name; all runs start together."""
    service = demo_service(api)
    kinds = {(case.method, case.capture) for case in CASES.values()}
    automations = {kind: activate(api, document(f"{service}/answer", *kind)) for kind in kinds}
    opened = {
        name: fire(stack, automations[case.method, case.capture], {"answer": case.answer})
        for name, case in CASES.items()
    }
    return {name: ended(api, run_id) for name, run_id in opened.items()}


def document(url: str, method: str, capture: str) -> dict[str, Any]:
    call = {
        "method": method,
        "url": url,
        "query": {"as": "{{trigger.answer}}"},
        "capture": {"note": capture},
    }
    return {
        "name": f"Answers to {method}",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
            {"id": "call", "type": "INTEGRATION", "config": call},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "call"}, {"source": "call", "target": "done"}],
    }


@pytest.mark.parametrize("name", CASES)
def test_each_answer_gives_the_right_value(told: dict[str, dict[str, Any]], name: str) -> None:
    case, run = CASES[name], told[name]
    step = next(step for step in run["steps"] if step["nodeId"] == "call")
    assert step["unreadable"] is None
    if case.error is None:
        assert run["status"] == "COMPLETED", run["error"]
        assert step["output"] == {"note": case.value}
    else:
        kind, words = case.error
        assert run["status"] == "FAILED"
        assert step["error"]["kind"] == kind
        assert words in step["error"]["message"]
    if case.notes is not None:
        assert step["response"]["notes"] == case.notes


def test_the_runs_are_listed_and_exported(
    told: dict[str, dict[str, Any]], api: httpx.Client
) -> None:
    listed: set[str] = set()
    cursor = None
    while True:
        more: dict[str, str] = {"cursor": cursor} if cursor else {}
        page = api.get("/v1/runs", params={"range": "24h", "limit": 100, **more})
        page.raise_for_status()
        listed |= {run["id"] for run in page.json()["items"]}
        cursor = page.json()["nextCursor"]
        if cursor is None:
            break
    assert {run["id"] for run in told.values()} <= listed
    api.get("/v1/failure-groups").raise_for_status()
    api.get("/v1/stats").raise_for_status()


def test_an_expression_bomb_is_refused_on_save(api: httpx.Client) -> None:
    bomb = document("https://api.example.com", "POST", "|".join(["[@,@]"] * 60))
    answer = api.post("/v1/automations/validate", json=bomb)
    assert answer.status_code == 200, answer.text
    (problem,) = answer.json()["problems"]
    assert problem["nodeId"] == "call"
    assert "needs too much work" in problem["message"]


def test_lone_surrogates_in_requests_are_replaced(stack: Stack, api: httpx.Client) -> None:
    raw = (
        rb'{"email": "%s@customer.example", "firstName": "Ada \ud83d", "metadata": {"a\ude00": 1}}'
    )
    sent = raw % uuid.uuid4().hex.encode()
    made = api.post("/v1/contacts", content=sent, headers={"Content-Type": "application/json"})
    assert made.status_code == 201, made.text
    assert (made.json()["firstName"], made.json()["metadata"]) == ("Ada \ufffd", {"a\ufffd": 1})
    url = f"{demo_service(api)}/answer"
    automation = activate(api, document(url, "POST", "note"))
    answer = CASES["half of a pair"].answer.encode()
    opened = httpx.post(
        stack.url + automation["webhook"]["path"],
        content=rb'{"answer": "%s", "k\udfff": "\ud83d\ude00", "n": "\ud83d"}' % answer,
        headers={"Content-Type": "application/json"},
        timeout=30,
    )
    run = ended(api, opened.json()["runId"])
    assert run["status"] == "COMPLETED"
    del run["payload"]["answer"]
    assert run["payload"] == {"k\ufffd": "\U0001f600", "n": "\ufffd"}
