"""Forks Lambda workers from zygotes (`local/zygote.py`), which end with this process."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.one_core import ONE_CORE
from local.settings import ROOT
from local.zygote import LENGTH, NUMBER, PACKAGE, WORKER, ZYGOTE

# The variables that the functions' modules read when they are loaded.
READ_WHEN_LOADED = (
    "AWS_LAMBDA_LOG_LEVEL",
    "LOG_LEVEL",
    "POWERTOOLS_DEV",
    "POWERTOOLS_LOGGER_SAMPLE_RATE",
    "POWERTOOLS_LOG_DEDUPLICATION_DISABLED",
    "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_SERVICE_NAME",
    "PYDANTIC_DISABLE_PLUGINS",
)

# Enough to load and to compile all modules on a busy machine.
_FORK_SECONDS = 60
_TRIES = 2
_END_SECONDS = 10
_UNKNOWN_CODE = 255

_Key = tuple[Path, tuple[tuple[str, str], ...]]


class ForkError(RuntimeError):
    """A zygote has ended or does not answer."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker runs: a script in a directory. `layers` are the folders with its layers'
    modules, `streams` the descriptors of its input, output and errors."""

    script: str
    directory: str
    environment: Mapping[str, str]
    layers: Sequence[Path]
    streams: Sequence[int]


class Forked:
    """A forked process with the parts of subprocess.Popen that the emulator uses."""

    def __init__(self, pid: int, pipe: int) -> None:
        self.pid = pid
        self._pipe = pipe
        self._code: int | None = None
        self._reading = threading.Lock()

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("lambda worker", timeout or 0)
        return code

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def _ended(self, timeout: float | None) -> int | None:
        with self._reading:
            if self._code is None:
                try:
                    self._code = _read_number(self._pipe, timeout)
                except EOFError:
                    # Its zygote has ended.
                    self._code = _UNKNOWN_CODE
                if self._code is not None:
                    os.close(self._pipe)
            return self._code


class Zygote:
    """The connection to a zygote. `worker` and `zygote` raise ForkError if the zygote has ended or
    does not answer."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._sending = threading.Lock()

    def close(self) -> None:
        """Ends the zygote and everything that it has forked."""
        self._requests.close()

    def worker(self, work: Work) -> Forked:
        request = {"kind": WORKER, "script": work.script, "directory": work.directory}
        return self._fork(request, work.environment, work.streams)

    def zygote(self, layer: Path, environment: Mapping[str, str]) -> "Zygote":
        """Forks a zygote that loads the layer's modules. Returns before they are loaded."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._fork({"kind": ZYGOTE, "layer": str(layer)}, environment, [theirs.fileno()])
            except ForkError:
                ours.close()
                raise
        return Zygote(ours)

    def _fork(
        self, request: dict[str, str], environment: Mapping[str, str], descriptors: Sequence[int]
    ) -> Forked:
        body = json.dumps({**request, "environment": dict(environment)}).encode()
        pipe, theirs = os.pipe()
        try:
            try:
                with self._sending:
                    head = [LENGTH.pack(len(body))]
                    socket.send_fds(self._requests, head, [theirs, *descriptors])
                    self._requests.sendall(body)
            finally:
                os.close(theirs)
            pid = _read_number(pipe, _FORK_SECONDS)
            if pid is None:
                raise ForkError(f"a zygote did not fork within {_FORK_SECONDS} s")
        except (OSError, EOFError) as error:
            os.close(pipe)
            raise ForkError("a zygote has ended") from error
        except ForkError:
            os.close(pipe)
            raise
        return Forked(pid, pipe)


class Zygotes:
    """The zygotes of this process: the first, and one for each layer with our package in it."""

    def __init__(self) -> None:
        self._first: Zygote | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._of_layers: dict[_Key, Zygote] = {}
        self._changing = threading.RLock()

    def first(self) -> Zygote:
        """Returns the zygote that loads the libraries. Starts it if necessary, and returns before
        they are loaded."""
        with self._changing:
            if self._first is None:
                self._first, self.process = _start()
            return self._first

    def of(self, layers: Sequence[Path], environment: Mapping[str, str]) -> Zygote:
        """Returns the zygote for workers with these layers and this environment."""
        layer = next((path for path in layers if (path / PACKAGE / "__init__.py").exists()), None)
        if layer is None:
            return self.first()
        read = {name: environment[name] for name in READ_WHEN_LOADED if name in environment}
        key = (layer, tuple(read.items()))
        with self._changing:
            if key in self._of_layers:
                return self._of_layers[key]
            first = self.first()
            try:
                self._of_layers[key] = first.zygote(layer, {**os.environ, **read})
            except ForkError as error:
                # At once, so that no other thread waits for it too.
                killed, failure = self._drop(first), error
            else:
                return self._of_layers[key]
        _await_end(killed)
        raise failure

    def worker(self, work: Work) -> Forked:
        """Forks a worker. Replaces zygotes that have ended or do not answer. Raises ForkError if
        the new ones fail too."""
        for _ in range(_TRIES):
            try:
                return self._worker(self.of(work.layers, work.environment), work)
            except ForkError as error:
                print(f"local emulator: {error}; another one is started", file=sys.stderr)
        # Without the modules of a layer that ends its zygote.
        return self._worker(self.first(), work)

    def close(self) -> None:
        """Ends all zygotes and workers. Raises ForkError if the first zygote does not end."""
        with self._changing:
            for zygote in (*self._of_layers.values(), *filter(None, [self._first])):
                zygote.close()
            process, self._first, self.process = self.process, None, None
            self._of_layers.clear()
        if process is not None:
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                _await_end(process)

    def _worker(self, zygote: Zygote, work: Work) -> Forked:
        try:
            return zygote.worker(work)
        except ForkError:
            with self._changing:
                killed = self._drop(zygote)
            _await_end(killed)
            raise

    def _drop(self, zygote: Zygote) -> subprocess.Popen[bytes] | None:
        """Forgets a zygote that has ended or does not answer. If it was the first one, kills its
        process and returns it."""
        for key in [key for key, found in self._of_layers.items() if found is zygote]:
            del self._of_layers[key]
        killed = None
        if self._first is zygote and self.process is not None:
            # Closing it would make it end the zygotes of the layers, and these their workers.
            self.process.kill()
            killed, self._first, self.process = self.process, None, None
        zygote.close()
        return killed


ZYGOTES = Zygotes()


def _start() -> tuple[Zygote, subprocess.Popen[bytes]]:
    ours, theirs = socket.socketpair()
    # The workers share all cores.
    with theirs, ONE_CORE.on_all():
        process = subprocess.Popen(
            [sys.executable, "-m", "local.zygote", str(theirs.fileno())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    return Zygote(ours), process


def _await_end(killed: subprocess.Popen[bytes] | None) -> None:
    if killed is None:
        return
    try:
        killed.wait(_END_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ForkError(
            f"a zygote (process {killed.pid}) did not end within {_END_SECONDS} s after it was"
            " killed"
        ) from error


def _read_number(pipe: int, timeout: float | None) -> int | None:
    """Returns the next number in a pipe. None if there is none within `timeout` seconds. Raises
    EOFError at the end."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    if not poll.poll(None if timeout is None else timeout * 1000):
        return None
    read = os.read(pipe, NUMBER.size)
    if len(read) < NUMBER.size:
        raise EOFError
    number: int = NUMBER.unpack(read)[0]
    return number
