"""Runs the nodes that make no calls outside the engine."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.composition import preload, services
from runledger.observability import begin
from runledger.services.execution.walk_contract import WalkEvent

preload("services.execution.walk", "services.execution.contact_tools", "liquid_engine")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    walk = WalkEvent.model_validate(event)
    request_id = context.aws_request_id
    begin(request_id, workspaceId=walk.workspace_id, runId=walk.run_id, nodeId=walk.node_id)
    left = context.get_remaining_time_in_millis()
    answer = services().walker(services().contact_tools, request_id, left).walk(walk)
    return answer.model_dump(by_alias=True)
