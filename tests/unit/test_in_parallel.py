"""Calls that run together: order, errors, and which thread runs them."""

import threading
from collections.abc import Callable

import pytest
from runledger.services.in_parallel import in_parallel, in_turn

WAIT = 10


@pytest.mark.parametrize("gather", [in_turn, in_parallel])
def test_results_come_in_the_order_of_the_calls(gather: Callable[..., list[int]]) -> None:
    assert gather(lambda n=n: n for n in range(20)) == list(range(20))
    assert gather([]) == []


def test_the_first_call_runs_in_this_thread_and_the_others_beside_it() -> None:
    met = threading.Barrier(3)
    threads: list[int] = []

    def meet() -> None:
        threads.append(threading.get_ident())
        met.wait(WAIT)

    in_parallel([meet, meet, meet])
    assert len(set(threads)) == 3
    assert threading.get_ident() in threads


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_is_raised_after_all_calls_have_ended(failing: int) -> None:
    other_may_end, ended = threading.Event(), threading.Event()

    def fail() -> None:
        other_may_end.set()
        raise ValueError("no")

    def end_later() -> None:
        assert other_may_end.wait(WAIT)
        ended.set()

    calls = [fail, end_later] if failing == 0 else [end_later, fail]
    with pytest.raises(ValueError, match="no"):
        in_parallel(calls)
    assert ended.is_set()


def test_of_several_errors_the_first_calls_error_is_raised() -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    with pytest.raises(ValueError, match="one"):
        in_parallel([lambda: fail("one"), lambda: fail("two")])
