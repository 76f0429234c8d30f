"""The variables that a template may read, as far as they are known before anything is sent.

What an event brings, a step captured or a SET assigned is open, as is a contact's metadata; the
rest is of a fixed shape, and a name that it does not have is a mistake.
"""

from collections.abc import Mapping
from typing import Final

# A root or field: what it holds by name, _TEXT and _LIST for those of Liquid's own, _OPEN for
# anything.
_Shape = Mapping[str, "_Shape"] | str
_OPEN: Final = "open"
_TEXT: Final = "text"
_LIST: Final = "list"

VARIABLES: Mapping[str, _Shape] = {
    "contact": {
        "id": _TEXT,
        "email": _TEXT,
        "phone": _TEXT,
        "firstName": _TEXT,
        "lastName": _TEXT,
        "tags": _LIST,
        "consents": {"marketing": _TEXT, "transactional": _TEXT},
        "metadata": _OPEN,
    },
    "trigger": _OPEN,
    "steps": _OPEN,
    "vars": _OPEN,
    "workspace": {"id": _TEXT, "name": _TEXT},
}


def variable_problem(path: tuple[str, ...]) -> str | None:
    """Why there can be no such variable; None where there may be."""
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
