"""Reading rows of which a part is damaged.

How a row becomes a model is told field by field, so that one reading serves two ends: `whole` for
whoever acts on what it reads, `salvaged` for whoever only shows or erases it. What cannot be read
is left out there, and the model says so (`unreadable`).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

from runledger.errors import UnreadableError
from runledger.store.values import Item
from runledger.texts import clean

ModelT = TypeVar("ModelT", bound=BaseModel)
# A value out of a row.
Reader = Callable[[Item], Any]

# What reading something damaged raises; a model's ValidationError is a ValueError.
DAMAGES = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
# The last moment that there is, and when a row expires that does not say so.
NEVER = 253_402_300_799_000


def whole(model: type[ModelT], readers: Mapping[str, Reader], item: Item, what: str) -> ModelT:
    """The model; UnreadableError where any part of the row is damaged."""
    try:
        return model(**{name: _sound(name, read(item)) for name, read in readers.items()})
    except DAMAGES as error:
        raise UnreadableError(f"the stored {what} cannot be read") from error


def salvaged(
    model: type[ModelT],
    readers: Mapping[str, Reader],
    instead: Mapping[str, Any],
    item: Item,
    lost: Iterable[str] = (),
) -> ModelT:
    """The model of what can be read. `instead` has a value for each field that the model needs;
    `lost` names what could not be read before."""
    values: dict[str, Any] = {}
    missing = list(lost)
    for name, read in readers.items():
        try:
            kind: Any = model.model_fields[name].rebuild_annotation()
            values[name] = TypeAdapter(kind).validate_python(clean(_sound(name, read(item))))
        except DAMAGES:
            missing.append(name)
            if name in instead:
                values[name] = instead[name]
    return model(**values, unreadable=left_out(missing) if missing else None)


def _sound(name: str, value: Any) -> Any:
    """ValueError for a moment that no calendar has: nobody could show it."""
    is_moment = name.endswith(("_at", "_for", "_since", "_until")) and isinstance(value, int)
    if is_moment and not 0 <= value <= NEVER:
        raise ValueError("a moment beyond the year 9999")
    return value


def left_out(names: Iterable[str]) -> str:
    """What is told of parts that cannot be read, by their names in a model."""
    told = ", ".join(name.replace("_", " ") for name in names)
    return f"Damaged in the store and left out: {told}."
