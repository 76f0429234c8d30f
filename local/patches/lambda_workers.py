"""Lambda: workers start fast, and their number is limited.

The emulator starts a new interpreter for every concurrent invocation, without limit. With this
patch, workers are forked from a process that has loaded the functions' modules. That process starts
when a function with these modules is created, before the first event. A call waits for its turn
(`local/turns.py`), and for a free worker if its function already has enough workers.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from local import function_keys
from local.patches import guard
from local.patches.lambda_code import unpacked
from local.turns import Turns, configured_limit
from local.worker_forks import ZYGOTES, Forked, ForkError, Work
from local.worker_pipes import WorkerPipes

MAX_WORKERS = 4
_WAIT_SECONDS = 60
# A worker that imports its function for longer does not start.
_START_SECONDS = 60
# The pipes of a worker that ended are closed at once.
_END_SECONDS = 1
_FUNCTION = "AWS::Lambda::Function"

_turns = Turns(configured_limit(os.environ))
# The turn of each worker that is in use.
_held: dict[Any, object] = {}
# Guards the number of workers that were released so far.
_freed = threading.Condition()
_releases = [0]


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
    """A worker's pipes as files, for the emulator while it starts the worker. The emulator writes a
    line, and then reads lines until one of them is an answer. The emulator's thread for stderr
    finds no lines and ends."""

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
    """Returns a function that waits for a turn and for a free worker. The worker is chosen only
    when its invocation begins. So it is usually the one that was used last, whose memory is
    still in the processor's caches."""

    def acquire_in_turn(*args: Any, **kwargs: Any) -> Any:
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            with _freed:
                before = _releases[0]
            turn = _turns.begin()
            try:
                worker, reason = acquire(*args, **{**kwargs, "max_concurrency": MAX_WORKERS})
            except BaseException:
                _turns.end(turn)
                raise
            if worker is not None:
                _held[worker] = turn
                return worker, reason
            # All workers of the function are busy. Calls of other functions go on.
            _turns.end(turn)
            left = deadline - time.monotonic()
            with _freed:
                if not _freed.wait_for(partial(_has_released_since, before), left):
                    return worker, reason

    return acquire_in_turn


def _has_released_since(before: int) -> bool:
    return _releases[0] != before


def _telling(release: Callable[[Any], None]) -> Callable[[Any], None]:
    def release_and_report(worker: Any) -> None:
        release(worker)
        turn = _held.pop(worker, None)
        if turn is not None:
            _turns.end(turn)
        with _freed:
            _releases[0] += 1
            _freed.notify_all()

    return release_and_report
