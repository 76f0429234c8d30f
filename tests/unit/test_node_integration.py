"""INTEGRATION: the call, and its record in the history."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from runledger.errors import NodeError
from runledger.models.run import StepStatus
from runledger.nodes.base import NodeResult
from runledger.nodes.integration import IntegrationConfig
from runledger.nodes.registry import node_type
from runledger.nodes.tools import HttpRequest, HttpResponse

from tests.support.depth import examples
from tests.support.visits import run_node, visit

SECRETS = {"SCORE_KEY": "hunter2/hunter2+", "USER": "admin-user", "UNUSED": "never-read"}
SCOPE: dict[str, Any] = {
    "contact": {"email": "ada@example.com"},
    "trigger": {"total": 150, "note": 'say "hi"', "id": "o 1"},
}
PNG = {
    "contentType": "image/png",
    "bytes": 8,
    "sha256": "4c4b6a3be1314ab86138bef4314dde022e600960d8689a2c8f8631802d20dab6",
}
NUL = {"contentType": None, "bytes": 3, "sha256": hashlib.sha256(b"a\0b").hexdigest()}
CONFIG: dict[str, Any] = {
    "provider": "HTTP",
    "method": "POST",
    "url": "https://api.example.com/score",
    "headers": {"Authorization": "Bearer {{secret.SCORE_KEY}}"},
    "body": {"email": "{{contact.email}}", "total": "{{trigger.total}}"},
    "capture": {"score": "data.score"},
}


class FakeHttp:
    def __init__(
        self,
        body: bytes = b'{"data": {"score": 7}}',
        status: int = 200,
        headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),),
        truncated: bool = False,
        error: NodeError | None = None,
    ) -> None:
        self.response = HttpResponse(
            status=status, headers=headers, body=body, truncated=truncated, duration_ms=12
        )
        self.error = error
        self.requests: list[HttpRequest] = []

    def call(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return self.response


class FakeSecrets:
    def __init__(self) -> None:
        self.read: list[str] = []

    def get(self, name: str) -> str:
        self.read.append(name)
        if name not in SECRETS:
            raise NodeError("MISSING_SECRET", f"there is no secret {name}")
        return SECRETS[name]

    def hosts(self, name: str) -> tuple[str, ...]:
        return ()


def call(
    http: FakeHttp,
    config: dict[str, Any] | None = None,
    labels: tuple[str, ...] = (),
    **changes: Any,
) -> NodeResult:
    wanted = {**(CONFIG if config is None else config), **changes}
    where = visit(SCOPE, http=http, secrets=FakeSecrets(), labels=frozenset(labels))
    return run_node("INTEGRATION", wanted, where)


def error_of(result: NodeResult) -> tuple[str, str]:
    assert result.status is StepStatus.FAILED
    assert result.error is not None
    assert result.error.node_id == "node"
    return result.error.kind, result.error.message


def test_the_call_carries_secrets_and_the_history_placeholders() -> None:
    http = FakeHttp()
    result = call(http)
    assert http.requests == [
        HttpRequest(
            method="POST",
            url="https://api.example.com/score",
            headers={
                "Authorization": "Bearer hunter2/hunter2+",
                "Content-Type": "application/json",
                "Idempotency-Key": "effect-1",
            },
            body=b'{"email": "ada@example.com", "total": 150}',
            timeout_seconds=10,
        )
    ]
    assert result == NodeResult(
        output={"score": 7},
        request={
            "method": "POST",
            "url": "https://api.example.com/score",
            "headers": {
                "Authorization": "Bearer {{secret.SCORE_KEY}}",
                "Content-Type": "application/json",
                "Idempotency-Key": "effect-1",
            },
            "query": {},
            "size": 42,
            "body": {"email": "ada@example.com", "total": 150},
        },
        response={
            "status": 200,
            "headers": {"Content-Type": "application/json"},
            "size": 22,
            "truncated": False,
            "durationMs": 12,
            "body": {"data": {"score": 7}},
        },
        evidence={"tries": [{"at": "2026-03-10T12:00:00.000Z", "durationMs": 12, "status": 200}]},
    )


def test_only_the_secrets_in_use_are_read() -> None:
    secrets = FakeSecrets()
    run_node("INTEGRATION", CONFIG, visit(SCOPE, http=FakeHttp(), secrets=secrets))
    assert secrets.read == ["SCORE_KEY"]


def test_a_missing_secret_is_an_error() -> None:
    http = FakeHttp()
    with pytest.raises(NodeError, match="there is no secret NOPE"):
        call(http, headers={"X-Key": "{{secret.NOPE}}"})
    assert http.requests == []


def test_a_missing_variable_stops_the_call() -> None:
    http = FakeHttp()
    with pytest.raises(NodeError, match=r"`trigger.nope` has no value in this run"):
        call(http, url="https://api.example.com/{{trigger.nope}}")
    assert http.requests == []


@pytest.mark.parametrize(
    ("method", "idempotent", "has_key"),
    [
        ("GET", False, False),
        ("HEAD", False, False),
        ("GET", True, True),
        ("POST", False, True),
        ("DELETE", False, True),
    ],
)
def test_a_call_has_an_idempotency_key(method: str, idempotent: bool, has_key: bool) -> None:
    http = FakeHttp()
    call(http, method=method, idempotent=idempotent, body=None)
    assert ("Idempotency-Key" in http.requests[0].headers) is has_key


def test_the_authors_own_idempotency_key_is_kept() -> None:
    http = FakeHttp()
    call(http, headers={"idempotency-key": "{{trigger.id}}"})
    assert http.requests[0].headers["idempotency-key"] == "o 1"
    assert "Idempotency-Key" not in http.requests[0].headers


@pytest.mark.parametrize(
    ("body", "headers", "sent", "content_type"),
    [
        (None, {}, None, None),
        ("hello {{trigger.total}}", {}, b"hello 150", "text/plain; charset=utf-8"),
        ("{{trigger}}", {}, json.dumps(SCOPE["trigger"]).encode(), "application/json"),
        (["{{trigger.note}}"], {}, rb'["say \"hi\""]', "application/json"),
        (5, {}, b"5", "application/json"),
        (
            {"a": 1},
            {"Content-Type": "application/vnd.x+json"},
            b'{"a": 1}',
            "application/vnd.x+json",
        ),
        (
            {"a": "x y", "b": True, "c": None},
            {"content-type": "application/x-www-form-urlencoded"},
            b"a=x+y&b=true&c=",
            "application/x-www-form-urlencoded",
        ),
    ],
)
def test_a_body_is_sent_by_its_type(
    body: Any, headers: dict[str, str], sent: bytes | None, content_type: str | None
) -> None:
    http = FakeHttp()
    call(http, body=body, headers=headers)
    request = http.requests[0]
    assert request.body == sent
    found = {name.lower(): value for name, value in request.headers.items()}
    assert found.get("content-type") == content_type


def test_query_values_are_texts_and_null_is_left_out() -> None:
    http = FakeHttp()
    result = call(
        http,
        query={"a": "{{trigger.total}}", "b": True, "c": None, "d": 1.5, "api_key": "literal"},
    )
    assert http.requests[0].query == (
        ("a", "150"),
        ("b", "true"),
        ("d", "1.5"),
        ("api_key", "literal"),
    )
    assert result.request is not None
    assert result.request["query"]["api_key"] == "[redacted]"


@pytest.mark.parametrize(
    ("status", "expected", "fine"),
    [
        (200, ["2xx"], True),
        (204, ["2xx"], True),
        (301, ["2xx"], False),
        (404, ["2xx", 404], True),
        (404, ["2xx", "404"], True),
        (204, ["200-204"], True),
        (205, ["200-204"], False),
        (500, ["2xx", "4xx"], False),
    ],
)
def test_expected_statuses_are_success(status: int, expected: list[Any], fine: bool) -> None:
    result = call(FakeHttp(status=status), expectedStatus=expected)
    assert (result.status is StepStatus.COMPLETED) is fine


def test_an_unexpected_status_fails_and_keeps_the_exchange() -> None:
    result = call(FakeHttp(b'{"why": "down"}', status=500))
    assert error_of(result) == (
        "HTTP_STATUS",
        "POST https://api.example.com/score answered 500; expected 2xx",
    )
    assert result.request is not None
    assert result.response is not None
    assert result.response["body"] == {"why": "down"}


def test_the_outcome_chooses_the_branch() -> None:
    labels = ("ok", "error")
    assert call(FakeHttp(), labels=labels).outcome == "ok"
    result = call(FakeHttp(status=500), labels=labels)
    assert (result.status, result.outcome, result.error) == (StepStatus.COMPLETED, "error", None)
    assert result.output == {
        "error": {
            "kind": "HTTP_STATUS",
            "status": 500,
            "message": "POST https://api.example.com/score answered 500; expected 2xx",
        }
    }
    assert result.response is not None
    refused = NodeError("CONNECTION_FAILED", "nobody there")
    result = call(FakeHttp(error=refused), labels=labels)
    assert result.outcome == "error"
    assert result.output["error"]["status"] is None
    assert call(FakeHttp()).outcome is None


def test_a_failed_call_records_the_request_and_hides_secrets_in_its_message() -> None:
    error = NodeError("TIMEOUT", "hunter2/hunter2+ took too long", cause="at hunter2%2Fhunter2%2B")
    result = call(FakeHttp(error=error))
    assert error_of(result) == ("TIMEOUT", "{{secret.SCORE_KEY}} took too long")
    assert result.error is not None
    assert result.error.cause == "at {{secret.SCORE_KEY}}"
    assert result.request is not None
    assert result.response is None


def test_captures_are_stored_and_missing_ones_left_out() -> None:
    body = b'{"a": {"b": [1, 2]}, "null": null, "text": "x"}'
    wanted = {
        "list": "a.b",
        "last": "a.b[-1]",
        "none": {"path": "a.c", "required": False},
        "null": {"path": '"null"', "required": False},
        "plan": {"path": "plan", "default": {"name": "basic"}},
        "text": {"path": "text", "default": "y"},
        "n": "length(a.b)",
    }
    assert call(FakeHttp(body), capture=wanted).output == {
        "list": [1, 2],
        "last": 2,
        "plan": {"name": "basic"},
        "text": "x",
        "n": 2,
    }


@pytest.mark.parametrize(
    ("body", "truncated", "why"),
    [
        (b'{"data": {}}', False, ""),
        (b"plain", False, ": its body is not JSON"),
        (b'{"data": {"sc', True, ": the answer was too long and was cut off"),
    ],
)
def test_a_required_capture_that_is_missing_is_named(
    body: bytes, truncated: bool, why: str
) -> None:
    result = call(
        FakeHttp(body, truncated=truncated),
        capture={"score": "data.score"},
    )
    assert error_of(result) == (
        "CAPTURE_MISSING",
        f"the response has no value for `score` at `data.score`{why}",
    )
    assert result.response is not None


def test_a_capture_that_cannot_be_evaluated_is_named() -> None:
    kind, message = error_of(call(FakeHttp(), capture={"n": "length(data.score)"}))
    assert kind == "CAPTURE_FAILED"
    assert message == "`n` could not be captured with the expression `length(data.score)`"


def test_the_size_of_the_captures_is_limited() -> None:
    body = json.dumps({"big": "x" * 70_000}).encode()
    assert error_of(call(FakeHttp(body), capture={"big": "big"}))[0] == "OUTPUT_TOO_LARGE"


def test_an_echoed_secret_is_hidden_everywhere() -> None:
    key = SECRETS["SCORE_KEY"]
    echo = {
        "plain": f"key={key}",
        "url": quote(key, safe=""),
        "basic": base64.b64encode(f"user:{key}".encode()).decode(),
        "hex": key.encode().hex(),
        "json": json.dumps({"k": key}),
        key: 1,
        "token": "someone else's",
        "data": {"score": f"<{key}>"},
    }
    http = FakeHttp(
        json.dumps(echo).encode(),
        headers=(
            ("Content-Type", "application/json"),
            ("X-Echo", key),
            ("Set-Cookie", "session=1"),
            ("Set-Cookie", "more=2"),
        ),
    )
    result = call(http)
    kept = result.model_dump_json()
    assert "hunter2" not in kept
    assert quote(key, safe="") not in kept
    assert key.encode().hex() not in kept
    assert result.output == {"score": "<{{secret.SCORE_KEY}}>"}
    assert result.response is not None
    assert result.response["headers"]["X-Echo"] == "{{secret.SCORE_KEY}}"
    assert result.response["headers"]["Set-Cookie"] == "[redacted], [redacted]"
    assert result.response["body"]["token"] == "[redacted]"


def step_with_secret(secret: str) -> str:
    """Returns the step of a call that sends the secret in every place and gets it back, as JSON
    without the secret's name."""

    class Secrets:
        def get(self, name: str) -> str:
            return secret

        def hosts(self, name: str) -> tuple[str, ...]:
            return ()

    scheme = base64.b64encode(f"u:{secret}".encode()).decode()
    echo = {"a": secret, "b": quote(secret, safe=""), "c": scheme, "data": {"score": [secret]}}
    config = {
        "url": "https://api.example.com/{{secret.K | url_encode}}",
        "headers": {"Authorization": "Basic {{ 'u:' | append: secret.K | base64_encode }}"},
        "query": {"q": "{{secret.K | url_encode}}", "k": "x{{secret.K}}x"},
        "body": {"deep": [{"k": "{{secret.K}}"}], "text": "a {{secret.K}} b"},
        "capture": {"score": "data.score"},
    }
    http = FakeHttp(json.dumps(echo).encode())
    result = run_node("INTEGRATION", config, visit(SCOPE, http=http, secrets=Secrets()))
    assert http.requests[0].headers["Authorization"] == f"Basic {scheme}"
    assert json.loads(http.requests[0].body or b"")["deep"][0]["k"] == secret
    return json.dumps(result.model_dump(mode="json")).replace("{{secret.K}}", "")


