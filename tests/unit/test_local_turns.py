"""Lambda invocations on one computer take turns. Only a limited number of invocations run at the
same time, and they start in the order in which they were requested. After a while, a running
invocation no longer counts towards the limit, because it may be waiting for another invocation."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from local.settings import LocalError
from local.turns import VARIABLE, Turns, configured_limit

_LONG = 60.0


@contextmanager
def calls(turns: Turns, count: int) -> Iterator[list[int]]:
    """Starts this many calls, one after the other. Yields the list of the calls that have got their
    turn so far."""
    begun: list[int] = []
    threads: list[threading.Thread] = []

    def call(number: int) -> None:
        with turns.turn():
            begun.append(number)

    for number in range(count):
        waiting = len(turns._waiting)
        thread = threading.Thread(target=call, args=(number,))
        thread.start()
        threads.append(thread)
        await_that(lambda waiting=waiting: len(turns._waiting) > waiting)
    yield begun
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def await_that(is_so: object) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_no_more_than_the_limit_run_at_once() -> None:
    turns = Turns(2, lease=_LONG)
    running, most, lock = 0, 0, threading.Lock()

    def call() -> None:
        nonlocal running, most
        for _ in range(50):
            with turns.turn():
                with lock:
                    running += 1
                    most = max(most, running)
                time.sleep(0)
                with lock:
                    running -= 1

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert most == 2


def test_turns_come_in_the_order_of_the_calls() -> None:
    turns = Turns(1, lease=_LONG)
    with ExitStack() as first:
        first.enter_context(turns.turn())
        with calls(turns, 5) as begun:
            assert begun == []
            first.close()
    assert begun == [0, 1, 2, 3, 4]


def test_a_call_that_waits_for_another_does_not_hold_it_back() -> None:
    turns = Turns(1, lease=0.05)
    with turns.turn(), turns.turn(), turns.turn():
        """The inner calls had their turns while the outer ones still ran."""


def test_a_call_waits_only_until_the_first_turn_no_longer_counts() -> None:
    passed = 0.0
    turns = Turns(1, lease=_LONG, clock=lambda: time.monotonic() + passed)
    with turns.turn():
        passed = _LONG - 0.05
        with calls(turns, 1) as begun:
            await_that(lambda: begun == [0])


def test_calls_that_all_go_on_still_get_their_turns_one_after_another() -> None:
    turns = Turns(1, lease=0.05)
    begun: list[int] = []
    leave = threading.Event()

    def call(number: int) -> None:
        with turns.turn():
            begun.append(number)
            leave.wait(10)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    await_that(lambda: len(begun) == 4)
    leave.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_a_failed_call_ends_its_turn() -> None:
    turns = Turns(1, lease=_LONG)
    with pytest.raises(ZeroDivisionError), turns.turn():
        raise ZeroDivisionError
    with turns.turn():
        assert len(turns._ends) == 1


def test_the_limit_is_a_setting() -> None:
    assert configured_limit({VARIABLE: "7"}) == 7
    assert configured_limit({}) == configured_limit({VARIABLE: ""}) >= 2


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_a_wrong_limit_is_an_error_that_names_the_setting(text: str) -> None:
    with pytest.raises(LocalError, match=f"{VARIABLE}={text}"):
        configured_limit({VARIABLE: text})
