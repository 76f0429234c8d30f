"""A secret is sent only to its allowed hosts: checked on save, on every request, and after every
redirect.

The deployed handlers run over real sockets. All names resolve to one service on loopback, which
notes the calls.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.clock import MINUTE
from runledger.compiler import checks
from runledger.nodes.tools import HttpRequest, HttpResponse
from runledger.outbound.client import OutboundClient

from tests.support.echo_service import EchoService, echo_service
from tests.support.simulation import Simulation, open_simulation

VALUE = "hunter2-hunter2-hunter2"
PARTNER = "api.partner.example"


@dataclass
class Ready:
    simulation: Simulation
    service: EchoService

    def at(self, host: str, path: str = "/json") -> str:
        return f"http://{host}:{self.service.port}{path}"

    def put(self, name: str = "KEY", **document: Any) -> dict[str, Any]:
        return self.simulation.request("api", "PUT", f"/v1/secrets/{name}", document)

    def save(self, url: str, **config: Any) -> dict[str, Any]:
        return self.simulation.request("api", "POST", "/v1/automations", document(url, **config))

    def run(self, automation_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Runs the automation and returns the step of its call."""
        self.service.seen.clear()
        path = self.simulation.webhook_path(automation_id)
        opened = self.simulation.request("webhook_in", "POST", path, body)
        assert opened["status"] == 202, (opened, self.simulation.unforeseen)
        self.simulation.settle()
        told = self.simulation.request("query", "GET", f"/v1/runs/{opened['body']['runId']}", None)
        (step,) = (each for each in told["body"]["steps"] if each["nodeId"] == "call")
        return dict(step)


def document(url: str, **config: Any) -> dict[str, Any]:
    call = {
        "method": "GET",
        "url": url,
        "headers": {"X-Key": "{{secret.KEY}}"},
        **config,
    }
    nodes = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        {"id": "call", "type": "INTEGRATION", "config": call},
        {"id": "done", "type": "END"},
    ]
    edges = [{"source": "start", "target": "call"}, {"source": "call", "target": "done"}]
    return {"name": "Calls", "nodes": nodes, "edges": edges}


@pytest.fixture
def ready() -> Iterator[Ready]:
    def look_up(host: str, port: int) -> list[str]:
        if host.endswith(".example") or host == "127.0.0.1":
            return ["127.0.0.1"]
        raise socket.gaierror(-2, f"{host}: name or service not known")

    with echo_service() as service, open_simulation() as simulation:
        names = [PARTNER, "other.partner.example", "evil.example", "xn--bcher-kva.example"]
        allowed = [f"{name}:{service.port}" for name in (*names, "127.0.0.1")]
        http: Any = OutboundClient(allow_hosts=allowed, resolver=look_up)
        simulation.http = http
        service.words = ["a", "b", "c"]
        yield Ready(simulation, service)


