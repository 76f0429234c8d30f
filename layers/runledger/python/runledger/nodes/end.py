"""END: where a run completes."""

from typing import Any, ClassVar

from runledger.models.base import Config
from runledger.nodes.base import RESULT_PATH, NodeResult, NodeType, Operation, Placement, Visit


class EndConfig(Config):
    """END has no settings."""


class EndNode(NodeType[EndConfig]):
    """Completes the run. An automation may have several END nodes; the run's history shows which
    one the run reached."""

    name = "END"
    title = "End"
    icon = "flag"
    example: ClassVar[dict[str, Any]] = {}
    operation = Operation.COMPLETE
    is_end = True
    config_model = EndConfig

    def states(self, config: EndConfig, placement: Placement) -> dict[str, dict[str, Any]]:
        # An end has no edges; its one exit is the Succeed state that all ends share.
        task = {**placement.task, "ResultPath": RESULT_PATH, "Next": placement.exits[None]}
        return {placement.node_id: task}

    def run(self, config: EndConfig, visit: Visit) -> NodeResult:
        return NodeResult()
