"""Lambda: workers start fast, and their number is limited.

The emulator starts a new interpreter for every concurrent invocation, without limit. With this
patch, workers are forked from a process that has loaded the functions' modules. That process starts
when a function with these modules is created, before the first event. A call waits for a free
worker if its function already has enough workers.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from local import function_keys
from local.patches import guard
from local.patches.lambda_code import unpacked
from local.worker_forks import ZYGOTES, Forked, ForkError, Work
from local.worker_pipes import WorkerPipes

MAX_WORKERS = 4
_WAIT_SECONDS = 60
# A worker that imports its function for longer does not start.
_START_SECONDS = 60
# The pipes of a worker that ended are closed at once.
_END_SECONDS = 1
_FUNCTION = "AWS::Lambda::Function"

_freed = threading.Condition()


def apply() -> None:
    guard.expect(lambda_runtime.Worker, "_spawn", "c55febf956565c5e")
    guard.expect(lambda_runtime, "acquire_worker", "5017d144adb5b983")
    guard.expect(lambda_runtime, "release_worker", "25d5dd7d42b6e30c")
    guard.expect(lambda_svc, "_resolve_layer_zip", "447d3c3ec42c50ad")
    guard.expect(provisioners, "_lambda_create", "8b2cf80e961d92ee")
    lambda_runtime.subprocess = SimpleNamespace(PIPE=subprocess.PIPE, Popen=_popen)
    lambda_svc.acquire_worker = _waiting(lambda_svc.acquire_worker)
    lambda_svc.release_worker = _telling(lambda_svc.release_worker)
    handlers = provisioners._RESOURCE_HANDLERS[_FUNCTION]
    handlers["create"] = _preparing(handlers["create"])


class ForkedWorker:
    """A forked worker with the parts of subprocess.Popen that the emulator uses."""

    def __init__(self, process: Forked, pipes: WorkerPipes) -> None:
        self.pipes = pipes
        # While it starts the worker, the emulator uses them as files.
        self.stdin = self.stdout = self.stderr = _Files(pipes)
        self.pid = process.pid
        self.poll, self.wait = process.poll, process.wait
        self.terminate, self.kill = process.terminate, process.kill


class _Files:
    """A worker's pipes as files, for the emulator while it starts the worker. It writes a line, and
    then reads lines until one of them is an answer. Its thread that reads stderr finds nothing and
    ends."""

    def __init__(self, pipes: WorkerPipes) -> None:
        self._pipes = pipes

    def write(self, text: str) -> None:
        self._pipes.write(text.encode(), time.monotonic() + _START_SECONDS)

    def flush(self) -> None:
        """Does nothing, because `write` has already written everything."""

    def readline(self) -> str:
        line = self._pipes.answer(time.monotonic() + _START_SECONDS)
        return "" if line is None else line.decode() + "\n"

    def read(self, size: int) -> str:
        """Returns the log of a worker that has ended."""
        return "\n".join(self._pipes.log(None, time.monotonic() + _END_SECONDS))[:size]

    def __iter__(self) -> Iterator[str]:
        return iter(())


def _popen(command: list[str], **options: Any) -> Any:
    if command[0] != sys.executable:
        return subprocess.Popen(command, **options)
    environment: dict[str, str] = options["env"]
    function_keys.note(environment)
    (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = (os.pipe() for _ in range(3))
    pipes = WorkerPipes(to_stdin, from_stdout, from_stderr)
    theirs = (stdin, stdout, stderr)
    try:
        folders = filter(None, environment.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep))
        layers = [Path(folder, "python").resolve() for folder in folders]
        work = Work(command[1], options["cwd"], environment, layers, theirs)
        return ForkedWorker(ZYGOTES.worker(work), pipes)
    finally:
        for descriptor in theirs:
            os.close(descriptor)


def _preparing(create: Callable[..., Any]) -> Callable[..., Any]:
    def create_and_prepare(*args: Any) -> Any:
        created = create(*args)
        config = lambda_svc._functions[created[0]]["config"]
        archives = [lambda_svc._resolve_layer_zip(layer) for layer in config["Layers"]]
        threading.Thread(
            target=_prepare,
            args=([archive for archive in archives if archive], config["Environment"]["Variables"]),
            name="zygote",
            daemon=True,
        ).start()
        return created

    return create_and_prepare


def _prepare(archives: list[bytes], environment: dict[str, str]) -> None:
    try:
        ZYGOTES.of([unpacked(archive) / "python" for archive in archives], environment)
    except ForkError as error:
        # The first worker tries again, and reports it.
        print(f"local emulator: {error}", file=sys.stderr)


def _waiting(acquire: Callable[..., Any]) -> Callable[..., Any]:
    def acquire_or_wait(*args: Any, **kwargs: Any) -> Any:
        deadline = time.monotonic() + _WAIT_SECONDS
        with _freed:
            while True:
                worker, reason = acquire(*args, **{**kwargs, "max_concurrency": MAX_WORKERS})
                left = deadline - time.monotonic()
                if worker is not None or left <= 0:
                    return worker, reason
                _freed.wait(left)

    return acquire_or_wait


def _telling(release: Callable[[Any], None]) -> Callable[[Any], None]:
    def release_and_report(worker: Any) -> None:
        release(worker)
        with _freed:
            _freed.notify_all()

    return release_and_report
