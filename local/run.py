"""Starts the whole stack on this machine and runs until it is stopped: `make run`."""

import argparse
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from local import seeded
from local.emulator import Emulator
from local.settings import HOST, LocalError, Ports, Stack, default_state_dir, parse_port

if TYPE_CHECKING:
    from local.serve import Server

_WATCH_SECONDS = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        options = _options(arguments)
        ports = _ports(options.ports)
        stack = Stack(ports, options.state_dir.resolve())
        _require_free(ports)
        with _running(stack, with_data=not options.no_seed) as running:
            running.wait()
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
        self._server: Server | None = None
        self._stack = stack

    def start(self, say: Callable[[str], None], *, with_data: bool) -> None:
        seeded.forget_half(self._stack, say)
        say(f"starting the AWS emulator on {self._stack.aws_endpoint}")
        self.emulator.launch()
        # These load for half a second, while the emulator loads.
        from local.bring_up import bring_up
        from local.serve import Server

        self._server = Server()
        bring_up(self._stack, self.emulator, self._server, say, with_data=with_data)

    def wait(self) -> None:
        """Waits until a signal comes. Raises an error if the emulator ends by itself."""
        while self.emulator.is_running():
            time.sleep(_WATCH_SECONDS)
        raise LocalError(f"the emulator ended unexpectedly; see {self._stack.emulator_log}")

    def stop(self) -> None:
        self._stack.local_json.unlink(missing_ok=True)
        if self._server is not None:
            self._server.stop()
        self.emulator.stop()


@contextmanager
def _running(stack: Stack, *, with_data: bool) -> Iterator[_Running]:
    # The operator's use cases build their own clients; this environment lets them reach only the
    # emulator.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(stack.aws_environment())
    running = _Running(stack)
    try:
        running.start(_stage(time.monotonic()), with_data=with_data)
        yield running
    finally:
        # A second Ctrl-C must not interrupt the saving.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("\nstopping; the data is kept", flush=True)
        running.stop()


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
