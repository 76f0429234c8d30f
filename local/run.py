"""Starts the whole stack on this machine and runs until it is stopped: `make run`."""

import argparse
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import boto3

from local import bootstrap, demo, demo_service, totals
from local.deploy import deploy, is_current, outputs
from local.emulator import Emulator
from local.gateway import Gateway
from local.seed import seed
from local.serve import Server
from local.settings import (
    HOST,
    PASSWORD,
    REGION,
    ROOT,
    LocalError,
    Ports,
    Stack,
    default_state_dir,
    parse_port,
)

_SEEDED = "seeded.json"
# A key of that note, present during the first seeding of new workspaces.
_HALF = "seeding"
_WATCH_SECONDS = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        options = _options(arguments)
        ports = _ports(options.ports)
        stack = Stack(ports, options.state_dir.resolve())
        _require_free(ports)
        with _running(stack, seeded=not options.no_seed) as server:
            server.wait()
    except LocalError as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


class _Running:
    """Everything that was started, in order."""

    def __init__(self, stack: Stack) -> None:
        self.emulator = Emulator(stack)
        self.server = Server()
        self._stack = stack

    def wait(self) -> None:
        """Waits until a signal comes. Raises an error if the emulator ends by itself."""
        while self.emulator.is_running():
            time.sleep(_WATCH_SECONDS)
        raise LocalError(f"the emulator ended unexpectedly; see {self._stack.emulator_log}")

    def stop(self) -> None:
        self._stack.local_json.unlink(missing_ok=True)
        self.server.stop()
        self.emulator.stop()


@contextmanager
def _running(stack: Stack, *, seeded: bool) -> Iterator[_Running]:
    # The operator's use cases build their own clients; this environment lets them reach only the
    # emulator.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(stack.aws_environment())
    started = time.monotonic()
    running = _Running(stack)
    try:
        _bring_up(stack, running, _stage(started), seeded=seeded)
        yield running
    finally:
        # A second Ctrl-C must not interrupt the saving.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("\nstopping; the data is kept", flush=True)
        running.stop()


def _bring_up(stack: Stack, running: _Running, say: Callable[[str], None], *, seeded: bool) -> None:
    _forget_half_seeded(stack, say)
    say(f"starting the AWS emulator on {stack.aws_endpoint}")
    running.emulator.start()
    if is_current(stack):
        say("nothing has changed since the last deployment")
        found = outputs(stack)
    else:
        say("deploying template.yaml")
        found = deploy(stack)
    assert found is not None
    bootstrap.name_console(stack)
    totals.forget(stack, found["TableName"])
    say(f"starting the gateway on {stack.url} and the demo service on {stack.demo_url}")
    running.server.start(demo_service.app(), stack.ports.demo)
    gateway = Gateway(
        stack.aws_endpoint,
        found["ApiId"],
        found["UserPoolClientId"],
        _edge_key(stack, found["EdgeSecretArn"]),
        ROOT / "console" / "dist",
    )
    running.server.start(gateway.app(), stack.ports.gateway)
    webhooks = _data(stack, found, say, seeded=seeded)
    stack.write_note("local.json", _description(stack, found, webhooks))
    say("ready")
    _greet(stack, webhooks)


def _edge_key(stack: Stack, secret_arn: str) -> str:
    secrets = boto3.client("secretsmanager", endpoint_url=stack.aws_endpoint)
    return secrets.get_secret_value(SecretId=secret_arn)["SecretString"]


def _data(
    stack: Stack, found: dict[str, str], say: Callable[[str], None], *, seeded: bool
) -> list[dict[str, Any]]:
    """Returns the workspaces, with demo data if `seeded`. They are created once per deployed user
    pool."""
    note = stack.read_note(_SEEDED)
    is_new = note.get("userPoolId") != found["UserPoolId"]
    if is_new:
        say("opening the workspaces Demo and Other with a user of every role in each")
        bootstrap.verify_sender(stack)
        bootstrap.open_workspaces(found)
        note = {"userPoolId": found["UserPoolId"], "webhooks": None}
        stack.write_note(_SEEDED, note)
    if seeded and note["webhooks"] is None:
        say("seeding contacts, templates, automations and runs through the API")
        # Data that somebody already worked with is never treated as a leftover of a seeding.
        stack.write_note(_SEEDED, {**note, _HALF: is_new})
        try:
            note["webhooks"] = seed(stack, say)
        except LocalError as error:
            raise LocalError(
                f"{error}\n  run `make clean`, which deletes the data, and start again"
            ) from error
        stack.write_note(_SEEDED, note)
    # Stored without the address, which another run may change.
    return [_webhook(stack, **webhook) for webhook in note["webhooks"] or []]


def _forget_half_seeded(stack: Stack, say: Callable[[str], None]) -> None:
    """Deletes demo data that was only partly created, because it cannot be completed and nobody has
    used it yet."""
    if not stack.read_note(_SEEDED).get(_HALF):
        return
    say("an earlier seeding was interrupted; seeding again from the beginning")
    for name in ("emulator", "s3"):
        shutil.rmtree(stack.state_dir / name, ignore_errors=True)
    for name in ("deployed.json", _SEEDED):
        (stack.state_dir / name).unlink(missing_ok=True)


def _webhook(stack: Stack, *, path: str, **rest: str) -> dict[str, str]:
    return {**rest, "url": stack.url + path}


def _description(
    stack: Stack, found: dict[str, str], webhooks: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "url": stack.url,
        "awsEndpoint": stack.aws_endpoint,
        "demoService": stack.demo_url,
        "region": REGION,
        "tableName": found["TableName"],
        "workspaces": bootstrap.workspaces(),
        "webhooks": webhooks,
    }


def _greet(stack: Stack, webhooks: list[dict[str, Any]]) -> None:
    owner = bootstrap.workspaces()[0]["users"][0]["email"]
    print(f"\n  Runledger   {stack.url}")
    print(f"  Sign in     {owner}  {PASSWORD}   (also admin@, member@, viewer@)")
    if webhooks:
        event = demo.order("A-$(date +%s)", 99, "ada@customer.example")
        body = json.dumps(event).replace('"', '\\"')
        header = '-H "Content-Type: application/json"'
        print(f'  Try         curl {webhooks[0]["url"]} {header} -d "{body}"')
    print("  Stop        Ctrl-C keeps the data; `make clean` deletes it\n", flush=True)


def _stage(started: float) -> Callable[[str], None]:
    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {text}", flush=True)

    return say


def _require_free(ports: Ports) -> None:
    for name, port in ports.variables().items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise LocalError(
                    f"port {port} is in use; choose another one: make run {name}={port + 10}"
                ) from error


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument(
        "--no-seed", action="store_true", help="create the workspaces, but no data in them"
    )
    parser.add_argument("--state-dir", type=Path, default=default_state_dir())
    parser.add_argument(
        "--ports", help="gateway,emulator,demo; else PORT, EMULATOR_PORT, DEMO_PORT"
    )
    return parser.parse_args(arguments)


def _ports(text: str | None) -> Ports:
    if text is None:
        return Ports.from_environment(os.environ)
    parts = text.split(",")
    if len(parts) != 3:
        raise LocalError("--ports needs three ports: gateway,emulator,demo")
    return Ports(*(parse_port("--ports", part) for part in parts))


def _interrupt(number: int, context: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
