"""Opens runs of automations with an UPSTREAM trigger when a run of another automation ends."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.api.run_events import RunEvent
from runledger.composition import preload, services
from runledger.observability import begin

preload("services.triggers.upstream")


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    ended = RunEvent.model_validate(event["detail"])
    begin(
        context.aws_request_id,
        workspaceId=ended.workspace_id,
        automationId=ended.automation_id,
        runId=ended.run_id,
    )
    services().upstream_runs.follow(ended.workspace_id, ended.run_id)
