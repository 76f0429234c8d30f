"""Leaves a tombstone of what expired, and deletes its objects, as the table's stream reports it."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.observability import begin
from runledger.services.expired import Expired, expired_row
from runledger.services.wiring import stores


@cache
def expired() -> Expired:
    return Expired(stores().tombstones, stores().bodies)


def bury(record: DynamoDBRecord) -> None:
    expired().bury(expired_row(record.raw_event["dynamodb"]["OldImage"]))


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    begin(context.aws_request_id)
    processor = BatchProcessor(
        event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False
    )
    return process_partial_response(
        event=event, record_handler=bury, processor=processor, context=context
    )
