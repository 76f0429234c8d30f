"""Lambda: workers start fast, and their number is limited.

The emulator starts a new interpreter for every concurrent invocation, without limit. With this
patch, workers are forked from a server that has loaded the functions' third-party packages. A call
waits for a free worker if its function already has enough workers.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from types import SimpleNamespace
from typing import IO, Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local import function_keys
from local.lambda_child import become_worker
from local.patches import guard

MAX_WORKERS = 4
_WAIT_SECONDS = 60
_SHORT_FOLDER = "/tmp"

# Never anything of runledger: the functions load that from their layer.
_PRELOADED = [
    "aws_lambda_powertools",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.event_handler.openapi.params",
    "boto3.session",
    "botocore.client",
    "email_validator",
    "httpcore",
    "httpx",
    "jmespath",
    "liquid",
    "phonenumbers",
    "pydantic",
    "s3transfer.manager",
    "ulid",
]

_context = multiprocessing.get_context("forkserver")
_freed = threading.Condition()


def apply() -> None:
    guard.expect(lambda_runtime.Worker, "_spawn", "c55febf956565c5e")
    guard.expect(lambda_runtime, "acquire_worker", "5017d144adb5b983")
    guard.expect(lambda_runtime, "release_worker", "25d5dd7d42b6e30c")
    _context.set_forkserver_preload(_PRELOADED)
    _start_forkserver()
    lambda_runtime.subprocess = SimpleNamespace(PIPE=subprocess.PIPE, Popen=_popen)
    lambda_svc.acquire_worker = _waiting(lambda_svc.acquire_worker)
    lambda_svc.release_worker = _telling(lambda_svc.release_worker)


def _start_forkserver() -> None:
    """Starts the server with its socket in a short path. The path of a socket may have about a
    hundred characters, and the scratch folder of a checkout may be longer."""
    scratch, tempfile.tempdir = tempfile.gettempdir(), _SHORT_FOLDER
    try:
        forkserver.ensure_running()
    finally:
        tempfile.tempdir = scratch


class ForkedWorker:
    """A forked process with the parts of subprocess.Popen that the emulator uses."""

    def __init__(
        self, process: BaseProcess, stdin: IO[str], stdout: IO[str], stderr: IO[str]
    ) -> None:
        self._process = process
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("lambda worker", timeout or 0)
        return code

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _popen(command: list[str], **options: Any) -> Any:
    if command[0] != sys.executable:
        return subprocess.Popen(command, **options)
    function_keys.note(options["env"])
    pipes = [_context.Pipe(duplex=False) for _ in range(3)]
    (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = pipes
    process = _context.Process(
        target=become_worker,
        args=(command[1], options["cwd"], options["env"], (stdin, stdout, stderr)),
        daemon=True,
    )
    process.start()
    for theirs in (stdin, stdout, stderr):
        theirs.close()
    ours = [
        os.fdopen(os.dup(end.fileno()), mode, buffering=1, encoding="utf-8")
        for end, mode in ((to_stdin, "w"), (from_stdout, "r"), (from_stderr, "r"))
    ]
    for end in (to_stdin, from_stdout, from_stderr):
        end.close()
    return ForkedWorker(process, *ours)


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
