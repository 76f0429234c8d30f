"""Reads rows with damaged parts.

Each field of a model has its own reader. `whole` is for code that acts on the model. `salvaged` is
for code that only shows or erases the model: unreadable fields are left out and named in
`unreadable`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

from runledger.errors import UnreadableError
from runledger.store.values import Item
from runledger.texts import clean

ModelT = TypeVar("ModelT", bound=BaseModel)
# Reads a value from a row.
Reader = Callable[[Item], Any]

# The errors that reading damaged data raises; a model's ValidationError is a ValueError.
DAMAGES = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
# The last moment of the calendar. A row without a readable expiry expires then.
NEVER = 253_402_300_799_000


def whole(model: type[ModelT], readers: Mapping[str, Reader], item: Item, what: str) -> ModelT:
    """Returns the model. Raises UnreadableError if any part of the row is damaged."""
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
    """Returns the model with all readable fields. `instead` has a default for each required field;
    `lost` names fields that were already found unreadable."""
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
    """Returns the value. Raises ValueError for a time outside the calendar, because it cannot be
    shown."""
    is_moment = name.endswith(("_at", "_for", "_since", "_until")) and isinstance(value, int)
    if is_moment and not 0 <= value <= NEVER:
        raise ValueError("the time is after the year 9999")
    return value


def left_out(names: Iterable[str]) -> str:
    """Returns the text for `unreadable` that names these fields."""
    listed = ", ".join(name.replace("_", " ") for name in names)
    return f"Left out, because the stored values are damaged: {listed}."
