"""The boundary between the engine and AWS or other services: a test can watch, delay or break each
call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """One call that leaves the process. `target` is a readable name of what the call acts on;
    `repeats` says that the client repeats the call if its answer is lost."""

    service: str
    operation: str
    target: str = ""
    repeats: bool = True

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}({self.target})"


class Interceptor(Protocol):
    """Wraps every call: it decides when `act` takes effect, and what the answer is."""

    def __call__(self, call: Call, act: Callable[[], Any], /) -> Any: ...


def straight(call: Call, act: Callable[[], Any]) -> Any:
    """Runs `act` at once and returns its answer, as if nobody wrapped the call."""
    return act()


class Boundary:
    """Passes every call of a test's fakes through the wrapper `around`. A test can replace it."""

    def __init__(self) -> None:
        self.around: Interceptor = straight

    def __call__(self, call: Call, act: Callable[[], Any]) -> Any:
        return self.around(call, act)
