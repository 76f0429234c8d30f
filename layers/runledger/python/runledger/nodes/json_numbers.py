"""Numbers in another system's JSON that cannot be kept exactly.

JSON has numbers of any size, but a float holds 17 digits and values up to 1.8e308. A number beyond
that is not rounded. It is marked, shown as it was written, and never captured.
"""

import math
from decimal import Context, Decimal
from typing import Any

# Digits that identify a double (IEEE 754, 5.12.2).
_EXACT_DIGITS = 17
# Python reads and writes integers of at most 4,300 digits.
_MOST_DIGITS = 4_000


class InexactNumber(float):
    """A number that no float holds exactly. `literal` is its text; the value is the nearest
    float."""

    literal: str

    @property
    def why(self) -> str:
        """Says why the number cannot be kept. The text begins with the number."""
        shown = self.literal if len(self.literal) <= 60 else f"{self.literal[:60]}…"
        if math.isfinite(self):
            return f"the number {shown} has more digits than can be stored exactly"
        return f"the number {shown} cannot be stored"


# JMESPath's functions recognize a number by the name of its type.
InexactNumber.__name__ = "float"


def constant(literal: str) -> InexactNumber:
    """Returns NaN, Infinity or -Infinity as an inexact number. They are not JSON, but some services
    send them."""
    return _odd(literal, float(literal))


def integer(literal: str) -> "int | InexactNumber":
    return int(literal) if len(literal) <= _MOST_DIGITS else _odd(literal, _nearest(literal))


def decimal(literal: str) -> float:
    number = _nearest(literal)
    digits = _significant_digits(literal)
    if math.isfinite(number) and (number != 0 or not digits):
        if len(digits) <= _EXACT_DIGITS:
            return number
        # The text is a double with all its digits, or its correct rounding to fewer.
        if Decimal(literal) == Context(prec=len(digits)).create_decimal(Decimal(number)):
            return number
    return _odd(literal, number)


def find_inexact(value: Any) -> "InexactNumber | float | None":
    """Returns the first number in a value that cannot be kept: one that no float can represent
    exactly, or one that was computed from such a number."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, InexactNumber) or (isinstance(each, float) and not math.isfinite(each)):
            return each
        if isinstance(each, dict):
            left.extend(reversed(each.values()))
        elif isinstance(each, list):
            left.extend(reversed(each))
    return None


def as_written(value: Any) -> Any:
    """Returns the value with each inexact number replaced by the text that was sent."""
    if isinstance(value, InexactNumber):
        return value.literal
    if isinstance(value, dict):
        return {key: as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_written(item) for item in value]
    return value


def _odd(literal: str, number: float) -> InexactNumber:
    odd = InexactNumber(number)
    odd.literal = literal
    return odd


def _nearest(literal: str) -> float:
    return float(literal)


def _significant_digits(literal: str) -> str:
    mantissa = literal.lower().partition("e")[0]
    return "".join(each for each in mantissa if each.isdigit()).strip("0")
