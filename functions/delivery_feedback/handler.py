"""Settles delivery attempts from their providers' reports, and applies answers to SMS."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.composition import preload, services
from runledger.observability import begin

preload("services.messages.feedback", "services.messages.sms_answers", "channels.registry")


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    begin(context.aws_request_id, eventId=event.get("id"))
    if "Records" in event:
        # Reports come from EventBridge, which has no records; inbound SMS come from SNS.
        services().sms_answers.take(event)
    else:
        services().feedback.take(event)
