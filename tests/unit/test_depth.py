"""A test session without `--deep` still tries every kind of fault, every operation and every
feature."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import depth
from tests.support.boundary import Call
from tests.support.faults import Fault, applies
from tests.support.kill_points import faults_of, kill_points

_calls = st.builds(
    Call,
    service=st.sampled_from(["dynamodb", "s3", "sesv2"]),
    operation=st.sampled_from(["GetItem", "PutItem", "UpdateItem"]),
    repeats=st.booleans(),
)
_stories = st.lists(st.tuples(st.sampled_from(["api", "tick", "run_message"]), _calls), max_size=40)
STORY = [("api", Call("dynamodb", "GetItem"))] * 30 + [("tick", Call("dynamodb", "PutItem"))] * 30


@pytest.fixture(autouse=True)
def depth_as_it_was() -> Iterator[None]:
    was_deep = depth.is_deep()
    yield
    depth.go_deep(was_deep)


@given(calls=_stories, story=st.text(max_size=3))
def test_quick_breaks_each_operation_in_each_way_and_deep_breaks_everything(
    calls: list[tuple[str, Call]], story: str
) -> None:
    depth.go_deep(True)
    everything = kill_points(story, calls)
    assert everything == [
        (point, fault)
        for point, (_, call) in enumerate(calls)
        for fault in Fault
        if applies(fault, call)
    ]
    depth.go_deep(False)
    quick = kill_points(story, calls)
    assert quick == [each for each in everything if each in quick]
    assert _tried(calls, quick) == _tried(calls, everything)


def _tried(calls: list[tuple[str, Call]], points: list[tuple[int, Fault]]) -> set[object]:
    """Returns which operations were broken in which ways, and in which functions."""
    found: set[object] = set()
    for point, fault in points:
        function, call = calls[point]
        found |= {(call.service, call.operation, fault), (function, call.service, call.operation)}
    return found


def test_quick_is_much_less_and_the_same_each_time() -> None:
    depth.go_deep(False)
    quick = kill_points("a story", STORY)
    assert quick == kill_points("a story", STORY)
    assert len(quick) <= len(faults_of(STORY[0][1])) * 2 + 2


def test_stories_omit_different_points() -> None:
    depth.go_deep(False)
    tried = {point for number in range(60) for point, _ in kill_points(f"story {number}", STORY)}
    assert tried == set(range(len(STORY)))


def test_a_property_tries_a_share_of_its_examples() -> None:
    depth.go_deep(True)
    assert depth.examples(300) == 300
    depth.go_deep(False)
    assert [depth.examples(most) for most in (300, 50, 5)] == [30, depth.FEWEST, 5]
    assert depth.examples(12, quick=4) == 4


def test_the_turn_of_a_case_depends_only_on_its_name() -> None:
    names = [f"test_it[{number}]" for number in range(20)]
    ordered = depth.by_turn(names, str)
    assert sorted(ordered) == sorted(names) and ordered != names
    assert depth.by_turn(reversed(names), str) == ordered
