"""Fields that several requests have, each with its limits."""

from typing import Annotated

from pydantic import StringConstraints

# Makes a request safe to repeat: the same key has the same result.
IdempotencyKey = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)
]
# Why somebody did something, in their own words.
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
