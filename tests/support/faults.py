"""Breaks one call of a function, in every way in which AWS can fail."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from botocore.exceptions import ReadTimeoutError
from runledger.clock import SECOND
from runledger.errors import NodeError, TransientError

from tests.support.boundary import Call
from tests.support.fakes import client_error
from tests.support.simulation import ProcessDied, Simulation


class Fault(StrEnum):
    REFUSED = "raises before it takes effect"
    UNANSWERED = "raises after it took effect: the answer is lost"
    DIED_BEFORE = "the process dies before it takes effect"
    DIED_AFTER = "the process dies after it took effect"
    SENT_AGAIN = "the answer is lost, and the client below sends it again"
    THROTTLED = "this operation is throttled for longer than the client's own tries last"
    SILENT = "it takes effect, and for longer than the client's own tries no answer comes"


# How long AWS throttles an operation or does not answer it: longer than the tries of a client and
# of a machine, shorter than the lease of a node with an effect.
LONG = 10 * SECOND


class FaultyCall:
    """Counts calls to AWS, and makes call number `point` fail.

    `made` lists the calls, each with the function that called AWS."""

    def __init__(
        self, simulation: Simulation, point: int | None = None, fault: Fault | None = None
    ) -> None:
        self.made: list[tuple[str, Call]] = []
        self._simulation = simulation
        self._point = point
        self._fault = fault
        self._dead_request: int | None = None
        self._down: tuple[str, str] | None = None
        self._until = 0

    def __call__(self, call: Call, act: Callable[[], Any]) -> Any:
        if self._simulation.function is None:
            return act()
        if self._dead_request == self._simulation.requests:
            raise ProcessDied
        number = len(self.made)
        self.made.append((self._simulation.function, call))
        if self._fault is None:
            return act()
        if number == self._point:
            if self._fault in (Fault.THROTTLED, Fault.SILENT):
                self._down = (call.service, call.operation)
                self._until = self._simulation.clock.now + LONG
            return self._break(self._fault, call, act)
        is_down = self._down == (call.service, call.operation)
        if is_down and self._simulation.clock.now < self._until:
            return self._break(self._fault, call, act)
        return act()

    def _break(self, fault: Fault, call: Call, act: Callable[[], Any]) -> Any:
        match fault:
            case Fault.REFUSED | Fault.THROTTLED:
                raise _refusal(call)
            case Fault.UNANSWERED | Fault.SILENT:
                act()
                raise _silence(call)
            case Fault.DIED_BEFORE | Fault.DIED_AFTER:
                if fault is Fault.DIED_AFTER:
                    act()
                self._dead_request = self._simulation.requests
                raise ProcessDied
            case Fault.SENT_AGAIN:
                answer = act()
                # A transaction carries a token by which DynamoDB recognizes its repetition.
                return answer if call.operation == "TransactWriteItems" else act()


def applies(fault: Fault, call: Call) -> bool:
    """Whether a call can be broken in this way. Some faults make sense only for a client that
    retries: a lost answer after which the call is repeated, and a fault that lasts through all
    retries."""
    is_of_many_tries = fault in (Fault.SENT_AGAIN, Fault.THROTTLED, Fault.SILENT)
    return call.repeats or not is_of_many_tries


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
