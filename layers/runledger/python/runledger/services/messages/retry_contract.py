"""What the delivery-retry machine and its function say to each other."""

from typing import Literal

from runledger.models.base import WireModel


class RetryEvent(WireModel):
    """`try_number` is there when the wait before that try is over."""

    contract: Literal[1] = 1
    workspace_id: str
    delivery_id: str
    try_number: int | None = None


class RetryAnswer(WireModel):
    """Whether there is a further try, which one, and how long to wait before it."""

    goes_on: bool
    try_number: int = 0
    wait_seconds: int = 0
