"""A call is not retried if its run has ended meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from runledger.errors import RunledgerError, ServiceError, TransientError
from runledger.models.run import Cancellation, Run
from runledger.nodes.tools import HttpRequest, HttpResponse
from runledger.store.runs import RunStore

from tests.support.engine import Engine
from tests.support.graphs import edge, end, node

RETRY = {"maxTries": 3, "backoffSeconds": 60, "maxDelaySeconds": 60}


@dataclass
class Busy:
    """Answers 503 to every call, and lets something else happen during it."""

    meanwhile: Callable[[], Any]
    calls: int = 0

    def call(self, request: HttpRequest) -> HttpResponse:
        self.calls += 1
        self.meanwhile()
        return HttpResponse(status=503, headers=(), body=b"", truncated=False, duration_ms=1)


def _opened(engine: Engine) -> str:
    call = {"method": "GET", "url": "https://api.example.com/score", "retry": RETRY}
    document = {
        "name": "Patient",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
            node("call", "INTEGRATION", provider="HTTP", **call),
            end(),
        ],
        "edges": [edge("start > call"), edge("call > done")],
    }
    return engine.fire(engine.activate(document), {})


def test_a_canceled_run_makes_no_further_call(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = _opened(engine)
    canceled = Cancellation(by="ada@example.com", reason="wrong list")
    service = Busy(lambda: engine.canceler.cancel(engine.workspace_id, run_id, canceled))
    monkeypatch.setattr(engine, "http", service)
    engine.walk(run_id)
    assert service.calls == 1
    detail = engine.detail(run_id)
    assert (detail["status"], detail["canceled"]["reason"]) == ("CANCELED", "wrong list")


@pytest.mark.parametrize(
    "error", [TransientError("the table is busy"), ServiceError("it is away", "ConnectionClosed")]
)
def test_the_retries_continue_if_the_run_cannot_be_read(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, error: RunledgerError
) -> None:
    run_id = _opened(engine)
    busy = 0
    read = RunStore.get

    def throttled_after_a_call(store: RunStore, run_id: str, **how: Any) -> Run:
        nonlocal busy
        if busy < service.calls < 3:
            busy = service.calls
            raise error
        return read(store, run_id, **how)

    service = Busy(lambda: None)
    monkeypatch.setattr(engine, "http", service)
    monkeypatch.setattr(RunStore, "get", throttled_after_a_call)
    engine.walk(run_id)
    assert (service.calls, busy) == (3, 2)
