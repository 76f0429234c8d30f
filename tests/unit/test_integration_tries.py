"""INTEGRATION: which calls are retried, when, and what the history shows."""

from typing import Any

import pytest
from runledger.errors import NodeError, NotSentError, ServiceError, TransientError
from runledger.models.run import StepStatus
from runledger.nodes.base import NodeResult
from runledger.nodes.http_retry import Retry, retry_after, seconds_to_wait
from runledger.nodes.integration import MAX_CALL_SECONDS, IntegrationConfig
from runledger.nodes.registry import node_type
from runledger.nodes.tools import HttpRequest, HttpResponse

from tests.support.template import load_template
from tests.support.visits import NOW, evidence_of, run_node, visit

RETRY = {"maxTries": 4, "backoffSeconds": 2, "maxDelaySeconds": 10}
REFUSED = NotSentError("CONNECTION_FAILED", "nobody there")
BROKEN = NodeError("CONNECTION_FAILED", "it broke off")
SLOW = NodeError("TIMEOUT", "too slow")
CONFIG: dict[str, Any] = {"url": "https://x.example", "timeoutSeconds": 5, "retry": RETRY}


def answer(status: int, *headers: tuple[str, str], body: bytes = b"{}") -> HttpResponse:
    typed = (("Content-Type", "application/json"), *headers)
    return HttpResponse(status=status, headers=typed, body=body, truncated=False, duration_ms=7)


