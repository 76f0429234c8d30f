"""STOP_ERROR: fails a run on purpose."""

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from runledger.models.base import Config
from runledger.models.run import ErrorDetail, StepStatus
from runledger.nodes.base import RESULT_PATH, NodeResult, NodeType, Placement, Visit
from runledger.nodes.fields import check_liquid
from runledger.nodes.inputs import Place, Record
from runledger.templating import render

# Variables may make the message longer than its text in the config, up to this limit.
_MAX_RENDERED = 2_000


class StopErrorConfig(Config):
    """The message that explains the failure."""

    message: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
        AfterValidator(check_liquid),
    ] = Field(description="The error text that the run shows. Liquid.")


class StopErrorNode(NodeType[StopErrorConfig]):
    """Fails the run with your own message. Use it if the run must not continue."""

    name = "STOP_ERROR"
    title = "Stop with an error"
    icon = "octagon-x"
    example: ClassVar[dict[str, Any]] = {"message": "Order {{trigger.orderId}} is too small"}
    is_end = True
    config_model = StopErrorConfig

    def states(self, config: StopErrorConfig, placement: Placement) -> dict[str, dict[str, Any]]:
        # The walk raises after it recorded the failure, so this exit is never taken.
        task = {**placement.task, "ResultPath": RESULT_PATH, "Next": placement.exits[None]}
        return {placement.node_id: task}

    def recorded_values(self, config: StopErrorConfig, record: Record) -> dict[Place, Any]:
        """Returns the rendered message, which is the message of the recorded error. Returns nothing
        if another error was recorded."""
        error = record.error
        is_message = error is not None and error.kind == self.name
        return {("message",): error.message} if error is not None and is_message else {}

    def run(self, config: StopErrorConfig, visit: Visit) -> NodeResult:
        rendered = render(config.message, visit.scope).strip()[:_MAX_RENDERED]
        message = rendered or f"Stopped by {visit.node_id}"
        error = ErrorDetail(node_id=visit.node_id, kind=self.name, message=message)
        return NodeResult(status=StepStatus.FAILED, error=error)
