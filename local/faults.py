"""Makes calls to AWS fail on purpose: the next calls of an operation are refused, lost or left
without an answer.

`POST /_local/faults` with `{"service", "operation", "times"?: 1, "match"?, "outcome"?, "code"?,
"message"?, "status"?: 400, "seconds"?: 15}` answers `{"id"}`. The outcomes are:

- `REFUSE` (the default): the call is not made. The caller gets the error that `status`, `code` and
  `message` describe.
- `LOSE`: the call is made, but its answer is lost. The caller gets an empty 504.
- `HANG`: the call is not made, and gets no answer for `seconds`.

`match` is a text that the request's body must contain. `GET /_local/faults` lists the remaining
faults, and `DELETE /_local/faults` removes them.

The service is the name of the API: `ses`, `sms-voice`, `social-messaging`, `dynamodb`, `events`,
`states`, `secretsmanager`, `sqs`.

To fail a task of a state machine, use the service `lambda` and the operation `Invoke`. `code` is
then the error's name as Step Functions reports it, and `match` a text in the function's ARN or in
its input.
"""

import asyncio
import json
import threading
from itertools import count
from typing import Literal

from pydantic import Field, ValidationError
from runledger.models.base import Model

from local.asgi import (
    Answer,
    App,
    Receive,
    Scope,
    Send,
    header,
    json_answer,
    pass_on,
    read_body,
    send_answer,
)

PATH = "/_local/faults"
# By prefix of X-Amz-Target.
_TARGETS = {
    "AWSEvents": "events",
    "AWSStepFunctions": "states",
    "AmazonSQS": "sqs",
    "DynamoDB_20120810": "dynamodb",
    "PinpointSMSVoiceV2": "sms-voice",
    "secretsmanager": "secretsmanager",
}
_ROUTES = {
    ("POST", "/v2/email/outbound-emails"): ("ses", "SendEmail"),
    ("POST", "/v1/whatsapp/send"): ("social-messaging", "SendWhatsAppMessage"),
}
_LOST: Answer = (504, {"content-type": "text/html"}, b"<html><h1>504 Gateway Timeout</h1></html>")


class Fault(Model):
    service: str
    operation: str
    times: int = Field(default=1, ge=1)
    match: str = ""
    outcome: Literal["REFUSE", "LOSE", "HANG"] = "REFUSE"
    code: str = "InternalFailure"
    message: str = "refused on purpose (injected fault)"
    status: int = Field(default=400, ge=400, le=599)
    seconds: float = Field(default=15, gt=0)

    def refusal(self) -> Answer:
        """Returns the error in the form that all JSON protocols of AWS use."""
        document = {"__type": self.code, "message": self.message, "Message": self.message}
        headers = {"content-type": "application/json", "x-amzn-errortype": self.code}
        return self.status, headers, json.dumps(document).encode()


class Faults:
    """The faults that a test has requested and that have not all happened yet, by id."""

    def __init__(self) -> None:
        self._left: dict[str, Fault] = {}
        # Tasks of machines call from their own threads.
        self._lock = threading.Lock()
        self._numbers = count(1)

    def add(self, fault: Fault) -> str:
        fault_id = f"fault-{next(self._numbers)}"
        with self._lock:
            self._left[fault_id] = fault
        return fault_id

    def listed(self) -> list[dict[str, object]]:
        with self._lock:
            left = list(self._left.items())
        return [{"id": id_, **fault.model_dump()} for id_, fault in left]

    def forget(self) -> None:
        with self._lock:
            self._left.clear()

    def awaited(self, scope: Scope) -> tuple[str, str] | None:
        """Returns the service and operation of a call if a fault for this operation is left; None
        otherwise."""
        with self._lock:
            waiting = {(fault.service, fault.operation) for fault in self._left.values()}
        operation = operation_of(scope) if waiting else None
        return operation if operation in waiting else None

    def take(self, operation: tuple[str, str], body: bytes) -> Fault | None:
        """Returns the first fault that matches the call, and counts it as used once more."""
        with self._lock:
            for fault_id, fault in self._left.items():
                is_meant = (fault.service, fault.operation) == operation
                if is_meant and fault.match.encode() in body:
                    if fault.times == 1:
                        del self._left[fault_id]
                    else:
                        self._left[fault_id] = fault.changed(times=fault.times - 1)
                    return fault
        return None


FAULTS = Faults()


def operation_of(scope: Scope) -> tuple[str, str] | None:
    """Returns the service and operation of a call, if its headers show them."""
    if target := header(scope, b"x-amz-target"):
        prefix, _, operation = target.rpartition(".")
        return (_TARGETS[prefix], operation) if prefix in _TARGETS else None
    return _ROUTES.get((scope["method"], scope["path"].rstrip("/")))


def with_faults(app: App) -> App:
    """Wraps the emulator's app. A request to PATH asks for a fault; the next calls that match it
    then fail."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif scope["path"] == PATH:
            await send_answer(send, _endpoint(scope["method"], await read_body(receive)))
        elif (operation := FAULTS.awaited(scope)) is not None:
            body = await read_body(receive)
            fault = FAULTS.take(operation, body)
            await send_answer(send, await _answered(app, scope, body, fault))
        else:
            await app(scope, receive, send)

    return wrapped


async def _answered(app: App, scope: Scope, body: bytes, fault: Fault | None) -> Answer:
    if fault is None:
        return await pass_on(app, scope, body)
    if fault.outcome == "REFUSE":
        return fault.refusal()
    if fault.outcome == "LOSE":
        await pass_on(app, scope, body)
    else:
        await asyncio.sleep(fault.seconds)
    return _LOST


def _endpoint(method: str, body: bytes) -> Answer:
    if method == "GET":
        return json_answer(200, {"items": FAULTS.listed()})
    if method == "DELETE":
        FAULTS.forget()
        return json_answer(200, {"items": []})
    try:
        fault = Fault.model_validate_json(body)
    except ValidationError as error:
        return json_answer(400, {"message": str(error)})
    return json_answer(201, {"id": FAULTS.add(fault)})
