"""Starts the execution of each PENDING run that the table's stream reports."""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.composition import preload, services
from runledger.observability import begin, bind
from runledger.store.run_rows import run_from_item
from runledger.store.values import from_dynamo

preload("services.execution.start")


def start(record: DynamoDBRecord) -> None:
    run = run_from_item(from_dynamo(record.raw_event["dynamodb"]["NewImage"]))
    bind(workspaceId=run.workspace_id, automationId=run.automation_id, runId=run.id)
    services().starter.start_opened(run)


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    begin(context.aws_request_id)
    processor = BatchProcessor(
        event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False
    )
    return process_partial_response(
        event=event, record_handler=start, processor=processor, context=context
    )
