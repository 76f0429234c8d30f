"""Makes the next try of a delivery, as the delivery-retry machine asks for it."""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.aws import effect_client
from runledger.channels.registry import make_channels
from runledger.clock import now_ms
from runledger.composition import retry_budget, stores
from runledger.observability import begin
from runledger.services.messages.retry_contract import RetryEvent
from runledger.services.messages.retry_delivery import RetryDelivery
from runledger.settings import RetryDeliverySettings, read_settings


@cache
def retrier() -> RetryDelivery:
    channels = make_channels(effect_client, read_settings(RetryDeliverySettings))
    of = stores()
    return RetryDelivery(
        of.deliveries, of.contacts, of.suppressions, of.workspaces, channels, now_ms
    )


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    asked = RetryEvent.model_validate(event)
    ids = {"workspaceId": asked.workspace_id, "deliveryId": asked.delivery_id}
    begin(context.aws_request_id, **ids)
    time_left = retry_budget(context.get_remaining_time_in_millis(), time.sleep)
    return retrier().handle(asked, time_left).model_dump(by_alias=True)
