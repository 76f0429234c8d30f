"""The smoke test of a deployed stack, run against the local one."""

import httpx
import pytest

from local import smoke, smoke_stack
from local.settings import CREDENTIALS, STACK_NAME
from tests.emulator.orders import everything
from tests.support.demo_users import own_workspace
from tests.support.stack import Stack


@pytest.fixture
def as_operator(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.aws_endpoint)


@pytest.mark.usefixtures("as_operator")
def test_the_main_job_works(stack: Stack) -> None:
    lines: list[str] = []
    outputs = smoke_stack.outputs_of(STACK_NAME, stack.region)
    problems = smoke_stack.run(
        outputs,
        stack.url,
        region=stack.region,
        deliver=smoke_stack.delivered_by(stack.aws_endpoint),
        report=lines.append,
    )
    assert problems == [], lines
    assert [line.strip().removeprefix("ok").strip() for line in lines[1:]] == [
        f"{stack.url}:",
        *(f"webhook: {case.title}" for case in smoke.CASES),
        "webhook: a wrong signature",
        "delivery",
        "cancel",
        "clean-up",
    ]
    pool = stack.aws("cognito-idp")
    users = pool.list_users(UserPoolId=outputs["UserPoolId"], Limit=60)["Users"]
    names = [each["Value"] for user in users for each in user["Attributes"]]
    assert not [name for name in names if name.startswith("smoke-")]


def test_bytes_that_change_on_the_way_are_reported(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = smoke._send

    def replacing(url: str, secret: str, body: bytes, *content_type: str) -> httpx.Response:
        sent = httpx.post

        def post(url: str, *, content: bytes, **rest: object) -> httpx.Response:
            changed = content.decode(errors="replace").encode()
            return sent(url, content=changed, **rest)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(httpx, "post", post)
            return send(url, secret, body, *content_type)

    monkeypatch.setattr(smoke, "_send", replacing)
    deliver = smoke_stack.delivered_by(stack.aws_endpoint)
    owner = own_workspace(stack).owner
    problems = smoke.check(stack.url, stack.token(owner), report=lambda line: None, deliver=deliver)
    assert [problem.partition(":")[0] for problem in problems] == [
        "a declared charset",
        "bytes that are not UTF-8",
    ]
    assert all("changed on the way" in problem for problem in problems)
    with stack.api(owner) as api:
        left = {each["name"]: each["status"] for each in everything(api, "/v1/automations")}
    assert left == {smoke.NAME: "ARCHIVED"}