class Service:
    """Gives the calls these answers, in this order. Its clock moves only while a caller waits."""

    def __init__(self, *answers: HttpResponse | NodeError) -> None:
        self.now = NOW
        self.answers = iter(answers)
        self.requests: list[HttpRequest] = []
        self.waits: list[float] = []
        self.takes = 0

    def call(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        self.now += self.takes
        found = next(self.answers)
        if isinstance(found, NodeError):
            raise found
        return found

    def get(self, name: str) -> str:
        return f"value of {name}"

    def hosts(self, name: str) -> tuple[str, ...]:
        return ()

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += round(seconds * 1_000)


def run(service: Service, labels: tuple[str, ...] = (), **changes: Any) -> NodeResult:
    where = visit(
        {"contact": {"email": "ada@example.com"}},
        http=service,
        secrets=service,
        clock=lambda: service.now,
        sleep=service.sleep,
        labels=frozenset(labels),
    )
    return run_node("INTEGRATION", {**CONFIG, **changes}, where)


def tries_of(result: NodeResult) -> list[dict[str, Any]]:
    tries: list[dict[str, Any]] = evidence_of(result)["tries"]
    return tries


def test_a_retried_call_keeps_its_key() -> None:
    service = Service(answer(503), SLOW, answer(200))
    result = run(service, idempotent=True)
    assert result.status is StepStatus.COMPLETED
    assert {each.headers["Idempotency-Key"] for each in service.requests} == {"effect-1"}
    first, second, third = tries_of(result)
    assert first == {
        "at": "2026-03-10T12:00:00.000Z",
        "durationMs": 7,
        "status": 503,
        "waitSeconds": service.waits[0],
    }
    assert second["error"] == {"kind": "TIMEOUT", "message": "too slow"}
    assert third["status"] == 200
    assert "gaveUp" not in (result.evidence or {})
    # 2 and 4 seconds, of each up to a half left out.
    assert [1 <= service.waits[0] <= 2, 2 <= service.waits[1] <= 4] == [True, True]


def test_the_last_try_decides() -> None:
    service = Service(*[answer(503)] * 4)
    result = run(service, method="GET")
    assert result.error is not None
    assert (result.error.kind, len(service.requests)) == ("HTTP_STATUS", 4)
    assert evidence_of(result)["gaveUp"] == "that was the last try"
    assert [each["status"] for each in tries_of(result)] == [503] * 4


def test_without_a_policy_a_call_is_made_once() -> None:
    service = Service(answer(503))
    assert run(service, method="GET", retry=None).status is StepStatus.FAILED
    assert len(service.requests) == 1


@pytest.mark.parametrize("outcome", [answer(404), answer(500), NodeError("BLOCKED_ADDRESS", "no")])
def test_a_failure_that_a_retry_cannot_fix_is_not_retried(
    outcome: HttpResponse | NodeError,
) -> None:
    service = Service(outcome)
    result = run(service, method="GET")
    assert evidence_of(result)["gaveUp"] == "`retryOn` does not list this failure"


def test_a_policy_may_name_other_statuses() -> None:
    service = Service(answer(500), answer(200))
    assert run(service, method="GET", retry={**RETRY, "retryOn": ["5xx"]}).output == {}
    service = Service(BROKEN)
    result = run(service, method="GET", retry={**RETRY, "retryOn": ["5xx"]})
    assert result.status is StepStatus.FAILED
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("outcome", "tries"),
    [
        (REFUSED, 2),
        (NotSentError("TIMEOUT", "no connection in time"), 2),
        (answer(429, ("Retry-After", "3")), 2),
        (answer(429), 1),
        (answer(503, ("Retry-After", "3")), 1),
        (answer(502), 1),
        (BROKEN, 1),
        (SLOW, 1),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_is_retried_only_if_the_service_certainly_refused_it(
    method: str, outcome: HttpResponse | NodeError, tries: int
) -> None:
    service = Service(outcome, answer(200))
    result = run(service, method=method)
    assert len(service.requests) == tries
    assert (result.status is StepStatus.COMPLETED) is (tries == 2)
    if tries == 1:
        assert result.evidence is not None
        assert "not declared idempotent" in evidence_of(result)["gaveUp"]


def test_a_call_that_never_left_says_so() -> None:
    assert tries_of(run(Service(REFUSED, answer(200))))[0]["sent"] is False
    assert "sent" not in tries_of(run(Service(BROKEN)))[0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        ("Tue, 10 Mar 2026 12:00:09 GMT", 9),
        ("Tuesday, 10-Mar-26 12:00:09 GMT", 9),
        ("Tue, 10 Mar 2026 11:00:00 GMT", 0),
        ("99999999999999999999999999", 999_999_999_999),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("١٢", None),
        ("Tue, 10 Mar 99999 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_a_date(text: str, seconds: float | None) -> None:
    assert retry_after(answer(503, ("retry-after", text)), NOW) == seconds


def test_a_service_is_not_called_before_the_time_it_asks_for() -> None:
    service = Service(answer(503, ("Retry-After", "9")), answer(200))
    run(service, method="GET")
    assert service.waits == [9]
    date = ("Retry-After", "Tue, 10 Mar 2026 12:00:08 GMT")
    service = Service(answer(429, date), answer(200))
    run(service)
    assert service.waits == [8]


def test_a_service_that_asks_for_too_long_a_wait_is_not_called_again() -> None:
    service = Service(answer(503, ("Retry-After", "11")))
    result = run(service, method="GET")
    assert service.waits == []
    assert evidence_of(result)["gaveUp"] == (
        "the service asks for a wait of 11 s, longer than `maxDelaySeconds` (10 s)"
    )


def test_waits_grow_to_their_bound_and_differ_between_calls() -> None:
    policy = Retry(max_tries=5, backoff_seconds=3, max_delay_seconds=10)
    waits = [seconds_to_wait(policy, n, SLOW, spread="a", now=NOW) for n in (1, 2, 3, 4)]
    assert all(full / 2 <= wait <= full for wait, full in zip(waits, (3, 6, 10, 10), strict=True))
    spread = {seconds_to_wait(policy, 1, SLOW, spread=str(n), now=NOW) for n in range(50)}
    assert len(spread) > 25


def test_no_try_outlasts_the_claim() -> None:
    service = Service(*[answer(503)] * 4)
    # Each takes more than its timeout allows, as when the whole function was frozen.
    service.takes = 40_000
    result = run(service, method="GET")
    assert len(service.requests) == 2
    assert evidence_of(result)["gaveUp"] == "the time left was too short for another try"


def test_a_late_visit_makes_no_call_and_may_be_repeated() -> None:
    service = Service(answer(200))
    service.now += 60_000
    with pytest.raises(TransientError):
        run(service, method="GET")
    assert service.requests == []


def test_the_task_has_time_for_all_tries_and_waits() -> None:
    each = node_type("INTEGRATION")

    def seconds(**changes: Any) -> int:
        return each.timeout_seconds(IntegrationConfig.model_validate({**CONFIG, **changes}))

    assert seconds() == 4 * 5 + 3 * 10 + 5
    assert seconds(retry=None) == 5 + 5
    assert seconds(retry={"maxTries": 1}) == 5 + 5
    policy = {"maxTries": 5, "maxDelaySeconds": 35}
    assert seconds(timeoutSeconds=30, retry=policy) == 295


def test_the_branches_show_the_outcome() -> None:
    labels = ("ok", "error")
    result = run(Service(answer(503), answer(200)), labels, method="GET")
    assert (result.outcome, result.output) == ("ok", {})
    result = run(Service(*[SLOW] * 4), labels, method="GET")
    assert (result.status, result.outcome) == (StepStatus.COMPLETED, "error")
    assert result.output == {"error": {"kind": "TIMEOUT", "status": None, "message": "too slow"}}


@pytest.mark.parametrize(
    ("auth", "name", "sent", "shown"),
    [
        (
            {"type": "BASIC", "username": "ada", "password": "{{secret.PASS}}"},
            "Authorization",
            "Basic YWRhOnZhbHVlIG9mIFBBU1M=",
            "[redacted]",
        ),
        (
            {"type": "BEARER", "token": "{{secret.KEY}}"},
            "Authorization",
            "Bearer value of KEY",
            "Bearer {{secret.KEY}}",
        ),
        (
            {"type": "HEADER", "name": "X-Shop", "value": "{{secret.KEY}}"},
            "X-Shop",
            "value of KEY",
            "{{secret.KEY}}",
        ),
        (
            {"type": "HEADER", "name": "X-Shop", "value": "written {{contact.email}}"},
            "X-Shop",
            "written ada@example.com",
            "[redacted]",
        ),
    ],
)
def test_a_call_signs_in(auth: dict[str, Any], name: str, sent: str, shown: str) -> None:
    echo = answer(200, ("X-Echo", sent), body=b'{"got": "' + sent.encode() + b'"}')
    service = Service(echo)
    result = run(service, auth=auth)
    assert service.requests[0].headers[name] == sent
    assert result.request is not None
    assert result.request["headers"][name] == shown
    assert result.request["auth"] == auth["type"]
    # An echo does not reveal it either, secret or not.
    kept = result.model_dump_json()
    assert sent.removeprefix("Basic ") not in kept
    assert "value of" not in kept
    assert "written ada" not in kept


def test_a_user_name_with_a_colon_is_refused() -> None:
    auth = {"type": "BASIC", "username": "{{contact.email}}:x", "password": "p"}
    with pytest.raises(NodeError, match="cannot contain a colon"):
        run(Service(), auth=auth)


def test_a_captured_credential_is_refused_and_never_shown() -> None:
    body = b'{"token": "abc", "parts": ["value of", " KEY"], "back": "YEK fo eulav"}'
    taken: dict[str, Any] = {"capture": {"x": "token"}, "method": "GET"}
    result = run(Service(answer(200, body=body)), **taken)
    assert result.error is not None
    assert result.error.message.startswith("`x` at `token` is a credential")
    capture = {"joined": "join('', parts)", "plain": "parts"}
    signed: dict[str, Any] = {
        "auth": {"type": "BEARER", "token": "{{secret.KEY}}"},
        "capture": capture,
    }
    result = run(Service(answer(200, body=body)), **signed)
    assert result.output["joined"] == "{{secret.KEY}}"


@pytest.mark.parametrize("character", ["#", "&", "?", "%", "+", ";", " ", "é"])
def test_a_secret_that_splits_the_address_is_refused(character: str) -> None:
    class Odd(Service):
        def get(self, name: str) -> str:
            return f"first{character}second"

    service = Odd(answer(200))
    with pytest.raises(NodeError, match="characters that have a meaning in an address") as raised:
        run(service, method="GET", url="https://x.example/?k={{secret.KEY}}")
    assert "first" not in str(raised.value)
    assert service.requests == []
    run(service, method="GET", url="https://x.example/?k={{secret.KEY | url_encode}}")
    assert len(service.requests) == 1


class Keeper:
    def __init__(self, error: Exception | None = None) -> None:
        self.kept: dict[str, tuple[str, str]] = {}
        self.error = error

    def keep(self, name: str, text: str, content_type: str) -> str:
        if self.error is not None:
            raise self.error
        self.kept[name] = (text, content_type)
        return f"runs/run_1/{name}"


def run_with(keeper: Keeper, body: bytes, content_type: str, truncated: bool = False) -> NodeResult:
    typed = (("Content-Type", content_type),)
    found = HttpResponse(status=200, headers=typed, body=body, truncated=truncated, duration_ms=1)
    service = Service(found)
    where = visit({}, http=service, secrets=service, bodies=keeper)
    auth = {"type": "BEARER", "token": "{{secret.KEY}}"}
    return run_node("INTEGRATION", {**CONFIG, "auth": auth, "method": "GET"}, where)


def test_a_long_body_is_stored_whole_and_redacted_beside_the_step() -> None:
    keeper = Keeper()
    result = run_with(keeper, b"x" * 20_000 + b"value of KEY" + b"y" * 10, "text/html")
    assert result.response is not None
    size = 20_000 + len("{{secret.KEY}}") + 10
    assert result.response["bodyObject"] == {"key": "runs/run_1/response", "bytes": size}
    assert len(result.response["body"]) == 16 * 1024
    text, content_type = keeper.kept["response"]
    assert text == "x" * 20_000 + "{{secret.KEY}}" + "y" * 10
    # Never as what a browser would run.
    assert content_type == "text/plain; charset=utf-8"


def test_half_a_secret_at_the_end_of_a_cut_body_is_not_stored() -> None:
    keeper = Keeper()
    run_with(keeper, b"x" * 1_000_000 + b"value of K", "text/plain", truncated=True)
    assert "value" not in keeper.kept["response"][0]
    assert len(keeper.kept["response"][0]) > 800_000


@pytest.mark.parametrize("error", [TransientError("away"), ServiceError("no", "AccessDenied")])
def test_a_body_that_cannot_be_stored_does_not_undo_the_call(error: Exception) -> None:
    result = run_with(Keeper(error), b"x" * 20_000, "text/plain")
    assert result.status is StepStatus.COMPLETED
    assert result.response is not None
    assert result.response["rest"] == "could not be stored"


def test_the_function_outlives_the_longest_visit() -> None:
    properties = load_template()["Resources"]["RunIntegration"]["Properties"]
    config = IntegrationConfig.model_validate(
        {**CONFIG, "timeoutSeconds": 30, "retry": {"maxTries": 5, "maxDelaySeconds": 35}}
    )
    assert config.longest_seconds() == MAX_CALL_SECONDS
    assert properties["Timeout"] > node_type("INTEGRATION").timeout_seconds(config)
