"""Makes the next try of a delivery. The delivery-retry machine calls it before each try."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.composition import preload, services
from runledger.observability import begin
from runledger.services.messages.retry_contract import RetryEvent

preload("services.messages.retry_delivery", "channels.registry")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    asked = RetryEvent.model_validate(event)
    ids = {"workspaceId": asked.workspace_id, "deliveryId": asked.delivery_id}
    begin(context.aws_request_id, **ids)
    time_left = services().retry_budget(context.get_remaining_time_in_millis())
    return services().retry_delivery.handle(asked, time_left).model_dump(by_alias=True)
