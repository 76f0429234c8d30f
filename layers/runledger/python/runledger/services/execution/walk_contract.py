"""The input and answer of a walking function, as a state machine exchanges them."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from runledger.models.base import WireModel
from runledger.nodes.base import Operation


class WalkEvent(WireModel):
    """One task's input. `execution` is the execution's ARN; `state` is the whole state of the
    branch, given with FAIL only: `last` (the last finished node) and `error` (what was caught)."""

    contract: Literal[1]
    workspace_id: str = Field(min_length=1)
    run_id: str = Field(min_length=1)
    execution: str = Field(min_length=1)
    operation: Operation
    node_id: str = Field(min_length=1)
    state: dict[str, Any] | None = None


class WalkAnswer(WireModel):
    """One task's result: the visited node, the branch taken, how long to wait, and whether the node
    continues in another visit. `steps` is for the log only: the number of steps that a run had when
    it ended."""

    model_config = ConfigDict(extra="ignore")

    node_id: str
    outcome: str | None = None
    wait_until: str | None = None
    more: bool = False
    steps: int | None = Field(default=None, exclude=True)
