"""Settles delivery attempts from their providers' reports."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.composition import preload, services
from runledger.observability import begin

preload("services.messages.feedback", "channels.registry")


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    begin(context.aws_request_id, eventId=event.get("id"))
    services().feedback.take(event)
