"""Settles the run of an execution that Step Functions reports as failed, timed out or aborted."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.composition import preload, services
from runledger.observability import begin
from runledger.services.execution.settle import ExecutionEnded

preload("services.execution.settle")


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    detail = event["detail"]
    ended = ExecutionEnded(
        execution_arn=detail["executionArn"],
        name=detail["name"],
        status=detail["status"],
        error=detail.get("error"),
        cause=detail.get("cause"),
    )
    begin(context.aws_request_id, execution=ended.name)
    services().closer.close(ended)
