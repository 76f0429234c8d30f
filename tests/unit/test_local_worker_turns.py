"""A worker is chosen only when its invocation has a turn."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local.patches import lambda_workers
from local.turns import Turns


class Pool:
    """The workers of some functions, of which the first free one is used, as in the emulator."""

    def __init__(self, **sizes: int) -> None:
        self.free = {
            name: [f"{name}{number}" for number in range(size)] for name, size in sizes.items()
        }
        self.used: list[str] = []
        self._lock = threading.Lock()

    def acquire(self, name: str, max_concurrency: int) -> tuple[str | None, str]:
        assert max_concurrency == lambda_workers.MAX_WORKERS
        with self._lock:
            if not self.free[name]:
                return None, "func_cap"
            self.used.append(self.free[name].pop(0))
            return self.used[-1], "reused"

    def release(self, worker: str) -> None:
        with self._lock:
            self.free[worker[0]] = sorted([*self.free[worker[0]], worker])


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    found = Turns(2, lease=60)
    monkeypatch.setattr(lambda_workers, "_turns", found)
    return found


@contextmanager
def in_thread(act: Callable[[], Any]) -> Iterator[list[Any]]:
    """Runs `act` in a thread. Yields a list, to which the result is added when `act` returns."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(act()))
    thread.start()
    yield results
    thread.join(10)
    assert not thread.is_alive()


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def patched(pool: Pool) -> tuple[Callable[[str], Any], Callable[[str], None]]:
    return lambda_workers._waiting(pool.acquire), lambda_workers._telling(pool.release)


def test_a_call_that_waits_for_its_turn_takes_the_worker_that_was_used_last(turns: Turns) -> None:
    pool = Pool(a=3)
    acquire, release = patched(pool)
    assert [acquire("a")[0], acquire("a")[0]] == ["a0", "a1"]
    with in_thread(lambda: acquire("a")[0]) as third:
        until(lambda: turns._waiting)
        assert pool.used == ["a0", "a1"]
        release("a1")
    assert third == ["a1"]
    release("a0")
    release("a1")
    assert turns._ends == {}


def test_a_call_whose_function_is_busy_leaves_its_turn_to_others(turns: Turns) -> None:
    pool = Pool(a=1, b=1)
    acquire, release = patched(pool)
    acquire("a")
    with in_thread(lambda: acquire("a")[0]) as waiting:
        until(lambda: lambda_workers._freed._waiters)  # type: ignore[attr-defined]
        assert acquire("b")[0] == "b0"
        assert waiting == []
        release("a0")
    assert waiting == ["a0"]
    release("a0")
    release("b0")
    assert turns._ends == {}


def test_a_call_gives_up_after_a_while(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambda_workers, "_WAIT_SECONDS", 0.05)
    acquire, release = patched(Pool(a=1))
    acquire("a")
    assert acquire("a") == (None, "func_cap")
    assert len(turns._ends) == 1
    release("a0")


def test_a_call_that_fails_to_get_a_worker_ends_its_turn(turns: Turns) -> None:
    def failing(*_args: Any, **_more: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lambda_workers._waiting(failing)("a")
    assert turns._ends == {}


def test_a_worker_that_had_no_turn_is_released(turns: Turns) -> None:
    pool = Pool(a=1)
    lambda_workers._telling(pool.release)("a0")
    assert turns._ends == {}
