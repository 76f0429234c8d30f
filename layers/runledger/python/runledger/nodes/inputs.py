"""The input of a node: its config with the value of every expression at one visit.

Only the values are recorded, with their locations. The config itself is part of the version, which
never changes. When a step is read, config and values are combined. A value that the step already
contains elsewhere (in a condition's evidence, a call's request, or the variables that were set) is
not recorded a second time.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Protocol

from runledger.errors import NodeError
from runledger.models.records import Evidence, Request
from runledger.models.run import ErrorDetail
from runledger.nodes.comparison import for_evidence
from runledger.redaction import Redactor, is_credential_name
from runledger.template_markup import has_liquid
from runledger.templating import evaluate, references

# The keys, from the outside in, that lead to a value in a config.
Place = tuple[str, ...]

# Limit of all recorded values together, as JSON; each one has the limit of evidence.
MAX_INPUT_BYTES = 8 * 1024
_CUT = "…"
# Processor time: whatever the texts cost, what the node did must be recorded.
_MAX_SECONDS = 0.2
# The place of the values that a message's templates read; no config has such a field.
VARIABLES: Place = ("variables",)


class Record(Protocol):
    """The parts of a visit's result, or of a recorded step, that may contain values of the
    config."""

    @property
    def output(self) -> dict[str, Any]: ...
    @property
    def evidence(self) -> Evidence | None: ...
    @property
    def request(self) -> Request | None: ...
    @property
    def error(self) -> ErrorDetail | None: ...


def liquid_places(value: Any, place: Place = ()) -> list[tuple[Place, str]]:
    """Returns every Liquid text inside a JSON-like value, with its location."""
    if isinstance(value, str):
        return [(place, value)] if has_liquid(value) else []
    items: list[tuple[Any, Any]] = []
    if isinstance(value, Mapping):
        items = list(value.items())
    elif isinstance(value, list | tuple):
        items = list(enumerate(value))
    return [found for key, item in items for found in liquid_places(item, (*place, str(key)))]


def is_within(place: Place, places: Iterable[Place]) -> bool:
    """Whether a location is one of these locations, or inside one of them."""
    return any(place[: len(other)] == other for other in places)


def rendered(
    places: Iterable[tuple[Place, str]], scope: Mapping[str, Any], redactor: Redactor
) -> dict[Place, Any]:
    """Returns the values of these texts. A value is redacted if a name on the path to it is the
    name of a credential. A text without a value stays as written; the step says which variable is
    missing."""
    ends_at = time.thread_time() + _MAX_SECONDS
    found: dict[Place, Any] = {}
    for place, source in places:
        value: Any = source
        if time.thread_time() < ends_at:
            try:
                value = evaluate(source, scope)
            except NodeError:
                value = source
        name = next(filter(is_credential_name, place), place[-1])
        (found[place],) = redactor.value({name: value}).values()
    return found


def variables(texts: Iterable[str], scope: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    """Returns the variables that these texts read: their values in the scope, by dotted path.
    Missing values are left out."""
    paths = dict.fromkeys(path for text in texts for path in references(text))
    found: dict[str, Any] = {}
    for path in sorted(paths):
        value: Any = scope
        for key in path:
            value = _inside(value, key)
        if value is not None:
            found[".".join(path)] = value
    struck: dict[str, Any] = redactor.value(found)
    return struck


def recorded(values: Mapping[Place, Any]) -> dict[str, Any]:
    """Returns the values as a step keeps them: by JSON pointer (RFC 6901), short values completely,
    and at most `MAX_INPUT_BYTES` in total. If the pointers alone need more, nothing is kept."""
    bound = _Bound(MAX_INPUT_BYTES)
    kept: dict[str, Any] = {}
    for place, value in values.items():
        pointer = _pointer(place)
        if place == VARIABLES:
            kept[pointer] = {name: bound.cut(name, each) for name, each in value.items()}
        else:
            kept[pointer] = bound.cut(pointer, value)
    return kept if bound.named <= MAX_INPUT_BYTES else {}


class _Bound:
    """Counts the bytes of values and of their names."""

    def __init__(self, left: int) -> None:
        self._left = left
        self.named = 0

    def cut(self, name: str, value: Any) -> Any:
        """Counts the bytes of a value and of its name. Returns the value as evidence shows it. If
        this value and the earlier ones take more bytes than the limit, returns `…` instead."""
        shown = for_evidence(value)
        self.named += len(name.encode(errors="replace"))
        self._left -= len(
            json.dumps(shown, ensure_ascii=False, default=str).encode(errors="replace")
        )
        return shown if self._left >= 0 else _CUT


def filled(
    config: Mapping[str, Any], values: Mapping[str, Any], known: Mapping[Place, Any]
) -> dict[str, Any]:
    """Returns the config with its expressions replaced by their values. `values` are those that the
    step recorded as its input; `known` are those that other parts of its record contain."""
    whole: dict[str, Any] = deepcopy(dict(config))
    for place, value in {**known, **places_of(values)}.items():
        _put(whole, place, value)
    return whole


def places_of(values: Mapping[str, Any]) -> dict[Place, Any]:
    """Returns recorded values by location."""
    return {
        tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]): value
        for pointer, value in values.items()
    }


def _pointer(place: Place) -> str:
    return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in place)


def _inside(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(key)
    if isinstance(value, Sequence) and not isinstance(value, str) and key.isdigit():
        return value[int(key)] if int(key) < len(value) else None
    return None


def _put(whole: Any, place: Place, value: Any) -> None:
    *outer, last = place
    for key in outer:
        whole = _inside(whole, key)
    if isinstance(whole, dict):
        whole[last] = value
    elif isinstance(whole, list) and last.isdigit() and int(last) < len(whole):
        whole[int(last)] = value
