"""The smoke test of a deployed stack, run against the local one."""

import httpx
import pytest

from local import smoke
from tests.emulator.orders import ADMIN, everything
from tests.support.stack import Stack


def test_signed_webhooks_reach_the_stack_as_they_were_sent(stack: Stack) -> None:
    lines: list[str] = []
    assert smoke.check(stack.url, stack.token(ADMIN), report=lines.append) == [], lines
    assert len(lines) == 1 + len(smoke.CASES)
    with stack.api(ADMIN) as api:
        named = [each for each in everything(api, "/v1/automations") if each["name"] == smoke._NAME]
    assert {each["status"] for each in named} <= {"ARCHIVED"}


def test_bytes_that_change_on_the_way_are_reported(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = httpx.post

    def replacing(url: str, *, content: bytes, **rest: object) -> httpx.Response:
        return send(url, content=content.decode(errors="replace").encode(), **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(httpx, "post", replacing)
    problems = smoke.check(stack.url, stack.token(ADMIN), report=lambda line: None)
    assert [problem.partition(":")[0] for problem in problems] == [
        "a declared charset",
        "bytes that are not UTF-8",
    ]
    assert all("changed on the way" in problem for problem in problems)
