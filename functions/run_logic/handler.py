"""Runs the nodes that touch nothing outside."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.observability import begin
from runledger.services.walk import NoTools
from runledger.services.walk_contract import WalkEvent
from runledger.services.wiring import walker


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    walk = WalkEvent.model_validate(event)
    request_id = context.aws_request_id
    begin(request_id, workspaceId=walk.workspace_id, runId=walk.run_id, nodeId=walk.node_id)
    answer = walker(NoTools(), request_id).walk(walk)
    return answer.model_dump(by_alias=True)
