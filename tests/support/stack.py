"""The deployed stack that the emulator and console tests share: started once per test session by
the code of `make run`, or the running one in RUNLEDGER_STACK_URL."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

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
from local.sign_in import access_token

START_SECONDS = 180
_STOP_SECONDS = 60


@dataclass(frozen=True)
class Stack:
    """A running stack; `local` is the content of its local.json."""

    local: dict[str, Any]

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
        return access_token(self.url, email, PASSWORD)

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


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    url = os.environ.get("RUNLEDGER_STACK_URL")
    if url:
        yield _running_at(url)
        return
    with started_stack(tmp_path_factory.mktemp("stack")) as started:
        yield started


@contextmanager
def started_stack(
    state_dir: Path, *options: str, stop_seconds: float = _STOP_SECONDS
) -> Iterator[Stack]:
    """Yields a separate stack on free ports, started by the code of `make run` with these
    options."""
    process = _start(state_dir, options)
    try:
        yield _await(process, state_dir)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(stop_seconds)


def _running_at(url: str) -> Stack:
    local = LocalStack(Ports(), default_state_dir()).read_note("local.json")
    if local.get("url") != url.rstrip("/"):
        pytest.fail(f"RUNLEDGER_STACK_URL={url}, but local.json names {local.get('url')}")
    return Stack(local)


def _start(state_dir: Path, options: Sequence[str]) -> subprocess.Popen[bytes]:
    ports = ",".join(str(port) for port in _free_ports(3))
    command = [sys.executable, "-m", "local.run", "--state-dir", str(state_dir), "--ports", ports]
    command += options
    with (state_dir / "run.log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _await(process: subprocess.Popen[bytes], state_dir: Path) -> Stack:
    described = LocalStack(Ports(), state_dir)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if described.local_json.exists():
            return Stack(described.read_note("local.json"))
        time.sleep(0.2)
    log = (state_dir / "run.log").read_text()
    pytest.fail(f"the stack did not come up:\n{log}", pytrace=False)


def _free_ports(count: int) -> list[int]:
    """Returns free ports, all held at once, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
