"""Publishes each status that a run comes to, as the table's stream reports it."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.aws import client
from runledger.observability import begin
from runledger.services.publish import Publisher, changes_of
from runledger.services.wiring import stores
from runledger.settings import PublishSettings, read_settings


@cache
def publisher() -> Publisher:
    settings = read_settings(PublishSettings)
    return Publisher(client("events"), settings.bus, stores().automations)


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    begin(context.aws_request_id)
    failed = publisher().publish(changes_of(event["Records"]))
    return {"batchItemFailures": [] if failed is None else [{"itemIdentifier": failed}]}
