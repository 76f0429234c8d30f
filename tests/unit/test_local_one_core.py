"""Stacks on one machine keep their emulators on different cores."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from uuid import uuid4

import pytest

from local import one_core
from local.one_core import OneCore, cores

pytestmark = pytest.mark.skipif(len(cores()) < 2, reason="it needs Linux with two cores")


@pytest.fixture
def taking() -> Iterator[Callable[[], OneCore]]:
    """Yields a function that creates objects of OneCore. The objects compete with one another for
    cores. They do not compete with other processes, because the addresses of their sockets differ
    from those of other processes."""
    addresses, made = f"\0test-{uuid4().hex}-{{}}", []

    def make() -> OneCore:
        made.append(OneCore(addresses))
        return made[-1]

    yield make
    for each in made:
        each.release()


def in_thread(act: Callable[[], object]) -> None:
    """Runs `act` in a new thread, because `act` binds the thread that runs it to a core."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


def allowed() -> Sequence[int]:
    return sorted(os.sched_getaffinity(0))


def taken_by(core: OneCore) -> int | None:
    """Takes a core in a new thread. Returns the core, or None if all cores were taken already."""
    found: list[Sequence[int]] = []

    def act() -> None:
        core.take()
        found.append(allowed())

    in_thread(act)
    assert found[0] == ([core.core] if core.core is not None else cores())
    return core.core


def test_each_takes_another_core_and_the_last_ones_take_none(
    taking: Callable[[], OneCore],
) -> None:
    found = [taken_by(taking()) for _ in range(len(cores()) + 2)]
    assert found == [*cores(), None, None]


def test_a_released_core_is_taken_again(taking: Callable[[], OneCore]) -> None:
    holders = [taking() for _ in cores()]
    for each in holders:
        taken_by(each)
    holders[1].release()
    assert holders[1].core is None
    assert taken_by(taking()) == cores()[1]


def test_a_process_that_was_killed_holds_no_core() -> None:
    address = f"\0test-{uuid4().hex}-{{}}"
    code = (
        "import sys, time; from local.one_core import OneCore; "
        "core = OneCore(sys.argv[1].replace('@', chr(0))); core.take(); "
        "print(core.core, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, address.replace("\0", "@")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{cores()[0]}\n"
        other = OneCore(address)
        assert taken_by(other) == cores()[1]
        other.release()
        process.kill()
    after = OneCore(address)
    assert taken_by(after) == cores()[0]
    after.release()


def test_new_threads_stay_on_the_core_and_new_processes_may_use_all(
    taking: Callable[[], OneCore],
) -> None:
    code = "import os; print(sorted(os.sched_getaffinity(0)))"

    def act() -> None:
        core = taking()
        core.take()
        in_thread(lambda: check(allowed() == [core.core]))
        with core.on_all():
            told = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True
            )
        assert told.stdout == f"{list(cores())}\n"
        assert allowed() == [core.core]

    def check(holds: bool) -> None:
        assert holds

    in_thread(act)


def test_without_a_core_of_its_own_nothing_is_bound(taking: Callable[[], OneCore]) -> None:
    free = taking()
    with free.on_all():
        assert allowed() == cores()
    free.release()
    assert allowed() == cores()


def test_a_machine_with_one_core_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, taking: Callable[[], OneCore]
) -> None:
    monkeypatch.setattr(one_core, "cores", lambda: [0])
    single = taking()
    in_thread(single.take)
    assert single.core is None