@contextmanager
def unchecked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets automations be saved without the checks for credentials, as before these checks
    existed."""
    with monkeypatch.context() as patched:
        kept = tuple(each for each in checks.CHECKS if each not in checks.CREDENTIAL_CHECKS)
        patched.setattr(checks, "CHECKS", kept)
        yield


def test_a_secret_with_a_variable_address_needs_allowed_hosts_on_save(ready: Ready) -> None:
    ready.put(value=VALUE)
    refused = ready.save("{{trigger.cb}}")
    assert refused["status"] == 422
    (problem,) = refused["body"]["problems"]
    assert (problem["code"], problem["nodeId"], problem["field"]) == (
        "SECRET_WITHOUT_HOSTS",
        "call",
        "url",
    )
    assert "KEY" in problem["message"] and "call" in problem["message"]
    validated = ready.simulation.request(
        "api", "POST", "/v1/automations/validate", document("https://{{trigger.host}}/")
    )
    assert [each["code"] for each in validated["body"]["problems"]] == ["SECRET_WITHOUT_HOSTS"]
    assert ready.put(allowedHosts=[PARTNER])["status"] == 200
    assert ready.save("{{trigger.cb}}")["status"] == 201
    # The allowed hosts also apply to constant addresses.
    refused = ready.save("https://evil.example/a")
    assert [each["code"] for each in refused["body"]["problems"]] == ["SECRET_HOST_NOT_ALLOWED"]
    assert ready.save(f"https://{PARTNER}/a")["status"] == 201


def test_a_secret_is_sent_only_to_its_allowed_hosts(ready: Ready) -> None:
    ready.put(value=VALUE, allowedHosts=[PARTNER])
    automation_id = ready.simulation.activate(document("{{trigger.cb}}"))
    step = ready.run(automation_id, {"cb": ready.at(PARTNER)})
    assert step["status"] == "COMPLETED"
    assert [headers["X-Key"] for _, headers, _ in ready.service.seen] == [VALUE]
    port = ready.service.port
    for trick in (
        ready.at("evil.example"),
        ready.at("other.partner.example"),
        f"http://{PARTNER}@evil.example:{port}/json",
        f"http://{PARTNER}:x@evil.example:{port}/json",
        f"http://{PARTNER}\\@evil.example:{port}/json",
        f"http://evil.example:{port}\\@{PARTNER}/json",
        f"http://evil.example:{port}#@{PARTNER}/json",
        f"http://evil.example:{port}?@{PARTNER}/json",
        f"http://{PARTNER}.evil.example:{port}/json",
        f"http://evil.example:{port}/{PARTNER}",
        f"http:///{PARTNER}:{port}/json",
        f"//evil.example:{port}/json",
        f"http://127.0.0.1:{port}/json",
        f"http://2130706433:{port}/json",
        f"http://{PARTNER}%2eevil.example:{port}/json",
        f"http://{PARTNER}\t.evil.example:{port}/json",
        f"http://{PARTNER}\u3002evil.example:{port}/json",
        f"http://\u0430pi.partner.example:{port}/json",
    ):
        step = ready.run(automation_id, {"cb": trick})
        assert step["status"] == "FAILED", trick
        assert step["error"]["kind"] in ("HOST_NOT_ALLOWED", "INVALID_URL"), (trick, step)
        assert ready.service.seen == [], trick
        assert VALUE not in json.dumps(step)


def test_other_spellings_of_an_allowed_host_are_allowed(ready: Ready) -> None:
    ready.put(value=VALUE, allowedHosts=["*.partner.example", "bücher.example"])
    automation_id = ready.simulation.activate(document("http://{{trigger.host}}/json"))
    port = ready.service.port
    for host in (PARTNER, "API.Partner.EXAMPLE", "other.partner.example", "bücher.example"):
        step = ready.run(automation_id, {"host": f"{host}:{port}"})
        assert step["status"] == "COMPLETED", (host, step["error"])
    assert ready.run(automation_id, {"host": f"evil.example:{port}"})["status"] == "FAILED"


def test_an_entry_with_a_port_allows_only_that_port(ready: Ready) -> None:
    ready.put(value=VALUE, allowedHosts=[f"{PARTNER}:{ready.service.port + 1}"])
    automation_id = ready.simulation.activate(document("{{trigger.cb}}"))
    step = ready.run(automation_id, {"cb": ready.at(PARTNER)})
    assert step["error"]["kind"] == "HOST_NOT_ALLOWED"
    ready.put(allowedHosts=[f"{PARTNER}:{ready.service.port}"])
    assert ready.run(automation_id, {"cb": ready.at(PARTNER)})["status"] == "COMPLETED"


@pytest.mark.parametrize("hosts", [None, [PARTNER], ["*.partner.example"]])
def test_the_hosts_are_checked_again_after_a_redirect(
    ready: Ready, hosts: list[str] | None
) -> None:
    more: dict[str, Any] = {} if hosts is None else {"allowedHosts": hosts}
    ready.put(value=VALUE, **more)
    automation_id = ready.simulation.activate(document(ready.at(PARTNER, "/away")))
    # To a host of its name, in the same service.
    for word, host in (("evil", "evil.example"), ("other.partner", "other.partner.example")):
        ready.service.words = [f"{word}"]
        step = ready.run(automation_id, {})
        is_allowed = hosts == ["*.partner.example"] and host.endswith("partner.example")
        assert [path for path, _, _ in ready.service.seen][:1] == ["/away"]
        # The redirect leads to the usual port, on which nothing listens.
        kinds = ("BLOCKED_ADDRESS", "CONNECTION_FAILED") if is_allowed else ("HOST_NOT_ALLOWED",)
        assert step["error"]["kind"] in kinds, (host, step["error"])
        assert len(ready.service.seen) == 1


def test_a_redirect_within_the_host_is_followed(ready: Ready) -> None:
    ready.put(value=VALUE)
    automation_id = ready.simulation.activate(document(ready.at(PARTNER, "/redirect")))
    assert ready.run(automation_id, {})["status"] == "COMPLETED"
    assert len(ready.service.seen) == 2


def test_changed_hosts_apply_to_the_next_request(ready: Ready) -> None:
    """The secret's value may still be cached, but not its hosts."""
    ready.put(value=VALUE, allowedHosts=[PARTNER])
    automation_id = ready.simulation.activate(document("{{trigger.cb}}"))
    assert ready.run(automation_id, {"cb": ready.at(PARTNER)})["status"] == "COMPLETED"
    ready.put(allowedHosts=["evil.example"])
    step = ready.run(automation_id, {"cb": ready.at(PARTNER)})
    assert step["error"]["kind"] == "HOST_NOT_ALLOWED"
    assert ready.service.seen == []
    assert ready.run(automation_id, {"cb": ready.at("evil.example")})["status"] == "COMPLETED"