# The step of a secret that is no word of ours.
PLAIN_STEP = step_with_secret("~~~~~~~~")


@settings(deadline=None, max_examples=examples(50))
@given(secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40))
def test_no_secret_reaches_the_step(secret: str) -> None:
    scheme = base64.b64encode(f"u:{secret}".encode()).decode()
    kept = step_with_secret(secret)
    for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), scheme):
        # A secret such as "delivery" is also part of a field's name.
        assume(form not in PLAIN_STEP)
        assert form not in kept


@pytest.mark.parametrize(
    ("body", "content_type", "kept"),
    [
        (b"", "text/plain", {"body": None}),
        (b"hello", "text/plain", {"body": "hello"}),
        (b'[{"a": 1}]', "", {"body": [{"a": 1}]}),
        (b"{broken", "application/json", {"body": "{broken"}),
        (b"\x89PNG\r\n\x1a\n", "image/png", {"body": None, "binary": PNG}),
        (b"a\0b", "", {"body": None, "binary": NUL}),
        ("h\u00e4".encode()[:-1], "text/plain", {"body": "h"}),
        (
            b"user=a&password=x&k=hunter2%2Fhunter2%2B",
            "application/x-www-form-urlencoded",
            {"body": "user=a&password=%5Bredacted%5D&k=%7B%7Bsecret.SCORE_KEY%7D%7D"},
        ),
    ],
)
def test_a_body_is_shown_in_the_history(
    body: bytes, content_type: str, kept: dict[str, Any]
) -> None:
    result = call(FakeHttp(body, headers=(("content-type", content_type),)), capture={})
    assert result.response is not None
    assert {key: result.response.get(key) for key in kept} == kept


