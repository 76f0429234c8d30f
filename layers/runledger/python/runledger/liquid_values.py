"""How values are written in texts: numbers, and JSON for other systems. Does not import Liquid,
which loads slowly."""

import json
from decimal import Decimal


def scalar_text(value: object) -> str:
    """Returns a value as a text; the value must not be a list or an object. None becomes an empty
    text. Numbers are written without an exponent, true and false in lower case."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float | Decimal):
        return plain_number(value)
    return str(value)


def compact_json(value: object) -> str:
    """Returns JSON without spaces, for other systems."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=scalar_text)


def plain_number(value: float | Decimal) -> str:
    """Returns the number without an exponent: 0.00001, not 1e-05."""
    text = str(value)
    if "e" not in text.lower():
        return text
    digits = format(Decimal(text), "f")
    return digits if "." in digits or isinstance(value, Decimal) else f"{digits}.0"
