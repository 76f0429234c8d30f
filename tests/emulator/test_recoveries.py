"""A recovery on the deployed stack, with IAM enforced: two ticks continue it at the same time."""

import time
import uuid
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from threading import Barrier
from typing import Any

import httpx
import pytest
from runledger.clock import MINUTE

from tests.emulator.orders import ADMIN, activate, demo_service, ended, everything, fire, wait_for
from tests.emulator.test_reruns import LONG
from tests.emulator.time_travel import let_pass_for_recovery
from tests.support.stack import Stack

ORDERS, CANARY, RATE = 30, 3, 9
TICKS = 2


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.api(ADMIN) as client:
        yield client


def outage(service: str, key: str) -> dict[str, Any]:
    """Returns an automation that calls an echo service and then a failing service. The second
    service fails the first ORDERS calls, and answers later ones with success."""
    flaky = f"{service}/flaky?failures={ORDERS}&key={key}"
    nodes: list[tuple[str, str, dict[str, Any]]] = [
        ("start", "TRIGGER", {"triggerType": "WEBHOOK"}),
        ("echo", "INTEGRATION", {"url": f"{service}/echo", "body": {"text": "{{trigger.text}}"}}),
        ("score", "INTEGRATION", {"url": flaky, "capture": {"calls": "data.calls"}}),
        ("done", "END", {}),
    ]
    names = [name for name, _, _ in nodes]
    return {
        "name": "Orders during an outage",
        "nodes": [{"id": name, "type": kind, "config": config} for name, kind, config in nodes],
        "edges": [{"source": a, "target": b} for a, b in pairwise(names)],
    }


def tick_at_once(stack: Stack) -> list[str]:
    """Invokes the tick's function several times at the same moment. Returns, for each invocation,
    the lines of its log about rows that another process changed meanwhile."""
    barrier, name = Barrier(TICKS), stack.function_name("Tick")

    def tick(_: int) -> str:
        with closing(stack.aws("lambda")) as functions:
            barrier.wait()
            answer = functions.invoke(FunctionName=name, Payload=b"{}", LogType="Tail")
            assert "FunctionError" not in answer, answer["Payload"].read()
        log = b64decode(answer.get("LogResult", "")).decode()
        return "".join(line for line in log.splitlines() if "another process" in line)

    with ThreadPoolExecutor(TICKS) as pool:
        return list(pool.map(tick, range(TICKS)))


class Recovery:
    """A recovery that concurrent ticks continue. `opened` has the number of reruns that each round
    of ticks opened; `overtaken` counts how often a tick found that another one was faster."""

    def __init__(self, stack: Stack, api: httpx.Client, recovery_id: str) -> None:
        self.stack, self.api, self.id = stack, api, recovery_id
        self.opened: list[int] = []
        self.overtaken = 0

    def get(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/v1/recoveries/{self.id}").raise_for_status().json()
        return found

    def until(self, status: str) -> dict[str, Any]:
        def look() -> Any:
            before, began = self.get(), time.monotonic()
            let_pass_for_recovery(self.stack, self.id, 3 * MINUTE)
            self.overtaken += sum(self.id in log for log in tick_at_once(self.stack))
            now = self.get()
            opened = now["counts"]["opened"] - before["counts"]["opened"]
            # Together they keep the pace: at most the credit of 90 seconds, and the time since.
            assert opened <= RATE * (90 + time.monotonic() - began) / 60 + 1
            self.opened.append(opened)
            return now if now["status"] == status else None

        found: dict[str, Any] = wait_for(f"{status} of the recovery", look, 240)
        return found

    def reruns(self) -> list[dict[str, Any]]:
        return list(everything(self.api, "/v1/runs", recoveryId=self.id))


@pytest.mark.timeout(600)
def test_a_recovery_that_two_ticks_continue_reruns_each_order_once(
    stack: Stack, api: httpx.Client, report_figure: Callable[[str], None]
) -> None:
    automation = activate(api, outage(demo_service(api), uuid.uuid4().hex))
    texts = [LONG if number % 7 == 1 else "short" for number in range(ORDERS)]
    failed = [fire(stack, automation, {"text": text}) for text in texts]
    assert {ended(api, run_id)["status"] for run_id in failed} == {"FAILED"}
    group = str(api.get(f"/v1/runs/{failed[0]}").json()["errorGroup"])
    path = f"/v1/failure-groups/{group}"
    wait_for("the group", lambda: api.get(path).json().get("count") == ORDERS)

    asked = {"errorGroup": group, "canary": {"count": CANARY}, "ratePerMinute": RATE}
    preview = api.post("/v1/recoveries", json={**asked, "dryRun": True}).raise_for_status().json()
    assert (preview["counts"]["eligible"], preview["counts"]["excluded"]) == (ORDERS, {})
    begun = api.post("/v1/recoveries", json=asked)
    assert begun.status_code == 202, begun.text
    recovery = Recovery(stack, api, begun.json()["id"])
    waiting = recovery.until("WAITING")
    assert (waiting["counts"]["opened"], waiting["counts"]["completed"]) == (CANARY, CANARY)
    assert {run["rerunOf"] for run in recovery.reruns()} <= set(failed)
    assert len(recovery.reruns()) == CANARY

    api.post(f"/v1/recoveries/{recovery.id}/continue").raise_for_status()
    done = recovery.until("COMPLETED")
    counts = {name: done["counts"][name] for name in ("eligible", "opened", "completed", "failed")}
    assert counts == {"eligible": ORDERS, "opened": ORDERS, "completed": ORDERS, "failed": 0}
    reruns = recovery.reruns()
    assert Counter(run["rerunOf"] for run in reruns) == Counter(failed)
    assert {run["status"] for run in reruns} == {"COMPLETED"}
    items = list(everything(api, f"/v1/recoveries/{recovery.id}/runs"))
    assert Counter((item["state"], item["result"]) for item in items) == {
        ("ENDED", "COMPLETED"): ORDERS
    }
    assert {(item["runId"], item["rerunId"]) for item in items} == {
        (run["rerunOf"], run["id"]) for run in reruns
    }

    calls = []
    for run in reruns:
        steps = {step["nodeId"]: step for step in api.get(f"/v1/runs/{run['id']}").json()["steps"]}
        calls.append(steps["score"]["output"]["calls"])
        assert steps["echo"]["reusedFrom"] == run["rerunOf"]
        if texts[failed.index(run["rerunOf"])] == LONG:
            assert steps["echo"]["response"]["bodyLink"]["bytes"] > len(LONG)
    # The partner was called once for each order, after the calls that failed.
    assert sorted(calls) == list(range(ORDERS + 1, 2 * ORDERS + 1))
    assert api.get(path).raise_for_status().json()["status"] == "RESOLVED"
    report_figure(
        f"{ORDERS} orders, opened between two looks: {recovery.opened}; "
        f"ticks that the other overtook: {recovery.overtaken}"
    )
