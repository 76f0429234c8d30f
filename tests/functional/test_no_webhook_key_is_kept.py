"""Keys of webhooks are set, made, rotated, refused and used, through the deployed handlers. Then
everything that was stored, logged, published and answered is searched for them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from runledger.clock import MINUTE

from tests.functional.test_activation_throttle import document
from tests.functional.test_rotation import signature
from tests.support.boundary import Call
from tests.support.secret_search import Searched, open_searched

META = {"source": {"preset": "META"}}


@pytest.fixture
def ready() -> Iterator[Searched]:
    with open_searched() as found:
        yield found


def made(ready: Searched, **trigger: Any) -> str:
    answer = ready.call("api", "POST", "/v1/automations", document(**trigger))
    assert answer["status"] == 201, answer
    return f"/v1/automations/{answer['body']['id']}"


def read_everything(ready: Searched, path: str) -> None:
    for each in (path, "/v1/automations", f"{path}/versions", "/v1/secrets", "/v1/refusals"):
        assert ready.call("query", "GET", each)["status"] == 200, each


def test_keys_that_a_sender_made_are_found_nowhere(ready: Searched) -> None:
    path = made(ready, **META)
    for number in range(3):
        sent = {
            "secret": ready.new(f"secret {number}"),
            "verifyToken": ready.new(f"token {number}"),
        }
        answer = ready.call("api", "POST", f"{path}/rotate-secret", sent)
        assert answer["status"] == 200, answer
        assert answer["body"]["webhook"]["secret"] is None
        ready.simulation.clock.advance(MINUTE)
    assert ready.call("api", "POST", f"{path}/activate")["status"] == 200
    read_everything(ready, path)
    ready.call("api", "POST", f"{path}/archive")
    ready.simulation.settle()
    read_everything(ready, path)
    assert ready.find() == []
    # Only there they were, until the automation was archived.
    assert ready.simulation.secrets.secrets == {}


def test_secrets_that_were_made_here_are_only_in_the_answer_that_made_them(
    ready: Searched,
) -> None:
    path = made(ready, signed=True)
    first = ready.shown(ready.call("api", "POST", f"{path}/activate"), "first")
    ready.simulation.clock.advance(MINUTE)
    second = ready.shown(ready.call("api", "POST", f"{path}/rotate-secret", {}), "second")
    token = ready.simulation.webhook_path(path.rpartition("/")[2])
    for secret in (first, second, "another secret"):
        body = {"n": 1, "secret": None, "by": secret[:3]}
        headers = {"x-runledger-signature": signature(secret, json.dumps(body).encode())}
        answer = post(ready, token, body, headers)
        assert answer["status"] == (401 if secret == "another secret" else 202), answer
    ready.simulation.settle()
    for each in ("/v1/runs", "/v1/failure-groups"):
        ready.call("query", "GET", each)
    read_everything(ready, path)
    assert ready.find() == []


@pytest.mark.parametrize(
    "source",
    [
        {"preset": "GITLAB"},
        {"preset": "CUSTOM", "verify": {"scheme": "BASIC", "username": "shop"}},
        {
            "preset": "CUSTOM",
            "verify": {"scheme": "TOKEN", "header": "X-Shop", "prefix": "Shop "},
        },
    ],
    ids=["GITLAB", "BASIC", "TOKEN"],
)
def test_a_sample_that_sends_the_secret_itself_leaves_no_trace_of_it(
    ready: Searched, source: dict[str, Any]
) -> None:
    path = made(ready, source=source, dedupePath="id")
    ready.shown(ready.call("api", "POST", f"{path}/activate"), "secret")
    ready.call("api", "POST", f"{path}/capture")
    statuses = [
        ready.call("api", "POST", f"{path}/sample", {"body": body})["body"]["status"]
        for body in ({"id": 1}, {"none": 1}, "not JSON")
    ]
    assert statuses == [202, 422, 422]
    ready.simulation.settle()
    captured = ready.call("query", "GET", f"{path}/captured-events")
    assert len(captured["body"]["items"]) == 3
    read_everything(ready, path)
    assert ready.find() == []


def post(ready: Searched, path: str, body: Any, headers: dict[str, str]) -> dict[str, Any]:
    simulation = ready.simulation
    invoke = simulation.invoke

    def with_headers(function: str, event: dict[str, Any]) -> Any:
        event["headers"].update(headers)
        return invoke(function, event)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(simulation, "invoke", with_headers)
        return ready.call("webhook_in", "POST", path, body)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda secret: {"secret": f"{secret}\nx"},
        lambda secret: {"secret": secret * 40},
        lambda secret: {"secret": {"value": secret}},
        lambda secret: {"secret": [secret]},
        lambda secret: {"secret": secret, "overlapMinutes": -1},
        lambda secret: {"secret": secret, "verifyToken": ""},
        lambda secret: {"secrets": secret},
        lambda secret: {"publicKey": secret},
        lambda secret: {"publicKey": secret * 100},
        lambda secret: secret,
    ],
)
def test_a_refused_key_is_not_quoted(ready: Searched, wrong: Any) -> None:
    path = made(ready, **META)
    secret = ready.new("refused")
    answer = ready.call("api", "POST", f"{path}/rotate-secret", wrong(secret))
    assert answer["status"] in (400, 422), answer
    assert ready.find() == []
    assert ready.simulation.secrets.secrets == {}


@pytest.mark.parametrize("operation", ["CreateSecret", "PutSecretValue", "GetSecretValue"])
def test_an_error_of_aws_that_quotes_a_key_is_not_logged(
    ready: Searched, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.simulation.PERSON_WAITS", (0,))
    path = made(ready, **META)
    before = ready.call("api", "POST", f"{path}/rotate-secret", {"secret": ready.new("before")})
    if operation == "CreateSecret":
        path = made(ready, **META)
    assert before["status"] == 200
    secret = ready.new("quoted")

    def quote(call: Call, act: Any) -> Any:
        if call.operation != operation:
            return act()
        said = {"Error": {"Code": "InvalidParameterException", "Message": f"not valid: {secret}"}}
        raise ClientError({**said, "ResponseMetadata": {"HTTPStatusCode": 400}}, operation)  # type: ignore[typeddict-item]

    ready.simulation.clock.advance(MINUTE)
    services_forget(ready)
    ready.simulation.boundary.around = quote
    answer = ready.call("api", "POST", f"{path}/rotate-secret", {"secret": secret})
    assert answer["status"] >= 500, answer
    assert ready.find() == []


def services_forget(ready: Searched) -> None:
    """Starts new processes, which have read no keys."""
    from runledger.composition import services

    services().signing_keys.cached.clear()
