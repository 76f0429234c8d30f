"""Breaking one call of a function, in every way in which AWS can let it down."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from botocore.exceptions import ReadTimeoutError
from runledger.errors import NodeError, TransientError

from tests.support.boundary import Call
from tests.support.fakes import client_error
from tests.support.stage import ProcessDied, Stage


class Fault(StrEnum):
    REFUSED = "raises before it takes effect"
    UNANSWERED = "raises after it took effect: the answer is lost"
    DIED_BEFORE = "the process dies before it takes effect"
    DIED_AFTER = "the process dies after it took effect"
    SENT_AGAIN = "the answer is lost, and the client below sends it again"


class FaultyCall:
    """Counts the calls that functions make, and breaks the one with the number `point`.

    `made` are the calls that came, each with the function that made it."""

    def __init__(self, stage: Stage, point: int | None = None, fault: Fault | None = None) -> None:
        self.made: list[tuple[str, Call]] = []
        self._stage = stage
        self._point = point
        self._fault = fault
        self._dead_request: int | None = None

    def __call__(self, call: Call, act: Callable[[], Any]) -> Any:
        if self._stage.function is None:
            return act()
        if self._dead_request == self._stage.requests:
            raise ProcessDied
        number = len(self.made)
        self.made.append((self._stage.function, call))
        if number != self._point or self._fault is None:
            return act()
        return self._break(self._fault, call, act)

    def _break(self, fault: Fault, call: Call, act: Callable[[], Any]) -> Any:
        match fault:
            case Fault.REFUSED:
                raise _refusal(call)
            case Fault.UNANSWERED:
                act()
                raise _silence(call)
            case Fault.DIED_BEFORE | Fault.DIED_AFTER:
                if fault is Fault.DIED_AFTER:
                    act()
                self._dead_request = self._stage.requests
                raise ProcessDied
            case Fault.SENT_AGAIN:
                answer = act()
                # A transaction carries a token by which DynamoDB knows it again.
                return answer if call.operation == "TransactWriteItems" else act()


def _refusal(call: Call) -> Exception:
    if call.service == "dynamodb":
        return TransientError(f"{call}: throttled")
    if call.service == "http":
        return NodeError("CONNECTION_FAILED", "the connection was refused")
    return client_error("ServiceUnavailable", call.operation, 503)


def _silence(call: Call) -> Exception:
    if call.service == "dynamodb":
        return TransientError(f"{call}: no answer")
    if call.service == "http":
        return NodeError("TIMEOUT", "the service did not answer in time")
    return ReadTimeoutError(endpoint_url=f"https://{call.service}.amazonaws.com")
