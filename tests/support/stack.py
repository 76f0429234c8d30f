"""The deployed stack that the emulator and console tests share: started once per test session by
the code of `make run`, or the running one in RUNLEDGER_STACK_URL."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from runledger.store.values import from_dynamo

from local.settings import (
    CREDENTIALS,
    PASSWORD,
    ROOT,
    STACK_NAME,
    WORKERS_PATH,
    Ports,
    default_state_dir,
)
from local.settings import (
    Stack as LocalStack,
)
from local.sign_in import sign_in

START_SECONDS = 180
_STOP_SECONDS = 60


@dataclass(frozen=True)
class Stack:
    """A running stack; `local` is the content of its local.json."""

    local: dict[str, Any]
    _granted: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return str(self.local["url"])

    @property
    def aws_endpoint(self) -> str:
        return str(self.local["awsEndpoint"])

    @property
    def region(self) -> str:
        return str(self.local["region"])

    @property
    def table_name(self) -> str:
        return str(self.local["tableName"])

    def token(self, email: str) -> str:
        """Returns a bearer token of one of the demo users."""
        return str(self.granted(email)["AccessToken"])

    def granted(self, email: str) -> dict[str, Any]:
        """Returns the tokens of one of the demo users: `{AccessToken, RefreshToken, ExpiresIn}`.
        Returns the same tokens again until half of their lifetime is over."""
        until, granted = self._granted.get(email, (0.0, {}))
        if until < time.monotonic():
            granted = sign_in(self.url, email, PASSWORD)
            until = time.monotonic() + granted["ExpiresIn"] / 2
            self._granted[email] = (until, granted)
        return granted

    def api(self, email: str) -> httpx.Client:
        """Returns the public API as this user; close it, or use it as a context manager."""
        headers = {"Authorization": f"Bearer {self.token(email)}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def aws(self, service: str) -> Any:
        """Returns a boto3 client of the emulator, as its account's root."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.aws_endpoint,
            region_name=self.region,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def function_name(self, logical_id: str) -> str:
        """Returns the physical name of a function of the template."""
        resource = self.aws("cloudformation").describe_stack_resource(
            StackName=STACK_NAME, LogicalResourceId=logical_id
        )
        return str(resource["StackResourceDetail"]["PhysicalResourceId"])

    def tick(self) -> None:
        """Runs the tick once, in addition to its scheduled runs."""
        with closing(self.aws("lambda")) as functions:
            answer = functions.invoke(FunctionName=self.function_name("Tick"), Payload=b"{}")
            assert "FunctionError" not in answer, answer["Payload"].read()

    def mailbox(self) -> list[dict[str, Any]]:
        """Returns every e-mail that was sent, oldest first."""
        answer = httpx.get(f"{self.aws_endpoint}/_ministack/ses/messages").raise_for_status()
        by_account: dict[str, list[dict[str, Any]]] = answer.json()["messages"]
        return [message for messages in by_account.values() for message in messages]

    def workers(self, logical_id: str) -> list[int]:
        """Returns the process ids of a function's Lambda workers."""
        name = self.function_name(logical_id)
        answer = httpx.get(self.aws_endpoint + WORKERS_PATH).raise_for_status()
        return [worker["pid"] for worker in answer.json() if worker["function"] == name]

    def kill_worker(self, logical_id: str) -> int:
        """Kills a function's Lambda workers as the kernel would; returns how many there were."""
        pids = self.workers(logical_id)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)


class Launch:
    """A stack of its own on free ports, started by the code of `make run` with these options. It
    can be stopped, and started again with its data."""

    def __init__(self, state_dir: Path, *options: str) -> None:
        self._state_dir = state_dir
        ports = ",".join(str(port) for port in free_ports(3))
        self._command = [sys.executable, "-m", "local.run", "--state-dir", str(state_dir)]
        self._command += ["--ports", ports, *options]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Stack:
        with (self._state_dir / "run.log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return _await(self._process, self._state_dir)

    @property
    def pid(self) -> int:
        """The process that started all others of the stack."""
        assert self._process is not None
        return self._process.pid

    def stop(self, seconds: float = _STOP_SECONDS) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(seconds)


@pytest.fixture(scope="session")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch | None]:
    """Yields the launch of the session's stack, or None if RUNLEDGER_STACK_URL names a running
    stack."""
    if os.environ.get("RUNLEDGER_STACK_URL"):
        yield None
        return
    launch = Launch(tmp_path_factory.mktemp("stack"))
    try:
        yield launch
    finally:
        launch.stop()


@pytest.fixture(scope="session")
def stack(launch: Launch | None) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as patch:
        # Each `httpx.get` would read all the certificates again, which takes longer than the call.
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        stack = launch.start() if launch else _running_at(os.environ["RUNLEDGER_STACK_URL"])
        yield stack
        if launch:
            erased = _erased(stack)
            assert erased == [], f"{erased}: erase in tests.support.demo_users.own_workspace"


def _erased(stack: Stack) -> list[str]:
    """Returns the erasures that tests requested in the shared workspaces: for each erasure, the
    key of its workspace and the reason that the test gave. Tests must not erase anyone in a shared
    workspace, because an open erasure deletes the exports of other tests there."""
    with closing(stack.aws("dynamodb")) as dynamodb:
        answers = [
            dynamodb.query(
                TableName=stack.table_name,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"WORKSPACE#{workspace['id']}#ERASURE"}},
            )
            for workspace in stack.local["workspaces"]
        ]
    items = [from_dynamo(item) for answer in answers for item in answer["Items"]]
    return [f"{item['pk']}: {item.get('reason')}" for item in items]


@contextmanager
def started_stack(
    state_dir: Path, *options: str, stop_seconds: float = _STOP_SECONDS
) -> Iterator[Stack]:
    """Starts a stack of its own with a `Launch`, yields it, and stops it afterwards."""
    launch = Launch(state_dir, *options)
    try:
        yield launch.start()
    finally:
        launch.stop(stop_seconds)


def _running_at(url: str) -> Stack:
    local = LocalStack(Ports(), default_state_dir()).read_note("local.json")
    if local.get("url") != url.rstrip("/"):
        pytest.fail(f"RUNLEDGER_STACK_URL={url}, but local.json names {local.get('url')}")
    return Stack(local)


def _await(process: subprocess.Popen[bytes], state_dir: Path) -> Stack:
    described = LocalStack(Ports(), state_dir)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if described.local_json.exists():
            return Stack(described.read_note("local.json"))
        time.sleep(0.2)
    log = (state_dir / "run.log").read_text()
    pytest.fail(f"the stack did not come up:\n{log}", pytrace=False)


def free_ports(count: int) -> list[int]:
    """Returns free ports, all held at once, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