@pytest.mark.parametrize("content_type", ["text/plain", "application/json"])
def test_a_long_body_is_redacted_before_it_is_cut(content_type: str) -> None:
    key = SECRETS["SCORE_KEY"]
    body = ("x" * (16 * 1024 - 8) + key + "y" * 100).encode()
    if content_type == "application/json":
        body = json.dumps([body.decode()]).encode()
    result = call(FakeHttp(body, headers=(("Content-Type", content_type),)), capture={})
    assert result.response is not None
    assert len(result.response["body"]) == 16 * 1024
    assert result.response["note"] == "cut after 16384 bytes"
    assert "hunter" not in result.response["body"]
    assert result.response["size"] == len(body)


def test_credentials_in_an_address_are_not_stored() -> None:
    refused = NodeError("INVALID_URL", "the address contains a user name or password")
    result = call(FakeHttp(error=refused), url="https://me:literal@api.example.com/a?token=t#f")
    assert result.request is not None
    assert result.request["url"] == "https://api.example.com/a?token=[redacted]#f"


def test_the_node_type_describes_its_config() -> None:
    each = node_type("INTEGRATION")

    def model(**changes: Any) -> IntegrationConfig:
        return IntegrationConfig.model_validate({**CONFIG, **changes})

    assert each.timeout_seconds(model(timeoutSeconds=30)) == 35
    assert each.outputs(model()) == frozenset({"score", "error"})
    branching = each.branching(model())
    assert branching is not None
    assert (branching.labels, branching.required) == (("ok", "error"), False)
    assert each.repeatable(model(method="GET", body=None))
    assert each.repeatable(model(idempotent=True))
    assert not each.repeatable(model())
    assert model().secret_names() == frozenset({"SCORE_KEY"})


