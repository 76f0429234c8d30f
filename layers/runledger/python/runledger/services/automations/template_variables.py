"""The variables that a template may read, as far as their names are known before a message is sent.

Values may have any name if they come from an event, a captured answer, a SET, or a contact's
metadata or external ids. All other values have fixed names, and an unknown name is a mistake.
"""

from collections.abc import Mapping
from typing import Final

from runledger.models.template import UNSUBSCRIBE_VARIABLE

# The shape of a root or field: a mapping holds fields by name, _TEXT and _LIST are Liquid's own
# types, _OPEN can hold anything.
_Shape = Mapping[str, "_Shape"] | str
_OPEN: Final = "open"
_TEXT: Final = "text"
_LIST: Final = "list"

VARIABLES: Mapping[str, _Shape] = {
    "contact": {
        "id": _TEXT,
        "email": _TEXT,
        "phone": _TEXT,
        "externalIds": _OPEN,
        "firstName": _TEXT,
        "lastName": _TEXT,
        "tags": _LIST,
        "consents": {"marketing": _TEXT, "transactional": _TEXT},
        "metadata": _OPEN,
    },
    "trigger": _OPEN,
    "event": {
        "body": _OPEN,
        "headers": _OPEN,
        "query": _OPEN,
        "type": _TEXT,
        "id": _TEXT,
        "receivedAt": _TEXT,
    },
    "steps": _OPEN,
    "vars": _OPEN,
    "workspace": {"id": _TEXT, "name": _TEXT},
    UNSUBSCRIBE_VARIABLE: _TEXT,
}


def variable_problem(path: tuple[str, ...]) -> str | None:
    """Returns why the variable cannot exist, or None if it may."""
    shape: _Shape = VARIABLES
    for depth, name in enumerate(path):
        if shape == _OPEN:
            return None
        if isinstance(shape, Mapping):
            if name not in shape:
                return _unknown(path, depth, sorted(shape))
            shape = shape[name]
        elif shape == _LIST:
            if not (name.lstrip("-").isdigit() or name in ("first", "last", "size")):
                return _unknown(path, depth, ["first", "last", "size"])
            shape = _TEXT
        elif name != "size":
            return _unknown(path, depth, ["size"])
    return None


def _unknown(path: tuple[str, ...], depth: int, known: list[str]) -> str:
    name = ".".join(path[: depth + 1])
    owner = "a template" if depth == 0 else f"`{'.'.join(path[:depth])}`"
    verb = "reads" if depth == 0 else "has"
    return f"there is no variable `{name}`; {owner} {verb} {', '.join(known)}"
