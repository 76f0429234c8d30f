"""An event is split into elements, each with a key of its own."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runledger.errors import InvalidInputError, PayloadTooLargeError
from runledger.models.event import MAX_EVENT_BYTES
from runledger.nodes.source_config import Preset
from runledger.sources.splitting import MAX_ELEMENTS, elements

from tests.support.received import read, received

KEYS = st.text(max_size=9)


@pytest.mark.parametrize(
    ("document", "split"),
    [
        ([1, 2], "$"),
        ([1, 2], "items"),
        ({"items": [1, 2]}, "items"),
        ({"data": {"rows": [1, 2]}}, "data.rows"),
        ({"data": {"rows": [1, 2]}}, "$.data.rows"),
        ({"data": {"rows": [1, 2]}}, "trigger.data.rows"),
        ({"data": [[1, 2]]}, "data[0]"),
    ],
)
def test_a_list_is_split_in_its_order(document: Any, split: str) -> None:
    made = elements(document, split, None, "digest:d")
    assert [(each.index, each.document) for each in made] == [(0, 1), (1, 2)]
    assert all(each.fault is None for each in made)


@pytest.mark.parametrize(
    ("document", "split"), [({"a": 1}, "$"), ({"a": 1}, "b"), ("text", "$"), ({"a": "x"}, "a")]
)
def test_an_event_without_the_list_is_refused(document: Any, split: str) -> None:
    with pytest.raises(InvalidInputError, match="no list at") as caught:
        elements(document, split, None, None)
    assert caught.value.field == split


def test_an_empty_list_has_no_elements() -> None:
    assert elements([], "$", None, "k") == []


def test_a_list_has_a_limit_of_elements() -> None:
    assert len(elements([0] * MAX_ELEMENTS, "$", None, "k")) == MAX_ELEMENTS
    with pytest.raises(InvalidInputError, match="has 501 elements; at most 500"):
        elements([0] * (MAX_ELEMENTS + 1), "$", None, "k")


def test_a_repeat_gives_each_element_the_same_key_and_another_event_another() -> None:
    rows = [{"id": "a"}, {"id": "b"}]
    keys = [each.key for each in elements(rows, "$", "id", "digest:1")]
    assert keys == [each.key for each in elements(rows, "$", "id", "digest:1")]
    assert len(set(keys)) == 2
    # Its own id and not its place tells an element apart.
    swapped = [each.key for each in elements(rows[::-1], "$", "id", "digest:1")]
    assert swapped == keys[::-1]
    others = [each.key for each in elements(rows, "$", "id", "digest:2")]
    assert set(others).isdisjoint(keys)
    by_index = [each.key for each in elements(rows, "$", None, "digest:1")]
    assert len({*by_index, *keys}) == 4


def test_without_a_key_of_the_event_no_element_has_one() -> None:
    assert [each.key for each in elements([{"id": 1}], "$", "id", None)] == [None]
    assert [each.key for each in elements([{"id": 1}], "$", None, None)] == [None]


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": ""}, {"id": True}, {"id": []}, 7, None])
def test_an_element_without_its_id_is_refused_alone(row: Any) -> None:
    bad, good = elements([row, {"id": "b"}], "$", "id", "k")
    assert isinstance(bad.fault, InvalidInputError)
    assert bad.fault.field == "id"
    assert bad.key is None
    assert good.fault is None and good.key is not None


def test_equal_numbers_are_the_same_id() -> None:
    one, same, text = elements([{"id": 1}, {"id": 1.0}, {"id": "1"}], "$", "id", "k")
    assert one.key == same.key == text.key


def test_an_element_may_not_be_larger_than_the_event_of_one_run() -> None:
    fits, large = "é" * ((MAX_EVENT_BYTES - 2) // 2), "é" * (MAX_EVENT_BYTES // 2)
    made = elements([fits, large], "$", None, "k")
    assert made[0].fault is None
    assert isinstance(made[1].fault, PayloadTooLargeError)
    assert made[1].key is None


def test_the_events_of_a_batch_have_their_own_ids() -> None:
    event = {"specversion": "1.0", "source": "/s", "type": "t", "data": 1}
    batch = json.dumps([{**event, "id": name} for name in ("a", "b")])
    parsed = read(received(batch, "application/cloudevents-batch+json"), Preset.CLOUDEVENTS)
    made = elements(parsed.document, "$", None, None, batch=parsed.batch)
    assert [(each.index, each.type, each.id) for each in made] == [
        (0, "t", "/s a"),
        (1, "t", "/s b"),
    ]
    assert [each.document["id"] for each in made] == ["a", "b"]
    # The same event has the same key in another batch.
    again = elements(parsed.document[1:], "$", None, "digest:x", batch=parsed.batch[1:])
    assert again[0].key == made[1].key != made[0].key


@given(st.lists(st.tuples(KEYS, KEYS.filter(bool) | st.integers()), max_size=6))
def test_two_keys_are_equal_only_for_the_same_event_and_id(pairs: list[tuple[str, Any]]) -> None:
    keys = {
        elements([{"id": own}], "$", "id", event)[0].key: (event, str(own)) for event, own in pairs
    }
    assert len(keys) == len({(event, str(own)) for event, own in pairs})
