"""Runs the nodes that call other services."""

import os
import time
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.aws import client
from runledger.clock import now_ms
from runledger.composition import retry_budget, stores, walker
from runledger.observability import begin
from runledger.outbound.client import OutboundClient
from runledger.services.execution.integration_tools import IntegrationTools
from runledger.services.execution.walk_contract import WalkEvent
from runledger.services.secrets.values import SecretValues
from runledger.settings import IntegrationSettings, read_settings


@cache
def toolbox() -> IntegrationTools:
    settings = read_settings(IntegrationSettings)
    runtime = os.environ.get("AWS_LAMBDA_RUNTIME_API", "")
    http = OutboundClient(allow_hosts=settings.allow_hosts, never_hosts=(runtime,))
    of = stores()
    secrets = SecretValues(of.secrets, client("secretsmanager"), settings.stack, now_ms)
    return IntegrationTools(http, secrets, of.runs, of.bodies, now_ms, time.sleep)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    walk = WalkEvent.model_validate(event)
    left = context.get_remaining_time_in_millis()
    request_id = context.aws_request_id
    begin(request_id, workspaceId=walk.workspace_id, runId=walk.run_id, nodeId=walk.node_id)
    answer = walker(toolbox(), request_id, retry_budget(left, time.sleep)).walk(walk)
    return answer.model_dump(by_alias=True)