def test_an_integration_needs_its_tools() -> None:
    with pytest.raises(RuntimeError):
        run_node("INTEGRATION", CONFIG)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"provider": "FTP"}, "provider", "'HTTP'"),
        ({"method": "TRACE"}, "method", "'GET'"),
        ({"url": "ftp://x.example"}, "", "must begin with http"),
        ({"url": "{{ a b }}"}, "url", "a name is not expected here"),
        ({"headers": {"Bad Name": "x"}}, "headers.Bad Name.[key]", "pattern"),
        ({"headers": {"Host": "x"}}, "", "the header Host is set automatically"),
        ({"query": {"a": "{{ a b }}"}}, "query.a", "a name is not expected here"),
        ({"method": "GET"}, "", "a GET request has no body"),
        ({"timeoutSeconds": 31}, "timeoutSeconds", "less than or equal to 30"),
        ({"expectedStatus": []}, "expectedStatus", "at least 1"),
        ({"expectedStatus": ["6xx"]}, "expectedStatus.0", "pattern"),
        ({"expectedStatus": [99]}, "expectedStatus.0", "pattern"),
        ({"expectedStatus": ["204-200"]}, "expectedStatus.0", "begins with the lower"),
        ({"capture": {"error": "x"}}, "", "is reserved for the error of a failed call"),
        (
            {"capture": {"a": {"path": "x", "required": True, "default": 1}}},
            "capture.a",
            "a required value cannot have a default",
        ),
        ({"retry": {"maxTries": 6}}, "retry.maxTries", "less than or equal to 5"),
        ({"retry": {"retryOn": ["SOMETIMES"]}}, "retry.retryOn.0", "pattern"),
        (
            {"timeoutSeconds": 30, "retry": {"maxTries": 5, "maxDelaySeconds": 36}},
            "",
            "all tries and the waits between them can take 294 s; at most 290 s are allowed",
        ),
        ({"auth": {"type": "DIGEST"}}, "auth", "choose one of BASIC, BEARER, HEADER"),
        ({"auth": {"type": "BEARER"}}, "auth.token", "Field required"),
        ({"auth": {"type": "BEARER", "token": "x"}}, "", "the header authorization is set by"),
        ({"auth": {"type": "HEADER", "name": "Host", "value": "x"}}, "", "the header Host is set"),
        (
            {"headers": {}, "auth": {"type": "BEARER", "token": "{{secret.A | upcase}}"}},
            "",
            "the filter `upcase` cannot be used",
        ),
        ({"capture": {"a": "[["}}, "capture.a.path", "not a JMESPath expression"),
        ({"capture": {"a-b": "x"}}, "capture.a-b.[key]", "pattern"),
        ({"capture": {"apiKey": "x"}}, "", "`apiKey` looks like a credential"),
        ({"body": {"a": ["{{ a b }}"]}}, "body", "a name is not expected here"),
        ({"body": "{{ secret }}"}, "", "a secret has no fields"),
        ({"body": "{{ secret.A.b }}"}, "", "a secret has no fields"),
        ({"body": "{{ secret[trigger.x] }}"}, "", "a secret has no fields"),
        ({"body": "{{ secret.A | slice: 0, 4 }}"}, "", "the filter `slice` cannot be used"),
        ({"body": "{% assign a = secret.A %}{{ a | upcase }}"}, "", "the filter `upcase`"),
    ],
)
def test_an_invalid_integration_names_the_field(
    changes: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        IntegrationConfig.model_validate({**CONFIG, **changes})
    found = {".".join(map(str, each["loc"])): each["msg"] for each in caught.value.errors()}
    assert list(found) == [field]
    assert message in found[field]


def test_an_unexpected_error_hides_secrets_in_its_message() -> None:
    class Raising(FakeHttp):
        def call(self, request: HttpRequest) -> HttpResponse:
            raise KeyError(f"odd header {request.headers['Authorization']}")

    with pytest.raises(NodeError) as raised:
        call(Raising())
    assert raised.value.kind == "INTERNAL_ERROR"
    assert SECRETS["SCORE_KEY"] not in f"{raised.value} {raised.value.cause}"
    assert "{{secret.SCORE_KEY}}" in str(raised.value.cause)
    # Nor may a log that follows the chain of exceptions find it.
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