def test_changed_hosts_apply_between_two_tries(ready: Ready) -> None:
    ready.put(value=VALUE, allowedHosts=[PARTNER])
    retry = {"maxTries": 2, "retryOn": ["5xx"], "backoffSeconds": 1}
    automation_id = ready.simulation.activate(document("{{trigger.cb}}", retry=retry))
    http = ready.simulation.http

    class ChangedMeanwhile:
        def call(self, request: HttpRequest) -> HttpResponse:
            answer = http.call(request)
            function, ready.simulation.function = ready.simulation.function, None
            ready.put(allowedHosts=["other.example"])
            ready.simulation.function = function
            return answer

    changed: Any = ChangedMeanwhile()
    ready.simulation.http = changed
    step = ready.run(automation_id, {"cb": ready.at(PARTNER, "/error")})
    assert len(ready.service.seen) == 1
    assert step["error"]["kind"] == "HOST_NOT_ALLOWED"


def test_an_old_version_sends_no_secret_to_other_hosts(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.put(value=VALUE)
    with unchecked(monkeypatch):
        open_one = ready.simulation.activate(document("{{trigger.cb}}"))
        hidden = ready.simulation.activate(
            document(
                ready.at(PARTNER),
                headers={"X-Key": "{{ secret.KEY | url_encode | base64_encode }}"},
            )
        )
    step = ready.run(open_one, {"cb": ready.at("evil.example")})
    assert (step["error"]["kind"], ready.service.seen) == ("HOST_NOT_ALLOWED", [])
    step = ready.run(hidden, {})
    assert (step["error"]["kind"], ready.service.seen) == ("UNSAFE_SECRET_USE", [])
    # Once paused, they cannot be activated again.
    for automation_id, code in ((open_one, "SECRET_WITHOUT_HOSTS"), (hidden, "UNSAFE_SECRET_USE")):
        path = f"/v1/automations/{automation_id}"
        assert ready.simulation.request("api", "POST", f"{path}/pause", None)["status"] == 200
        refused = ready.simulation.request("api", "POST", f"{path}/activate", None)
        assert refused["status"] == 422
        assert [each["code"] for each in refused["body"]["problems"]] == [code]


def test_a_chain_of_encodings_is_refused_on_save(ready: Ready) -> None:
    config = {"headers": {"X-Key": "{{ secret.KEY | url_encode | base64_encode }}"}}
    refused = ready.save("https://api.example.com/", **config)
    (problem,) = refused["body"]["problems"]
    assert (problem["code"], problem["field"]) == ("UNSAFE_SECRET_USE", "headers.X-Key")
    assert "`url_encode` and then `base64_encode`" in problem["message"]


def test_hosts_are_set_kept_listed_and_deleted_with_the_secret(ready: Ready) -> None:
    def listed() -> Any:
        answer = ready.simulation.request("query", "GET", "/v1/secrets", None)
        return {each["name"]: each["allowedHosts"] for each in answer["body"]["items"]}

    assert ready.put(allowedHosts=[PARTNER])["status"] == 404
    assert ready.put()["status"] == 422
    made = ready.put(value=VALUE, allowedHosts=["API.partner.example.", PARTNER])
    assert made["body"]["allowedHosts"] == [PARTNER]
    ready.put(value=VALUE + "!")
    assert listed() == {"KEY": [PARTNER]}
    assert ready.put(allowedHosts=[])["body"]["allowedHosts"] == []
    ready.put(allowedHosts=["a.example"])
    refused = ready.put(value=VALUE, allowedHosts=["https://a.example/x"])
    assert (refused["status"], refused["body"]["field"]) == (422, "allowedHosts")
    assert listed() == {"KEY": ["a.example"]}
    event = ready.simulation.request("api", "DELETE", "/v1/secrets/KEY", None)
    assert event["status"] == 204
    ready.put(value=VALUE)
    assert listed() == {"KEY": []}
    ready.simulation.clock.advance(MINUTE)
