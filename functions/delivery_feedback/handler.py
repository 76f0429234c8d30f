"""Settles delivery attempts by what their providers report."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.channels.registry import describe_channels
from runledger.clock import now_ms
from runledger.composition import stores
from runledger.observability import begin
from runledger.services.messages.feedback import Feedback


@cache
def feedback() -> Feedback:
    of = stores()
    return Feedback(of.deliveries, of.suppressions, of.workspaces, describe_channels(), now_ms)


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    begin(context.aws_request_id, eventId=event.get("id"))
    feedback().take(event)
