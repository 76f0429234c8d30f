"""All threads of the emulator run on one core, and its workers may use every core."""

import os
from pathlib import Path

import pytest

from local.one_core import cores
from tests.emulator.orders import ADMIN
from tests.support.stack import Stack

pytestmark = pytest.mark.skipif(len(cores()) < 2, reason="it needs Linux with two cores")


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def emulator_of(worker: int) -> int:
    """Returns the process of the emulator that a worker was forked for."""
    pid = worker
    while "local.launcher" not in command(pid):
        pid = parent(pid)
        assert pid > 1
    return pid


def test_all_threads_of_the_emulator_have_one_core_and_the_workers_have_all(stack: Stack) -> None:
    with stack.api(ADMIN) as api:
        api.get("/v1/automations").raise_for_status()
    workers = stack.workers("Query")
    assert workers
    emulator = emulator_of(workers[0])
    threads = [int(each.name) for each in Path(f"/proc/{emulator}/task").iterdir()]
    bound = set()
    for thread in threads:
        try:
            bound.add(tuple(sorted(os.sched_getaffinity(thread))))
        except ProcessLookupError:
            # The thread has ended.
            continue
    # A third stack of this machine finds no free core.
    assert len(bound) == 1
    assert bound <= {(core,) for core in cores()} | {tuple(cores())}
    assert [sorted(os.sched_getaffinity(each)) for each in workers] == [cores()] * len(workers)
