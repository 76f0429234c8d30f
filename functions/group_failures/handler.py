"""Adds failed runs to their failure groups. The events come from the bus through a queue."""

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.api.run_events import RunEvent
from runledger.composition import preload, services
from runledger.observability import begin, bind

preload("services.stream.failure_groups")


def take(record: SQSRecord) -> None:
    failed = RunEvent.model_validate(json.loads(record.body)["detail"])
    bind(workspaceId=failed.workspace_id, automationId=failed.automation_id, runId=failed.run_id)
    services().failure_groups.take(failed.run_id)


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    begin(context.aws_request_id)
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(
        event=event, record_handler=take, processor=processor, context=context
    )
