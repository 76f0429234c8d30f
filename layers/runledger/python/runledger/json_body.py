"""Parses JSON from other systems: strictly, within limits, and with a reason for each refusal."""

import json
import math
from typing import Any

from runledger.charsets import decode_body
from runledger.errors import InvalidInputError, UnsupportedMediaTypeError
from runledger.texts import clean

MAX_DEPTH = 100


def require_json(content_type: str) -> None:
    """Raises UnsupportedMediaTypeError for a Content-Type that is not JSON."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        said = repr(media_type) if media_type else "no content type"
        raise UnsupportedMediaTypeError(f"the content type must be application/json, not {said}")


def parse_json(body: bytes, content_type: str = "") -> Any:
    """Returns the JSON value of a body, with its texts cleaned (runledger.texts). The body is read
    in the charset that its Content-Type declares.

    Raises InvalidInputError, which says where the text stops being JSON, or what cannot be stored:
    invalid bytes, numbers that are not finite, or nesting that is too deep. Raises
    UnsupportedMediaTypeError for an unknown charset.
    """
    text = decode_body(body, content_type)
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise InvalidInputError(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError as error:
        raise InvalidInputError(f"the body is nested more than {MAX_DEPTH} levels deep") from error
    except ValueError as error:
        # Python limits the digits of an integer.
        raise InvalidInputError("the body contains a number with too many digits") from error
    if _depth(value) > MAX_DEPTH:
        raise InvalidInputError(f"the body is nested more than {MAX_DEPTH} levels deep")
    # Only an escape can add a lone surrogate: no charset has one.
    return clean(value) if "\\u" in text else value


def is_same_json(one: Any, other: Any) -> bool:
    """Whether two parsed values are the same JSON document. The order of keys and the notation of
    numbers do not matter. It does not recurse, because the values may be nested deeply."""
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
        # In Python, True equals 1.
        elif isinstance(a, bool) is not isinstance(b, bool) or a != b:
            return False
    return True


def _no_constant(name: str) -> None:
    raise InvalidInputError(f"the body is not JSON: {name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidInputError(
            f"the number {text[:40]} is too large",
            kept="the body contains a number that is too large",
        )
    return number


def _depth(value: Any) -> int:
    """Returns how deep lists and objects are nested, without recursion."""
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
