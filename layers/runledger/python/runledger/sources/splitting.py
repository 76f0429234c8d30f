"""Splits an event into its elements, each of which opens a run of its own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from runledger.errors import InvalidInputError, PayloadTooLargeError
from runledger.models.event import MAX_EVENT_BYTES
from runledger.paths import read
from runledger.sources.base import Parsed
from runledger.sources.parsing import trigger_body

MAX_ELEMENTS = 500


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a split event. `document` is its JSON value; all paths but `split` begin at
    it. `key` deduplicates it, or is None if nothing does. `type` and `id` are given if the format
    names them, as a batch of CloudEvents does. `fault` says why this element cannot open a run: it
    has no id, or is larger than the event of one run may be."""

    index: int
    document: Any
    key: str | None
    type: str | None = None
    id: str | None = None
    fault: InvalidInputError | PayloadTooLargeError | None = None


def elements(
    document: Any,
    split: str,
    split_id: str | None,
    event_key: str | None,
    *,
    batch: Sequence[Parsed] = (),
) -> list[Element]:
    """Returns the elements of the list at the path `split`.

    An element's key is the event's key with the element's own id: the value at `split_id`, or its
    index. The elements of a batch of CloudEvents are in `batch`. Each has an id of its own, so the
    event's key is not needed. Raises InvalidInputError if the path leads to no list, or to a list
    of more than MAX_ELEMENTS."""
    found = read(document, split)
    if not isinstance(found, list):
        found = read(trigger_body(document), split)
    if not isinstance(found, list):
        raise InvalidInputError(
            f"the payload cannot be split: it has no list at {split}", field=split
        )
    if len(found) > MAX_ELEMENTS:
        raise InvalidInputError(
            f"the list at {split} has {len(found)} elements; at most {MAX_ELEMENTS} are allowed",
            field=split,
        )
    if batch and found is document:
        made = [_event(index, each) for index, each in enumerate(batch)]
    else:
        made = [_element(index, each, split_id, event_key) for index, each in enumerate(found)]
    return [_of_one_run(each) for each in made]


def _of_one_run(element: Element) -> Element:
    if len(json.dumps(element.document, ensure_ascii=False).encode()) <= MAX_EVENT_BYTES:
        return element
    fault = PayloadTooLargeError(f"the element must be at most {MAX_EVENT_BYTES} bytes")
    return replace(element, key=None, fault=fault)


def _event(index: int, event: Parsed) -> Element:
    return Element(index, event.document, f"id:{event.id}", event.type, event.id)


def _element(index: int, document: Any, split_id: str | None, event_key: str | None) -> Element:
    if split_id is None:
        return Element(index, document, _joined(f"index:{index}", event_key))
    value = read(document, split_id)
    if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
        fault = InvalidInputError(
            f"the element has no id: there is no text or number at {split_id}",
            field=split_id,
        )
        return Element(index, document, None, fault=fault)
    if isinstance(value, float) and value.is_integer():
        # 1 and 1.0 are the same number to their sender; "1" is the same id, written as text.
        value = int(value)
    # The length keeps ids that contain a separator apart.
    return Element(index, document, _joined(f"id:{len(str(value))}:{value}", event_key))


def _joined(own: str, event_key: str | None) -> str | None:
    """Returns the key of an element. If nothing tells the events apart, nothing tells their
    elements apart either."""
    return None if event_key is None else f"element:{own}:{event_key}"
