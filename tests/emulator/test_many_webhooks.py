"""Five hundred webhooks in quick succession: each event has one run, and every run completes."""

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.emulator.orders import ADMIN, activate, wait_for
from tests.support.depth import examples
from tests.support.stack import Stack

EVENTS = examples(500, quick=100)
AT_ONCE = 16

GRAPH: dict[str, Any] = {
    "name": "Many",
    "nodes": [
        {
            "id": "start",
            "type": "TRIGGER",
            "config": {"triggerType": "WEBHOOK", "rateLimitPerMinute": 6_000},
        },
        {"id": "done", "type": "END"},
    ],
    "edges": [{"source": "start", "target": "done"}],
}


@pytest.mark.timeout(240)
def test_every_webhook_of_many_completes_one_run(
    stack: Stack, report_figure: Callable[[str], None]
) -> None:
    with stack.api(ADMIN) as api:
        automation = activate(api, GRAPH)
        assert automation["machine"]["type"] == "EXPRESS"
        url = stack.url + automation["webhook"]["path"]
        batch = uuid.uuid4().hex
        # A tenth of them come twice, at any moment.
        sent = [*range(EVENTS), *range(0, EVENTS, 10)]
        random.Random(7).shuffle(sent)
        began = time.monotonic()
        with httpx.Client(timeout=60) as client, ThreadPoolExecutor(AT_ONCE) as pool:

            def send(number: int) -> tuple[int, int, dict[str, Any]]:
                headers = {"Idempotency-Key": f"{batch}-{number}"}
                answer = client.post(url, json={"n": number}, headers=headers)
                return number, answer.status_code, answer.json()

            answers = list(pool.map(send, sent))
        taken = time.monotonic() - began

        assert Counter(status for _, status, _ in answers) == {202: EVENTS, 200: EVENTS // 10}
        ids: dict[int, set[str]] = {}
        for number, _, body in answers:
            ids.setdefault(number, set()).add(body["runId"])
        # A duplicate answers with the run of the first.
        assert {len(found) for found in ids.values()} == {1}
        expected = {run_id for found in ids.values() for run_id in found}
        assert len(expected) == EVENTS

        def listed(status: str) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            cursor = None
            while True:
                query = {"automationId": automation["id"], "status": status, "limit": 200}
                given = query | ({"cursor": cursor} if cursor else {})
                page = api.get("/v1/runs", params=given).raise_for_status().json()
                found += page["items"]
                cursor = page["nextCursor"]
                if cursor is None:
                    return found

        def open_runs() -> list[dict[str, Any]]:
            return [*listed("PENDING"), *listed("RUNNING")]

        wait_for("the end of every run", lambda: not open_runs(), 120)
        lasted = time.monotonic() - began
        completed = listed("COMPLETED")
        assert {run["id"] for run in completed} == expected
        assert len(completed) == EVENTS
        assert listed("FAILED") == []
        refused = api.get(
            "/v1/refusals", params={"automationId": automation["id"], "limit": 200}
        ).raise_for_status()
        told = [(item["reason"], item["runId"]) for item in refused.json()["items"]]
        assert len(told) == EVENTS // 10
        assert {reason for reason, _ in told} == {"DUPLICATE"}
        assert {run_id for _, run_id in told} <= expected
    report_figure(f"{EVENTS} webhooks taken in {taken:.1f} s, all runs ended after {lasted:.1f} s")
