"""What a check found, and how a check that AWS refuses is reported."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from botocore.exceptions import ClientError

from runledger.aws import AWS_ERRORS


class Level(StrEnum):
    """How serious a finding is. UNKNOWN: the check could not be made. Only a PROBLEM makes the
    command fail."""

    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "unknown"
    PROBLEM = "PROBLEM"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check. `said` is what was found, and `advice` is what to do about it; each is
    one line for a person."""

    level: Level
    subject: str
    said: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.level:8} {self.subject}: {self.said}"
        return f"{line}\n{'':9}{self.advice}" if self.advice else line


class Clients(Protocol):
    """Returns the client of a service, in the stack's region or in another one."""

    def __call__(self, service: str, region: str | None = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `run` yields its findings, and may raise the errors of AWS. `action` is the
    permission that it needs."""

    subject: str
    action: str
    run: Callable[[], Iterable[Finding]]

    def findings(self) -> Iterator[Finding]:
        try:
            yield from self.run()
        except AWS_ERRORS as error:
            yield Finding(
                Level.UNKNOWN,
                self.subject,
                f"could not be checked: {_reason(error)}",
                f"The check needs {self.action}.",
            )


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _reason(error: Exception) -> str:
    """Returns AWS's own words, because an operator has to fix the problem."""
    return " ".join(str(error).split())
