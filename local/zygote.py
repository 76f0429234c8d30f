"""A process that has loaded what all functions load, and forks Lambda workers:
`python -m local.zygote DESCRIPTOR`, where the descriptor is a socket. `local/worker_forks.py` is
the other end.

A fork takes a few milliseconds. A new interpreter that loads the same modules takes a second. The
first zygote loads the functions' libraries. It forks others, each of which also loads the
`runledger` package of a layer. A worker gets its own environment and its function's code only after
it was forked.

A request is its length and its JSON, with file descriptors. The first descriptor is a pipe, into
which a zygote writes the process id of the new process, and its exit code when it has ended.

No thread may run in a zygote: a fork copies only one thread, but the locks of all threads. Keep the
imports of this module few, because every function's process loads them too.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.lambda_child import become_worker

LENGTH = struct.Struct("!I")
NUMBER = struct.Struct("!q")
MOST_DESCRIPTORS = 4
WORKER = "worker"
ZYGOTE = "zygote"
PACKAGE = "runledger"

# Never anything of runledger: the functions load that from their layer.
_LIBRARIES = (
    "aws_lambda_powertools.event_handler.middlewares.openapi_validation",
    "aws_lambda_powertools.event_handler.openapi.params",
    "aws_lambda_powertools.utilities.typing",
    "boto3.dynamodb.conditions",
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
)
# The services that most functions call.
_SERVICES = ("dynamodb", "s3", "secretsmanager", "sesv2", "stepfunctions")
# The signals that a zygote handles.
_HANDLED = {signal.SIGCHLD, signal.SIGINT, signal.SIGTERM}
# Commands of the operator, which no function loads.
_COMMANDS = ("cli", "doctor", "stack_removal")


class _Zygote:
    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        # The pipe of each living child, by its process id.
        self._pipes: dict[int, int] = {}
        self._wakeups, self._wakeup = os.pipe()

    def serve(self) -> None:
        """Forks until the other end is closed or SIGTERM comes, then ends what it has forked."""
        if threading.active_count() != 1:
            raise RuntimeError(f"a loaded module started a thread: {threading.enumerate()}")
        for end in (self._wakeups, self._wakeup):
            os.set_blocking(end, False)
        # The handler does nothing; the signal wakes the loop.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)
        gc.collect()
        # The children share these objects. A collection in one of them would copy them.
        gc.freeze()
        try:
            self._serve()
        finally:
            for pid in self._pipes:
                os.kill(pid, signal.SIGTERM)

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._wakeups, select.POLLIN)
        poll.register(self._requests, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._wakeups in ready:
                os.read(self._wakeups, 65_536)
                self._reap()
            if self._requests.fileno() in ready:
                request = _receive(self._requests)
                if request is None:
                    return
                self._fork(*request)

    def _fork(self, request: dict[str, Any], descriptors: list[int]) -> None:
        pipe, *own = descriptors
        # Python forgets the signals that reach a new process before it is ready for them.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        pid = os.fork()
        if pid == 0:
            _live(lambda: self._child(request, pipe, own))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        self._pipes[pid] = pipe
        _tell(pipe, pid)
        for descriptor in own:
            os.close(descriptor)

    def _child(self, request: dict[str, Any], pipe: int, own: list[int]) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        self._requests.close()
        for descriptor in (pipe, self._wakeups, self._wakeup, *self._pipes.values()):
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(request["environment"])
        if request["kind"] == ZYGOTE:
            _load_layer(request["layer"])
            _Zygote(socket.socket(fileno=own[0])).serve()
        else:
            become_worker(request["script"], request["directory"], own)

    def _reap(self) -> None:
        while self._pipes:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            pipe = self._pipes.pop(pid)
            _tell(pipe, os.waitstatus_to_exitcode(status))
            os.close(pipe)


def _live(child: Callable[[], None]) -> None:
    """Runs `child` and ends this process, so that it never returns to the zygote's code."""
    code = 1
    try:
        child()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _tell(pipe: int, number: int) -> None:
    try:
        os.write(pipe, NUMBER.pack(number))
    except BrokenPipeError:
        # Nobody waits for this process any more.
        return


def _receive(requests: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Returns a request and its descriptors. None at the end."""
    head, descriptors, _, _ = socket.recv_fds(requests, LENGTH.size, MOST_DESCRIPTORS)
    body = bytearray()
    while len(head) == LENGTH.size and len(body) < LENGTH.unpack(head)[0]:
        part = requests.recv(LENGTH.unpack(head)[0] - len(body))
        if not part:
            return None
        body += part
    return (json.loads(body), descriptors) if body else None


def _load_libraries() -> None:
    for name in _LIBRARIES:
        importlib.import_module(name)
    from botocore import loaders
    from botocore.session import get_session

    # Botocore reads the description of a service for each session, a tenth of a second for a new
    # worker. The loader keeps what it has read, and belongs to no session.
    shared = loaders.create_loader()
    loaders.create_loader = lambda search_path_string=None: (
        shared if search_path_string is None else loaders.Loader([search_path_string])
    )
    session = get_session()
    session.set_credentials("none", "none")
    for service in _SERVICES:
        session.create_client(service, region_name="us-east-1")


def modules(layer: Path) -> list[str]:
    """Returns the modules that functions may load from a layer."""
    found = []
    for path in sorted((layer / PACKAGE).rglob("*.py")):
        parts = path.relative_to(layer).with_suffix("").parts
        if not any(
            part == word or part.endswith(f"_{word}") for part in parts for word in _COMMANDS
        ):
            found.append(".".join(parts).removesuffix(".__init__"))
    return found


def _load_layer(layer: str) -> None:
    """Loads the modules of a layer. A module that fails is left to the worker that needs it, which
    reports the error as on AWS."""
    sys.path.insert(0, layer)
    importlib.invalidate_caches()
    # Every worker already has the modules; nobody would read compiled ones.
    sys.dont_write_bytecode = True
    for name in modules(Path(layer)):
        try:
            importlib.import_module(name)
        except Exception:
            print(f"{name} is not loaded before the fork:", file=sys.stderr)
            traceback.print_exc()
    sys.path.remove(layer)


def main() -> None:
    # A module may open its log when it is loaded. As in a worker, stdout is for answers only.
    sys.stdout = sys.stderr
    requests = socket.socket(fileno=int(sys.argv[1]))
    _load_libraries()
    _Zygote(requests).serve()


if __name__ == "__main__":
    main()
