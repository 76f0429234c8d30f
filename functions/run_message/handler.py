"""Runs the nodes that send messages."""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.aws import effect_client
from runledger.channels.registry import make_channels
from runledger.clock import now_ms
from runledger.composition import gatekeeper_over, retry_budget, retry_machine, stores, walker
from runledger.observability import begin
from runledger.services.execution.message_tools import MessageTools
from runledger.services.execution.walk_contract import WalkEvent
from runledger.settings import MessageSettings, read_settings


@cache
def toolbox() -> MessageTools:
    channels = make_channels(effect_client, read_settings(MessageSettings))
    of = stores()
    return MessageTools(
        channels=channels,
        deliveries=of.deliveries,
        contacts=of.contacts,
        gatekeeper=gatekeeper_over(of, now_ms),
        retries=retry_machine(),
        clock=now_ms,
    )


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    walk = WalkEvent.model_validate(event)
    left = context.get_remaining_time_in_millis()
    request_id = context.aws_request_id
    begin(request_id, workspaceId=walk.workspace_id, runId=walk.run_id, nodeId=walk.node_id)
    answer = walker(toolbox(), request_id, retry_budget(left, time.sleep)).walk(walk)
    return answer.model_dump(by_alias=True)
