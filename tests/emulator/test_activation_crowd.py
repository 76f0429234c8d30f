"""Many concurrent activations on the deployed stack: every caller gets an answer, and other
workspaces are not delayed."""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.emulator.orders import ADMIN, wait_for
from tests.support.demo_users import own_workspace
from tests.support.stack import Stack

HOOK = {
    "name": "Crowd",
    "nodes": [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        {"id": "done", "type": "END", "config": {}},
    ],
    "edges": [{"source": "start", "target": "done"}],
}
SECONDS_FOR_ALL = 240


@pytest.fixture
def crowd(stack: Stack) -> Iterator[httpx.Client]:
    limits = httpx.Limits(max_connections=60)
    with (
        stack.api(ADMIN) as api,
        httpx.Client(base_url=stack.url, headers=api.headers, timeout=120, limits=limits) as client,
    ):
        yield client


def draft(api: httpx.Client) -> str:
    made = api.post("/v1/automations", json=HOOK)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def outcome(api: httpx.Client, answer: httpx.Response) -> str:
    """Returns the final status of the activation that this answer was about."""
    if answer.status_code == 200:
        assert answer.json()["status"] == "ACTIVE"
        return "ACTIVE"
    assert answer.status_code == 202, answer.text
    where = answer.headers["Location"]

    def ended() -> Any:
        status = api.get(where).raise_for_status().json()["status"]
        return None if status == "PENDING" else status

    return str(wait_for(f"the end of {where}", ended, SECONDS_FOR_ALL))


@pytest.mark.timeout(300)
def test_fifty_concurrent_activations_of_one_automation_share_one(crowd: httpx.Client) -> None:
    automation_id = draft(crowd)
    with ThreadPoolExecutor(50) as pool:
        path = f"/v1/automations/{automation_id}/activate"
        asked = [pool.submit(crowd.post, path) for _ in range(50)]
        answers = [each.result() for each in asked]
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert {outcome(crowd, answer) for answer in answers} == {"ACTIVE"}
    shown = crowd.get(f"/v1/automations/{automation_id}").json()
    assert (shown["status"], shown["version"]) == ("ACTIVE", 1)


def medians(api: httpx.Client, until: Any) -> tuple[float, float]:
    """Returns the median seconds of a plain call and of an activation, over calls made until
    `until` is true."""
    calls: list[float] = []
    activations: list[float] = []
    while not until(len(calls)):
        automation_id = draft(api)
        began = time.monotonic()
        answer = api.post(f"/v1/automations/{automation_id}/activate")
        activations.append(time.monotonic() - began)
        assert answer.status_code == 200, answer.text
        for _ in range(3):
            began = time.monotonic()
            api.get("/v1/me").raise_for_status()
            calls.append(time.monotonic() - began)
    return statistics.median(calls), statistics.median(activations)


@pytest.mark.timeout(400)
@pytest.mark.deep
def test_many_activations_in_one_workspace_delay_no_other(
    stack: Stack, crowd: httpx.Client
) -> None:
    """Compares medians of the same session, so that the machine's speed does not matter."""
    drafts = [draft(crowd) for _ in range(48)]
    with stack.api(own_workspace(stack).owner) as other, ThreadPoolExecutor(24) as pool:
        # Workers are warm, and there are as many as the crowd will use.
        list(pool.map(lambda _: crowd.get("/v1/me"), range(24)))
        alone = medians(other, lambda made: made >= 18)
        asked: list[Future[httpx.Response]] = [
            pool.submit(crowd.post, f"/v1/automations/{each}/activate") for each in drafts
        ]
        meanwhile = medians(other, lambda made: all(each.done() for each in asked) and made >= 6)
    answers = [each.result() for each in asked]
    assert {answer.status_code for answer in answers} == {200, 202}
    for name, before, during in zip(
        ("a plain call", "an activation"), alone, meanwhile, strict=True
    ):
        print(f"{name}: {before * 1_000:.0f} ms alone, {during * 1_000:.0f} ms meanwhile")
        assert during <= 3 * before, (name, before, during)
    assert {outcome(crowd, answer) for answer in answers} == {"ACTIVE"}
