"""HTTP statuses in a config: one (404), a class (2xx) or a range (200-204)."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints

STATUS_PATTERN = r"[1-5](xx|[0-9]{2}(-[1-5][0-9]{2})?)"


def status_text(status: Any) -> Any:
    """Returns a status as text, if it was given as a number."""
    return str(status) if isinstance(status, int) and not isinstance(status, bool) else status


def check_range(status: str) -> str:
    """Raises ValueError if a range ends before it begins."""
    low, _, high = status.partition("-")
    if high.isdecimal() and low.isdecimal() and int(low) > int(high):
        raise ValueError("a range begins with the lower status, as in 200-204")
    return status


Status = Annotated[
    str,
    StringConstraints(pattern=f"^{STATUS_PATTERN}$"),
    AfterValidator(check_range),
    BeforeValidator(status_text, json_schema_input_type=int | str),
]


def is_among(status: int, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns matches this status."""
    return any(_stands_for(pattern, status) for pattern in patterns)


def _stands_for(pattern: str, status: int) -> bool:
    if pattern.endswith("xx"):
        return int(pattern[0]) == status // 100
    low, _, high = pattern.partition("-")
    return low.isdecimal() and int(low) <= status <= int(high or low)
