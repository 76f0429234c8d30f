"""Local Lambda workers are forked from a process with the modules that all share; each gets its
own environment and code."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from local import worker_forks, zygote
from local.settings import ROOT
from local.worker_forks import READ_WHEN_LOADED, Forked, ForkError, Work, Zygotes

# Seconds, on a busy machine.
_PATIENCE = 60
_WORKER = """
import json, os, random, sys
sys.path.insert(0, os.getcwd())
import handler
print(json.dumps({
    "pid": os.getpid(),
    "environment": dict(os.environ),
    "handler": handler.NAME,
    "random": random.random(),
    "loaded": getattr(sys.modules.get("runledger.code"), "LOADED_BY", None),
    "openFiles": sorted(os.readlink(f"/proc/self/fd/{name}").partition(":")[0]
                        for name in os.listdir("/proc/self/fd")
                        if int(name) > 2 and os.path.exists(f"/proc/self/fd/{name}")),
}), flush=True)
sys.stdin.readline()
"""
_CODE = """
import logging, os, sys
LOADED_BY = os.getpid()
LEVEL = os.environ.get('POWERTOOLS_LOG_LEVEL')
LOG = logging.StreamHandler(sys.stdout)
"""
# The emulator's script prints answers to stdout, and sends what functions print to stderr.
_LOGGING_WORKER = """
import logging, sys
from runledger.code import LOG
LOG.emit(logging.makeLogRecord({"msg": "of the function"}))
print("the answer", flush=True)
"""


class Bench:
    """Makes functions whose layer has only what the test needs, and starts their workers."""

    def __init__(self, zygotes: Zygotes, folder: Path) -> None:
        self.zygotes = zygotes
        self._folder = folder
        self._numbers = count()
        self.layer = folder / "layer" / "python"
        package = self.layer / zygote.PACKAGE
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "code.py").write_text(_CODE)

    def start(self, function: str, script: str = _WORKER, **environment: str) -> tuple[Forked, Any]:
        """Returns a new worker, and its input and output."""
        # Of this worker only: another one may still be loading its own.
        directory = self._folder / f"{function}-{next(self._numbers)}"
        directory.mkdir()
        (directory / "handler.py").write_text(f"NAME = {function!r}")
        (directory / "worker.py").write_text(script)
        (stdin, to_stdin), (from_stdout, stdout) = os.pipe(), os.pipe()
        stderr = os.dup(2)
        work = Work(
            str(directory / "worker.py"),
            str(directory),
            {"PATH": os.environ["PATH"], **environment},
            [self.layer],
            (stdin, stdout, stderr),
        )
        try:
            worker = self.zygotes.worker(work)
        finally:
            for descriptor in work.streams:
                os.close(descriptor)
        return worker, (os.fdopen(to_stdin, "w"), os.fdopen(from_stdout))

    def report(self, function: str, **environment: str) -> dict[str, Any]:
        """Starts a worker, lets it end, and returns what it printed."""
        worker, (stdin, stdout) = self.start(function, **environment)
        with stdin, stdout:
            found: dict[str, Any] = json.loads(stdout.readline())
        assert worker.wait(_PATIENCE) == 0
        assert found["pid"] == worker.pid
        return found


@pytest.fixture(scope="module")
def zygotes() -> Iterator[Zygotes]:
    with closing(Zygotes()) as zygotes:
        yield zygotes


@pytest.fixture
def bench(zygotes: Zygotes, tmp_path: Path) -> Bench:
    return Bench(zygotes, tmp_path)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    """Whether a process runs. A zombie has ended."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_each_worker_has_only_its_own_environment_code_and_numbers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_EMULATOR", "no")
    first = bench.report("first", AWS_ACCESS_KEY_ID="key-1", ONLY_FIRST="yes")
    second = bench.report("second", AWS_ACCESS_KEY_ID="key-2")
    path = os.environ["PATH"]
    # Python itself may set LC_CTYPE when it starts.
    kept = [{**each["environment"]} for each in (first, second)]
    for environment in kept:
        environment.pop("LC_CTYPE", None)
    assert kept == [
        {"PATH": path, "AWS_ACCESS_KEY_ID": "key-1", "ONLY_FIRST": "yes"},
        {"PATH": path, "AWS_ACCESS_KEY_ID": "key-2"},
    ]
    assert [first["handler"], second["handler"]] == ["first", "second"]
    assert first["random"] != second["random"]


