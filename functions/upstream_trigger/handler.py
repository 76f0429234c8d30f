"""Opens runs of the automations that wait for the end of another one's run."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.api.run_events import RunEvent
from runledger.clock import now_ms
from runledger.composition import contexts, opener_over, stores
from runledger.observability import begin
from runledger.services.triggers.upstream import UpstreamRuns


@cache
def upstream_runs() -> UpstreamRuns:
    of = stores()
    return UpstreamRuns(of.automations, contexts(), opener_over(of, now_ms))


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    ended = RunEvent.model_validate(event["detail"])
    begin(
        context.aws_request_id,
        workspaceId=ended.workspace_id,
        automationId=ended.automation_id,
        runId=ended.run_id,
    )
    upstream_runs().follow(ended.workspace_id, ended.run_id)
