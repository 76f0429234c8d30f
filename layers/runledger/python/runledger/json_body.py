"""JSON from strangers: strict, bounded, clean, and refused with a reason."""

import json
import math
from typing import Any

from runledger.charsets import decode_body
from runledger.errors import InvalidInputError, UnsupportedMediaTypeError
from runledger.texts import clean

MAX_DEPTH = 100


def require_json(content_type: str) -> None:
    """UnsupportedMediaTypeError for a Content-Type that is no JSON."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        said = repr(media_type) if media_type else "no content type"
        raise UnsupportedMediaTypeError(f"send JSON as application/json, not {said}")


def parse_json(body: bytes, content_type: str = "") -> Any:
    """The value of a body in the charset that its Content-Type declares, its texts clean.

    InvalidInputError says where the text stops being JSON, or what in it cannot be kept: bytes that
    the charset does not have, numbers that are none, too deep a nesting. UnsupportedMediaTypeError
    names a charset that is not known."""
    text = decode_body(body, content_type)
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise InvalidInputError(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError as error:
        raise InvalidInputError("the body is nested too deeply") from error
    except ValueError as error:
        # Python's own bound on the digits of an integer.
        raise InvalidInputError("the body holds a number with too many digits") from error
    if _depth(value) > MAX_DEPTH:
        raise InvalidInputError(f"the body is nested more than {MAX_DEPTH} deep")
    # Only an escape can bring in half of a pair: no charset has one.
    return clean(value) if "\\u" in text else value


def is_same_json(one: Any, other: Any) -> bool:
    """Whether two parsed values are one JSON document: the order of keys and the way a number is
    written do not count. Without recursion, as the values come from strangers."""
    left = [(one, other)]
    while left:
        a, b = left.pop()
        if isinstance(a, dict) and isinstance(b, dict):
            if a.keys() != b.keys():
                return False
            left.extend((a[key], b[key]) for key in a)
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            left.extend(zip(a, b, strict=True))
        # To Python True is 1.
        elif isinstance(a, bool) is not isinstance(b, bool) or a != b:
            return False
    return True


def _no_constant(name: str) -> None:
    raise InvalidInputError(f"the body is not JSON: {name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidInputError(
            f"the number {text[:40]} is too large", kept="the body holds a number that is too large"
        )
    return number


def _depth(value: Any) -> int:
    """How deep lists and objects are nested, by levels and without recursion."""
    level, depth = [value], 0
    while level:
        containers = [each for each in level if isinstance(each, dict | list)]
        if not containers or depth > MAX_DEPTH:
            return depth
        depth += 1
        level = [
            item
            for each in containers
            for item in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