def test_the_code_is_loaded_once_for_all_workers(bench: Bench) -> None:
    first, second = bench.report("first"), bench.report("second")
    assert first["loaded"] == second["loaded"]
    assert first["loaded"] not in (first["pid"], second["pid"], os.getpid())


def test_a_log_that_was_opened_before_the_fork_is_the_workers_log(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    worker, (stdin, stdout) = bench.start("first", _LOGGING_WORKER)
    with stdin, stdout:
        assert stdout.read() == "the answer\n"
    assert worker.wait(_PATIENCE) == 0
    assert capfd.readouterr().err == "of the function\n"


def test_workers_with_other_settings_of_the_log_come_from_another_zygote(bench: Bench) -> None:
    quiet = bench.report("first", POWERTOOLS_LOG_LEVEL="ERROR")
    loud = bench.report("first", POWERTOOLS_LOG_LEVEL="DEBUG")
    assert quiet["loaded"] != loud["loaded"]


def test_a_worker_has_no_pipe_of_another_one(bench: Bench) -> None:
    held = [bench.start("first") for _ in range(3)]
    for _, (_, stdout) in held:
        assert json.loads(stdout.readline())["openFiles"] == []
    for worker, streams in held:
        for stream in streams:
            stream.close()
        assert worker.wait(_PATIENCE) == 0


def test_the_exit_code_of_a_worker_is_known(bench: Bench) -> None:
    failing, streams = bench.start("first", "import os; os._exit(3)")
    killed, more = bench.start("second")
    assert failing.wait(_PATIENCE) == 3
    assert killed.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        killed.wait(0.01)
    killed.kill()
    assert killed.wait(_PATIENCE) == -signal.SIGKILL
    assert killed.poll() == -signal.SIGKILL
    for stream in (*streams, *more):
        stream.close()


def test_a_zygote_that_was_killed_is_replaced(bench: Bench) -> None:
    worker, streams = bench.start("first")
    os.kill(_parent(worker.pid), signal.SIGKILL)
    # It cannot say how its worker ends.
    assert worker.wait(_PATIENCE) == 255
    for stream in streams:
        stream.close()
    assert bench.report("first")["handler"] == "first"


def test_the_first_zygote_is_replaced_too(bench: Bench) -> None:
    bench.report("first")
    first = bench.zygotes.process
    assert first is not None
    first.kill()
    first.wait()
    # This one is forked from the first zygote.
    assert bench.report("first", POWERTOOLS_LOG_LEVEL="DEBUG")["handler"] == "first"


def test_a_first_zygote_that_does_not_answer_is_replaced_and_ends_no_worker(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, (stdin, stdout) = bench.start("first")
    loaded = json.loads(stdout.readline())["loaded"]
    stopped, start = bench.zygotes.process, worker_forks._start
    assert stopped is not None

    def start_patiently() -> Any:
        monkeypatch.setattr(worker_forks, "_FORK_SECONDS", _PATIENCE)
        return start()

    monkeypatch.setattr(worker_forks, "_start", start_patiently)
    monkeypatch.setattr(worker_forks, "_FORK_SECONDS", 0.1)
    os.kill(stopped.pid, signal.SIGSTOP)
    # This one is forked from the first zygote.
    assert bench.report("first", POWERTOOLS_LOG_LEVEL="DEBUG")["loaded"] != loaded
    assert stopped.returncode == -signal.SIGKILL
    assert worker.poll() is None
    with stdin, stdout:
        assert bench.report("first")["loaded"] == loaded
    assert worker.wait(_PATIENCE) == 0


def test_when_no_zygote_answers_the_error_says_so_and_none_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = worker_forks._start

    def start_stopped() -> Any:
        first, process = start()
        os.kill(process.pid, signal.SIGSTOP)
        started.append(process)
        return first, process

    monkeypatch.setattr(worker_forks, "_start", start_stopped)
    monkeypatch.setattr(worker_forks, "_FORK_SECONDS", 0.1)
    with closing(Zygotes()) as zygotes:
        with pytest.raises(ForkError, match=r"a zygote did not fork within 0\.1 s"):
            Bench(zygotes, tmp_path).start("first")
        assert zygotes.process is None
    assert [process.returncode for process in started] == [-signal.SIGKILL] * 3


def test_closing_kills_a_zygote_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    zygotes = Zygotes()
    zygotes.first()
    stopped = zygotes.process
    assert stopped is not None
    os.kill(stopped.pid, signal.SIGSTOP)
    monkeypatch.setattr(worker_forks, "_END_SECONDS", 0.5)
    zygotes.close()
    assert stopped.returncode == -signal.SIGKILL


def test_a_layer_that_ends_its_zygote_is_loaded_by_the_worker(bench: Bench) -> None:
    (bench.layer / zygote.PACKAGE / "bad.py").write_text("import os; os._exit(1)")
    found = bench.report("first")
    assert (found["handler"], found["loaded"]) == ("first", None)


def test_a_module_that_fails_is_left_to_its_worker(bench: Bench) -> None:
    (bench.layer / zygote.PACKAGE / "bad.py").write_text("raise ValueError('no')")
    found = bench.report("first")
    assert found["loaded"] not in (None, found["pid"])


def test_nothing_outlives_a_process_that_was_killed(tmp_path: Path) -> None:
    """The process's zygote and the zygote's workers end too, even a worker in the middle of its
    work."""
    code = (
        "import sys, time; from pathlib import Path; "
        "from local.worker_forks import Zygotes; "
        "from tests.unit.test_local_zygote import Bench, _parent; "
        "bench = Bench(Zygotes(), Path(sys.argv[1])); "
        "worker, _ = bench.start('first', 'import time; time.sleep(600)'); "
        "print(worker.pid, _parent(worker.pid), bench.zygotes.process.pid, flush=True); "
        "time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pids = [int(text) for text in owner.stdout.readline().split()]
        assert len(pids) == 3 and all(map(_lives, pids))
        owner.kill()
    _until(lambda: not any(map(_lives, pids)))


def test_a_signal_ends_a_worker_that_has_just_been_forked(tmp_path: Path) -> None:
    """The signal comes before the worker has dropped the handlers of its zygote."""
    (tmp_path / "worker.py").write_text("import time; time.sleep(600)")
    code = """
import os, signal, sys
from local import zygote
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
parent = zygote._Zygote(zygote.socket.socket())
told, pipe = os.pipe()
work = {"kind": "worker", "script": f"{sys.argv[1]}/worker.py", "directory": sys.argv[1]}
parent._fork({**work, "environment": {}}, [pipe])
pid = zygote.NUMBER.unpack(os.read(told, zygote.NUMBER.size))[0]
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [str(-signal.SIGTERM), "set()"], done.stderr


def test_modules_read_no_other_variables_when_they_are_loaded() -> None:
    """Modules are loaded before a worker has its environment."""
    code = f"""
import importlib, json, os, sys, threading
from pathlib import Path
from local import worker_forks, zygote
zygote._load_libraries()
read = set()
kind = type(os.environ)
get = kind.__getitem__
def noted(self, name):
    read.add(name)
    return get(self, name)
def listed(self):
    read.add("all of them")
    return iter(())
kind.__getitem__, kind.__iter__ = noted, listed
layer = Path({str(ROOT)!r}, "layers/runledger/python")
sys.path.insert(0, str(layer))
for name in zygote.modules(layer):
    importlib.import_module(name)
threads = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
print(json.dumps([sorted(read), threads]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    read, threads = json.loads(done.stdout)
    assert set(read) <= set(READ_WHEN_LOADED)
    assert threads == 1


def test_the_modules_of_a_layer_are_those_of_functions() -> None:
    found = set(zygote.modules(ROOT / "layers/runledger/python"))
    assert {"runledger", "runledger.composition", "runledger.store.keys"} <= found
    assert not {name for name in found if name.endswith("cli") or "doctor" in name}
