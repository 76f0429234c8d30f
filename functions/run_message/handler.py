"""Runs the nodes that send messages."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.composition import preload, services
from runledger.observability import begin
from runledger.services.execution.walk_contract import WalkEvent

preload(
    "services.execution.message_tools",
    "channels.registry",
    "liquid_engine",
    "html_mail.inlining",
    "html_mail.linked_text",
)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    walk = WalkEvent.model_validate(event)
    request_id = context.aws_request_id
    begin(request_id, workspaceId=walk.workspace_id, runId=walk.run_id, nodeId=walk.node_id)
    left = context.get_remaining_time_in_millis()
    answer = services().walker(services().message_tools, request_id, left).walk(walk)
    return answer.model_dump(by_alias=True)
