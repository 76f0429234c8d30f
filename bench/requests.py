"""The requests of one run in their order, and which of them were sent at the same time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Units:
    """The rows that one request to DynamoDB read or wrote, and its units."""

    of: str
    written: int
    read: float


@dataclass(frozen=True, slots=True)
class Request:
    """One request to AWS. `begun` and `ended` are times in seconds, from the same clock."""

    function: str
    service: str
    operation: str
    units: Units | None
    begun: float
    ended: float

    @classmethod
    def of(cls, call: Mapping[str, Any], function: str, units: Units | None) -> "Request":
        return cls(function, call["service"], call["operation"], units, call["from"], call["to"])

    def line(self) -> str:
        subject = f"  {self.units.of}" if self.units else ""
        cost = ""
        if self.units and self.units.written:
            cost = f"  {self.units.written} written"
        elif self.units:
            cost = f"  {self.units.read:.1f} read"
        return f"{self.function:<15} {self.service} {self.operation}{subject}{cost}"


def rounds(requests: Iterable[Request]) -> list[list[Request]]:
    """Groups the requests of one function that were made at the same time. The groups are not
    exact: the emulator serves most requests one after the other, so requests that were sent
    together may be in different groups.
    """
    found: list[list[Request]] = []
    for request in sorted(requests, key=lambda request: request.begun):
        last = found[-1] if found else []
        is_beside = any(
            other.function == request.function and request.begun < other.ended for other in last
        )
        if is_beside:
            last.append(request)
        else:
            found.append([request])
    return found


def request_lines(requests: Sequence[Request]) -> Iterable[str]:
    """Returns a numbered line for each request. Requests that were sent at the same time have the
    same number."""
    for number, together in enumerate(rounds(requests), start=1):
        for place, request in enumerate(together):
            beside = "" if place == 0 else "  (in parallel)"
            yield f"{number:4d}  {request.line()}{beside}"
