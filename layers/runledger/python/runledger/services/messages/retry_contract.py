"""The messages between the delivery-retry machine and its function."""

from typing import Literal

from runledger.models.base import WireModel


class RetryEvent(WireModel):
    """The machine's request. `try_number` is set if the wait before that try is over."""

    contract: Literal[1] = 1
    workspace_id: str
    delivery_id: str
    try_number: int | None = None


class RetryAnswer(WireModel):
    """Says whether there is another try, its number, and how long to wait before it."""

    goes_on: bool
    try_number: int = 0
    wait_seconds: int = 0
