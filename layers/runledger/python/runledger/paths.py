"""The path language: paths to values in an event's body or in a contact's metadata.

    customer.email            names, with dots between them
    answers[0].email          items of a list, counted from 0 (`answers.0.email` is the same)
    "Email Address"           any quoted name, also after a dot or in brackets
    $.customer.email          `$` is the whole document
    trigger.customer.email    as in Liquid texts

A path is first read literally. If the document has no value there, a name of the document at the
start of the path is left out. An event's body has the names `trigger` and `event.body`, a contact's
metadata has the names `contact.metadata` and `metadata`.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

# A name in an object, or the index of an item in a list.
Step = str | int

# The names of an event's body, and of a contact's metadata, in texts.
EVENT: tuple[tuple[str, ...], ...] = (("trigger",), ("event", "body"))
METADATA: tuple[tuple[str, ...], ...] = (("contact", "metadata"), ("metadata",))

EXAMPLES = 'write a path such as customer.email, answers[0].email or "Email Address"'

_NAME = re.compile(r"[^.\s{}\[\]]+")
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_INDEX = re.compile(r"[0-9]{1,6}")
_SIMPLE = re.compile(r"[^\W\d][\w-]*")


class PathError(ValueError):
    """A text is not a path. The message is for a person and contains an example."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; {EXAMPLES}")


@lru_cache(maxsize=2_048)
def parse(text: str) -> tuple[Step, ...]:
    """Returns the steps of a path. The path of the whole document has no steps. Raises PathError,
    which says what is wrong with the path."""
    return _parsed(text.strip())[1]


def is_anchored(text: str) -> bool:
    """Whether a path begins with `$`, the document itself."""
    return _parsed(text.strip())[0]


def read(document: Any, path: str, prefixes: Sequence[Sequence[str]] = EVENT) -> Any:
    """Returns the value at a path, or None. `prefixes` are the names that Liquid texts use for the
    document, such as `trigger`. If the document has no value at the path, and the path begins with
    one of the prefixes, the path is read again without the prefix."""
    steps = parse(path)
    found = walk(document, steps)
    if found is None and not is_anchored(path):
        for prefix in prefixes:
            if steps[: len(prefix)] == tuple(prefix):
                found = walk(document, steps[len(prefix) :])
                if found is not None:
                    return found
    return found


def walk(document: Any, steps: Sequence[Step]) -> Any:
    """Returns the value that the steps lead to, or None. In a list, a name of digits is an
    index."""
    value = document
    for step in steps:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and (place := _place(step)) is not None:
            value = value[place] if place < len(value) else None
        else:
            return None
    return value


def written(steps: Sequence[Step]) -> str:
    """Returns the path with these steps in its simplest form."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if _SIMPLE.fullmatch(step) else json.dumps(step, ensure_ascii=False)
            text += f".{name}" if text else name
    return text or "$"


def _place(step: Step) -> int | None:
    if isinstance(step, int):
        return step
    return int(step) if _INDEX.fullmatch(step) else None


@lru_cache(maxsize=2_048)
def _parsed(text: str) -> tuple[bool, tuple[Step, ...]]:
    if not text:
        raise PathError("the path is empty")
    if "{{" in text or "{%" in text:
        raise PathError("a path must not contain Liquid; remove {{ }} or {% %}")
    is_from_top = text == "$" or text.startswith(("$.", "$["))
    rest = text[1:] if is_from_top else text
    steps: list[Step] = []
    # Every step except the first begins with a dot or a bracket; this adds the first dot.
    if rest and not is_from_top and not rest.startswith("["):
        rest = f".{rest}"
    while rest:
        step, rest = _bracketed(rest) if rest[0] == "[" else _named(rest)
        steps.append(step)
    return is_from_top, tuple(steps)


def _named(text: str) -> tuple[Step, str]:
    """Returns the name after a dot, and the rest."""
    if text[0] != ".":
        raise PathError(f"a dot is missing before {_shown(text)}")
    rest = text[1:]
    if not rest:
        raise PathError("the path ends with a dot")
    if rest[0] in "\"'":
        return _quoted(rest)
    if rest[0] == ".":
        raise PathError("there is no name between two dots")
    if rest[0] == "[":
        raise PathError(f"there is no name between the dot and {_shown(rest)}")
    found = _NAME.match(rest)
    if found is None:
        raise PathError(f"a name cannot begin with {_shown(rest)}")
    name = found.group()
    if name == "*" or name.startswith("?("):
        raise PathError(
            f"a path leads to exactly one value and cannot contain {name[:2].rstrip('(')}"
        )
    after = rest[found.end() :]
    if after and after[0].isspace():
        raise PathError(f"write a name with spaces in quotes: {_in_quotes(rest)}")
    return name, after


def _bracketed(text: str) -> tuple[Step, str]:
    """Returns the number or quoted name in brackets, and the rest."""
    rest = text[1:].lstrip()
    if rest[:1] in ('"', "'"):
        step, rest = _quoted(rest)
        rest = rest.lstrip()
        if not rest.startswith("]"):
            raise PathError("a bracket is not closed")
        return step, rest[1:]
    inner, closed, rest = rest.partition("]")
    if not closed:
        raise PathError("a bracket is not closed")
    if _INDEX.fullmatch(inner.strip()):
        return int(inner), rest
    raise PathError(
        f"[{inner[:40]}] is not valid in a path; write an item's number, counted from 0, or a "
        "quoted name in the brackets"
    )


def _quoted(text: str) -> tuple[str, str]:
    found = _QUOTED.match(text)
    if found is None:
        raise PathError("a quote is not closed")
    name = _ESCAPE.sub(_unescaped, found.group()[1:-1])
    # Two escapes may be one character (RFC 8259, section 7); no event holds a lone surrogate.
    name = name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return name, text[found.end() :]


def _unescaped(found: re.Match[str]) -> str:
    escape = found[1]
    if escape[0] == "u" and len(escape) == 5:
        return chr(int(escape[1:], 16))
    if escape in _ESCAPED:
        return _ESCAPED[escape]
    if escape in "\"'\\/":
        return escape
    raise PathError(f"\\{escape} is not a valid escape in quotes")


def _in_quotes(text: str) -> str:
    return json.dumps(re.split(r"[.\[]", text)[0].strip()[:40], ensure_ascii=False)


def _shown(text: str) -> str:
    return repr(text[:20])
