"""Reads the table's stream: publishes status changes, marks hours whose totals changed, and cleans
up after expired rows."""

from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.composition import preload, services
from runledger.observability import begin

preload(
    "services.stream.follow",
    "services.stream.expiry",
    "services.stream.publish",
    "services.counts.changed_hours",
    "services.counts.stream_lag",
)


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    begin(context.aws_request_id)
    failed = services().followers.follow(event["Records"])
    return {"batchItemFailures": [] if failed is None else [{"itemIdentifier": failed}]}
