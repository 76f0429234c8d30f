"""Where the engine meets AWS and the world: each such call can be watched, held up or broken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """One call that leaves the process. `target` names what it is about, for people; `repeats`
    says that the client below sends it again where its answer is lost."""

    service: str
    operation: str
    target: str = ""
    repeats: bool = True

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}({self.target})"


class Interceptor(Protocol):
    """What is put around every call: it decides when `act` takes effect, and what is answered."""

    def __call__(self, call: Call, act: Callable[[], Any], /) -> Any: ...


def straight(call: Call, act: Callable[[], Any]) -> Any:
    """Nothing in between."""
    return act()


class Boundary:
    """One place to set what is put around the calls of all the fakes of a test."""

    def __init__(self) -> None:
        self.around: Interceptor = straight

    def __call__(self, call: Call, act: Callable[[], Any]) -> Any:
        return self.around(call, act)
